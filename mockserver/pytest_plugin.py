"""The fixtures `mock_server` and `mock_api`, in every pytest where mockserver is installed.

pytest imports this at each start, also for those who use neither: nothing else is imported until a
test asks for a fixture.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.server.mock import MockServer
    from mockserver.server.tenant import Tenant


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mockserver", "a mock of an API (mock_api, mock_server)")
    group.addoption(
        "--mock-spec",
        metavar="SPEC",
        help="what to mock: feather, speechify, speechify-legacy, truestate or the path of an "
        "OpenAPI document",
    )
    parser.addini("mock_spec", "what to mock, as --mock-spec (default: feather)", default="")
    group.addoption(
        "--mock-config",
        metavar="FILE",
        help="mockserver.toml, if it does not lie beside the document or in the root directory",
    )
    parser.addini("mock_config", "mockserver.toml, as --mock-config")
    parser.addini("mock_seed", "the seed of every world (default: 0)", default="")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A spec that can't be read is said once, before any test runs."""
    if not any("mock_server" in getattr(item, "fixturenames", ()) for item in items):
        return
    from mockserver.errors import MockServerError
    from mockserver.files.documents import as_document

    try:
        as_document(_spec(config))
        _given(config)
    except MockServerError as error:
        given = "--mock-spec" if config.getoption("--mock-spec") else "mock_spec"
        raise pytest.UsageError(f"{given}: {error}") from None


@pytest.fixture(scope="session")
def mock_options() -> Mapping[str, Any]:
    """What MockServer is given beside the settings of pytest; override it in a conftest."""
    return {}


@pytest.fixture(scope="session")
def mock_data() -> Any:
    """What worlds begin with: a mapping or a file, as `--data`; override it in a conftest."""
    return None


@pytest.fixture(scope="session")
def mock_server(
    mock_options: Mapping[str, Any], mock_data: Any, pytestconfig: pytest.Config
) -> Iterator[MockServer]:
    """One mock for the whole session, with a manual clock. What neither pytest's settings nor
    `mock_options` say is read from mockserver.toml."""
    from mockserver.errors import MockServerError
    from mockserver.server.mock import MockServer

    options = {"spec": _spec(pytestconfig), **_given(pytestconfig), **mock_options}
    if mock_data is not None:
        options["data"] = mock_data
    try:
        server = MockServer(options.pop("spec"), **options)
    except MockServerError as error:
        pytest.fail(f"mockserver: {error}", pytrace=False)
    with server:
        yield server


@pytest.fixture
def mock_api(mock_server: MockServer, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A tenant of its own for each test: a world and a clock that nobody else has."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    with mock_server.tenant(f"{request.node.nodeid} {worker}") as tenant:
        yield tenant


def _spec(config: pytest.Config) -> str:
    """What to mock: as pytest is told, else as mockserver.toml has it, else Feather."""
    spec = str(config.getoption("--mock-spec") or config.getini("mock_spec"))
    if spec:
        beside = config.rootpath / spec
        return str(beside) if beside.is_file() else spec
    from mockserver.server.settings import read_config

    path = _config(config)
    return (read_config(path).spec if path is not None else None) or "feather"


def _config(config: pytest.Config) -> Path | None:
    """The file that is named, else the one in the root directory, if nothing else is said."""
    named = str(config.getoption("--mock-config") or config.getini("mock_config"))
    if named:
        return config.rootpath / named
    root = config.rootpath / "mockserver.toml"
    said = config.getoption("--mock-spec") or config.getini("mock_spec")
    return root if not said and root.is_file() else None


def _given(config: pytest.Config) -> dict[str, Any]:
    """What pytest's settings say of the mock."""
    found: dict[str, Any] = {}
    path = _config(config)
    if path is not None:
        found["config"] = path
    given = config.getini("mock_seed")
    if given:
        try:
            found["seed"] = int(given)
        except ValueError:
            raise pytest.UsageError(f"mock_seed takes a whole number, not {given!r}") from None
    return found
