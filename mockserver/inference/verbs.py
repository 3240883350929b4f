"""Verbs, and the states and flags they lead to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from mockserver.inference import verb_words as known
from mockserver.inference.paths import Route
from mockserver.inference.state_words import ENDINGS, FAILED, participle_of
from mockserver.inference.states import spelled
from mockserver.inference.verb_words import OUTCOMES
from mockserver.inference.words import bag, gerund, last_word, participles, singular, tokens
from mockserver.openapi.model import Operation

VERBS = frozenset(OUTCOMES) | known.CLONING | known.AGAIN | known.OTHER_VERBS
_ALL = dict.fromkeys(VERBS | known.OTHER_NAMES.keys())
_UNDO = {"un": 2, "de": 2, "dis": 3}


def verb_of(step: str) -> str:
    """The verb at the start of a path step (`retry-failed` -> `retry`), or ""."""
    words = list(tokens(step))
    while len(words) > 1 and words[0] in known.ADVERBS and words[1] in _ALL:
        words = words[1:]
    if words[:1] == ["re"] and len(words) > 1:
        words = ["re" + words[1], *words[2:]]  # `re-enable`
    for word in ("_".join(words), "".join(words), words[0] if words else ""):
        if word in _ALL:
            return known.OTHER_NAMES.get(word, word)
    first = words[0] if words else ""
    if first.startswith("un") and first[2:] in _ALL:
        return first
    if first.startswith("re") and first[2:] in _ALL:
        undone = not VERBS.isdisjoint(f"{start}{first[2:]}" for start in _UNDO)
        if undone or first[2:] in known.OPPOSITES:
            return first[2:]  # `resubscribe` after `unsubscribe`
        # `rerequest`, `reanalyze`
        return "rerun"
    return ""


def opposite_of(verb: str) -> str:
    """The verb that undoes another: `hold` -> resume, `archive` -> unarchive."""
    known_ones = (f"{start}{verb}" for start in ("un", "de", "dis"))
    found = next((one for one in known_ones if one in _ALL and verb_of(one) in OUTCOMES), "")
    found = found or next((one for one, other in known.OPPOSITES.items() if other == verb), "")
    return known.OTHER_NAMES.get(found, found) or f"un{verb}"


def object_of(step: str) -> tuple[str, ...]:
    """What the verb at the start of a step is about: `reset_spent_time` -> spent, time. What it is
    for, or led to, is left out (`submit-for-review`)."""
    words = list(tokens(step))
    while len(words) > 1 and words[0] in known.ADVERBS:
        words = words[1:]
    if {"_".join(words), "".join(words)} & _ALL.keys():
        return ()
    ends = (i for i, word in enumerate(words) if word in known.PREPOSITIONS)
    about = words[1 : next(ends, len(words))]
    return tuple(word for word in about if word not in known.ADVERBS | known.ANY_ENTITY)


def is_about(text: str, nouns: Collection[str], step: str = "", *, named: bool = False) -> bool:
    """Whether a summary or an operationId that begins with a verb speaks of an entity with these
    nouns, or, unless it has to be `named`, of nothing else: `Subscribe to an issue`, `cancelRun`,
    but not `Uploads a file`, nor of what the last `step` of the path names (`Starts a session of
    the issue` at `/session`)."""
    words = [singular(word) for word in tokens(text)[1:8]]
    while words and words[0] in known.PREPOSITIONS:
        words = words[1:]
    ends = (i for i, word in enumerate(words) if word in known.PREPOSITIONS)
    about = [word for word in words[: next(ends, len(words))] if word not in known.ARTICLES]
    about = about[:5]
    if step:
        steps = {singular(word) for word in tokens(step)} - {*nouns}
        run_on = "".join(tokens(step))
        if steps & {*about} or (about and run_on == "".join(about[-2:])):
            return False
    if not about:
        return not named
    return not {*nouns, *(() if named else known.ANY_ENTITY)}.isdisjoint(about)


def spaced(step: str, operation: str) -> str:
    """The last step of a path with its words apart, as the operationId has them: `stopresize` of
    `Pool_StopResize`."""
    words = tokens(operation)
    if len(tokens(step)) != 1:
        return step
    ends = (words[i:] for i in range(len(words) - 1))
    return next(("_".join(end) for end in ends if "".join(end) == step.lower()), step)


def last_part(operation: str) -> str:
    """`evals.runs.cancel` -> `cancel`; a name without dots stays."""
    return re.split(r"[./#]", operation)[-1]


def acting_verb(name: str, nouns: Collection[str] = ()) -> str:
    """The verb of an operationId other than plain reads and writes: `cancelRun`, `runs_cancel`. The
    `nouns` of the entity are no verbs (`dock-ship`)."""
    words = [word for word in tokens(name) if word not in known.ADVERBS and word not in nouns]
    if len(words) > 1 and words[1] in known.CRUD and (len(words) == 2 or words[0] in known.NOUNS):
        return ""  # `issueDeleteLabel`, `sign_delete`
    for word in (*words[:1], *words[-1:]):
        if word in known.CRUD:
            return ""
        if word in _ALL:
            return known.OTHER_NAMES.get(word, word)
    return ""


_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")


def verb_in_text(text: str) -> str:
    """The verb at the start of a summary (`Cancels a run`); "" for plain reads and writes."""
    words = _without_tags(text).split()
    while len(words) > 1 and words[0].lower() in known.ADVERBS - {"request", "batch"}:
        words = words[1:]
    first = words[0].lower() if words else ""
    if first == "returns" or "/" in first:
        return ""  # "Returns a URL", or the path itself
    for form in first_words(" ".join(words)):
        if form in _ALL and form not in known.CRUD:
            return known.OTHER_NAMES.get(form, form)
    return ""


_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")


def _without_tags(text: str) -> str:
    """A text without its HTML: `<p>Cancels a run.</p>`."""
    return _TAG.sub(" ", text) if "<" in text else text


def first_words(text: str) -> Iterator[str]:
    """What a text may begin with as a verb: `Docks the ship` -> docks, dock."""
    found = _WORD.match(_without_tags(text).strip())
    if found:
        yield from _forms("".join(tokens(found[0])))


def says_made(summary: str, operation: str) -> bool:
    """Whether a summary, or else an operationId, says that an entity is made: `Creates a repo`."""
    words = list(first_words(summary)) or list(tokens(operation)[:1])
    return not known.MAKING.isdisjoint(words)


def says_put_there(operation: Operation) -> bool:
    """Whether an operation is said to bring something: `Upload a logo`."""
    words = list(first_words(operation.summary or operation.description))
    return not known.BRINGING.isdisjoint(words or tokens(operation.id)[:1])


def speaks_of_making(operation: Operation) -> bool:
    """Whether the summary, the id or the first sentence of an operation has a word for making. Of
    one that changes entities it means that it makes those that are missing."""
    words = set(tokens(operation.summary)) or set(tokens(operation.id))
    words |= set(tokens(operation.description.partition(".")[0]))
    return not words.isdisjoint(_FORMS_OF_MAKING)


_FORMS_OF_MAKING = frozenset(
    form for verb in (*known.MAKING, "upsert", "save") for form in (verb, verb + "s", verb + "d")
) - frozenset(("made", "makes", "make"))


def state_called(verb: str, values: Iterable[str]) -> str | None:
    """The state that is called after a verb, whatever the verb: `dock` -> `DOCKED`, `orbit` ->
    `IN_ORBIT`."""
    if len(verb) < 3:
        return None
    words = _words(values)
    for word in (
        *participles(verb),
        *([verb] if "_" in verb else []),
        f"in_{verb}",
        f"{verb}_requested",
    ):
        if word in words:
            return words[word]
    for said, value in words.items():
        # `checked_out` of `checkout`
        done, _, particle = said.partition("_")
        head = verb.removesuffix(f"_{particle}").removesuffix(particle)
        if particle and head != verb and done in participles(head):
            return value
    by = tuple(f"{word}_by" for word in participles(verb))
    return next((value for word, value in words.items() if word.startswith(by)), None)


def _forms(word: str) -> tuple[str, ...]:
    """A word, and the word without a third-person ending."""
    found = [word]
    for ending in ("es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            found.append(word.removesuffix(ending))
    if word.endswith("ies"):
        found.append(word[:-3] + "y")
    return tuple(found)


_NOUN_ENDINGS = (("ing", ""), ("ing", "e"), ("ation", "e"), ("ation", ""), ("ment", ""), ("al", ""))


def verbs_of_noun(noun: str) -> Iterator[str]:
    """A noun and the verbs that it may be made of: `refunding` -> refund, `cancelation`
    -> cancel, `settlement` -> settle."""
    yield noun
    if noun in known.OTHER_NAMES:
        yield known.OTHER_NAMES[noun]
    for ending, instead in _NOUN_ENDINGS:
        if noun.endswith(ending) and (verb := noun.removesuffix(ending) + instead) in VERBS:
            yield verb


def called_after(stem: str, wanted: Collection[str]) -> str:
    """Which of the `wanted` participles a moment is called after: `answered` of the `answer` in
    `answerTime`, `refunded` of `refundingDate`; "" if none."""
    if stem in wanted:
        return stem
    return next((w for verb in verbs_of_noun(stem) for w in participles(verb) if w in wanted), "")


def outcome(verb: str, values: Iterable[str]) -> str | None:
    """The value of a status that a verb finally leads to, if there is one."""
    words = _words(values)
    for word in (*OUTCOMES.get(verb, ()), *participles(verb)):
        if word in words:
            return words[word]
    # What begins with a noun alone is no state that it leads to: `documents` -> DOCUMENTS_QUEUED
    longest = len(verb) + (100 if verb in VERBS else 3)
    found = next(
        (value for word, value in words.items() if word.startswith(verb) and len(word) <= longest),
        None,
    )
    if found is None and verb in ("cancel", "abort", "stop", "terminate", "kill"):
        # Without a cancelled state, ending early means failure.
        return next((words[word] for word in FAILED if word in words), None)
    return found


def passing(verb: str, values: Iterable[str], end: str | None) -> str | None:
    """The value for a verb under way: `cancelling`."""
    words = _words(values)
    wanted = [end] if end is not None else []
    if known.BEING_DONE.get(verb) in words:
        return words[known.BEING_DONE[verb]]
    for word, value in words.items():
        last = last_word(word)
        ends = (*ENDINGS.get(word, ()), *participle_of(last)) if last.endswith("ing") else ()
        own = last.startswith(verb.removesuffix("e")[:6]) and last.endswith("ing")
        if own or word in (f"{verb}_requested", f"{verb}_in_progress"):
            return value
        if any(words.get(one) in wanted for one in ends) and word in ENDINGS:
            stop = {"stop": "stopping", "cancel": "cancelling"}.get(verb, "")
            if word == stop or (end is not None and spelled(end) in OUTCOMES.get(verb, ())):
                return value
    return None


def _words(values: Iterable[str]) -> Mapping[str, str]:
    """The values by their words, without a common prefix."""
    listed = list(values)
    found = {spelled(value): value for value in listed}
    heads = {value: tokens(value) for value in listed}
    while len(heads) > 1 and len({words[:1] for words in heads.values()}) == 1:
        if any(len(words) < 2 for words in heads.values()):
            break
        heads = {value: words[1:] for value, words in heads.items()}
    for value, words in heads.items():
        found.setdefault("_".join(words), value)
        # `noshow` leads to `NoShow`.
        found.setdefault("".join(words), value)
    return found


def undone_by(verb: str) -> tuple[str, ...]:
    """The verbs that a verb undoes: `unsuspend` -> suspend, `restore` -> delete, archive."""
    undone = ("delete", "trash", "remove") if verb in known.BRINGING_BACK else ()
    undone = (*undone, *known.ALSO_UNDONE.get(verb, ()))
    if verb in known.OPPOSITES:
        return (*undone, known.OPPOSITES[verb])
    for start, length in _UNDO.items():
        if verb.startswith(start) and (start == "un" or verb[length:] in VERBS):
            return (*undone, verb[length:])
    return undone


_TELLING = bag("send resend email mail remind notify share print get")
_MESSAGES = bag(
    "reminder notification invitation invite email mail receipt copy message sms link code otp "
    "alert event test webhook preview report summary confirmation"
)
_CHECKING = bag("check test verify validate")
_CHECKED = bag(
    "signature connection connectivity availability eligibility credential permission payload"
)
"""What is told or checked of an entity without a change of it: `send-reminder`."""


def is_beside(verb: str, word: str) -> bool:
    """Whether a verb tells or checks something beside the entity: `send-reminder`,
    `confirmation-email`, `verify-signature`."""
    first, *about = tokens(word) or ("",)
    objects = {singular(one) for one in about}
    if first.endswith("ation") or about[-1:] == ["preview"]:
        return not objects.isdisjoint(_MESSAGES)
    beside = _MESSAGES if verb in _TELLING else frozenset()
    beside = _CHECKED if verb in _CHECKING else beside
    return bool(objects) and objects <= beside


_BEGINNING = bag("start begin launch boot resume")
_ENDING = bag("stop end terminate kill hangup halt shutdown")
_GOING_ON = bag("alive running ongoing")
"""What is so from the beginning to the end."""


def flags(verb: str, *, doing: bool = True) -> dict[str, bool]:
    """The names of booleans that a verb sets or clears; `doing`: also such as `charging`."""
    found: dict[str, bool] = {}
    for word, holds in (*((each, False) for each in undone_by(verb)), (verb, True)):
        for adjective in (
            *known.ADJECTIVES.get(word, participles(word)),
            gerund(word) if doing else "",
        ):
            if adjective:
                found[adjective] = holds
                found["is_" + adjective] = holds
    for word in _GOING_ON if verb in _ENDING | _BEGINNING else ():
        found |= dict.fromkeys((word, f"is_{word}"), verb in _BEGINNING)
    for adjective, holds in [*found.items()]:
        head, word = ("is_", adjective[3:]) if adjective.startswith("is_") else ("", adjective)
        for negative in ("in", "un"):
            found.setdefault(f"{head}{negative}{word}", not holds)
    return found


_CALLERS = bag("viewer user me you i my caller current self already")
_HAVING = bag("is am are has have had did was been by")
_PERSONAL = frozenset(word for verb in known.COUNTED for word in participles(verb))


def of_caller(flag: str) -> str:
    """What a flag says of the caller: `liked` of `viewer_has_liked`, `liked_by_me`."""
    words, ends = list(flag.split("_")), 0
    while len(words) > 1 and words[0] in _CALLERS | _HAVING:
        words = words[1:]
    while len(words) > 1 and words[-1] in _CALLERS:
        words, ends = words[:-1], ends + 1
    if ends and len(words) > 1 and words[-1] == "by":
        words = words[:-1]
    found = "_".join(words)
    # A `user_active` may be about somebody else than the caller.
    told = flag.partition("_")[0] != "user" or flag.startswith("user_ha") or found in _PERSONAL
    return found if told else ""


def toggles(operation: Operation, route: Route) -> bool:
    """Whether an operation is said to turn flags over: `POST /posts/{post}/toggle-like`."""
    said = (route.verb, route.last, last_part(operation.id), operation.summary)
    return any(tokens(text or "")[:1] in (("toggle",), ("toggles",)) for text in said)


PARTIAL = re.compile(
    r"\bonly (?:the |those )?(?:specified |provided |given |supplied )?"
    r"(?:fields|properties|attributes|values|parameters)\b.{0,60}\b(?:updated|changed|modified|overwritten|replaced)\b"
    r"|\b(?:unspecified|omitted|missing|other|not (?:specified|provided|supplied|included|sent))\b"
    r".{0,50}\b(?:unchanged|untouched|unaffected|unmodified|remain|ignored"
    r"|not (?:be )?(?:changed|modified|updated|affected|overwritten))\b|\bpartial(?:ly)? updat",
    re.IGNORECASE | re.DOTALL,
)
"""What is said of a PUT that leaves what is not sent."""
_CHANGES = bag("update updates edit edits modify modifies change changes modified")
_REPLACES = bag("replace replaces overwrite overwrites full entire whole upsert")


def says_it_changes(operation: Operation) -> bool:
    """Whether an operation is said to update an entity, and not to replace it."""
    words = set(tokens(f"{operation.summary} {operation.id} {operation.description}"))
    return bool(_CHANGES & words) and not _REPLACES & words
