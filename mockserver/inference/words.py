"""Names split into words; singular and plural."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import inflection

if TYPE_CHECKING:
    from mockserver.inference.resource_model import Resource

_BOUNDARY = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# Words that only look like a plural, or that have none.
_SAME = frozenset(("data", "metadata", "media", "series", "news", "analytics", "settings"))
_OWN = {
    "bases": "base", "databases": "database", "caches": "cache", "movies": "movie",
    "corpora": "corpus", "apis": "api", "kpis": "kpi", "uris": "uri", "emojis": "emoji",
    "taxis": "taxi",
}  # fmt: skip
_PLURALS = {one: many for many, one in _OWN.items()}
_HARD = ("ies", "ses", "xes", "zes", "ches", "shes", "oes", "ves", "ices")
# The library tries rule after rule, each with a pattern of its own; most words need one rule.
_IES = ("zombies", "movies", "series", "species", "aies", "eies", "iies", "oies", "uies", "yies")
_ICES = ("matrices", "vertices", "indices", "mices", "lices", "rices")
_SES = (
    "sses", "uses", "ises", "yses", "theses", "nopses", "noses", "bases", "aliases",
)  # fmt: skip
_UNUSUAL = (
    *"sxzyfaiomhw", "fe", "an", "en", "on", "child", "zombie", "move", "ouse", "ice", "kine",
    "hive", "people",
)  # fmt: skip
"""How words end that do not simply get an `s`, and some that do."""
_IRREGULAR = frozenset(
    ("people", "children", "men", "women", "indices", "criteria", "vertices", "matrices", "mice")
)


_KEYS = {"fk": "id", "idfk": "id"}
"""What foreign keys end with in some databases."""


def bag(text: str) -> frozenset[str]:
    """The set of words in a text."""
    return frozenset(text.split())


WRAPPERS = bag("data result item resource response payload record node")
"""What a wrapper of one entity is called, whatever it is."""


def listed(text: str) -> dict[str, int]:
    """The words of a text with their positions."""
    return {word: place for place, word in enumerate(dict.fromkeys(text.split()))}


@lru_cache(maxsize=65_536)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name in lower case and without accents: `sim-suiteRunID` -> sim, suite, run,
    id."""
    if not name.isascii():
        plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
        name = plain.encode("ascii", "ignore").decode()
    return tuple(_KEYS.get(low := word.lower(), low) for word in _BOUNDARY.findall(name))


@lru_cache(maxsize=65_536)
def snake_case(name: str) -> str:
    """A name in snake case: `nextPageToken`, `next-page-token` -> `next_page_token`."""
    return "_".join(tokens(name))


def last_word(name: str) -> str:
    """The last word of a name in snake case: `sim_suite` -> `suite`."""
    return name.rsplit("_", 1)[-1]


@lru_cache(maxsize=65_536)
def singular(word: str) -> str:
    """`policies` -> `policy`; unknown words stay."""
    lower = word.lower()
    if lower in _OWN:
        return _OWN[lower]
    if lower in _SAME or lower.endswith(("ss", "us", "is")):
        return lower
    if lower.endswith("s"):
        return _singular_of(lower) if lower.endswith(_HARD) else lower[:-1]
    return inflection.singularize(lower) if lower in _IRREGULAR else lower


def _singular_of(lower: str) -> str:
    """The singular of a word that does not simply end in an `s`."""
    if lower.endswith("ies"):
        usual = len(lower) > 4 and not lower.endswith(_IES)
        return f"{lower[:-3]}y" if usual else inflection.singularize(lower)
    if lower.endswith(("ches", "shes", "sses")) and len(lower) > 5:
        return lower[:-2]
    if (lower.endswith("ices") and not lower.endswith(_ICES)) or (
        lower.endswith("ses") and not lower.endswith(_SES)
    ):
        return lower[:-1]
    return inflection.singularize(lower)


@lru_cache(maxsize=65_536)
def plural(word: str) -> str:
    """`policy` -> `policies`."""
    lower = word.lower()
    if lower in _SAME or lower in _OWN:
        return lower
    if lower and not lower.endswith(_UNUSUAL) and lower not in inflection.UNCOUNTABLES:
        return _PLURALS.get(lower) or f"{lower}s"
    return _PLURALS.get(lower) or inflection.pluralize(lower)


@lru_cache(maxsize=65_536)
def is_plural(word: str) -> bool:
    """Whether a name ends in a plural: `sim-suites`."""
    last = tokens(word)[-1:]
    return bool(last) and singular(last[0]) != last[0]


@lru_cache(maxsize=65_536)
def noun(name: str) -> str:
    """A name in normal form, its last word in the singular: `simSuites` -> `sim_suite`."""
    words = tokens(name)
    if not words:
        return ""
    return "_".join((*words[:-1], singular(words[-1])))


ID_WORDS = bag("id ids uuid uuids guid guids sid sids key keys")
"""The last words of names that hold an id, or several."""


TOLD = bag("status state progress result info detail")
"""What a path adds to a noun to tell how an entity is: `/job_status/{id}`."""


