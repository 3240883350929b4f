"""What a document asks for that no mock of a sane size, or of sane patience, can honour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.document import join, walk
from mockserver.contract.expressions import fault, reader
from mockserver.contract.model import Note
from mockserver.contract.translation import TYPES, types_of
from mockserver.engine.limits import MOST

_PLACES = ("paths", "components", "webhooks")


def extremes(document: Mapping[str, Any]) -> Iterator[Note]:
    """Patterns that are not judged, sizes that are not made."""
    for place in _PLACES:
        for pointer, node in walk(document.get(place), join("#", place)):
            pattern = node.get("pattern")
            if isinstance(pattern, str) and reader(pattern) is None and fault(pattern) is None:
                yield Note(
                    join(pointer, "pattern"),
                    f"the pattern {pattern[:80]!r} can't be judged safely: any text matches",
                )
            kinds = types_of(node) if _is_schema(node) else ()
            for kind in (kind for kind in kinds if kind not in TYPES):
                yield Note(
                    join(pointer, "type"),
                    f"{kind!r} is no type of JSON Schema: any value is taken",
                )
            for word, most in MOST.items():
                size = node.get(word)
                if isinstance(size, int | float) and size > most:
                    yield Note(
                        join(pointer, word),
                        f"values as large as this are not made, {most} is the most: "
                        "what has to bring one is answered 500",
                    )


def _is_schema(node: Mapping[str, Any]) -> bool:
    """Whether an object with a `type` is a schema: security schemes have one, too."""
    return "flows" not in node and "scheme" not in node and "in" not in node
