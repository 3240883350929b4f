"""mockserver.toml: its JSON Schema, its reference page, and every example of the documentation."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mockserver import MockServer, cli
from mockserver.cli.config import config_schema, reference
from mockserver.errors import UsageError
from mockserver.server.admin.dashboard import SCHEMA
from mockserver.server.config_file import read_config
from mockserver.server.settings import SETTINGS
from mockserver.verify.sandbox import sandbox_of

ROOT = Path(__file__).parent.parent
CALIBRATION = ROOT / "docs" / "fidelity.md"  # its TOML is that of calibration files
PAGES = [ROOT / "README.md", *sorted({*(ROOT / "docs").rglob("*.md")} - {CALIBRATION})]
VALIDATOR = jsonschema_rs.Draft7Validator(config_schema())


def examples() -> Iterator[Any]:
    """Every TOML block of the pages; "# or" separates alternatives."""
    for page in PAGES:
        blocks = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        for number, block in enumerate(blocks):
            for part in block.split("\n# or\n"):
                yield pytest.param(part, id=f"{page.stem}-{number}")


EXAMPLES = [*examples()]


def plain(value: Any) -> Any:
    """TOML as JSON: dates are strings."""
    return json.loads(json.dumps(value, default=date.isoformat))


def fits(table: Any) -> bool:
    return VALIDATOR.is_valid(plain(table))


def tables(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of tables with known keys."""
    if place and not (len(place) == 1 and place[0] in ("resources", "operations", "lifecycles")):
        yield place
    inner = value.items() if isinstance(value, dict) else ()
    for name, one in inner:
        if isinstance(one, dict) and len(place) < 2:
            yield from tables(one, (*place, name))


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_fits_the_schema_and_is_read(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in re.findall(r"\$\{(\w+)\}", text):
        monkeypatch.setenv(name, "x")
    (tmp_path / "mockserver.toml").write_text(text, "utf-8")
    found = read_config(tmp_path / "mockserver.toml")
    sandbox_of({}, found.verify)
    assert [*VALIDATOR.iter_errors(plain(tomllib.loads(text)))] == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_key_that_is_not_known_does_not_fit(text: str) -> None:
    free = {("verify", "headers"), ("verify", "params"), ("verify", "bodies"), ("webhooks",)}
    assert not fits({**tomllib.loads(text), "srve": {}})
    for place in tables(tomllib.loads(text)):
        if place in free:
            continue
        table = tomllib.loads(text)
        inner = table
        for step in place:
            inner = inner[step]
        inner["no-such-key"] = 1
        assert not fits(table), place


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_schema_and_the_program_agree_about_values(setting: Any, tmp_path: Path) -> None:
    path = tmp_path / "mockserver.toml"
    for shown in ("true", "false", "0", "-1", "2", "0.5", "10000000000", '"real"', '"10M"', '"x"',
                  '["a", "b"]', "[1]", "{}"):  # fmt: skip
        text = f"[serve]\n{setting.name} = {shown}\n"
        path.write_text(text, "utf-8")
        try:
            read_config(path)
            taken = True
        except UsageError:
            taken = False
        # A number may be given as a text, which the schema need not offer.
        assert not fits(tomllib.loads(text)) or taken, text
        if taken and not shown.startswith('"'):
            assert fits(tomllib.loads(text)), text


def test_the_shipped_schema_is_the_one_that_is_printed_and_served(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shipped = json.loads(SCHEMA.read_text("utf-8"))
    again = f"run: mockserver config --schema > {SCHEMA.relative_to(ROOT)}"
    assert shipped == config_schema(), again
    jsonschema_rs.meta.validate(shipped)
    with pytest.raises(SystemExit):
        cli.main(["config", "--schema"])
    assert json.loads(capsys.readouterr().out) == shipped


def test_the_reference_names_every_key() -> None:
    page = reference()

    def keys(schema: dict[str, Any]) -> Iterator[str]:
        for name, inner in schema.get("properties", {}).items():
            yield name
            yield from keys(inner)
        if isinstance(schema.get("additionalProperties"), dict):
            yield from keys(schema["additionalProperties"])

    tables = ("serve", "resources", "operations", "lifecycles", "webhooks", "speechify")
    found = {name for table in tables for name in keys(config_schema()["properties"][table])}
    assert {name for name in found if f"| `{name}` |" not in page} == set()
    for row in page.splitlines():
        assert not row.startswith("|") or row.replace("\\|", "").count("|") == 4, row


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("", 0, "valid; it names no document"),
        ('[serve]\nspec = "feather"\n', 0, "mockserver.toml: valid for feather"),
        ("[serve]\nprot = 1\n", 2, "did you mean 'port'?"),
        ('[serve]\nspec = "feather"\n[resources.agent]\nseeds = 1\n', 2, "did you mean 'agents'"),
        ("[verify]\nurk = 1\n", 2, "did you mean 'url'"),
        ("[feather]\nx = 1\n", 0, "names no document"),
    ],
)
def test_the_command_judges_a_file(
    text: str, status: int, says: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("mockserver.toml").write_text(text, "utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["config"])
    said = capsys.readouterr()
    assert ended.value.code == status
    assert says in said.out + said.err


def test_a_built_in_api_without_settings_takes_none() -> None:
    with pytest.raises(UsageError, match=r"\[feather\] x: this API has no settings"):
        MockServer("feather", config=False, settings={"feather": {"x": 1}})
