"""Run a suite: with pytest or jest, with its own settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
import venv
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.sdk_suites import unskip
from bench.sdk_suites.suites import Suite, SuiteError

UNSKIP = Path(unskip.__file__)

# What a suite's developers use beside its tests.
_NOT_FOR_TESTS = {"pyright", "mypy", "ruff", "nox", "black", "pre-commit", "debugpy", "pyrefly"}
_ALWAYS = ["pytest", "pytest-asyncio", "pytest-xdist", "pytest-randomly", "respx"]
_ALWAYS += ["dirty-equals", "time-machine", "importlib-metadata", "rich", "nest-asyncio"]
_EXTRAS = ("aiohttp", "webhooks")
_JEST = ["jest@29", "@swc/core@1", "@swc/jest@0.2", "ts-node@10", "ts-jest@29", "typescript@5"]
_JEST += ["@types/jest@29", "@types/node@20", "iconv-lite@0.6"]
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Outcome:
    """The result of one test: passed, failed or skipped, and the last line of a failure."""

    result: str
    said: str = ""


Outcomes = dict[str, Outcome]


def prepare(suite: Suite, root: Path) -> None:
    """Install the suite's other dependencies, outside its folder. Raises SuiteError."""
    made = root.parent / ".prepared"
    if made.is_file():
        return
    if suite.language == "python":
        _prepare_python(suite, root)
    else:
        _prepare_typescript(root)
    made.touch()


def run(
    suite: Suite, root: Path, url: str, *, select: str = "", shuffled: bool, limit: float
) -> Outcomes:
    """The tests that call the mock; of a suite in Python those that pytest's `-k` selects.

    Raises SuiteError if the runner itself fails.
    """
    environment = {**os.environ, "TEST_API_BASE_URL": url}
    port = str(urlsplit(url).port)
    for name, value in suite.environment.items():
        environment[name] = value.replace("{url}", url).replace("{port}", port)
    if suite.language == "python":
        tests = [*suite.tests, *(["-k", select] if select else [])]
        if suite.skipped:
            (root.parent / "plugins").mkdir(exist_ok=True)
            shutil.copy(UNSKIP, root.parent / "plugins")
            environment[unskip.REASON] = suite.skipped
            tests += ["-p", UNSKIP.stem]
        return _pytest(root, environment, tests, shuffled=shuffled, limit=limit)
    return _jest(root, environment, [*suite.tests], shuffled=shuffled, limit=limit)


def _prepare_python(suite: Suite, root: Path) -> None:
    described = root / "pyproject.toml"
    settings = tomllib.loads(described.read_text()) if described.is_file() else {}
    project = settings.get("project", {})
    wanted = [*project.get("dependencies", []), *suite.needs, *_ALWAYS]
    extras = project.get("optional-dependencies", {})
    wanted += [each for name in _EXTRAS for each in extras.get(name, [])]
    developers = list(settings.get("tool", {}).get("rye", {}).get("dev-dependencies", []))
    developers += settings.get("dependency-groups", {}).get("dev", [])
    for each in developers:
        name = _NAME.match(each) if isinstance(each, str) else None
        if name and name[0].lower() not in _NOT_FOR_TESTS | set(_ALWAYS):
            wanted.append(each)
    place = root.parent / "venv"
    venv.create(place, with_pip=True, clear=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    _checked([*pip, "--disable-pip-version-check", "--no-compile", *wanted], root.parent, 900)


def _prepare_typescript(root: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SuiteError("npm is needed for suites in TypeScript: install Node.js with npm")
    package = json.loads((root / "package.json").read_bytes())
    wanted = [f"{name}@{range_}" for name, range_ in package.get("dependencies", {}).items()]
    (root.parent / "package.json").write_text("{}")
    flags = ["--no-audit", "--no-fund", "--silent", "--prefix", str(root.parent)]
    _checked([npm, "install", *flags, *_JEST, *wanted], root.parent, 900)


def _checked(command: list[str], folder: Path, limit: float) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=limit, cwd=folder
        )
    except subprocess.TimeoutExpired:
        raise SuiteError(f"{command[0]}: not done in {limit:.0f} s") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise SuiteError(f"{' '.join(command[:4])}: {lines[-1]}")


def _pytest(
    root: Path, environment: dict[str, str], tests: list[str], *, shuffled: bool, limit: float
) -> Outcomes:
    report = root.parent / "report.xml"
    report.unlink(missing_ok=True)
    places = (root / "src", root, root.parent / "plugins")
    environment["PYTHONPATH"] = os.pathsep.join(map(str, places))
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    python = root.parent / "venv" / "bin" / "python"
    command = [str(python), "-m", "pytest", *tests, "-q", f"--junitxml={report}"]
    command += ["-p", "no:cacheprovider", "-W", "default"]
    command += ["-p", "randomly", "-p", "no:randomly"] if not shuffled else ["-p", "randomly"]
    _run(command, root, environment, limit)
    if not report.is_file():
        raise SuiteError(f"pytest wrote no report; try: cd {root} && {' '.join(command)}")
    found: Outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        found[name] = _outcome(case)
    return found


def _outcome(case: ElementTree.Element) -> Outcome:
    for kind in ("failure", "error"):
        told = case.find(kind)
        if told is not None:
            return Outcome("failed", (told.get("message") or told.text or "")[:1000])
    return Outcome("skipped" if case.find("skipped") is not None else "passed")


def _jest(
    root: Path, environment: dict[str, str], tests: list[str], *, shuffled: bool, limit: float
) -> Outcomes:
    report = root.parent / "report.json"
    report.unlink(missing_ok=True)
    jest = root.parent / "node_modules" / ".bin" / "jest"
    command = [str(jest), *tests, "--json", f"--outputFile={report}", "--silent"]
    command += ["--randomize"] if shuffled else []
    _run(command, root, environment, limit)
    if not report.is_file():
        raise SuiteError(f"jest wrote no report; try: cd {root} && {' '.join(command)}")
    found: Outcomes = {}
    for file in json.loads(report.read_bytes())["testResults"]:
        place = Path(file["name"]).relative_to(root)
        if not file["assertionResults"]:
            found[str(place)] = Outcome("failed", file["message"][:1000])
        for each in file["assertionResults"]:
            result = {"passed": "passed", "failed": "failed"}.get(each["status"], "skipped")
            said = (each["failureMessages"] or [""])[0][:1000]
            found[f"{place}::{each['fullName']}"] = Outcome(result, said)
    return found


def _run(command: list[str], root: Path, environment: dict[str, str], limit: float) -> None:
    log = root.parent / "tests.log"
    with log.open("wb") as output:
        try:
            subprocess.run(
                command,
                stdout=output,
                stderr=output,
                check=False,
                timeout=limit,
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise SuiteError(f"not done in {limit:.0f} s; see {log}") from None
