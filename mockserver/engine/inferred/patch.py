"""The two patch formats: RFC 7396 (merge patch) and RFC 6902 (JSON Patch)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from mockserver.engine.serialization import dump
from mockserver.errors import BadRequest, Conflict

_MOST_COPIED = 8 * 2**20


def merge_patched(data: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The changed properties; null removes one."""
    return {name: _merged(data.get(name), value) for name, value in patch.items()}


def _merged(before: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    found = dict(before) if isinstance(before, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _merged(found.get(name), value)
    return found


def json_patched(data: Mapping[str, Any], edits: Sequence[Any]) -> dict[str, Any]:
    """The properties that the operations change; None for those they remove.

    Raises BadRequest for an invalid operation, and Conflict for a failed test.
    """
    # Dear to import, and few documents have such patches.
    from jsonpatch import JsonPatch, JsonPatchException, JsonPatchTestFailed
    from jsonpointer import JsonPointerException

    before = dict(data)
    after: Any = deepcopy(before)
    copied = 0
    try:
        for edit in edits:
            copied += _copied(after, edit)
            if copied > _MOST_COPIED:
                raise BadRequest("The patch copies more than can be kept.")
            after = JsonPatch([edit]).apply(after, in_place=True)
    except JsonPatchTestFailed:
        raise Conflict("A test of the patch failed: the resource is not as it says.") from None
    except (JsonPatchException, JsonPointerException) as error:
        raise BadRequest(f"The patch can't be applied: {error}") from None
    except (TypeError, AttributeError, ValueError, RecursionError):
        raise BadRequest("The patch is not one of RFC 6902: a list of edits.") from None
    if not isinstance(after, dict):
        raise BadRequest("The patch leaves no object.")
    changed = {n: v for n, v in after.items() if n not in before or before[n] != v}
    return {**{name: None for name in before if name not in after}, **changed}


def _copied(whole: Any, edit: Any) -> int:
    """The number of bytes that an operation copies: a few can double the document repeatedly."""
    if not isinstance(edit, Mapping) or edit.get("op") != "copy":
        return 0
    from jsonpointer import JsonPointer

    return len(dump(JsonPointer(str(edit.get("from", ""))).resolve(whole, None)))
