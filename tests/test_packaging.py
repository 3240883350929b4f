"""The deliverables: wheel and sdist, container, hook, completion, site."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from click.testing import CliRunner
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from mockserver.cli import Deferred, cli

ROOT = Path(__file__).parent.parent
QUIET = ("-q", "-p", "no:schemathesis", "-n", "2")
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


def test_the_wheel_has_all_that_runs_and_nothing_else(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    source = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "mockserver").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert source <= names
    assert "mockserver/py.typed" in names
    assert {
        f"mockserver/server/admin/pages/{name}" for name in ("dashboard.html", "jobs.js")
    } <= names
    others = {name for name in names if not name.startswith(("mockserver/", "mockserver-"))}
    assert others == set()
    assert not any(name.startswith(("tests/", "mockserver/tests")) for name in names)


def test_a_wheel_can_be_built_of_the_sdist(tmp_path: Path) -> None:
    archive = Path(next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path))))
    with tarfile.open(archive) as opened:
        # Python knows filters from 3.11.4 on; earlier ones don't ask for this.
        opened.extraction_filter = getattr(tarfile, "data_filter", None)
        opened.extractall(tmp_path)
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    assert (unpacked / "LICENSE").is_file()
    built = next(WheelBuilder(str(unpacked)).build(directory=str(tmp_path), versions=["standard"]))
    names = ZipFile(built).namelist()
    assert "mockserver/_data/openapi.json" in names
    assert "mockserver/server/admin/pages/dashboard.js" in names


def test_a_new_folder_and_the_readmes_example(wheel: Path, tmp_path: Path) -> None:
    """In parallel; `make package-check` does the same with pip and the package index."""
    (example,) = re.findall(r"<!-- test -->\n```python\n(.*?)```", README, re.DOTALL)
    assert len(example.strip().splitlines()) <= 20
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    (libraries,) = home.glob("lib/python*/site-packages")
    with ZipFile(wheel) as opened:
        opened.extractall(libraries)  # which is what installing a wheel of Python alone is
    # Its own folder comes first, so that what is installed here stays behind it.
    (libraries / "behind.pth").write_text(str(Path(pytest.__file__).parent.parent))
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "test_mine.py").write_text(example)
    (document,) = re.findall(r"<!-- document -->\n```yaml\n(.*?)```", README, re.DOTALL)
    (folder / "renders.yaml").write_text(document)
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "PYTHON"))}
    done = subprocess.run(
        [str(home / "bin/python"), "-m", "pytest", *QUIET, "--mock-spec", "renders.yaml"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    where = subprocess.run(
        [str(home / "bin/python"), "-c", "import mockserver; print(mockserver.__file__)"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(home)


def test_what_the_container_copies_is_there() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert copied
    kept = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    assert set(copied) <= kept
    assert all((ROOT / name).exists() for name in copied)
    # All that building the wheel reads.
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    forced = re.findall(r'^"([^"]+)" = "mockserver/_data', project, re.MULTILINE)
    assert {*forced, "mockserver", "README.md", "LICENSE", "pyproject.toml"} <= set(copied)


@pytest.mark.parametrize("name", ["compose.yaml", "deploy/compose.yaml"])
def test_the_compose_files_give_commands_that_there_are(name: str) -> None:
    services = yaml.safe_load((ROOT / name).read_text("utf-8"))["services"]
    command, *arguments = services["mock"]["command"]
    found = cli.commands[command]
    assert isinstance(found, Deferred)
    known = {flag for option in found.imported().params for flag in option.opts}
    flags = [argument.partition("=")[0] for argument in arguments if argument.startswith("--")]
    assert flags
    assert set(flags) <= known


def test_the_devcontainer_sets_up_what_make_can() -> None:
    found = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(found["postCreateCommand"].rpartition("make ")[2].split()) <= set(targets)


def test_the_hook_checks_each_file_that_changed(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    program, command = hook["entry"].split()
    assert program == "mockserver"
    for name in ("openapi.json", "docs/openapi-v2.yaml", "swagger.yml"):
        assert re.search(hook["files"], name), name
    for name in ("package.json", "openapi/readme.md", "src/openapi.py"):
        assert not re.search(hook["files"], name), name
    good = ROOT / "tests/fixtures/jobs.yaml"
    bad = tmp_path / "openapi.yaml"
    bad.write_text(good.read_text("utf-8").replace("minimum: 1}", "pattern: '['}"))
    assert CliRunner().invoke(cli, [command, str(good), str(good)]).exit_code == 0
    failed = CliRunner().invoke(cli, [command, str(good), str(bad)])
    assert failed.exit_code == 1, failed.output
    shown = json.loads(CliRunner().invoke(cli, [command, "--json", str(good), str(bad)]).stdout)
    assert shown.keys() == {str(good), str(bad)}


def complete(*words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "mockserver"],
        env={
            **os.environ,
            "_MOCKSERVER_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["mockserver", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_the_shell_completes() -> None:
    assert complete("client") == ["client-lint"]
    assert complete("serve", "spee") == ["speechify", "speechify-legacy"]
    assert "--webhook-host" in complete("serve", "--w")
    assert complete("record", "--re") == ["--real"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is for bash")
def test_the_completion_script_is_one() -> None:
    page = (ROOT / "docs/cli.md").read_text("utf-8")
    assert "_MOCKSERVER_COMPLETE=bash_source mockserver" in page
    done = subprocess.run(
        [sys.executable, "-m", "mockserver"],
        env={**os.environ, "_MOCKSERVER_COMPLETE": "bash_source"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    checked = subprocess.run(["bash", "-n"], input=done.stdout, capture_output=True, text=True)
    assert "_mockserver_completion" in done.stdout
    assert checked.returncode == 0, checked.stderr


def test_the_site_is_built_and_no_link_of_it_is_broken(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    built = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.html")}
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert {name.removesuffix(".md") + ".html" for name in pages} <= built
    # It is complete by itself: nothing is loaded from elsewhere.
    text = (tmp_path / "index.html").read_text("utf-8")
    assert not re.search(r'(?:src|<link[^>]* href)="https?://', text)
