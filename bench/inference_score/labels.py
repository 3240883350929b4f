"""The labels: what a client of a real API would see, one YAML file for each document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LABELS = Path(__file__).resolve().parent / "labels"
SETS = ("dev", "held")
KINDS = (
    "verbs",
    "verbs-noop",
    "jobs",
    "jobs-noop",
    "started-jobs",
    "moments",
    "moments-noop",
    "relations",
    "lists",
    "paging",
    "order",
    "envelopes",
    "duplicates",
    "bulk",
    "membership",
    "soft-delete",
    "counts",
    "updated-at",
)
_EXPECTATION = {"id", "kind", "given", "steps", "because", "watch"}
_STEP = {
    "do",
    "act",
    "until",
    "follow",
    "pages",
    "wait",
    "body",
    "auto",
    "form",
    "files",
    "raw",
    "type",
    "query",
    "headers",
    "code",
    "keep",
    "see",
    "times",
    "apart",
    "within",
    "path",
    "passes",
    "through",
    "ends",
    "starts",
    "items",
    "id",
    "next",
    "all",
    "most",
}
_SENDS = ("do", "act", "until", "follow", "pages")


class LabelError(Exception):
    """An invalid label; the message states where and why."""


@dataclass(frozen=True)
class Expectation:
    """What a client does, and what it must then see."""

    id: str
    kind: str
    steps: tuple[dict[str, Any], ...]
    watch: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Labels:
    """The expectations of one document. `part` is "dev" or "held"."""

    document: str
    part: str
    expectations: tuple[Expectation, ...]


def read_all(folder: Path = LABELS, parts: tuple[str, ...] = SETS) -> list[Labels]:
    """Every label file, sorted by name. Raises LabelError."""
    return [
        read_labels(path, part) for part in parts for path in sorted((folder / part).glob("*.yaml"))
    ]


def read_labels(path: Path, part: str) -> Labels:
    """One label file. Raises LabelError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise LabelError(f"{path.name}: {error}") from None
    if not isinstance(content, dict) or not {"document", "expectations"} <= set(content):
        raise LabelError(f"{path.name}: needs `document` and `expectations`")
    setups = content.get("setups") or {}
    headers = tuple((content.get("headers") or {}).items())
    found = tuple(
        _expectation(path.name, each, setups, headers) for each in content["expectations"]
    )
    ids = [each.id for each in found]
    twice = {each for each in ids if ids.count(each) > 1}
    if twice:
        raise LabelError(f"{path.name}: an id twice: {', '.join(sorted(twice))}")
    return Labels(str(content["document"]), part, found)


def _expectation(
    place: str, given: Any, setups: dict[str, Any], headers: tuple[tuple[str, str], ...]
) -> Expectation:
    if not isinstance(given, dict) or not {"id", "kind", "steps"} <= set(given):
        raise LabelError(f"{place}: an expectation needs `id`, `kind`, `steps`: {given!r}")
    place = f"{place}: {given['id']}"
    if unknown := set(given) - _EXPECTATION:
        raise LabelError(f"{place}: unknown: {', '.join(sorted(map(str, unknown)))}")
    if given["kind"] not in KINDS:
        raise LabelError(f"{place}: kind {given['kind']!r} is none of {', '.join(KINDS)}")
    wanted = given.get("given") or []
    before: list[Any] = []
    for name in [wanted] if isinstance(wanted, str) else wanted:
        if name not in setups:
            raise LabelError(f"{place}: there is no setup {name!r}")
        before += setups[name]
    steps = tuple(
        _step(f"{place}: step {n}", each) for n, each in enumerate([*before, *given["steps"]], 1)
    )
    return Expectation(str(given["id"]), given["kind"], steps, given.get("watch"), headers)


def _step(place: str, given: Any) -> dict[str, Any]:
    if isinstance(given, str):
        given = {"do": given}
    if not isinstance(given, dict):
        raise LabelError(f"{place}: a step is a mapping, not {given!r}")
    if unknown := set(given) - _STEP:
        raise LabelError(f"{place}: unknown: {', '.join(sorted(map(str, unknown)))}")
    sends = [word for word in _SENDS if word in given]
    if len(sends) + ("wait" in given) != 1:
        raise LabelError(f"{place}: needs one of {', '.join(_SENDS)}, wait")
    if sends and len(str(given[sends[0]]).split(" ", 1)) != 2:
        raise LabelError(f"{place}: `{sends[0]}` is a method and a path, as in `GET /things`")
    return given
