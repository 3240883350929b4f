"""Architecture: directions of imports, purity of the core, sizes of files and functions."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / ".importlinter"
SOURCES = sorted((ROOT / "mockserver").rglob("*.py"))

MOST_LINES_A_FILE = 500
MOST_LINES_A_FUNCTION = 60

# What reaches past the arguments of a function in the core; forbidden imports are in .importlinter.
BANNED = {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "urllib.request",
    "uuid.uuid1",
    "uuid.uuid4",
}
BANNED_BUILTINS = {"input", "open", "print"}


def test_imports_keep_every_contract(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename=str(CONFIG), no_cache=True, no_logo=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_the_core_takes_time_randomness_and_files_as_arguments() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in _core()
        for line, name in _reaches_outside(path.read_text("utf-8"))
    ]
    assert not offenders, "\n".join(["the core reaches outside:", *offenders])


def test_the_core_loads_no_web_framework() -> None:
    """The root package exports `MockServer`, but must not import the server by itself."""
    core = ", ".join(_core_packages())
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {core}; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"connexion", "httpx", "requests", "starlette", "uvicorn"} & set(loaded)


def test_what_is_imported_is_declared() -> None:
    """Including what other packages happen to install. What is not installed has its own name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [
        *project["dependencies"],
        *chain.from_iterable(project["optional-dependencies"].values()),
    ]
    declared = {canonicalize_name(Requirement(line).name) for line in requirements}
    homes = packages_distributions()
    offenders = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name not in sys.stdlib_module_names and name != "mockserver"
        if not declared & {canonicalize_name(home) for home in homes.get(name, (name,))}
    }
    assert not offenders, "\n".join(["not in pyproject.toml:", *sorted(offenders)])


def test_files_stay_short() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in SOURCES
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES_A_FILE
    ]
    assert not offenders, "\n".join([f"more than {MOST_LINES_A_FILE} lines:", *offenders])


def test_functions_stay_short() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}, {lines} lines"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_A_FUNCTION
    ]
    assert not offenders, "\n".join([f"more than {MOST_LINES_A_FUNCTION} lines:", *offenders])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import datetime as dt\ndt.now()", "datetime.datetime.now"),
        ("import datetime\nf = datetime.datetime.utcnow", "datetime.datetime.utcnow"),
        ("from datetime import date\ndate.today()", "datetime.date.today"),
        ("import random\nrandom.choice('ab')", "random.choice"),
        ("from random import randint", "random.randint"),
        ("import random as r\nr.Random()", "random.Random without a seed"),
        ("from uuid import uuid4", "uuid.uuid4"),
        ("import urllib.request", "urllib.request"),
        ("from urllib import request", "urllib.request"),
        ("print(1)", "print"),
        ("open('a')", "open"),
    ],
)
def test_the_check_of_the_core_sees(source: str, found: str) -> None:
    assert found in [name for _, name in _reaches_outside(source)]


@pytest.mark.parametrize(
    "source",
    [
        "from random import Random\nRandom(7).choice('ab')",
        "import random\ndef f(seed): return random.Random(seed).random()",
        "from datetime import datetime\ndatetime.fromtimestamp(0)",
        "from urllib.parse import quote\nquote('a')",
        "def f(world): return world.now, world.random.choice('ab')",
        "gate.open()",
        "class Resource:\n    open: bool = False",
    ],
)
def test_the_check_of_the_core_lets_pass(source: str) -> None:
    assert list(_reaches_outside(source)) == []


def _core_packages() -> list[str]:
    config = ConfigParser()
    config.read(CONFIG, "utf-8")
    return config["importlinter:contract:pure"]["source_modules"].split()


def _core() -> list[Path]:
    folders = [ROOT.joinpath(*package.split(".")) for package in _core_packages()]
    files = [sorted(folder.rglob("*.py")) for folder in folders]
    assert all(files), f"{CONFIG.name} names a package that is not there"
    return [*chain.from_iterable(files)]


def _imported(node: ast.AST) -> list[str]:
    """The top-level packages that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module.partition(".")[0]]
        case _:
            return []


def _reaches_outside(source: str) -> Iterator[tuple[int, str]]:
    """The lines that use a clock, a global random or a file, each with the name used."""
    tree = ast.parse(source)
    aliases = _aliases(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                used = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                used = [f"{module}.{alias.name}" for alias in names]
            case ast.Call(func=func, args=[], keywords=[]) if (
                _dotted(func, aliases) == "random.Random"
            ):
                used = ["random.Random without a seed"]
            case ast.Attribute(ctx=ast.Load()) | ast.Name(ctx=ast.Load()):
                used = [_dotted(node, aliases)]
            case _:
                continue
        yield from ((node.lineno, name) for name in used if _banned(name))


def _banned(name: str) -> bool:
    if name in BANNED or name in BANNED_BUILTINS:
        return True
    return name.startswith("random.") and name != "random.Random" and name.count(".") == 1


def _aliases(tree: ast.AST) -> dict[str, str]:
    """What the imported names refer to."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str:
    """`dt.now` as `datetime.datetime.now`; empty if it does not start with an imported name."""
    if isinstance(node, ast.Attribute):
        start = _dotted(node.value, aliases)
        return f"{start}.{node.attr}" if start else ""
    if isinstance(node, ast.Name):
        if node.id in aliases:
            return aliases[node.id]
        return node.id if node.id in BANNED_BUILTINS else ""
    return ""
