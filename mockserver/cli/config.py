"""`mockserver config`: check mockserver.toml, or print its JSON Schema or reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from mockserver.cli.options import CONTEXT
from mockserver.errors import UsageError
from mockserver.files.documents import as_document, naming
from mockserver.inference.build import build_plan
from mockserver.inference.corrections import TABLES, Key
from mockserver.openapi.build import build_contract
from mockserver.openapi.example_schemas import with_example_schemas
from mockserver.server.config_file import (
    DEFAULT_CONFIG,
    UNDOCUMENTED,
    Config,
    naming_config,
    read_config,
)
from mockserver.server.settings import SETTINGS
from mockserver.vendors import built_in
from mockserver.verify.sandbox import KEYS, sandbox_of

Json = dict[str, Any]
DIALECT = "http://json-schema.org/draft-07/schema#"
"""The dialect that editors' TOML extensions support."""
_ABOUT_UNDOCUMENTED = (
    "What to return if the document does not list the natural status: the nearest documented one "
    "(nearest), or the natural one anyway (allow)."
)
_SPEC = Key("spec", {"type": "string"}, "The document: a built-in API, a path or a URL.")


def serve_keys() -> tuple[Key, ...]:
    """The keys of `[serve]`: the options of `mockserver serve`."""
    found = []
    for setting in SETTINGS:
        schema = setting.schema
        if setting.default not in (None, (), ""):
            schema["default"] = setting.shown
        found.append(Key(setting.name, schema, setting.help))
    return (_SPEC, *found)


def vendor_keys() -> dict[str, tuple[Key, ...]]:
    """The keys of the tables of built-in APIs that have settings, by the API's name."""
    return {api.name: api.shapes.settings for api in built_in() if api.shapes is not None}


def config_schema() -> Json:
    """The JSON Schema of mockserver.toml."""
    properties: Json = {
        "undocumented": {
            "enum": list(UNDOCUMENTED),
            "default": UNDOCUMENTED[0],
            "description": _ABOUT_UNDOCUMENTED,
        },
        "serve": _table(serve_keys(), "The options of `mockserver serve`."),
    }
    for name, (keys, about) in TABLES.items():
        properties[name] = {
            "type": "object",
            "description": about,
            "additionalProperties": _table(keys, about),
        }
    properties["verify"] = _table(KEYS, "Settings of `mockserver test`, `fuzz` and `diff`.")
    for name, keys in vendor_keys().items():
        properties[name] = _table(keys, f"Settings of the built-in API {name}.")
    return {
        "$schema": DIALECT,
        "title": "mockserver.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _table(keys: Iterable[Key], about: str) -> Json:
    return {
        "type": "object",
        "description": about,
        "properties": {key.name: {**key.schema, "description": key.help} for key in keys},
        "additionalProperties": False,
    }


def reference() -> str:
    """The reference page of mockserver.toml, in Markdown."""
    lines = [
        "# mockserver.toml",
        "",
        "Every key of the file, by its table; `mockserver config --schema` prints the same as a "
        "JSON Schema. The tables are explained in [the command line](../cli.md) and in "
        "[inference](../inference.md).",
        "",
        "| Key | Takes | |",
        "|---|---|---|",
        f"| `undocumented` | {_takes({'enum': list(UNDOCUMENTED)})} | {_ABOUT_UNDOCUMENTED} |",
        *_section("[serve]", "The options of `mockserver serve`.", serve_keys()),
    ]
    for name, (keys, about) in TABLES.items():
        lines += _section(f"[{name}.NAME]", about, keys)
    lines += _section("[verify]", "Settings of `mockserver test`, `fuzz` and `diff`.", KEYS)
    for name, keys in vendor_keys().items():
        lines += _section(f"[{name}]", f"Settings of the built-in API {name}.", keys)
    return "\n".join([*lines, ""])


def _section(title: str, about: str, keys: Iterable[Key]) -> list[str]:
    rows = []
    for key in keys:
        default = key.schema.get("default")
        usual = f" (default `{json.dumps(default)}`)" if default is not None else ""
        takes = _takes(key.schema).replace("|", "\\|")
        rows.append(f"| `{key.name}` | {takes}{usual} | {key.help} |")
    return ["", f"## {title}", "", about, "", "| Key | Takes | |", "|---|---|---|", *rows]


def _takes(schema: Mapping[str, Any], several: bool = False) -> str:
    """The valid values in words, or `several` values."""
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(map(_takes, schema["anyOf"]))
    match schema.get("type"):
        case "string":
            return "texts" if several else "a text"
        case "boolean":
            return "true or false"
        case "integer" | "number" as kind:
            whole = ("whole " if kind == "integer" else "") + "number"
            whole = f"{whole}s" if several else f"a {whole}"
            least, most = schema.get("minimum"), schema.get("maximum")
            if least is not None and most is not None:
                return f"{whole} from {least:g} to {int(most)}"
            return whole if least is None else f"{whole} from {least:g}"
        case "array":
            inner = schema.get("items", {})
            return "a list of tables" if inner.get("type") == "object" else "a list of strings"
        case _:
            inner = schema.get("additionalProperties")
            of = f" of {_takes(inner, True)}" if isinstance(inner, Mapping) else ""
            return "values" if several else f"a table{of}"


def check_config(config: Config) -> str:
    """Check a parsed file: its corrections against its document, if it names one, and its settings
    for the verifying commands. Returns what was checked, in words. Raises a MockServerError."""
    with naming_config(config.path):
        sandbox_of({}, config.verify)
    if config.spec is None:
        return f"{config.path}: valid; it names no document, so corrections were not checked"
    document = with_example_schemas(as_document(config.spec))
    with naming(config.spec, document), naming_config(config.path):
        build_plan(build_contract(document), config.overrides)
    return f"{config.path}: valid for {config.spec}"


@click.command(
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver config
      mockserver config staging.toml
      mockserver config --schema > mockserver.schema.json
    """,
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--schema", is_flag=True, help="Print the JSON Schema of mockserver.toml.")
@click.option("--reference", "page", is_flag=True, help="Print every key as a page in Markdown.")
def config(file: Path | None, schema: bool, page: bool) -> None:
    """Check mockserver.toml, or print its schema.

    Editors complete and check the file with the line `#:schema ./mockserver.schema.json` at its top
    (VS Code: Even Better TOML), or with the URL at which a running mock serves the schema.
    """
    if schema:
        click.echo(json.dumps(config_schema(), indent=2))
    elif page:
        click.echo(reference(), nl=False)
    else:
        found = read_config(file)
        if found.path is None:
            raise UsageError(f"there is no ./{DEFAULT_CONFIG}; give a file")
        click.echo(check_config(found))