def told_of(noun: str) -> str:
    """The noun of what a path tells about: `job` of `job_status`."""
    return "_".join(word for word in tokens(noun) if word not in TOLD) or noun


def spells(parameter: str, name: str, noun: str) -> bool:
    """Whether a path parameter is called like this property of an entity: `{FileName}`, or
    `{team_id}` for the `id` of a team, `{jurisdictionId}` for the `taxJurisdictionId` of a tax."""
    wanted, own = tokens(parameter), tokens(name)
    about = tuple(noun.rsplit(".", 1)[-1].split("_"))
    if not own or wanted in (own, (*about, *own)):
        return bool(own)
    return len(wanted) > 1 and own == (*about, *wanted)


def without_noun(parameter: str, noun: str, own: Collection[str]) -> str:
    """A parameter without the noun in it: `external_id` of the `{external_customer_id}` of a
    customer. "" if less than two words are left, or if one of the `own` properties is an id: then
    `suite_id` is no name of the `{suite_run_id}` of a run."""
    if "id" in own or f"{last_word(noun)}_id" in own:
        return ""
    left = [word for word in tokens(parameter) if word not in noun.split("_")]
    return "_".join(left) if len(left) > 1 else ""


def other_name_in(resource: Resource, parameter: str) -> str | None:
    """The property, other than the id, that this path parameter is called like."""
    identity, noun = resource.identity, resource.noun
    if not identity.names or spells(parameter, identity.key or "", noun):
        return None
    plain = {name: name.rpartition(".")[2] for name in identity.names}
    return next((name for name, last in plain.items() if spells(parameter, last, noun)), None)


def is_id_of(name: str, short: str) -> bool:
    """Whether a name is that of ids of a noun: `user_id`, `userIds` or `ids` of `user`."""
    words = tokens(name)
    if words and words[-1] in (f"{short}id", f"{short}ids"):
        return True  # `jobid`
    if not words or words[-1] not in ID_WORDS:
        return False
    return len(words) == 1 or singular(words[-2]) == short


def stem_of(name: str) -> tuple[str, ...]:
    """What a name refers to: `project` for `project_id`, `projectUuid` and `project`."""
    words = tokens(name)
    return words[:-1] if len(words) > 1 and words[-1] in ID_WORDS else words


def about(name: str) -> str:
    """What a name refers to, in the singular: `user` for `user_ids` and `users`, `id` for `ids`."""
    return noun("_".join(stem_of(name)))


def names_member(member: tuple[str, ...] | None, name: str) -> bool:
    """Whether what is sent under this name says for whom a row stands that has it at `member`: the
    `user`, `user_ids` or just `ids`."""
    return member is not None and about(name) in (about(member[0]), "id", "uuid", "uri")


_NEW = bag("new copy copied clone cloned duplicate duplicated target")


def is_id_of_new(name: str, short: str) -> bool:
    """Whether a name is that of the id of a new one, beside another: `newPageId`, `copied_id`."""
    words = tokens(name)
    return len(words) > 1 and words[0] in _NEW and is_id_of("_".join(words[1:]), short)


ID_ENDS = (("id",), ("uuid",), ("sid",), ("guid",))
"""The last word of a name that holds an id, as `tokens(name)[-1:]`."""
OWN_NAMES = bag("name title slug")
"""Properties that never name an entity above, even below a path parameter of the same name."""

_COUNTING = bag("count counts counter num number total of no nb size qty quantity")


def counted(name: str) -> str | None:
    """What a number counts, in the singular: `comments_count`, `numComments`, `total_comments` ->
    `comment`; "" for a bare `count`, None for what is no count by its name."""
    words = tokens(name)
    if words[-1:] == ("headcount",):
        return "employee" if len(words) == 1 else noun("_".join(words[:-1]))
    rest = [word for word in words if word not in _COUNTING]
    return None if len(rest) == len(words) else noun("_".join(rest))


_MOMENT_WORDS = ("at", "time", "on", "date", "timestamp", "ts", "datetime", "utc", "am")


_PERIODS = bag(
    "timeout ttl expires_in expire_in expires_after timeout_seconds expiry timeout_in_seconds "
    "max_wait lifetime time_to_live valid_for max_age"
)
_LASTING = bag("timeout ttl expires expire expiry hold valid validity lifetime")
_IN_UNITS = bag("seconds minutes hours days")
"""`hold_minutes`, `valid_for_days`: a period."""


def is_period(name: str) -> bool:
    """Whether a property says for how long something is there: `ttl`, `expires_in`."""
    words = tokens(name)
    units = bool(words) and words[-1] in _IN_UNITS and not _LASTING.isdisjoint(words)
    return units or snake_case(name) in _PERIODS


_EXPIRES = bag("expires expiry expiration")
_ENDS = bag("end ended stop closed terminated")
_TOLD_TO_EXPIRE = re.compile(r"\bexpir(?:es?|y|ation)\b|\bwill (?:time out|be terminated)\b", re.I)


