"""Reads the values of a status: which is initial, which are active, which are terminal.

A value is read by its words, then in the context of the others: `running` is active where something
is `completed`, and terminal where nothing is; `imported` is the end of `importing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import pairwise

from mockserver.inference import state_words as known
from mockserver.inference.words import last_word, participles, snake_case, tokens, told_of
from mockserver.records import dataclass

INITIAL, ACTIVE, SUCCESS, FAILURE, CANCELLED, LEAVING, OTHER = (
    "initial", "active", "success", "failure", "cancelled", "leaving", "other",
)  # fmt: skip
KINDS = (INITIAL, ACTIVE, SUCCESS, FAILURE, CANCELLED, OTHER)
_NOT = ("not", "un", "no", "non", "never", "without")
_JOINED: dict[str, str] = {}


def _exact() -> dict[str, str]:
    """The kind of each word of the vocabulary; the first list that has it wins."""
    found: dict[str, str] = {}
    lists: tuple[tuple[str, Iterable[str]], ...] = (
        (LEAVING, known.ENDINGS),
        (SUCCESS, known.JOB_DONE),
        (ACTIVE, known.ACTIVE),
        (INITIAL, known.INITIAL),
        (SUCCESS, known.STANDING),
        (SUCCESS, known.DONE),
        (SUCCESS, known.MILESTONES),
        (FAILURE, known.FAILURE),
        (CANCELLED, known.CANCELLED),
        (OTHER, known.ASIDE),
    )
    for kind, words in lists:
        for word in words:
            found.setdefault(word, kind)
    # Also as a word among others: `auftrag_storniert`.
    for word, english in known.IN_ENGLISH.items():
        found.setdefault(word, found[english])
    return found


_EXACT = _exact()
_JOINED = {word.replace("_", ""): word for word in _EXACT if "_" in word}


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The values of a status by kind, each kind in the order in which they are passed.

    `leads` has the next state for each transient one (`deleting`); "" for the previous state, or
    none. `surely` are the kinds that were read from words rather than guessed.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False
    by_kind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        return self.by_kind.get(kind, ())


def spelled(value: str) -> str:
    """A value in normal form and in English: `InProgress` -> `in_progress`, `gesperrt` ->
    `blocked`."""
    word = known.as_work(snake_case(value))
    return known.IN_ENGLISH.get(word) or _JOINED.get(word, word)


@lru_cache(maxsize=16_384)
def kind_of(value: str) -> str:
    """The kind of a state by its name alone."""
    kind = _kind(spelled(value))
    return {LEAVING: CANCELLED if "cancel" in value.lower() else ACTIVE}.get(kind, kind)


def _kind(word: str) -> str:
    """The kind of a normalised value, regardless of the others."""
    if word in _EXACT:
        return _EXACT[word]
    words = word.split("_")
    if words[0] in _NOT and len(words) > 1:
        return INITIAL if _kind("_".join(words[1:])) in (SUCCESS, ACTIVE) else FAILURE
    if {"with", "without"} & set(words[1:-1]):
        return _kind(words[0])
    if not known.FAILS.isdisjoint(words):
        return FAILURE
    if "in_progress" in word or "in_process" in word:
        return ACTIVE
    if known.TO_COME & {words[0], words[-1]} and not known.REMOVALS.isdisjoint(words):
        return OTHER  # `pending_delete` is no beginning
    if words[0] in known.WAITS_FOR or words[-1] in known.WAITS_FOR or words[0] == "ready":
        return INITIAL if len(words) > 1 else _EXACT.get(words[0], OTHER)
    if is_work(words[-1]) or is_work(words[0]):
        ending = words[-1] in known.ENDINGS or bool(known.ENDINGS.get(words[0]))
        return LEAVING if ending else ACTIVE
    for one in (words[-1], words[0]):
        kind = _EXACT.get(one) if len(words) > 1 else None
        if kind == INITIAL and one == words[-1] and one.endswith("ed"):
            # `asset_created`: the result of the work.
            return SUCCESS
        if kind is not None:
            return kind
    if word.startswith("un") and _EXACT.get(word[2:]) == SUCCESS:
        return INITIAL
    return OTHER


def is_job(noun: str) -> bool:
    """Whether a noun is one of work: `sim_run`, `export_channel`, `pipelinerun`, `job_status`."""
    words = tokens(told_of(noun)) or ("",)
    joined = any(words[-1].endswith(one) and len(words[-1]) > len(one) + 3 for one in known.JOINED)
    return joined or words[-1] in known.JOBS or words[0] in known.JOBS_FIRST


def is_work(word: str) -> bool:
    """Whether a word is a present participle: `rendering`."""
    return len(word) > 5 and word.endswith("ing") and word not in known.NO_WORK


def read_states(values: Sequence[str], own: Iterable[str] = ()) -> Reading:
    """Read all values. `own` are the words of the resource's noun."""
    words = _without_common(values)
    nouns = set(own)
    # The `import_success` of an import is its own.
    changes = {
        v: "" if nouns.intersection(words[v].split("_")[:1]) else _of_change(words[v])
        for v in values
    }
    kinds = {value: changes[value] or _kind(words[value]) for value in values}
    _beside_others(kinds, words, nouns)
    _steps_between(kinds, words)
    _way_to_the_end(kinds, words)
    _interruptions(kinds, words)
    spelt = {word: value for value, word in words.items()}
    leads = {value: _after(value, words, spelt) for value, kind in kinds.items() if kind == LEAVING}
    ordered = _is_ordered(values, kinds)
    by_kind = {
        kind: tuple(
            sorted((v for v in values if kinds[v] == kind), key=_rank(kind, words, values, ordered))
        )
        for kind in (*KINDS, LEAVING)
    }
    if not known.JOB_DONE.isdisjoint(words[value] for value in by_kind[SUCCESS]):
        broken_off = (*by_kind[CANCELLED], *by_kind[FAILURE])[:1]
        for value in leads if broken_off else ():
            leads[value] = leads[value] or (broken_off[0] if words[value] in known.HALTING else "")
    unplaced = tuple(
        v
        for v in values
        if kinds[v] == OTHER and not {words[v], *words[v].split("_")[-1:]} & _EXACT.keys()
    )
    path = _path(by_kind, words, ordered, values)
    services = [v for v in values if words[v] in ("running", "started") and kinds[v] == SUCCESS]
    # Beside the way, as after it has been stopped.
    aside = (v for v in by_kind[ACTIVE] if words[v] == "starting" and v not in path)
    leads |= {value: services[0] for value in aside if services}
    return Reading(kinds, ordered, by_kind, leads, path, unplaced)


