"""Configure a mock in Python as `serve` does: from mockserver.toml and arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypedDict

import click

from mockserver.engine.leniency import (
    PARTS,
    Conflicts,
    UnknownCursors,
    UnknownIds,
    Validation,
)
from mockserver.errors import UsageError, nearest
from mockserver.files.secrets import read_key_file
from mockserver.inference.words import bag
from mockserver.records import dataclass
from mockserver.server.config_file import Config, beside, leniency_in, read_config, sources_of
from mockserver.server.settings import SETTINGS

Handlers = Mapping[str, Callable[..., Any]]


class MockOptions(TypedDict, total=False):
    """Options of `MockServer`; all may also be set in mockserver.toml.

    `seed`, `seeds`, `clock`, `pace`, `api_key`, `har`, `data`, `handlers`, `lenient` and its parts
    are those of `mockserver serve` (docs/cli.md). `keys` is `api_key`, `lock` the old name of
    `calibration`; `handlers` may also map operationIds to functions, `data` may be a mapping.
    `overrides` are the corrections of mockserver.toml, `settings` its tables of built-in APIs.
    """

    seed: int
    seeds: Literal["examples", "generated", "none"]
    clock: Literal["real", "manual"]
    pace: float
    key: str
    keys: tuple[str, ...]
    api_key: str | tuple[str, ...]
    upstream: str
    from_upstream: str | tuple[str, ...]
    key_file: str | Path | tuple[str | Path, ...]
    tenant_by: Literal["credential", "subject"]
    undocumented: Literal["nearest", "allow"]
    lenient: bool
    any_key: bool
    unknown_ids: UnknownIds
    unknown_cursors: UnknownCursors
    conflicts: Conflicts
    validate: Validation
    fill: bool
    store: str
    max_worlds: int
    max_body: int
    max_bytes: int
    ttl: float
    strict_base_path: bool
    no_cache: bool
    webhook_hosts: tuple[str, ...]
    webhook_host: str | tuple[str, ...]
    har: str | Path | None
    lock: str | Path | None
    calibration: str | Path | None
    handlers: str | Path | Handlers | None
    data: str | Path | Mapping[str, Any] | None
    overrides: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, Any]]


KNOWN = tuple(MockOptions.__annotations__)
_SAME = {"api_key": "keys", "webhook_host": "webhook_hosts", "lock": "calibration"}
_OF_SERVE = frozenset(PARTS) | bag(
    "seed seeds pace api_key key_file upstream from_upstream tenant_by webhook_host max_worlds "
    "max_body max_bytes har calibration strict_base_path no_cache lenient handlers data"
)
"""Keys of [serve] that apply in process; the rest is about addresses and processes."""
_BY_KEY = {setting.key: setting for setting in SETTINGS}


@dataclass
class Configured:
    """The mock's settings: `options` are those of `Options`, `handlers` a file or functions."""

    options: dict[str, Any] = field(default_factory=dict)
    handlers: Path | Handlers | None = None
    config: Path | None = None


def configured(
    spec: str | Path | Mapping[str, Any], config: str | Path | Literal[False] | None, given: Any
) -> Configured:
    """The arguments, with missing ones from mockserver.toml. Raises UsageError."""
    for name in given:
        if name not in KNOWN:
            hint = nearest(name, KNOWN, "the options are", len(KNOWN))
            raise UsageError(f"MockServer has no option {name!r}; {hint}")
    file = _file(spec, config)
    values: dict[str, Any] = {name: file.serve[name] for name in _OF_SERVE if name in file.serve}
    values = {_SAME.get(name, name): value for name, value in values.items()}
    if file.path is not None:
        values.update(undocumented=file.undocumented, settings=file.settings)
        values.update(overrides=file.overrides)
    for name, value in given.items():
        values[_SAME.get(name, name)] = _checked(name, value)
    values["leniency"] = leniency_in(values)
    for name in ("keys", "webhook_hosts", "key_file", "from_upstream"):
        if isinstance(values.get(name), str | Path):
            values[name] = (values[name],)
        elif name in values:
            values[name] = tuple(values[name])
    patterns = values.pop("from_upstream", ())
    values["sources"] = sources_of(values.get("upstream", ""), patterns, file)
    for path in values.pop("key_file", ()):
        values["keys"] = (*values.get("keys", ()), *read_key_file(Path(path)))
    handlers = values.pop("handlers", None)
    found = Path(handlers) if isinstance(handlers, str) else handlers
    return Configured(values, found, file.path)


def _file(
    spec: str | Path | Mapping[str, Any], config: str | Path | Literal[False] | None
) -> Config:
    """The given file, else the one next to the document."""
    if config is False:
        return Config()
    if config is not None:
        return read_config(Path(config))
    sibling = None if isinstance(spec, Mapping) else beside(spec)
    return read_config(sibling) if sibling is not None and sibling.is_file() else Config()


def _checked(name: str, value: Any) -> Any:
    """The value, if it is valid for the `serve` option of this name."""
    setting = _BY_KEY.get(name)
    if setting is None or value is None or setting.many or setting.file:
        return value
    kind = bool if setting.flag else setting.type
    if kind is bool:
        fits = isinstance(value, bool)
    elif isinstance(kind, click.IntRange) or kind is int:
        fits = isinstance(value, int) and not isinstance(value, bool)
    else:
        fits = not isinstance(value, bool)
    try:
        if not fits:
            raise click.BadParameter(f"{value!r} is not {'a number' if kind is not bool else kind}")
        return click.types.convert_type(kind).convert(value, None, None)
    except click.BadParameter as error:
        raise UsageError(f"MockServer({name}={value!r}): {error.message}") from None
