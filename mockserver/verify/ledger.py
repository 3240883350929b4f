"""A record on disk of what a run creates, so that it can always be removed.

Each step is a JSON line: `{"made": ...}` when a creation has succeeded, `{"gone": ...}` when the
entity is removed. A line is on disk before the next request is sent. A creation without a response
leaves an `{"asked": ...}` line without its counterpart. `{"step": ...}` is progress of the run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import IO

from mockserver.errors import UsageError
from mockserver.files.wording import counted
from mockserver.openapi.model import Json
from mockserver.verify.model import json_of

_SHORTEST_MARKER = 8
Shape = Mapping[str, type | UnionType]
_SHAPES: Mapping[str, Shape] = {
    "step": {"step": dict},
    "others": {"others": str, "ids": list},
    "asked": {"asked": int, "operation": str, "path": dict, "marker": str},
    "made": {"made": int, "remove": str, "where": dict, "kind": str},
    "marked": {"marked": int, "marker": str},
    "succeeded": {"succeeded": int},
    "nothing": {"nothing": int},
    "gone": {"gone": int},
    "kept": {"kept": int},
}
"""What each kind of line has."""


def fits(value: Json, shape: Shape) -> bool:
    """Whether a value is an object with these properties."""
    return isinstance(value, dict) and all(
        isinstance(value.get(name), kind) for name, kind in shape.items()
    )


@dataclass(frozen=True)
class Entry:
    """A created entity: its path, and the operation that removes it."""

    number: int
    remove: str
    where: Mapping[str, str]
    kind: str
    marker: str = ""
    """A text in the entity and in its copies."""
    name: str | None = None
    """The name by which the server made it, beside what was asked for: others may use it, too."""

    @property
    def id(self) -> str:
        return next(reversed(list(self.where.values())), "")


@dataclass(frozen=True)
class PendingCreation:
    """A creation whose response is unknown, or names nothing although it `succeeded`."""

    number: int
    operation: str
    path: Mapping[str, str]
    marker: str
    succeeded: bool = False
    alike: str = ""
    """The id in the response, which an entity of somebody else has."""
    names: frozenset[str] = frozenset()
    """Texts in its arrays: a server may make an entity of each, such as a tag."""


@dataclass
class Ledger:
    path: Path
    url: str
    entries: dict[int, Entry] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    pending: dict[int, PendingCreation] = field(default_factory=dict)
    steps: list[dict[str, Json]] = field(default_factory=list)
    others: set[tuple[str, str]] = field(default_factory=set)
    """Kind and id of what was there before the run."""
    listed: set[str] = field(default_factory=set)
    """The kinds whose lists were read before the run."""
    _by_name: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _last: int = 0
    _stream: IO[bytes] | None = None

    @classmethod
    def create(cls, path: str, url: str) -> Ledger:
        """Raises UsageError if the file can't be written, or still lists entities to remove."""
        file = Path(path)
        if file.exists() and file.stat().st_size:
            old = cls.load(path)
            count = len(list(old.left())) + len(old.pending)
            if count:
                raise UsageError(
                    f"{path} still lists {counted(count, 'entity')} at {old.url}: remove "
                    f"them with mockserver fuzz --cleanup {path} --url {old.url}, go on with "
                    "mockserver test --resume, or name another file with --ledger"
                )
        ledger = cls(file, url)
        try:
            file.write_bytes(b"")
            ledger.open()
        except OSError as error:
            raise UsageError(f"--ledger {path}: {error.strerror or error}") from None
        ledger._write({"ledger": 1, "url": url})
        return ledger

    @classmethod
    def load(cls, path: str) -> Ledger:
        """Read a ledger; a truncated line is ignored. Raises UsageError if it is none."""
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
            head = json.loads(lines[0])
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}") from None
        except (ValueError, IndexError, RecursionError):
            head = None
        if not fits(head, {"url": str}):
            raise UsageError(f"{path} is not a ledger of mockserver test, fuzz or diff")
        ledger = cls(Path(path), head["url"])
        for number, text in enumerate(lines[1:], start=2):
            try:
                line = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if not _is_line(line):
                raise UsageError(
                    f"{path}, line {number}: not a line of a ledger ({text[:60]}); take it out, "
                    "and remove what it was about by hand"
                )
            ledger._take(line)
        return ledger

    def open(self) -> None:
        """Continue writing."""
        # Two processes may write: each line is one write at the end of the file.
        self._stream = self.path.open("ab", buffering=0)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def ask(
        self, operation: str, path: Mapping[str, str], marker: str, names: Iterable[str] = ()
    ) -> int:
        """Record a creation before it is sent; `marker` is a text in it to find it by, `names` are
        the texts in its arrays."""
        number = self._last + 1
        line: dict[str, Json] = {"asked": number, "operation": operation, "path": dict(path)}
        own = sorted(set(names))
        self._record({**line, "marker": marker, **({"names": own} if own else {})})
        return number

    def made(
        self, number: int, remove: str, where: Mapping[str, str], kind: str, name: str | None = None
    ) -> Entry:
        pending = self.pending.get(number)
        line = {"made": number, "remove": remove, "where": dict(where), "kind": kind}
        line |= {"name": name} if name is not None else {}
        self._record({**line, "marker": pending.marker if pending is not None else ""})
        return self.entries[number]

    def marked(self, entry: Entry, marker: str) -> None:
        """Replace the marker."""
        self._record({"marked": entry.number, "marker": marker})

    def succeeded(self, number: int, alike: str = "") -> None:
        """Record that the creation created something that the response does not name, or names
        like an entity of somebody else."""
        self._record({"succeeded": number, **({"alike": alike} if alike else {})})

    def nothing(self, number: int) -> None:
        """Record that the creation created nothing."""
        self._record({"nothing": number})

    def removed(self, entry: Entry) -> None:
        self._record({"gone": entry.number})

    def keep(self, entry: Entry) -> None:
        """Record that an entity stays, because others use it by now."""
        self._record({"kept": entry.number})

    def found(self, kind: str, ids: Iterable[str]) -> None:
        """Record what was there before the run: a creation may return it."""
        self._record({"others": kind, "ids": list(ids)})

    def is_others(self, kind: str, where: Mapping[str, str]) -> bool:
        return (kind, next(reversed(list(where.values())), "")) in self.others

    def step(self, line: dict[str, Json]) -> None:
        """Record progress; it need not outlive a loss of power."""
        self.steps.append(line)
        self._write({"step": line}, safely=False)

    def left(self) -> Iterator[Entry]:
        """What still exists, newest first."""
        for number in sorted(self.entries, reverse=True):
            if number not in self.gone:
                yield self.entries[number]

    def called(self, kind: str, identity: str) -> Iterator[Entry]:
        """Existing entities of a kind with this id."""
        for number in self._by_name.get((kind, identity), ()):
            if number not in self.gone:
                yield self.entries[number]

    def owns(self, identity: str) -> bool:
        return any(entry.id == identity for entry in self.left())

    def _record(self, line: dict[str, Json]) -> None:
        self._take(line)
        self._write(line)

    def _write(self, line: dict[str, Json], safely: bool = True) -> None:
        assert self._stream is not None
        self._stream.write(json.dumps(line).encode() + b"\n")
        if safely:
            os.fsync(self._stream.fileno())

    def _take(self, line: dict[str, Json]) -> None:
        if "step" in line:
            self.steps.append(line["step"])
        elif "others" in line:
            self.others |= {(line["others"], identity) for identity in line["ids"]}
            self.listed.add(line["others"])
        elif "asked" in line:
            names = frozenset(map(str, line.get("names", ())))
            pending = PendingCreation(
                line["asked"], line["operation"], line["path"], line["marker"], names=names
            )
            self._last = max(self._last, pending.number)
            self.pending[pending.number] = pending
        elif "made" in line:
            number = line["made"]
            self.pending.pop(number, None)
            more = line.get("marker", ""), line.get("name")
            entry = Entry(number, line["remove"], line["where"], line["kind"], *more)
            self._last = max(self._last, number)
            self.entries[number] = entry
            self._by_name.setdefault((entry.kind, entry.id), []).append(number)
        elif "marked" in line and line["marked"] in self.entries:
            number = line["marked"]
            self.entries[number] = replace(self.entries[number], marker=line["marker"])
        elif "succeeded" in line and line["succeeded"] in self.pending:
            number = line["succeeded"]
            alike = str(line.get("alike", ""))
            self.pending[number] = replace(self.pending[number], succeeded=True, alike=alike)
        elif "nothing" in line:
            self.pending.pop(line["nothing"], None)
        elif "kept" in line and line["kept"] in self.entries:
            entry = self.entries.pop(line["kept"])
            self._by_name[entry.kind, entry.id].remove(entry.number)
        elif "gone" in line:
            self.gone.add(line["gone"])


def _is_line(line: Json) -> bool:
    """Whether a line is of a known kind and has what the kind has, or is of an unknown kind."""
    if not isinstance(line, dict):
        return False
    shape = next((_SHAPES[kind] for kind in _SHAPES if kind in line), {})
    texts = [*line.get("ids", ()), *line.get("where", {}).values()] if fits(line, shape) else [None]
    return all(isinstance(one, str | int) for one in texts)


def marker_of(body: bytes | None) -> str:
    """A text in a body by which its entity can be found again."""
    try:
        value = json_of(body or b"")
    except ValueError:
        return ""
    texts = [text for text in texts_in(value) if len(text) >= _SHORTEST_MARKER]
    return max(texts, key=len, default="")


def texts_in(value: Json) -> Iterator[str]:
    """The texts in a JSON value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(inner)