def _without_common(values: Sequence[str]) -> dict[str, str]:
    """The values without a common prefix: `BATCH_STATUS_RUNNING`."""
    split = {value: tokens(value) for value in values}
    while len(split) > 1:
        heads = {words[:1] for words in split.values()}
        if len(heads) > 1 or any(len(words) < 2 for words in split.values()):
            break
        split = {value: words[1:] for value, words in split.items()}
    joined = {value: "_".join(words) for value, words in split.items()}
    return {value: known.as_work(_JOINED.get(word, word)) for value, word in joined.items()}


def _of_change(word: str) -> str:
    """`UPDATE_IN_PROGRESS`: a change to an existing entity is under way."""
    words = word.split("_")
    if len(words) < 2 or words[0] not in known.CHANGES:
        return ""
    kind = _kind("_".join(words[1:]))
    if kind == ACTIVE:
        return LEAVING
    return OTHER if kind == SUCCESS else ""


def _beside_others(kinds: dict[str, str], words: Mapping[str, str], nouns: set[str]) -> None:
    """Change kinds that mean something else in the context of the other values."""
    _work_of_the_noun(kinds, words, nouns)
    _ends_of_work(kinds, words)
    _ready_to_begin(kinds, words)
    _updated(kinds, words)
    _ready_after_work(kinds, words)
    _standing(kinds, words)
    _unknown_end(kinds, words)
    _stopped_services(kinds, words)
    _not_yet(kinds, words)
    _made_first(kinds, words)


