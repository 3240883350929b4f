"""What a fault remembers between calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .messages import MISSING, Answer, objects


@dataclass
class Memory:
    """`owner` is the key whose world is affected; `overlay` holds false values by object id."""

    owner: str
    first: dict[Any, Answer] = field(default_factory=dict)
    stale: dict[Any, Answer] = field(default_factory=dict)
    rows: dict[Any, list[Any]] = field(default_factory=dict)
    overlay: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_row: dict[Any, Any] = field(default_factory=dict)
    seen: Counter[Any] = field(default_factory=Counter)
    inside: int = 0
    shared: Answer | None = None

    def count(self, *key: Any) -> int:
        """How often this has occurred, including now."""
        self.seen[key] += 1
        return self.seen[key]

    def overlaid(self, answer: Answer) -> Answer:
        if not self.overlay or not answer.good:
            return answer
        value = answer.read()
        if value is MISSING:
            return answer
        changed = False
        for node in objects(value):
            lie = self.overlay.get(str(node.get("id")))
            if lie:
                node.update({key: new for key, new in lie.items() if key in node})
                changed = True
        return answer.with_json(value) if changed else answer
