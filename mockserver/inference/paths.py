"""Paths split into literal steps, parameters and verbs."""

from __future__ import annotations

import re
from functools import lru_cache

from mockserver.inference.words import bag, is_plural, noun, snake_case
from mockserver.records import dataclass

Steps = tuple[str, ...]
"""The steps of a path: literal ones, and `{}` for each parameter."""
ANY = "{}"
_PARAMETER = re.compile(r"{([^{}]+)}")
_ODATA = re.compile(r"([^{}()]+)\(\s*'?({[^{}]+})'?\s*\)")
# A qualified name with arguments is an OData function, not an entity.
_FUNCTION = re.compile(r"([^{}().]+(?:\.[^{}().]+)+)\([^()]*{[^()]*\)")
# `/documents.{format}`, `/documents/{id}.{format}`
_FORMAT = re.compile(
    r"(?<=.)\.{(?:format|ext|extension|content_?type|media_?type|response_?format)}$", re.I
)
_VERSION = re.compile(r"v?\d+(\.\d+)*([ab]\d*|beta|alpha)?$|api$|rest$")


SELF = bag(
    "me whoami who_am_i myself self current current_user userinfo user_info logged_in_user "
    "authenticated_user my_account my_profile my_user"
)
"""What a path calls the caller."""


@dataclass(frozen=True, slots=True)
class Route:
    """One path. `steps` has `{}` for each parameter; `names` are the parameter names in order.

    `verb` is the part after a colon in the last step (`/runs/{id}:cancel`).
    """

    steps: Steps
    names: tuple[str, ...]
    verb: str = ""

    @property
    def is_item(self) -> bool:
        return bool(self.steps) and self.steps[-1] == ANY and not self.verb

    @property
    def last(self) -> str:
        """The last literal step that does not only say which version this is."""
        return _last(self.steps)

    @property
    def noun(self) -> str:
        return _noun(self.steps)

    def upto(self, length: int) -> Route:
        """The first `length` steps."""
        steps = self.steps[:length]
        return Route(steps, self.names[: steps.count(ANY)])

    @property
    def parent(self) -> Route:
        return self.upto(len(self.steps) - 1)

    @property
    def plural(self) -> bool:
        return is_plural(self.last)

    def __str__(self) -> str:
        names = iter(self.names)
        parts = [f"{{{next(names)}}}" if step == ANY else step for step in self.steps]
        return "/" + "/".join(parts)


@lru_cache(maxsize=16_384)
def _last(steps: tuple[str, ...]) -> str:
    literal = [step for step in reversed(steps) if step != ANY]
    return next((step for step in literal if not is_version(step)), literal[0] if literal else "")


@lru_cache(maxsize=16_384)
def _noun(steps: tuple[str, ...]) -> str:
    return noun(_last(steps))


@lru_cache(maxsize=16_384)
def route(path: str) -> Route:
    """Split a path."""
    steps: list[str] = []
    names: list[str] = []
    verb = ""
    parts = _ODATA.sub(r"\1/\2", path).strip("/").split("/")
    for index, part in enumerate(parts):
        if index == len(parts) - 1:
            part, _, verb = _colon(part)
            part = _FORMAT.sub("", part.removesuffix(".json"))
        found = _PARAMETER.findall(part)
        if part.lower() in _BY_ID and steps and steps[-1] != ANY and _is_led_by(parts, index):
            continue  # `/discoverers/id/{id}`
        function = _FUNCTION.fullmatch(part)
        if function:
            steps.append(function[1] + "()")
        elif found:
            steps.append(ANY)
            names.append(found[0])
        elif part:
            steps.append(part)
    if verb.lower() in _FINDING and steps and steps[-1] != ANY:
        steps, verb = [*steps, verb], ""  # `/kites:search`, as `/kites/search`
    return Route(tuple(steps), tuple(names), verb)


_FINDING = frozenset(("search", "query", "list", "find", "lookup"))
_BY_ID = frozenset(("id", "byid", "by-id", "by_id"))


def _is_led_by(parts: list[str], index: int) -> bool:
    """Whether a parameter follows a step."""
    return index + 1 < len(parts) and _PARAMETER.fullmatch(parts[index + 1]) is not None


def _colon(part: str) -> tuple[str, str, str]:
    """Split off a verb: `runs:cancel` and `{id}:cancel` have one, `{a:b}` and `12:30` don't."""
    head, colon, tail = part.rpartition(":")
    if colon and head and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", tail) and "{" not in tail:
        return head, colon, tail
    return part, "", ""


@lru_cache(maxsize=16_384)
def is_version(step: str) -> bool:
    """Whether a step only names the API or its version: `v2`, `api`."""
    return bool(_VERSION.match(step.lower()))


def label(steps: tuple[str, ...]) -> str:
    """A name for the resource at these steps: the literals without versions."""
    words = [snake_case(step) for step in steps if step != ANY and not is_version(step)]
    return ".".join(word for word in words if word) or "root"


def is_of_caller(steps: Steps) -> bool:
    """Whether a path is right below that of the caller: `/me/tracks`."""
    return len(steps) > 1 and snake_case("_".join(steps[-2:-1])) in SELF | {"user", "account"}
