"""Values for a person, shortened."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .model import Json


def shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:117] + "..."


def all_shown(values: Sequence[tuple[int, Json]]) -> str:
    """What several runs of the mock have there."""
    texts = list(dict.fromkeys(shown(value) for _, value in values))
    return " or ".join(texts[:3]) + (" or ..." if len(texts) > 3 else "")
