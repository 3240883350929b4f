"""What the properties of an error schema are for, by name and type, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any

from mockserver.engine.error_formats.base import reason_of, title_of
from mockserver.errors import Refusal
from mockserver.inference.words import tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Violation
from mockserver.openapi.schemas.resolved import Flat
from mockserver.records import dataclass

MESSAGE = frozenset(
    (
        *("message", "msg", "detail", "details", "description", "errordescription", "reason"),
        *(
            "errormessage",
            "errortext",
            "usermessage",
            "text",
            "faultstring",
            *("developermessage", "what", "why"),
            "summary",
        ),
    )
)
MESSAGES = (
    "message",
    "messages",
    "msg",
    "description",
    "detail",
    "explanation",
    "reason",
)
FAULTY = ("error", "fault", "issue", "problem", "violation", "reason", "message")
WRITTEN = frozenset(("value", "text", "content"))
"""What a message that is an object says."""
CODE = frozenset(
    ("code", "errorcode", "slug", "key", "errortype", "kind", "reasoncode", "errorkey", "errorname")
)
STATUS = frozenset(("status", "statuscode", "httpstatus", "httpstatuscode", "httpcode"))
ID = frozenset(("requestid", "traceid", "correlationid", "errorid", "logid", "debugid"))
LINK = frozenset(
    ("documentationurl", "docsurl", "docurl", "moreinfo", "helpurl", "href", "infourl", "docs")
)
LISTS = frozenset(
    (
        *("errors", "error", "details", "detail", "fields", "issues", "violations", "causes"),
        *("invalidparams", "invalidparameters", "messages", "fielderrors", "validationerrors"),
    )
)
PLACE = frozenset(("field", "path", "param", "parameter", "name", "property", "location", "target"))

NAMES = frozenset(
    ("fields", "fieldnames", "params", "parameters", "invalidfields", "invalidparams")
)
"""Lists of texts that name places, without a message."""
_STATUS_WORDS = {
    400: frozenset(("invalid", "bad", "validation", "malformed", "unprocessable")),
    401: frozenset(("unauthorized", "unauthenticated", "authentication", "auth", "credentials")),
    403: frozenset(("forbidden", "permission", "denied", "access")),
    404: frozenset(("missing", "unknown", "notfound")),
    409: frozenset(("conflict", "exists", "duplicate", "state")),
    422: frozenset(("validation", "unprocessable", "invalid")),
    429: frozenset(("throttled", "throttling", "rate", "quota", "limit")),
}
_EMPTY = frozenset(("not", "required", "failed", "too"))
"""Words of our own codes that say nothing by themselves."""

NESTS = frozenset(("error", "errors", "err", "fault", "problem", "exception", "detail", "details"))


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts about a refusal that a body can contain; `text` is its message, if that is not all
    that the refusal says."""

    refusal: Refusal
    status: int
    code: str
    violations: Sequence[Violation]
    path: str
    request_id: str = ""
    text: str = ""

    @cached_property
    def message(self) -> str:
        """Put together once somebody asks: many schemas have no place for it."""
        return self.text or reason_of(self.refusal)


@lru_cache(4096)
def folded(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return "".join(filter(str.isalnum, name)).lower()


_TELLING = frozenset(("message", "text", "reason", "explanation", "explains"))


def tells(description: str) -> bool:
    """Whether a description says that a text is for people: "Response text of the gateway."."""
    return bool(_TELLING & set(tokens(re.sub(r"<[^>]*>", " ", description))))


def is_message(name: str) -> bool:
    """Whether a text with this name is for people, `long_message` included."""
    return name in MESSAGE or name.endswith(MESSAGES)


def text_of(name: str, format_: str, beside: set[str], facts: Facts) -> Any:
    if name == "title":
        return title_of(facts.status)
    if name == "error":
        # `{error, message}`: a word and a text. Alone it is the text.
        return facts.code if beside & MESSAGE else facts.message
    if name == "type":
        return "about:blank" if beside & {"title", "instance"} else facts.code
    if is_message(name):
        return facts.message
    if name in CODE:
        return facts.code
    if name in STATUS:
        return str(facts.status)
    if name in ID:
        return facts.request_id or "00000000-0000-4000-8000-000000000000"
    if name in LINK or (name in ("url", "link", "help") and format_ in ("uri", "")):
        return f"https://example.com/errors/{facts.code}"
    return facts.path if name in ("instance", "path") else MISSING


def neutral_text(name: str, flat: Flat, facts: Facts) -> Any:
    """A text that claims nothing false: the whole request, or the message again."""
    if flat.types[:1] != ("string",) or flat.values is not None:
        return MISSING
    if flat.rules.keys() & {"format", "pattern"}:
        return MISSING
    text = "#" if name == "pointer" or name in PLACE else facts.message
    most = flat.rules.get("maxLength")
    return text if most is None or len(text) <= most else MISSING


def closest(values: Sequence[Any], name: str, facts: Facts) -> Any:
    """The enum value that is closest to what happened."""
    if name in STATUS and facts.status in values:
        return facts.status
    wanted = (facts.code, facts.code.replace("_", "-"), facts.message, title_of(facts.status))
    by_shape = {folded(value): value for value in values if isinstance(value, str)}
    for word in wanted:
        if folded(word) in by_shape:
            return by_shape[folded(word)]
    for words in (set(facts.code.split("_")) - _EMPTY, *_meaning(facts.status)):
        close = [v for v in by_shape.values() if words & set(tokens(v))]
        if close:
            return close[0]
    return values[0] if values else MISSING


def _meaning(status: int) -> Iterator[frozenset[str]]:
    """Words for a status in error codes, the usual ones first."""
    if status in _STATUS_WORDS:
        yield _STATUS_WORDS[status]
    if 400 <= status < 500:
        yield _STATUS_WORDS[400]