def is_expiry(name: str, told: str) -> bool:
    """Whether a moment is that up to which something lasts: by its name, or by what is `told` of an
    end that has not come: `endAt`, the time when it will expire."""
    if not _EXPIRES.isdisjoint(tokens(name)):
        return True
    return moment_stem(name) in _ENDS and bool(_TOLD_TO_EXPIRE.search(told))


@lru_cache(maxsize=16_384)
def moment_stem(name: str) -> str:
    """What a moment is of: `completed_at`, `completedTime`, `date_completed` -> `completed`."""
    words = list(tokens(name))
    if len(words) > 1 and words[0] in ("date", "time", "timestamp", "when", "fecha", "datum"):
        return "_".join(words[1:])
    cut = False
    while len(words) > 1 and (words[-1] in _MOMENT_WORDS or (cut and words[-1] == "date")):
        words, cut = words[:-1], True
    return "_".join(words) if cut else ""


SECRETS = bag("secret token key password credential")
"""The last words of properties that only the client may know."""
LEADING = bag("location operation-location azure-asyncoperation content-location status-location")
"""Headers that lead to what was made or started."""

CONTROLS = bag(
    "force confirm async wait recursive permanent permanently hard purge cascade token "
    "access_token api_key key version api_version lang language locale format notify "
    "reason callback pretty"
)
"""What queries say of how something is done, not of what it is done to."""

IF_THERE = bag(
    "if_exists if_exist if_already_exists on_conflict on_exists on_existing on_duplicate "
    "if_duplicate conflict_behavior conflict_behaviour conflict_strategy conflict_resolution "
    "duplicate_strategy duplicate_handling"
)
"""Properties that say what a create does with what is there already."""
LEAVES_EXISTING = bag(
    "do_nothing nothing ignore skip return return_existing keep keep_existing reuse"
)
"""Their values if that stays as it is."""
CHANGES_EXISTING = bag("overwrite replace update upsert merge do_update override")
"""Their values if it becomes what the request says."""

_PARTICIPLES = {
    "build": "built", "pay": "paid", "send": "sent", "hold": "held", "hide": "hidden", "run": "run",
    "lose": "lost", "win": "won", "freeze": "frozen", "withdraw": "withdrawn", "make": "made",
    "read": "read", "write": "written",
}  # fmt: skip


def is_participle(word: str) -> bool:
    """Whether a word tells what has happened: `opened`, `sent`."""
    return word.endswith("ed") or word in _PARTICIPLES.values()


def participles(verb: str) -> tuple[str, ...]:
    """`archive` -> `archived`, `tag` -> `tagged`, `retry` -> `retried`, `check_out` ->
    `checked_out`."""
    first, _, rest = verb.partition("_")
    if rest or not first:
        return tuple(f"{word}_{rest}" for word in participles(first)) if first else ()
    special = (_PARTICIPLES[verb],) if verb in _PARTICIPLES else ()
    if verb.endswith("e"):
        return (*special, verb + "d")
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return (*special, verb[:-1] + "ied")
    return (*special, verb + "ed", verb + verb[-1] + "ed")


def gerund(verb: str) -> str:
    """`charge` -> `charging`; "" for more than one word."""
    if "_" in verb or len(verb) < 3:
        return ""
    return f"{verb[:-1] if verb.endswith('e') else verb}ing"


_ABOVE = bag("parent manager supervisor boss reports_to reply_to in_reply_to replied_to superior")
"""What an entity calls the one of its own kind to which it belongs."""
_BELOW = bag("child reply answer response report direct_report subordinate descendant")
"""What those are called that belong to another of their kind."""


def is_below(word: str, about: str) -> bool:
    """Whether a path or a number speaks of those below another of the same kind: `replies`,
    `subfolders`, `child_tasks`. `about` is the noun of the kind."""
    called, nouns = noun(word), (about, last_word(about))
    forms = (f"{head}{one}" for one in nouns for head in ("sub", "sub_", "child_", "children_"))
    return called in _BELOW or called in forms


def upward(names: Iterable[str], about: str) -> str | None:
    """The only one of these properties that names the entity of the same kind above one:
    `parent_id`, `manager_id`. `about` is the noun of the kind."""
    nouns = (about, last_word(about))
    stems = {*_ABOVE, *(f"{one}_{head}" for one in nouns for head in _ABOVE)}
    stems |= {f"{head}_{one}" for one in nouns for head in _ABOVE}
    wanted = {f"{stem}{end}" for stem in stems for end in ("", "_id", "_uuid", "_key")}
    found = list(dict.fromkeys(name for name in names if snake_case(name) in wanted))
    return found[0] if len(found) == 1 else None


_HOOKS = bag("webhook hook")
_RECEIVERS = bag("subscription callback endpoint listener notification destination")


def registers(called: str) -> bool:
    """Whether an entity with this noun is where a client wants events sent."""
    words = {singular(word) for word in tokens(called)}
    return bool(words & _HOOKS) or len(words & (_RECEIVERS | {"event"})) > 1


def may_register(called: str) -> bool:
    """Whether it is, if it has a list of events."""
    return bool(_RECEIVERS & {singular(word) for word in tokens(called)})
