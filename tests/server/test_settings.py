"""mockserver.toml: valid content, and the errors for everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.cli.serve import serve as serve_command
from mockserver.errors import UsageError
from mockserver.server.asgi import app
from mockserver.server.config_file import Config, read_config, settled
from mockserver.server.mock import Options
from mockserver.server.service import serving_of
from mockserver.server.settings import MAX_BODY, SETTINGS


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(text: str) -> Config:
    Path("mockserver.toml").write_text(text, "utf-8")
    return read_config(None)


def test_no_file_is_fine() -> None:
    assert read_config(None) == Config()
    with pytest.raises(UsageError, match=r"other\.toml: No such file"):
        read_config(Path("other.toml"))


def test_defaults_are_those_of_the_mock() -> None:
    assert serving_of({}, Config()).options == Options()
    assert MAX_BODY == app.MAX_BODY


def test_everything_can_stand_in_the_file() -> None:
    serving = serving_of(
        {},
        config(
            """
            undocumented = "allow"
            [serve]
            spec = "api/openapi.yaml"
            host = "0.0.0.0"
            port = 8123
            seed = 7
            clock = "manual"
            pace = 0.5
            api-key = ["one", "two"]
            store = "memory"
            workers = 1
            state = "worlds.json"
            handlers = "handlers.py"
            reload = true
            max-body = "1M"
            max_worlds = 5
            control-token = "t"
            [operations.createThing]
            kind = "create"
            [speechify]
            model = "older"
            """
        ),
    )
    assert serving.options == Options(
        seed=7,
        clock="manual",
        pace=0.5,
        keys=("one", "two"),
        undocumented="allow",
        max_worlds=5,
        max_body=1024 * 1024,
        overrides={"operations": {"createThing": {"kind": "create"}}},
        settings={"speechify": {"model": "older"}},
    )
    assert (serving.host, serving.port, serving.reload) == ("0.0.0.0", 8123, True)
    assert serving.spec == str(Path("api/openapi.yaml"))
    assert serving.control_token == "t"


def test_the_command_line_wins() -> None:
    found = settled({"port": 1, "spec": "x"}, config("[serve]\nport = 2\nseed = 3\nspec = 'y'"))
    assert (found["port"], found["seed"], found["spec"]) == (1, 3, "x")


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "my.toml").write_text('[serve]\nstate = "s.json"\nspec = "a.yaml"\n', "utf-8")
    found = read_config(Path("deep/my.toml"))
    assert found.serve["state"] == Path("deep/s.json")
    assert found.spec == "deep/a.yaml"


@pytest.mark.parametrize("spec", ["feather", "https://example.com/openapi.json"])
def test_a_name_or_url_is_no_path(spec: str) -> None:
    assert config(f"[serve]\nspec = {spec!r}").spec == spec


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = 1", r"port is not known here; write it below \[serve\]"),
        ("any-key = true", r"any-key is not known here; write it below \[serve\]"),
        ("[server]", r"server is not known; did you mean 'serve'\?"),
        ("[serve]\nprot = 1", r"\[serve\] prot is not known; did you mean 'port'\?"),
        ("[serve]\nmax-words = 1", r"max-words is not known; did you mean 'max-worlds'\?"),
        ("[serve]\nzzz = 1", "the keys are host, port"),
        ("serve = 1", r"serve must be a table: write \[serve\]"),
        ("undocumented = 'nearst'", "undocumented must be 'nearest' or 'allow', not 'nearst'"),
        ("undocumented = 1", "not 1"),
        ("[serve]\nport = 'x'", r"\[serve\] port: 'x' is not an integer"),
        ("[serve]\nport = 70000", "70000 is not in the range"),
        ("[serve]\nport = true", "True is not an integer"),
        ("[serve]\nport = [1]", "is not an integer"),
        ("[serve]\nclock = 'fast'", "'real', 'manual'"),
        ("[serve]\nclock = 1", "1 is not a text"),
        ("[serve]\nreload = 'yes'", "'yes' is not true or false"),
        ("[serve]\nmax-body = '10X'", "'10X' is not a size"),
        ("[serve]\nmax-body = 0", "0 is not a size"),
        ("[serve]\nmax-body = 1.5", "is not a size"),
        ("[serve]\napi-key = [1]", "not a list of strings"),
        ("[serve]\nspec = 1", "spec: 1 is not a string"),
        ("[serve", "not TOML"),
        ("a = 1\na = 2", "not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        config(text)
    assert str(caught.value).startswith("mockserver.toml: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text() -> None:
    Path("mockserver.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_config(None)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"store": "sqlite"}, "use memory or redis://"),
        ({"store": "redis://localhost", "state": Path("worlds.json")}, "omit it"),
        ({"store": "redis://localhost", "workers": 2, "reload": True}, "--reload works with one"),
        ({"workers": 2}, "--store redis://"),
        ({"api_key": ("",)}, "not valid in a header"),
        ({"api_key": ("a\nb",)}, "not valid in a header"),
        ({"api_key": ("schlüssel",)}, "not valid in a header"),
    ],
)
def test_what_can_not_be_served(given: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        serving_of(given, Config())


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("512k", 524288), ("10M", 10485760), ("1g", 2**30), ("2kb", 2048)]
)
def test_sizes(text: str, size: int) -> None:
    assert config(f"[serve]\nmax-body = {text!r}").serve["max_body"] == size


def test_every_setting_has_a_help_and_a_key() -> None:
    for setting in SETTINGS:
        assert setting.help.endswith("."), setting.name
        assert setting.key.isidentifier()


def test_the_old_name_of_the_calibration_file_works(tmp_path: Path) -> None:
    path = tmp_path / "mockserver.toml"
    path.write_text("[serve]\nlock = 'seen.toml'\n")
    assert read_config(path).serve == {"calibration": tmp_path / "seen.toml"}
    for flag in ("--lock", "--calibration"):
        asked = serve_command.make_context("serve", [flag, "seen.toml"])
        assert asked.params["calibration"] == Path("seen.toml")
