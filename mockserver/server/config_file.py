"""mockserver.toml, which can set the options of `serve` in place of flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from mockserver.engine.leniency import PARTS, Leniency, leniency_of
from mockserver.errors import PlanError, UsageError, nearest
from mockserver.files.documents import BUILT_IN_NAMES, DEFAULT_SPEC, NAMES
from mockserver.records import dataclass
from mockserver.server.settings import SETTINGS, Setting, duration, plainly, size

DEFAULT_CONFIG = Path("mockserver.toml")
UNDOCUMENTED = ("nearest", "allow")
# Corrections of inference, validated when the plan is built.
OVERRIDES = ("operations", "resources", "lifecycles", "webhooks")


@dataclass(frozen=True)
class Config:
    """The content of mockserver.toml. `serve` maps keys to converted values."""

    path: Path | None = None
    spec: str | None = None
    serve: Mapping[str, Any] = field(default_factory=dict)
    undocumented: str = "nearest"
    overrides: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    """By patterns of operations, whether the `upstream` or the `mock` responds."""
    verify: Mapping[str, Any] = field(default_factory=dict)
    """Keys for test, fuzz and diff: see `verify/sandbox.py`."""


def read_config(path: Path | None, spec: str | Path | None = None) -> Config:
    """Read the file; if `path` is None, ./mockserver.toml, else the one beside the document.

    Raises UsageError for an unreadable file and for every unknown key.
    """
    if path is None:
        path = next((one for one in (DEFAULT_CONFIG, beside(spec)) if one and one.is_file()), None)
        if path is None:
            return Config()
    import tomllib  # most projects have no file

    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    return _config(path, table)


def beside(spec: str | Path | None) -> Path | None:
    """Where a document's own file would be; None for a built-in API and for a URL."""
    if spec is None or str(spec) in NAMES or "://" in str(spec):
        return None
    return Path(spec).parent / DEFAULT_CONFIG


@contextmanager
def naming_config(path: Path | None) -> Iterator[None]:
    """Prefix errors about overrides with the name of the config file."""
    try:
        yield
    except PlanError as error:
        raise PlanError(f"{path}: {error}" if path is not None else str(error)) from None


def _config(path: Path, table: Mapping[str, Any]) -> Config:
    known = ("serve", "verify", "undocumented", *OVERRIDES, *BUILT_IN_NAMES)
    options = {setting.key for setting in SETTINGS} - set(known)
    for name in table:
        if name.replace("-", "_") in options:
            raise UsageError(f"{path}: {name} is not known here; write it below [serve]")
    _refuse_unknown(path, "", table, known)
    for name, value in table.items():
        if name != "undocumented" and not isinstance(value, dict):
            raise UsageError(f"{path}: {name} must be a table: write [{name}]")
    undocumented = table.get("undocumented", "nearest")
    if undocumented not in UNDOCUMENTED:
        raise UsageError(
            f"{path}: undocumented must be {' or '.join(map(repr, UNDOCUMENTED))}, "
            f"not {undocumented!r}"
        )
    serve = dict(table.get("serve", {}))
    spec = serve.pop("spec", None)
    if spec is not None and not isinstance(spec, str):
        raise UsageError(f"{path}: [serve] spec: {spec!r} is not a string")
    sources, operations = _sources(path, table.get("operations", {}))
    tables = {**table, "operations": operations} if "operations" in table else table
    return Config(
        path=path,
        spec=_spec(path, spec),
        serve=_serve(path, serve),
        undocumented=undocumented,
        overrides={name: tables[name] for name in OVERRIDES if name in tables},
        sources=sources,
        settings={name: table[name] for name in BUILT_IN_NAMES if name in table},
        verify=table.get("verify", {}),
    )


