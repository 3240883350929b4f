"""Prompts: templates with the results of earlier steps put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.apis.truestate.tables import MOST_TEXT

_REFERENCE = re.compile(r"\$\{([^{}]+)\.result\}")


def filled_prompt(template: Any, results: Mapping[str, str]) -> Any:
    """A prompt template with `${step_name.result}` replaced, wherever it stands (rule 18).

    What names no earlier step stays, and so does what no longer fits into `MOST_TEXT`.
    """
    room = MOST_TEXT

    def put_in(reference: re.Match[str]) -> str:
        nonlocal room
        result = results.get(reference[1].strip())
        if result is None or len(result) > room:
            return reference[0]
        room -= len(result)
        return result

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return _REFERENCE.sub(put_in, value)
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return [fill(part) for part in value] if isinstance(value, list) else value

    return fill(template)
