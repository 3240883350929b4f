"""Private imports without unused dependencies."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mockserver.private_imports import PrivateImporter


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    home = tmp_path / "a_package"
    home.mkdir()
    (home / "__init__.py").write_text(
        "from .inner import Reader\nimport a_package.other as other\n"
    )
    (home / "inner.py").write_text(
        "import a_heavy_one.parts\n"
        "from a_heavy_one import Base, make, Trouble\n"
        "from . import other\n"
        "class Reader(Base): value = other.VALUE\n"
        "class Failed(Trouble): pass\n"
        "made = make(Base, depth=3)\n"
    )
    (home / "other.py").write_text("from json import dumps\nVALUE = dumps([1])\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return home.name


def test_what_is_unused_is_not_imported(package: str) -> None:
    inner = PrivateImporter(package, ["a_heavy_one"]).load(f"{package}.inner")
    assert inner.Reader.value == "[1]"
    assert issubclass(inner.Failed, object)


def test_nothing_of_it_is_left_in_the_interpreter(package: str) -> None:
    PrivateImporter(package, ["a_heavy_one"]).load(package)
    assert not {name for name in sys.modules if name.startswith((package, "a_heavy_one"))}


def test_what_is_missing_is_missing(package: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="a_heavy_one"):
        PrivateImporter(package, ["another_heavy_one"]).load(package)
    with pytest.raises(ModuleNotFoundError, match="nothing_there"):
        PrivateImporter("nothing_there").load("nothing_there.inner")


def test_a_package_may_begin_like_an_unused_one(package: str) -> None:
    inner = PrivateImporter(package, ["js", "a_heavy_one"]).load(f"{package}.other")
    assert inner.dumps is __import__("json").dumps