def _made_first(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """What is listed first as being made (`creating`) comes before a beginning that is listed
    later (`not_started`); a `pending` after the end is no beginning at all."""
    listed = list(kinds)
    if listed == sorted(listed) or words[listed[0]] not in known.MAKING:
        return
    ends = [place for place, value in enumerate(listed) if kinds[value] == SUCCESS]
    begun = [place for place, value in enumerate(listed) if kinds[value] == INITIAL]
    for place in begun:
        if ends and place > ends[0] and words[listed[place]] in known.TO_COME:
            kinds[listed[place]] = OTHER
        elif any(kinds[value] == ACTIVE for value in listed[place:]):
            kinds[listed[0]] = INITIAL


def _work_of_the_noun(kinds: dict[str, str], words: Mapping[str, str], nouns: set[str]) -> None:
    """The participle of the resource's noun is its work: a migration is migrating."""
    for value, word in words.items():
        stem = last_word(word).removesuffix("ing")
        if kinds[value] == LEAVING and any(noun.startswith(stem) for noun in nouns):
            kinds[value] = ACTIVE


def _ends_of_work(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """The participle of a kind of work is its end: `rendering`, `rendered`."""
    spelt = {word: value for value, word in words.items()}
    for word in [words[v] for v, kind in kinds.items() if kind == ACTIVE]:
        for done in (*known.participle_of(last_word(word)), *_ends_in_words(word)):
            after = spelt.get(done)
            if after is not None and kinds[after] not in (FAILURE, CANCELLED, ACTIVE):
                kinds[after] = SUCCESS


def _ends_in_words(word: str) -> Iterator[str]:
    """The participle of work that is named by its verb: `instantiate_in_progress`."""
    verb = word.removesuffix("_in_progress").removesuffix("_in_process")
    if verb != word and "_" not in verb:
        yield from participles(verb)


def _updated(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """`succeeded` is the end of work, if only of `updating`."""
    if {INITIAL, ACTIVE}.isdisjoint(kinds.values()):
        again = [v for v, kind in kinds.items() if kind == LEAVING and words[v] in known.CHANGING]
        ended = any(kind == SUCCESS and words[v] in known.JOB_DONE for v, kind in kinds.items())
        for value in again if ended else ():
            kinds[value] = ACTIVE


def _ready_after_work(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """`ready_to_publish` is no beginning after `uploaded`."""
    reached = False
    for value, word in words.items():
        if reached and kinds[value] == INITIAL and word.startswith("ready_"):
            kinds[value] = SUCCESS
        reached = reached or kinds[value] in (ACTIVE, SUCCESS)


def _standing(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """`running` and `enabled` are work, an end or neither: it depends on the other values."""
    working = [words[v] for v, kind in kinds.items() if kind == ACTIVE]
    ends = {words[v] for v, kind in kinds.items() if kind == SUCCESS} - known.STANDING.keys()
    ends -= set(_between(list(words.values()), working))
    strong = ends - known.MILESTONES.keys() - {"closed", "resolved", "paid"}
    for value, word in words.items():
        if word not in known.STANDING or kinds[value] not in (SUCCESS, ACTIVE):
            continue
        if word in known.WORKS_TOO:
            alone = not strong and not ({"stopped", "finished"} & ends)
            kinds[value] = SUCCESS if alone else ACTIVE
        elif word in known.ENABLED and not any(word[:4] == one[:4] for one in working):
            kinds[value] = SUCCESS if working and not ends else OTHER


def _unknown_end(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """A single unknown participle is the end of the work, where no other value is."""
    if SUCCESS in kinds.values() or ACTIVE not in kinds.values():
        return
    unknown = [v for v in kinds if kinds[v] == OTHER and words[v] not in _EXACT]
    participles = [v for v in unknown if words[v].endswith("ed")]
    for value in participles[-1:]:
        kinds[value] = SUCCESS


def _stopped_services(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """What is `stopped` can be started again, where being `running` is the end."""
    if any(kinds[v] == SUCCESS and words[v] in known.SERVICES for v in kinds):
        for value, word in words.items():
            if word in ("stopped", "terminated", "off") and kinds[value] == CANCELLED:
                kinds[value] = OTHER


def _not_yet(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """`not_shipped` is the beginning of `shipped`, where there is no other one."""
    if INITIAL in kinds.values():
        return
    spelt = {word: value for value, word in words.items()}
    for value, word in words.items():
        if word.startswith(("not_", "un", "non_")) and kinds[value] in (FAILURE, OTHER):
            rest = word.removeprefix("not_").removeprefix("non_").removeprefix("un")
            if rest in spelt and kinds[spelt[rest]] == SUCCESS:
                kinds[value] = INITIAL
                return


def _ready_to_begin(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """What is `ready`, listed before all work, is ready to begin where the work has another end:
    `ready`, `in_progress`, `succeeded`. So is a milestone that all else comes after: `accepted`."""
    listed = list(kinds)
    if listed == sorted(listed) or not any(words[value] in known.JOB_DONE for value in listed):
        return
    working = [place for place, value in enumerate(listed) if kinds[value] == ACTIVE]
    before = listed[: working[0]] if working else []
    first = next((value for value in before if kinds[value] != OTHER), None)
    for value in before:
        milestone = value == first and words[value] in known.MILESTONES
        if words[value] == "ready" or (milestone and words[value] not in known.JOB_DONE):
            kinds[value] = INITIAL


def _between(listed: Sequence[str], working: Sequence[str]) -> Iterator[str]:
    """The ends of work that is followed by other work: `created` of creating, created, starting."""
    places = {word: place for place, word in reversed(list(enumerate(listed)))}
    last = max((places[word] for word in working if is_work(word)), default=-1)
    for word in working:
        for done in known.participle_of(last_word(word)):
            if places.get(done, last) < last:
                yield done


def _steps_between(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """A participle that elsewhere is no work (`testing`) is work where it is listed right after a
    beginning or other work, and before an end."""
    listed = list(kinds)
    if listed == sorted(listed):
        return
    end = max((place for place, value in enumerate(listed) if kinds[value] == SUCCESS), default=0)
    for before, value in pairwise(listed[:end]):
        participle = words[value].endswith("ing") and words[value] not in _EXACT
        if participle and kinds[value] == OTHER and kinds[before] in (INITIAL, ACTIVE):
            kinds[value] = ACTIVE


def _way_to_the_end(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """Values listed before the end are the way there, if the first is in no vocabulary and none of
    the others is work: `DeviceOrdered`, `Dispatched`, `DataCopy`, `Completed`."""
    listed = list(kinds)
    end = max((n for n, value in enumerate(listed) if words[value] in known.JOB_DONE), default=0)
    unknown = listed != sorted(listed) and {kinds[v] for v in listed[:end]} <= {OTHER, SUCCESS}
    if end > 2 and unknown and kinds[listed[0]] == OTHER and ACTIVE not in kinds.values():
        kinds |= {**dict.fromkeys(listed[1:end], ACTIVE), listed[0]: INITIAL}


def _interruptions(kinds: dict[str, str], words: Mapping[str, str]) -> None:
    """A state that waits for somebody, listed after work that begins otherwise (`queued`,
    `in_progress`, `requires_action`; `processing`, `review`), interrupts the work; nothing begins
    in it."""
    if list(kinds) == sorted(kinds):
        return
    passed: set[str] = set()
    for value, kind in kinds.items():
        if kind == INITIAL and _interrupts(words[value], passed):
            kinds[value] = OTHER
        elif kind in (INITIAL, ACTIVE) or passed:
            passed.add(kind)


def _interrupts(word: str, passed: set[str]) -> bool:
    asking = known.ASKS if INITIAL in passed else known.ASKS | known.REVIEWS
    return ACTIVE in passed and not asking.isdisjoint((word, *word.split("_")))


def _after(value: str, words: Mapping[str, str], spelt: Mapping[str, str]) -> str:
    """The state after a transient one; `spelt` has the value of each word."""
    word = words[value]
    head, _, rest = word.partition("_")
    wanted = known.ENDINGS.get(word) or known.ENDINGS.get(head) or ()
    if head == word or head not in known.ENDINGS:
        wanted = (*wanted, *known.participle_of(last_word(word)))
    verbs = (head,) if head in known.CHANGES and rest else (word[:-3], word[:-3] + "e")
    done = tuple(f"{one}_{end}" for one in verbs for end in ("complete", "completed", "succeeded"))
    wanted = (*done, *wanted)
    return next((spelt[one] for one in wanted if one in spelt and spelt[one] != value), "")


def _is_ordered(values: Sequence[str], kinds: Mapping[str, str]) -> bool:
    """Whether a document lists the values in the order in which they are passed."""
    if list(values) == sorted(values) and len(values) > 2:
        return False
    place = {INITIAL: 0, ACTIVE: 1, SUCCESS: 2}
    way = [place[kinds[value]] for value in values if kinds[value] in place]
    return len(way) > 1 and (way == sorted(way) or _in_stages(values, kinds))


def _in_stages(values: Sequence[str], kinds: Mapping[str, str]) -> bool:
    """Whether each kind of work is listed before its own end, and one after the other:
    `training`, `trained`, `hosting`, `hosted`."""
    listed = [value for value in values if kinds[value] in (ACTIVE, SUCCESS)]
    pairs = list(zip(listed[::2], listed[1::2], strict=False))
    ends = [spelled(done) in known.participle_of(last_word(spelled(work))) for work, done in pairs]
    return len(pairs) > 1 and all(ends)


def _rank(kind: str, words: Mapping[str, str], values: Sequence[str], ordered: bool):  # type: ignore[no-untyped-def]
    """The sort key of values of one kind: document order, or the order of the vocabulary."""
    places = {value: place for place, value in enumerate(values)}
    table: Mapping[str, int] = {INITIAL: known.INITIAL, ACTIVE: known.ACTIVE}.get(kind, {})
    usual = table.get("in_progress", 10_000)

    def rank(value: str) -> tuple[int, int]:
        if kind == SUCCESS:
            return _worth(words[value]), places[value]
        if kind == INITIAL and words[value] in known.MAKING:
            return -1, places[value]
        return (0 if ordered else table.get(words[value], usual)), places[value]

    return rank


def _worth(word: str) -> int:
    """The sort key of successful ends: the usual one first, a partial one last."""
    words = word.split("_")
    if "partial" in word or "with" in words:
        return 5_000
    if word in known.MILESTONES:
        return 1_000 - known.MILESTONES[word]
    if word in known.DONE:
        return known.DONE[word]
    return known.STANDING.get(word, 100) + 200


def _path(
    by_kind: Mapping[str, tuple[str, ...]],
    words: Mapping[str, str],
    ordered: bool,
    values: Sequence[str],
) -> tuple[str, ...]:
    """The states of a successful run."""
    begun, working, ends = by_kind[INITIAL], by_kind[ACTIVE], by_kind[SUCCESS]
    found = list(begun[:1])
    for value in begun[1:]:
        word = words[value]
        queued = word in ("queued", "enqueued", "in_queue", "pending", "waiting_in_queue")
        passed = ordered and (_is_passed(word) or word in known.IN_REVIEW)
        if (
            (queued or words[found[0]] in known.MAKING or passed)
            and (words[found[0]] not in ("pending", "queued", "draft", "scheduled") or ordered)
            and word != words[found[0]]
            and (words[found[0]] not in known.WAITS or (ordered and word in known.QUEUES))
        ):
            found.append(value)
    rings = "ringing" in words.values()
    aside = ("claimed",) if rings else ("answered", "claimed")
    last = _last_of(ends, working, words, values)
    spelt = {words[value]: value for value in ends if value != last}
    if {"creating", "starting", "stopped"} <= {*words.values()} and "created" not in spelt:
        aside = (*aside, "starting")
    for value in working:
        if words[value] not in aside:
            done = known.participle_of(last_word(words[value]))
            found += [value, *[spelt.pop(one) for one in done if one in spelt]]
    if not ends:
        return tuple(found)
    if ordered:
        rest = set(spelt.values())
        milestones = [v for v in values if v in rest and words[v] in known.MILESTONES]
        found += [v for v in milestones if values.index(v) < values.index(last)][:2]
    elif words[last] == "delivered":
        found += [v for v in spelt.values() if words[v] in ("sent", "shipped")]
    return (*found, last)


def _last_of(
    ends: Sequence[str], working: Sequence[str], words: Mapping[str, str], values: Sequence[str]
) -> str:
    """The end of a successful run; of several stages of work, each with its own end, that of the
    stage which is listed last: `training`, `trained`, `starting_hosting`, `hosted`."""
    last = ends[0] if ends else ""
    if not last or list(values) == sorted(values):
        return last
    spelt, place = {words[value]: value for value in ends}, {v: n for n, v in enumerate(values)}
    for value in sorted(working, key=place.__getitem__, reverse=True):
        own = known.participle_of(last_word(words[value]))
        done = next((spelt[one] for one in own if one in spelt), "")
        if done and place[done] > place[value] > place[last]:
            return done
    return last


def _is_passed(word: str) -> bool:
    """Whether time leads out of an initial state: nobody is waited for."""
    first = word.split("_")[0]
    return not {word, first} & (known.WAITS | known.BY_PERSONS | known.WAITS_FOR)
