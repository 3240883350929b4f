"""The command line: its output, its streams, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import yaml

import mockserver
from mockserver import cli
from mockserver.cli.serve import THEMES
from mockserver.engine.leniency import LENIENT, Leniency
from mockserver.errors import MissingExtra, UsageError
from mockserver.files.documents import as_document
from mockserver.server import multi
from mockserver.server.banner import banner
from mockserver.server.mock import Options, load
from mockserver.server.service import Serving, serving_notes
from mockserver.server.settings import SETTINGS
from tests.engine.test_given import transcodes

SMALL = """
openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok}}
"""


class Ended(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)  # pytest-xdist sets it
    (tmp_path / "small.yaml").write_text(SMALL, "utf-8")

    def run(*args: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(args))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Serving]:
    """What `serve` would have served."""
    found: list[Serving] = []
    monkeypatch.setattr(multi, "serve_all", lambda resolve, say: found.extend(resolve()))
    return found


def test_the_version(run: Run) -> None:
    assert run("--version") == Ended(0, f"mockserver {mockserver.__version__}\n", "")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_teaches(run: Run, flag: str) -> None:
    top = run(flag)
    assert top.status == 0
    for command in ("serve", "check", "explain", "test", "fuzz"):
        assert f"  {command} " in top.out
        shown = run(command, flag)
        assert shown.status == 0, shown
        assert "SPEC" in shown.out
    for command in ("serve", "check", "explain"):
        assert f"mockserver {command}" in run(command, flag).out.partition("Examples:")[2]


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom mockserver.cli import main\n"
        "try:\n    main(['serve', '--help'])\nexcept SystemExit: pass\n"
        "heavy = {'connexion', 'uvicorn', 'faker', 'httpx', 'jsonschema_rs'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")


def test_every_setting_is_an_option(run: Run) -> None:
    shown = run("serve", "--help").out
    for setting in SETTINGS:
        assert f"--{setting.name}" in shown


def test_what_is_typed_arrives(run: Run, served: list[Serving]) -> None:
    ended = run(
        "serve", "small.yaml", "--host", "0.0.0.0", "--port", "9", "--seed", "7",
        "--clock", "manual", "--pace", "0.5", "--api-key", "a", "--api-key", "b",
        "--state", "s.json", "--handlers", "h.py", "--reload", "--max-body", "1k",
        "--max-worlds", "3", "--control-token", "t", "--workers", "1", "--store", "memory",
    )  # fmt: skip
    assert ended == Ended(0, "", "")
    (serving,) = served
    assert (serving.spec, serving.host, serving.port) == ("small.yaml", "0.0.0.0", 9)
    options = serving.options
    assert (options.seed, options.clock, options.pace) == (7, "manual", 0.5)
    assert (options.keys, options.max_body, options.max_worlds) == (("a", "b"), 1024, 3)
    assert serving.state == Path("s.json")
    assert serving.handlers == Path("h.py")
    assert serving.reload
    assert serving.control_token == "t"


@pytest.mark.parametrize("command", ["serve", "explain"])
def test_the_file_beside_the_document_counts(run: Run, served: list[Serving], command: str) -> None:
    folder = Path("api")
    folder.mkdir()
    (folder / "small.yaml").write_text(SMALL)
    (folder / "mockserver.toml").write_text("[serve]\nport = 77\n[resources.thing]\nseeds = 2\n")
    ended = run(command, "api/small.yaml")
    if command == "explain":
        assert ended.status == 2
        assert "'thing' is not a resource" in ended.err
        return
    assert [(one.port, one.config) for one in served] == [(77, folder / "mockserver.toml")]
    Path("mockserver.toml").write_text("[serve]\nport = 78\n")
    run("serve", "api/small.yaml")
    assert served[-1].port == 78
    run("serve", "api/small.yaml", "feather")
    assert served[-1].port == 78


def test_the_subject_of_a_key_needs_any_key(run: Run, served: list[Serving]) -> None:
    for more in ([], ["--validate", "warn"], ["--lenient", "--any-key"]):
        ended = run("serve", "feather", "--tenant-by", "subject", *more)
        assert ("add --any-key" in ended.err) == (not served)
    assert len(served) == 1


@pytest.mark.parametrize(
    ("leniency", "key", "words"),
    [
        (Leniency(), "mock-key; each", ""),
        (Leniency(any_key=True), "any, or none; each", "any-key"),
        (Leniency(validate="warn", fill=True), "mock-key; each", "validate warn, fill"),
        (LENIENT, "any, or none", "any-key, unknown-ids always, unknown-cursors first-page, "
         "conflicts ignore, validate warn, fill"),
    ],
)  # fmt: skip
def test_the_banner_says_what_is_lenient(
    run: Run, leniency: Leniency, key: str, words: str
) -> None:
    options = Options(leniency=leniency)
    notes = serving_notes(Serving("feather", options=options))
    assert notes == ([("lenient", words)] if words else [])
    said = banner(load(as_document("feather"), options), "feather", "http://x", notes)
    assert f"key            {key}" in said


def test_the_default_is_feather(
    run: Run, served: list[Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOCKSERVER_NO_CACHE")  # as it is for all tests
    run("serve")
    assert served[0] == Serving("feather")


def test_the_file_is_read_and_the_command_line_wins(run: Run, served: list[Serving]) -> None:
    Path("mockserver.toml").write_text(
        "undocumented = 'allow'\n[serve]\nspec = 'small.yaml'\nport = 1\nseed = 2\nreload = true\n"
    )
    run("serve", "--port", "3")
    (serving,) = served
    assert (serving.spec, serving.port, serving.options.seed) == ("small.yaml", 3, 2)
    assert serving.reload
    assert serving.options.undocumented == "allow"
    assert serving.config == Path("mockserver.toml")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["serve", "fether"], "did you mean feather?"),
        (["serve", "smal.yaml"], "did you mean small.yaml?"),
        (["serve", "--config", "no.toml"], "--config no.toml: No such file"),
        (["serve", "--store", "redis://127.0.0.1:1", "--port", "0"], "--store redis://127.0.0.1:1"),
        (["serve", "--store", "sqlite"], "use memory or redis://"),
        (["serve", "--workers", "2"], "one process"),
        (["serve", "--host", "no.such.host.invalid"], "--host no.such.host.invalid"),
        (["serve", "--handlers", "no.py", "--port", "0"], "--handlers no.py: No such file"),
        (["serve", "--state", "no/s.json", "--port", "0"], "there is no directory"),
        (["serve", "small.yaml", "--handlers", "h.py", "--port", "0"], "did you mean 'getThing'?"),
        (["check", "no.yaml"], "no such file"),
        (["check", "broken.yaml"], "neither JSON nor YAML"),
        (["check", "old.json"], "old.json: Swagger 1.2"),
        (["check", "tab.yaml"], "tab.yaml: line 3 begins with a tab; YAML is indented by spaces"),
        (
            ["check", "dangling.yaml"],
            "dangling.yaml: the target of the reference #/components/schemas/Nope",
        ),
        (
            ["check", "dangling.yaml"],
            "the reference is at #/paths/~1things~1{id}/get/responses/200/content",
        ),
        (["check", "dangling.yaml"], "did you mean #/components/schemas/Note?"),
        (["serve", "small.yaml", "--config", "c.toml", "--port", "0"], "c.toml: 'getThin' is not"),
        (["explain", "small.yaml", "--config", "c.toml"], "c.toml: 'getThin' is not an operation"),
        (["serve", "empty.yaml", "--port", "0"], "empty.yaml: the document has no operations"),
        (["check", "http://127.0.0.1:1/"], "can't be fetched"),
        (["explain", "old.json"], "Swagger 1.2"),
        (["explain", "--config", "no.toml"], "No such file"),
    ],
)
def test_what_can_not_be_done_is_one_line_and_2(run: Run, args: list[str], says: str) -> None:
    Path("broken.yaml").write_text("a: b: c")
    Path("old.json").write_text('{"swagger": "1.2"}')
    Path("tab.yaml").write_text("openapi: 3.1.0\ninfo:\n\ttitle: x\n")
    Path("empty.yaml").write_text("openapi: 3.1.0\n")
    Path("c.toml").write_text("[operations.getThin]\naction = 'list'\n")
    schema = "content: {application/json: {schema: {$ref: '#/components/schemas/Nope'}}}"
    dangling = SMALL.replace("description: ok", f"description: ok, {schema}")
    Path("dangling.yaml").write_text(dangling + "components: {schemas: {Note: {}}}\n")
    Path("h.py").write_text(
        "from mockserver import handles\n@handles('getThin')\ndef f(world, request): ...\n"
    )
    ended = run(*args)
    assert ended.status == 2
    assert ended.out == ""
    assert says in ended.err
    assert ended.err.startswith("mockserver: ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["serv"], "Did you mean 'serve'?"),
        (["serve", "--prot", "1"], "--port"),
        (["serve", "--port", "x"], "not an integer"),
        (["serve", "--pace", "fast"], "not a number from 0 to 1000000: 0.1 is ten times as fast"),
        (["serve", "--port", "70000"], "0<=x<=65535"),
        (["serve", "--clock", "fast"], "'real', 'manual'"),
        (["serve", "--pace", "-1"], "--pace"),
        (["serve", "--pace", "nan"], "--pace"),
        (["serve", "--max-body", "much"], "is not a size"),
        (["explain", "a", "b"], "unexpected extra argument"),
    ],
)
def test_a_slip_of_the_pen_is_2(run: Run, args: list[str], says: str) -> None:
    ended = run(*args)
    assert ended.status == 2
    assert says in ended.err
    assert ended.err.startswith("mockserver: ")
    assert ended.err.count("\n") == 1


def test_check_says_what_can_not_be_honoured(run: Run) -> None:
    ended = run("check", "small.yaml")
    assert ended.status == 0
    (note, _, total, hint) = ended.out.splitlines()
    assert note.startswith("note     #/paths/~1things~1{id}/get/responses  getThing does not")
    assert "404" in note
    assert total == "small.yaml: Things, OpenAPI 3.0.3, 1 operation: 1 note"
    assert 'undocumented = "allow"' in hint


def test_check_says_the_same_thing_once(run: Run) -> None:
    path = SMALL[SMALL.index("  /things/{id}:") :]
    copies = (
        path.replace("/things/", f"/other{n}/").replace("getThing", f"get{n}") for n in range(6)
    )
    Path("many.yaml").write_text(SMALL + "".join(copies))
    note, places, _, total, _ = run("check", "many.yaml").out.splitlines()
    assert "getThing does not document 404" in note
    assert places.strip().startswith("7 times; also at #/paths/~1other0~1{id}/get/responses, ")
    assert places.endswith(" and 3 more")
    assert total.endswith("7 notes")


def test_what_a_document_says_does_not_reach_the_terminal_raw(run: Run) -> None:
    title = '"A\\u001b]0;x\\u0007\\nB\\u202e"'
    Path("odd.yaml").write_text(SMALL.replace("title: Things", f"title: {title}"))
    for command in ("check", "explain"):
        out = run(command, "odd.yaml").out
        assert "A\ufffd]0;x\ufffd B\ufffd" in out
        assert all(line.isprintable() for line in out.split("\n"))
    said = banner(load(as_document("odd.yaml")), "odd.yaml", "http://x", [])
    assert said.startswith("A\ufffd]0;x\ufffd B\ufffd (odd.yaml, 1 operation) listens on ")


@pytest.mark.parametrize("servers", ["https://api.example.com/v3/", "/v3"])
def test_the_first_curl_has_the_base_path_of_the_document(run: Run, servers: str) -> None:
    text = SMALL.replace("paths:", f"servers: [{{url: '{servers}'}}]\npaths:", 1)
    Path("based.yaml").write_text(text)
    said = banner(load(as_document("based.yaml")), "based.yaml", "http://x", [])
    assert "curl 'http://x/v3/things/{id}'" in said


def test_the_first_curl_reads_what_can_be_created(run: Run) -> None:
    read = "get: {responses: {'200': {description: ok}}}"
    made = "post: {responses: {'201': {description: ok}}}"
    paths = "".join(
        f"  /{name}:\n    {read}\n{more}"
        for name, more in (("about", ""), ("things", f"    {made}\n"))
    )
    head = "openapi: 3.0.3\ninfo: {title: A, version: '1'}\npaths:\n"
    Path("two.yaml").write_text(head + paths)
    said = banner(load(as_document("two.yaml")), "two.yaml", "http://x", [])
    assert "curl http://x/things\n" in said


def test_check_of_feather_is_clean(run: Run) -> None:
    assert run("check") == Ended(
        0, "feather: Feather API, OpenAPI 3.1.0, 56 operations: sound\n", ""
    )


def test_check_fails_for_an_error_and_if_strict_for_a_warning(run: Run) -> None:
    broken = SMALL.replace("schema: {type: string}", "schema: {type: string, pattern: '('}")
    Path("bad.yaml").write_text(broken)
    ended = run("check", "bad.yaml")
    assert ended.status == 1
    assert ended.out.startswith("error    #/paths/~1things~1{id}/get/parameters/0/schema")
    Path("odd.yaml").write_text(SMALL.replace("{name: id, in: path,", "{name: id, in: nowhere,"))
    assert run("check", "odd.yaml").status == 0
    assert run("check", "odd.yaml", "--strict").status == 1


def test_check_names_keys_that_are_not_read(run: Run) -> None:
    Path("slips.yaml").write_text(
        SMALL.replace("parameters:", "respones: {}\n      oddity: 1\n      parameters:")
    )
    warning, odd, _, _, total, _ = run("check", "slips.yaml").out.splitlines()
    where = "#/paths/~1things~1{id}/get"
    assert warning == f"warning  {where}  the key 'respones' is ignored; did you mean 'responses'?"
    assert odd.startswith(f"note     {where}  the key 'oddity' is ignored")
    assert "1 warning" in total


def test_check_names_a_key_that_stands_twice(run: Run) -> None:
    Path("twice.yaml").write_text(SMALL + SMALL[SMALL.index("  /things/{id}:") :])
    says = "line 10: the key '/things/{id}' stands twice in one object, first in line 5"
    assert says in run("check", "twice.yaml").out


def test_check_as_json(run: Run) -> None:
    found = json.loads(run("check", "small.yaml", "--json").out)
    assert found["operations"] == 1
    assert found["notes"][0]["severity"] == "info"
    assert found["notes"][0]["where"] == "#/paths/~1things~1{id}/get/responses"


def test_explain_shows_each_operation_in_a_line_and_why_with_its_reason(run: Run) -> None:
    shown = run("explain", "small.yaml").out
    assert "GET /things/{id}" in shown
    assert "Things: " in shown
    table = run("explain", "small.yaml", "--why").out
    assert table.splitlines()[0].split() == ["about", "inferred", "because", "confidence"]
    found = json.loads(run("explain", "small.yaml", "--json").out)
    assert found["api"] is None
    assert found["operations"]["getThing"]["because"]


def test_explain_in_a_pipe_cuts_nothing_and_lists_what_it_counts(run: Run) -> None:
    path = "/things/{id}/" + "a_long_part/" * 20 + "end"
    Path("long.yaml").write_text(SMALL.replace("/things/{id}:", path + ":"))
    lines = run("explain", "long.yaml").out.splitlines()
    assert any(path in line for line in lines)
    assert all(line == line.rstrip() for line in lines)
    Path("jobs.json").write_text(json.dumps(transcodes()))
    lines = run("explain", "jobs.json").out.splitlines()
    assert lines[0] == "guesses (1)"
    assert lines[-1].endswith("1 guess. Correct wrong ones in mockserver.toml.")


def test_explain_shows_what_was_asked_for(run: Run) -> None:
    assert "GET /things/{id}" not in run("explain", "small.yaml", "--about", "invoices").out
    assert "GET /things/{id}" in run("explain", "small.yaml", "--about", "THINGS").out
    levels = [
        level
        for level in ("guess", "likely", "certain")
        if "GET /things/{id}" in run("explain", "small.yaml", "--only", level).out
    ]
    assert len(levels) == 1


def test_explain_folds_what_is_certain_of_a_large_document(run: Run) -> None:
    item = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    shown = {"200": {"description": "", "content": {"application/json": {"schema": item}}}}
    rows = {"type": "array", "items": item}
    listed = {"200": {"description": "", "content": {"application/json": {"schema": rows}}}}
    named = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    paths: dict[str, Any] = {}
    for number in range(98):
        paths[f"/kind{number}things"] = {
            "get": {"responses": listed},
            "post": {"responses": {"201": shown["200"]}},
        }
        paths[f"/kind{number}things/{{id}}"] = {
            "parameters": named,
            "get": {"responses": shown},
            "put": {"responses": shown},
            "delete": {"responses": {"204": {"description": ""}}},
        }
    document = {"openapi": "3.1.0", "info": {"title": "Large", "version": "1"}, "paths": paths}
    Path("large.json").write_text(json.dumps(document))
    shown_in_short = run("explain", "large.json").out.splitlines()
    assert "490 operations" in shown_in_short[-1]
    assert len(shown_in_short) < 150
    data = run("explain", "large.json", "--data-template").out
    assert len(data.splitlines()) < 110
    assert set(yaml.safe_load(data)) == {f"kind_{number}_things" for number in range(98)}
    one = run("explain", "large.json", "--data-template", "--about", "kind_7_").out
    assert set(yaml.safe_load(one)) == {"kind_7_things"}
    refused = run("explain", "large.json", "--data-template", "--about", "nothing")
    assert refused.status == 2
    assert "no resource with that in its name" in refused.err


def test_explain_folds_guesses_that_are_alike(run: Run) -> None:
    item = {"type": "object", "properties": {"id": {"type": "string"}}}
    shown = {"200": {"description": "", "content": {"application/json": {"schema": item}}}}
    paths = {f"/reports/{number}/summary": {"get": {"responses": shown}} for number in range(60)}
    document = {"openapi": "3.1.0", "info": {"title": "Large", "version": "1"}, "paths": paths}
    Path("alike.json").write_text(json.dumps(document))
    lines = run("explain", "alike.json").out.splitlines()
    assert len(lines) < 20
    (folded,) = (line for line in lines if "60 operations  " in line)
    assert "/reports/0/summary" in folded
    (hint,) = (line for line in lines if "--only" in line)
    level = hint.split()[1]
    assert len(run("explain", "alike.json", "--only", level).out.splitlines()) > 60


def test_explain_in_a_pipe_keeps_to_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    table = run("explain", "small.yaml", "--why").out.split("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 70


def test_explain_marks_handlers_and_corrections(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mockserver.toml").write_text('[operations.getThing]\naction = "fixed"\n', "utf-8")
    (line,) = (one for one in run("explain", "small.yaml").out.splitlines() if "GET /things" in one)
    assert line.endswith("[mockserver.toml]")
    assert json.loads(run("explain", "small.yaml", "--json").out)["operations"]["getThing"][
        "corrected"
    ]
    code = "from mockserver import handles\n\n@handles('getThing')\ndef get(world, request): ...\n"
    (tmp_path / "own.py").write_text(code, "utf-8")
    shown = run("explain", "small.yaml", "--handlers", "own.py").out
    assert "your handlers (1)\n  GET /things/{id}  own.py:3\n" in shown
    assert "1 operation, 1 of them by your handlers" in shown
    (tmp_path / "mockserver.toml").write_text('[serve]\nhandlers = "own.py"\n', "utf-8")
    found = json.loads(run("explain", "small.yaml", "--json").out)["operations"]["getThing"]
    assert (found["handler"], found["corrected"]) == ("own.py:3", False)
    assert "own.py:3; else fetch things" in run("explain", "small.yaml", "--why").out
    (tmp_path / "own.py").write_text(code.replace("getThing", "getThin"), "utf-8")
    assert "no operation 'getThin'; did you mean 'getThing'?" in run("explain", "small.yaml").err


def test_explain_says_what_is_written_by_hand(run: Run) -> None:
    found = json.loads(run("explain", "--json").out)
    assert found["api"] == "feather"
    assert found["operations"]["cancelSimulationSuiteRun"]["by_hand"]
    assert "hand-written for feather" in run("explain").out


def test_markup_in_a_document_is_only_text(run: Run) -> None:
    Path("markup.yaml").write_text(SMALL.replace("/things/", "/[red]things[/red]/"))
    assert "[red]things[/red]" in run("explain", "markup.yaml").out


def test_a_missing_extra_names_the_pip_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    deferred = cli.cli.commands["test"]
    assert isinstance(deferred, cli.Deferred)

    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'schemathesis'", name="schemathesis")

    monkeypatch.setattr(cli, "import_module", missing)
    ended = run("test", "--url", "http://127.0.0.1:1")
    assert ended == Ended(2, "", f"mockserver: {MissingExtra('mockserver test', 'verify')}\n")
    assert "pip install" in ended.err


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (UsageError("a\nb\n  c"), 2, "mockserver: a b c\n"),
        (KeyboardInterrupt(), 130, "mockserver: interrupted\n"),
        (click.Abort(), 130, "mockserver: interrupted\n"),
        (BrokenPipeError(), 1, ""),
        (RuntimeError("oops"), 2, "this is a bug, please report it: RuntimeError: oops"),
    ],
)
def test_no_traceback_ever(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    says: str,
) -> None:
    def fail(resolve: object, say: object) -> None:
        raise error

    monkeypatch.setattr(multi, "serve_all", fail)
    monkeypatch.setattr(cli, "silence_stdout", lambda: None)
    ended = run("serve")
    assert ended.status == status
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_a_bug_can_be_looked_into(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(resolve: object, say: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(multi, "serve_all", fail)
    monkeypatch.setenv(cli.TRACEBACK, "1")
    with pytest.raises(RuntimeError, match="oops"):
        cli.main(["serve"])


def test_a_reader_who_goes_away() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "mockserver", "explain"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(mockserver.__file__).parent.parent,
    ) as explaining:
        assert explaining.stdout is not None
        assert explaining.stderr is not None
        explaining.stdout.read(10)
        explaining.stdout.close()
        assert explaining.stderr.read() == b""
        assert explaining.wait() in (0, 1)


def test_check_names_examples_that_do_not_fit(run: Run, tmp_path: Path) -> None:
    text = """