def _sources(path: Path, table: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """The `from` values in [operations] by table name, and the tables without them."""
    found: dict[str, str] = {}
    rest: dict[str, Any] = {}
    for name, given in table.items():
        if not isinstance(given, dict) or "from" not in given:
            rest[name] = given
            continue
        if given["from"] not in ("upstream", "mock"):
            raise UsageError(
                f"{path}: operations.{name}.from is 'upstream' or 'mock', not {given['from']!r}"
            )
        found[name] = given["from"]
        others = {key: value for key, value in given.items() if key != "from"}
        if others:
            rest[name] = others
    return found, rest


def sources_of(upstream: str, patterns: Iterable[str], config: Config) -> dict[str, str]:
    """Which side responds to which operations, by command line and file. Raises UsageError."""
    found = {**config.sources, **dict.fromkeys(patterns, "upstream")}
    if upstream:
        read_url("--upstream", upstream)
    elif "upstream" in found.values():
        raise UsageError("operations come from the upstream, and there is none: --upstream URL")
    return found


def leniency_in(values: dict[str, Any]) -> Leniency:
    """The leniency among settings, which are taken out of `values`. With an upstream any key is
    accepted by default: clients send the real server's credentials to the mock as well."""
    parts = {name: values.pop(name, None) for name in PARTS}
    if values.get("upstream") and parts["any_key"] is None:
        parts["any_key"] = True
    return leniency_of(bool(values.pop("lenient", False)), parts)


def read_url(option: str, url: str) -> str:
    """Parse the URL of a server. Raises UsageError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise UsageError(f"{option} {url}: give an address such as https://sandbox.example.com")
    return url


def _spec(path: Path, spec: str | None) -> str | None:
    if spec is None or "://" in spec or spec in NAMES:
        return spec
    return str(path.parent / spec)


def _serve(path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    by_key = {setting.key: setting for setting in SETTINGS}
    aliases = {setting.alias: setting.key for setting in SETTINGS if setting.alias}
    given = {aliases.get(name, name.replace("-", "_")): value for name, value in table.items()}
    _refuse_unknown(path, "[serve] ", given, (*by_key, "spec"), "-")
    return {key: _convert(path, by_key[key], value) for key, value in given.items()}


def _convert(path: Path, setting: Setting, value: Any) -> Any:
    where = f"{path}: [serve] {setting.name}"
    if setting.many:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise UsageError(f"{where}: {value!r} is not a list of strings")
        return tuple(path.parent / one if setting.file else one for one in values)
    whole = setting.type in (int, size, duration) or isinstance(setting.type, click.IntRange)
    wants_number = whole or isinstance(setting.type, click.FloatRange)
    if setting.flag:
        fits = isinstance(value, bool)
    elif wants_number:
        number = int | str if whole and setting.type is not size else int | float | str
        fits = not isinstance(value, bool) and isinstance(value, number)
    else:
        fits = isinstance(value, str)
    if not fits:
        kind = "an integer" if whole else "a number" if wants_number else "a text"
        wanted = "true or false" if setting.flag else kind
        raise UsageError(f"{where}: {value!r} is not {wanted}")
    try:
        converted = click.types.convert_type(setting.type).convert(value, None, None)
    except click.BadParameter as error:
        raise UsageError(f"{where}: {plainly(error.message)}") from None
    return path.parent / converted if setting.file else converted


def _refuse_unknown(
    path: Path, where: str, given: Iterable[str], known: tuple[str, ...], hyphen: str = "_"
) -> None:
    for name in given:
        if name not in known:
            hint = nearest(name, known, "the keys are", len(known))
            shown, hint = name.replace("_", hyphen), hint.replace("_", hyphen)
            raise UsageError(f"{path}: {where}{shown} is not known; {hint}")


def settled(given: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """Every setting: from the command line, else from the file, else its default."""
    defaults = {setting.key: setting.default for setting in SETTINGS}
    return {**defaults, "spec": DEFAULT_SPEC, **_with_spec(config), **given}


def _with_spec(config: Config) -> dict[str, Any]:
    return {**config.serve, **({"spec": config.spec} if config.spec is not None else {})}
