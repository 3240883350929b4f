"""The items of streams: events and lines that fit their schema, in a sensible order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Rng
from mockserver.engine.representations import DONE, EVENT_STREAM
from mockserver.errors import ReplyError
from mockserver.inference.words import tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import essence
from mockserver.openapi.model import MediaType, Operation
from mockserver.openapi.schemas.resolved import Flat

_LENGTH = 3
_MOST_KINDS = 60
_BEGINS = frozenset(("start", "started", "begin", "created", "added", "open", "opened", "init"))
_ENDS = frozenset(("stop", "stopped", "done", "end", "ended", "completed", "complete", "close",
                   "closed", "finished", "finish", "result"))  # fmt: skip
_MISHAPS = frozenset(("error", "failed", "failure", "incomplete", "cancelled", "canceled"))
Kind = tuple[str, str]
"""The property that names an event's kind, and the name."""
_KINDS = ("type", "event", "kind", "object", "event_type", "eventType")


class Streams:
    """Makes the items of a sequence."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def items(
        self, operation: Operation, media: MediaType, rng: Rng, known: Any, mode: Mode
    ) -> list[Any]:
        """The items of a body of this media type; `known` is the complete response they are parts
        of."""
        shown = self._shown(media)
        found = shown or self._made(media, rng, known, mode)
        if essence(media.name) == EVENT_STREAM and self._ends_with_a_word(operation, media, found):
            found.append(DONE)
        return found

    def _shown(self, media: MediaType) -> list[Any]:
        """The examples: each is an item or a list of items."""
        found: list[Any] = []
        pointer = media.items or media.pointer
        check = self._values.check(pointer) if pointer else None
        for example in media.examples.values():
            several = isinstance(example, list) and (
                media.items is not None or check is None or self._is_array(media)
            )
            for item in example if several else [example]:
                if several or check is None or check.is_valid(item):
                    found.append(item)
        return found

    def _is_array(self, media: MediaType) -> bool:
        pointer = media.pointer
        return pointer is not None and "array" in self._values.schemas.flat_at(pointer).types

    def _made(self, media: MediaType, rng: Rng, known: Any, mode: Mode) -> list[Any]:
        pointer = media.items or media.pointer
        if pointer is None:
            return self._of_whole(None, rng, known)
        flat = self._values.schemas.flat_at(pointer)
        if media.items is None and flat.types == ("array",):
            given = known if isinstance(known, list) else MISSING
            whole = self._values.make(pointer, rng, given, mode="rich")
            return list(whole) if isinstance(whole, list) else [whole]
        if flat.types == ("string",) and flat.values is None and not flat.rules:
            return self._of_whole(pointer, rng, known)
        if isinstance(known, list) and known:
            return [self._one(pointer, rng.child(n), one, mode) for n, one in enumerate(known)]
        kinds = self._kinds(pointer)
        if len(kinds) > 1:
            return [
                self._of_kind(kinds[kind], rng.child(kind[1]), known, kind, place)
                for place, kind in enumerate(_ordered(list(kinds)))
            ]
        if "delta" in self._parts_of_choices(flat):
            return [
                self._one(pointer, rng, {**_shared(known), **part}, "sparse")
                for part in _deltas(known)
            ]
        return [
            self._one(pointer, rng.child(n), {**_shared(known), **_placed(flat, n)}, "rich")
            for n in range(_LENGTH)
        ]

    def _one(self, pointer: str, rng: Rng, known: Any, mode: Mode) -> Any:
        try:
            return self._values.make(pointer, rng, known or MISSING, mode=mode)
        except ReplyError:
            return self._values.make(pointer, rng, mode=mode)

    def _of_whole(self, pointer: str | None, rng: Rng, known: Any) -> list[Any]:
        """Items without a schema: the parts of the complete response."""
        if isinstance(known, Mapping) and isinstance(known.get("choices"), list):
            return [{**_shared(known), **_as_chunk(known), **part} for part in _deltas(known)]
        if isinstance(known, list):
            return list(known)
        if pointer is None:
            return [{}] if known is MISSING else [known]
        return [self._values.make(pointer, rng.child(n), name="text") for n in range(_LENGTH)]

    def _parts_of_choices(self, flat: Flat) -> Mapping[str, Any]:
        """The properties of one of the `choices` of a chunk."""
        schemas = self._values.schemas
        choices = flat.properties.get("choices")
        if choices is None:
            return {}
        return schemas.flat(schemas.flat(choices).arrays.items or {}).properties

    def _of_kind(self, pointer: str, rng: Rng, known: Any, kind: Kind, place: int) -> Any:
        """An event of one kind, with what it repeats of the complete response."""
        flat = self._values.schemas.flat_at(pointer)
        shared = {n: v for n, v in _shared(known).items() if n in flat.properties}
        return self._one(
            pointer, rng, {**shared, **_placed(flat, place), kind[0]: kind[1]}, "fresh"
        )

    def _kinds(self, pointer: str) -> dict[Kind, str]:
        """The kinds of events in a union, with their schemas."""
        schemas = self._values.schemas
        tag = (schemas.flat_at(pointer).tag or {}).get("propertyName")
        found: dict[Kind, str] = {}
        waiting = schemas.branches(pointer)
        while waiting and len(found) < _MOST_KINDS:
            place = waiting.pop(0)
            branch = schemas.flat_at(place)
            if branch.choices and not branch.properties:
                waiting[:0] = schemas.branches(place)
                continue
            for name in (tag, *_KINDS) if isinstance(tag, str) else _KINDS:
                values = schemas.flat(branch.properties.get(name, {})).values or ()
                if len(values) == 1 and isinstance(values[0], str):
                    found.setdefault((name, values[0]), place)
                    break
        return found

    def _ends_with_a_word(self, operation: Operation, media: MediaType, items: list[Any]) -> bool:
        """Whether the stream ends with `[DONE]`: the document says so, or its chunks are of the
        usual kind."""
        if items and items[-1] == DONE:
            return False
        parts = [operation.description, operation.summary]
        response = operation.response_for(operation.success)
        parts.append(response.description if response is not None else "")
        for content in operation.body.content.values() if operation.body is not None else ():
            if content.pointer:
                parts.extend(map(str, self._said_of_stream(content.pointer)))
        if media.pointer:
            texts = self._values.schemas.flat_at(media.pointer).parts
            parts.extend(str(part.get("description") or "") for part in texts)
        if any(DONE in part for part in parts):
            return True
        first = items[0] if items else None
        choices = first.get("choices") if isinstance(first, Mapping) else None
        return isinstance(choices, list) and any("delta" in c for c in choices if c)

    def _said_of_stream(self, pointer: str) -> Iterator[Any]:
        stream = self._values.schemas.flat_at(pointer).properties.get("stream")
        if stream is not None:
            for part in self._values.schemas.flat(stream).parts:
                yield part.get("description") or ""


def _shared(known: Any) -> dict[str, Any]:
    """The properties of the complete response that each part repeats."""
    if not isinstance(known, Mapping):
        return {}
    names = ("id", "model", "created", "created_at", "system_fingerprint")
    return {name: known[name] for name in names if name in known}


def _as_chunk(known: Mapping[str, Any]) -> dict[str, Any]:
    kind = known.get("object")
    return {"object": f"{kind}.chunk"} if isinstance(kind, str) else {}


def _placed(flat: Flat, place: int) -> dict[str, Any]:
    """The index of an item, if it has one."""
    names = ("seq", "sequence", "sequence_number", "index", "offset")
    return {name: place for name in names if name in flat.properties}


def _deltas(known: Any) -> Iterator[dict[str, Any]]:
    """A message word by word: role, content, and finish reason."""
    content = "Mock answer."
    role = "assistant"
    if isinstance(known, Mapping) and isinstance(known.get("choices"), list) and known["choices"]:
        message = known["choices"][0].get("message")
        if isinstance(message, Mapping):
            content, role = str(message.get("content") or content), str(message.get("role") or role)
    words = content.split(" ")
    half = max(1, len(words) // 2)
    texts = [text for text in (" ".join(words[:half]), " ".join(words[half:])) if text]
    texts[1:] = [f" {text}" for text in texts[1:]]

    def choice(delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    yield choice({"role": role, "content": ""}, None)
    for text in texts:
        yield choice({"content": text}, None)
    yield choice({}, "stop")


def _ordered(kinds: list[Kind]) -> list[Kind]:
    """Events in order, each nested one within its outer one, without failures.

    `message_start`, `block_start`, `block_delta`, `block_stop`, `message_delta`, `message_stop`.
    """
    good = [each for each in kinds if _MISHAPS.isdisjoint(tokens(each[1]))] or kinds
    about = {each: tuple(tokens(each[1])) for each in good}
    begins = [each for each in good if _BEGINS & set(about[each][-1:])]
    ends = [each for each in good if _ENDS & set(about[each][-1:]) and each not in begins]
    between = [each for each in good if each not in begins and each not in ends]

    def of(each: Kind) -> tuple[str, ...]:
        return about[each][:-1]

    begins.sort(key=lambda each: len(of(each)))
    found: list[Kind] = []
    opened = [of(each) for each in begins]
    tail: list[Kind] = []
    for each in begins:
        found.append(each)
    for noun in reversed(opened):
        tail.extend(e for e in between if of(e) == noun)
        tail.extend(e for e in ends if of(e) == noun)
    rest = [e for e in (*between, *ends) if e not in tail]
    return [*found, *rest, *tail]
