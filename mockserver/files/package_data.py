"""Data shipped with the package: contracts and fixtures.

Wheels contain it as `mockserver/_data`; in a checkout it is at the top level.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_DATA = _PACKAGE / "_data"
ROOT = _DATA if _DATA.is_dir() else _PACKAGE.parent


def contract_file(name: str) -> Path | None:
    """The document of a built-in API, or None if there is no such API."""
    path = ROOT / ("openapi.json" if name == "feather" else f"contracts/{name}.json")
    return path if path.is_file() else None


def fixture_file(name: str) -> Path:
    """A file in the fixtures folder."""
    return ROOT / "fixtures" / name