openapi: 3.1.0
info: {title: Shown, version: '1'}
paths:
  /pets/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}, example: seven}
        - {name: n, in: query, schema: {type: integer}, example: '7'}
      responses:
        '200':
          description: fine
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Pet'}
              example: {name: 7}
components:
  schemas:
    Pet:
      type: object
      properties:
        name: {type: string, example: Tom}
        born: {type: string, format: date, example: yesterday}
        tag: {type: string, default: 3}
        example: {type: string}
"""
    document = tmp_path / "shown.yaml"
    document.write_text(text)
    notes = json.loads(run("check", str(document), "--json").out)["notes"]
    unfit = [note["message"] for note in notes if "violates its schema" in note["message"]]
    assert len(unfit) == 4
    named = "the example 'default' violates its schema: name: "
    for words in ("of 'id'", named, "'yesterday'", "the default 3"):
        assert any(words in message for message in unfit), words


def test_options_come_from_the_environment_too(
    run: Run, served: list[Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options on the command line take precedence."""
    for name, value in {"PORT": "8123", "SEED": "7", "ANY_KEY": "1"}.items():
        monkeypatch.setenv(f"MOCKSERVER_{name}", value)
    assert run("serve", "--seed", "8").status == 0
    assert (served[0].port, served[0].options.seed) == (8123, 8)


def test_help_is_grouped_and_complete(run: Run) -> None:
    shown = run("--help").out
    for theme in ("Mock an API:", "Test a server:", "Compare mock and server:"):
        assert theme in shown
    shown = run("serve", "--help").out
    assert shown.index("Address:") < shown.index("  --port ") < shown.index("Data and time:")
    for setting in SETTINGS:
        assert f"  --{setting.name}" in shown
    assert "\nOptions:\n" in shown  # --help alone has no theme
    named = {name for names in THEMES.values() for name in names}
    missing = {setting.name for setting in SETTINGS} | {"config"}
    assert missing - named == set(), "give new options a theme in THEMES of mockserver/cli/serve.py"
