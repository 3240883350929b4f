"""The two patch formats: RFC 7396 (merge) and RFC 6902 (a list of edits)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.errors import BadRequest, Conflict


def merge_patched(data: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The changed properties; null clears."""
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
    """The data after the edits. Raises BadRequest for one that can't be done."""
    whole: Any = _copy(dict(data))
    for edit in edits:
        if not isinstance(edit, Mapping) or not isinstance(edit.get("path"), str):
            raise BadRequest("An edit needs `op` and `path`.")
        whole = _edited(whole, edit)
    if not isinstance(whole, dict):
        raise BadRequest("The edits leave no object.")
    gone = {name: None for name in data if name not in whole}
    return {**gone, **whole}


def _edited(whole: Any, edit: Mapping[str, Any]) -> Any:
    op, path = edit.get("op"), _tokens(str(edit["path"]))
    if op == "test":
        if _at(whole, path) != edit.get("value"):
            raise Conflict(f"The test of {edit['path']} failed.")
    elif op in ("add", "replace"):
        whole = _put(whole, path, edit.get("value"), insert=op == "add")
    elif op == "remove":
        whole = _cut(whole, path)
    elif op in ("move", "copy"):
        source = _tokens(str(edit.get("from", "")))
        value = _copy(_at(whole, source))
        if op == "move":
            whole = _cut(whole, source)
        whole = _put(whole, path, value, insert=True)
    else:
        raise BadRequest(f"There is no edit {op!r}.")
    return whole


def _tokens(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copy(item) for name, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _at(value: Any, path: Sequence[str]) -> Any:
    for token in path:
        try:
            value = value[int(token)] if isinstance(value, list) else value[token]
        except (KeyError, IndexError, ValueError, TypeError):
            raise BadRequest(f"There is nothing at /{'/'.join(path)}.") from None
    return value


def _put(whole: Any, path: Sequence[str], value: Any, *, insert: bool) -> Any:
    if not path:
        return value
    place = _at(whole, path[:-1])
    last = path[-1]
    if isinstance(place, dict):
        place[last] = value
    elif isinstance(place, list) and (last == "-" or last.isdigit()):
        index = len(place) if last == "-" else min(int(last), len(place))
        place[index : index if insert else index + 1] = [value]
    else:
        raise BadRequest(f"Nothing can be put at /{'/'.join(path)}.")
    return whole


def _cut(whole: Any, path: Sequence[str]) -> Any:
    if not path:
        return {}
    place = _at(whole, path[:-1])
    _at(place, path[-1:])
    if isinstance(place, list):
        del place[int(path[-1])]
    else:
        del place[path[-1]]
    return whole
