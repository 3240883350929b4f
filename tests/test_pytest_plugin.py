"""The pytest plugin, in its own pytest; the pages about it, as printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
# An environment that was set up before there was the entry point.
INSTALLED = any(found.name == "mockserver" for found in entry_points(group="pytest11"))


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder; each test takes a second or two."""
    plugin = ["-p", "no:schemathesis"]  # it takes ten seconds to import
    plugin += [] if INSTALLED else ["-p", "mockserver.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *options]
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, env=environment
    )


def examples(page: str) -> str:
    """The page's Python blocks, in order."""
    text = (DOCS / page).read_text("utf-8")
    return "\n".join(re.findall(r"<!-- test -->\n```python\n(.*?)```", text, re.DOTALL))


@pytest.mark.parametrize(
    "page",
    [
        "pytest.md",
        "faults.md",
        "client-lint.md",
        "webhooks.md",
        "recording.md",
        "stubs.md",
        "quickstart.md",
    ],
)
def test_the_pages_work_as_printed(tmp_path: Path, page: str) -> None:
    (tmp_path / "test_page.py").write_text(examples(page))
    shutil.copy(ROOT / "tests/fixtures/jobs.yaml", tmp_path / "openapi.yaml")
    shutil.copy(ROOT / "tests/fixtures/hooks.yaml", tmp_path / "hooks.yaml")
    if page == "quickstart.md":
        # As it says: nothing but the document that is printed in the README.
        (tmp_path / "openapi.yaml").unlink()
        readme = (ROOT / "README.md").read_text("utf-8")
        printed = re.findall(r"<!-- document -->\n```yaml\n(.*?)```", readme, re.DOTALL)
        (tmp_path / "renders.yaml").write_text(printed[0])
    done = run(tmp_path, "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    count = examples(page).count("\ndef test_") + examples(page).startswith("def test_")
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= count >= 3


ISOLATED = """
import pytest

@pytest.mark.parametrize("number", range(8))
def test_alone(mock_api, number):
    suites = "/v1/sim-suites"
    before = len(mock_api.client.get(suites).json()["items"])
    mock_api.client.post(suites, json={"name": f"suite {number}"})
    assert len(mock_api.client.get(suites).json()["items"]) == before + 1
    mock_api.journal.assert_called("createSimulationSuite", times=1)
"""


def test_in_parallel(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(ISOLATED)
    done = run(tmp_path, "-q", "-n", "2")
    assert "8 passed" in done.stdout, done.stdout + done.stderr


WRONG = """
from mockserver import MockServer

def helper(**options):
    return MockServer("openapi.yaml", **options)

def test_option():
    helper(seeeds="none")

def test_override():
    MockServer("openapi.yaml", overrides={"operations": {"x": {}}})

def test_stub(mock_server):
    mock_server.stub("nope")

def test_clock(mock_api):
    mock_api.clock.advance(-1)

def test_bug():
    raise KeyError("theirs")
"""


def test_the_traceback_of_a_usage_error_ends_at_the_users_line(tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text(WRONG, "utf-8")
    shutil.copy(ROOT / "tests/fixtures/jobs.yaml", tmp_path / "openapi.yaml")
    done = run(tmp_path, "-q", "--mock-spec", "openapi.yaml", "--tb=short")
    assert "5 failed" in done.stdout, done.stdout + done.stderr
    frames = re.findall(r"^(\S+\.py:\d+): in ", done.stdout, re.MULTILINE)
    lines = sorted(int(frame.removeprefix("test_wrong.py:")) for frame in frames)
    assert lines == [5, 8, 11, 14, 17, 20]  # 5 and 8: a helper, and the test that calls it
    assert "did you mean 'seeds'?" in done.stdout


PROJECT = {
    "mockserver.toml": """
[serve]
handlers = "handlers.py"
data = "seed.yaml"
pace = 0.5

[operations.retryExport]
action = "fixed"

[lifecycles.exports]
durations = { queued = 2, running = 4 }
""",
    "handlers.py": """
from mockserver import Reply, handles
from mockserver.errors import Conflict

@handles("cancelExport")
def cancel(world, request):
    row = world["exports"].get(str(request.path["export_id"]))
    if row["data"]["format"] == "json":
        raise Conflict("JSON is never cancelled.")
    return Reply(200, world.show(row))
""",
    "seed.yaml": "exports:\n  mine: {format: json, note: by hand}\n",
    "pytest.ini": "[pytest]\nmock_spec = openapi.yaml\n",
    "test_project.py": """
import pytest

@pytest.mark.parametrize("number", range(6))
def test_all_of_it(mock_api, number):
    client = mock_api.client
    (mine,) = client.get("/exports").json()["data"]
    assert client.get(f"/exports/{mine['id']}").json()["note"] == "by hand"
    assert client.post(f"/exports/{mine['id']}:cancel").status_code == 409
    made = client.post("/exports", json={"format": "csv", "note": str(number)}).json()
    url = f"/exports/{made['id']}"
    assert client.post(f"{url}:cancel").json() == made
    seen = []
    for _ in range(4):
        seen.append(client.get(url).json()["status"])
        mock_api.clock.advance(1)
    assert seen == ["queued", "running", "running", "succeeded"]
    stub = mock_api.stub("getExport", json={**made, "status": "failed"}, times=1)
    assert [client.get(url).json()["status"] for _ in range(2)] == ["failed", "succeeded"]
    assert stub.calls == 1
    assert len(client.get("/exports").json()["data"]) == 2

def test_another_data(mock_server):
    with mock_server.tenant("other") as other:
        assert len(other.client.get("/exports").json()["data"]) == 1
""",
}


def test_a_project_with_a_file_handlers_data_and_stubs_in_parallel(tmp_path: Path) -> None:
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text, "utf-8")
    shutil.copy(ROOT / "tests/fixtures/jobs.yaml", tmp_path / "openapi.yaml")
    done = run(tmp_path, "-q", "-n", "2")
    assert "7 passed" in done.stdout, done.stdout + done.stderr
    (tmp_path / "mockserver.toml").write_text("[serve]\nhandler = 'handlers.py'\n", "utf-8")
    done = run(tmp_path, "-q", "-p", "no:xdist")
    assert "[serve] handler is not known; did you mean 'handlers'?" in done.stdout + done.stderr


THINGS = """\
openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /things:
    get:
      operationId: listThings
      responses: {"200": {description: All, content: {application/json: {schema: {type: array}}}}}
"""


HINT = "did you mean things.yaml?"


def test_settings(tmp_path: Path) -> None:
    (tmp_path / "things.yaml").write_text(THINGS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmock_spec = things.yaml\nmock_seed = 7\n")
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "@pytest.fixture(scope='session')\n"
        "def mock_options():\n"
        "    return {'pace': 0.5}\n"
    )
    (tmp_path / "test_it.py").write_text(
        "def test_it(mock_api, mock_server):\n"
        "    assert mock_api.client.get('/things').status_code == 200\n"
        "    assert mock_server.mock.options.seed == 7\n"
        "    assert mock_server.mock.options.pace == 0.5\n"
    )
    done = run(tmp_path, "-q")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    (tmp_path / "pytest.ini").write_text("[pytest]\nmock_seed = x\n")
    done = run(tmp_path, "-q", "--mock-spec", "things.yaml")
    assert "mock_seed must be an integer, not 'x'" in done.stdout + done.stderr
    done = run(tmp_path, "-q", "--mock-spec", "thigns.yaml")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    said = f"ERROR: --mock-spec: thigns.yaml: no such file and no built-in API; {HINT}"
    assert (done.stdout + done.stderr).strip().splitlines()[-1] == said
    assert "Traceback" not in done.stdout + done.stderr


def test_it_costs_nothing_to_those_who_do_not_use_it() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, mockserver.pytest_plugin; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    ours = {name for name in loaded if name.startswith("mockserver")}
    assert ours == {"mockserver", "mockserver.pytest_plugin"}
    assert not {"connexion", "faker", "httpx", "jsonschema_rs", "starlette"} & set(loaded)
