"""The pytest fixtures `mock_server` and `mock_api`.

pytest imports this module at every start, so it imports nothing else until a fixture is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.server.mock import MockServer
    from mockserver.server.tenant import Tenant

_PACKAGE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mockserver", "mock APIs (mock_api, mock_server)")
    group.addoption(
        "--mock-spec",
        metavar="SPEC",
        help="the API to mock: feather, speechify, speechify-legacy, truestate or the path of an "
        "OpenAPI document",
    )
    parser.addini("mock_spec", "the API to mock, as --mock-spec (default: feather)", default="")
    group.addoption(
        "--mock-config",
        metavar="FILE",
        help="mockserver.toml, if it is not in the document's folder or the root directory",
    )
    parser.addini("mock_config", "mockserver.toml, as --mock-config")
    parser.addini("mock_seed", "the seed of every world (default: 0)", default="")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Report an unreadable spec once, before any test runs."""
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
    """Further arguments for MockServer; override it in a conftest."""
    return {}


@pytest.fixture(scope="session")
def mock_data() -> Any:
    """Seed data: a mapping or a file, as for `--data`; override it in a conftest."""
    return None


@pytest.fixture(scope="session")
def mock_server(
    mock_options: Mapping[str, Any], mock_data: Any, pytestconfig: pytest.Config
) -> Iterator[MockServer]:
    """One mock for the session, with a manual clock.

    mockserver.toml supplies what neither the pytest settings nor `mock_options` set.
    """
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
    """A tenant for each test, with its own world and clock."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    with mock_server.tenant(f"{request.node.nodeid} {worker}") as tenant:
        yield tenant


def _spec(config: pytest.Config) -> str:
    """The document to mock: from the pytest settings, mockserver.toml, or the default, Feather."""
    spec = str(config.getoption("--mock-spec") or config.getini("mock_spec"))
    if spec:
        path_in_root = config.rootpath / spec
        return str(path_in_root) if path_in_root.is_file() else spec
    from mockserver.server.config_file import read_config

    path = _config(config)
    return (read_config(path).spec if path is not None else None) or "feather"


def _config(config: pytest.Config) -> Path | None:
    """The configured mockserver.toml, else the root directory's if no spec is set."""
    named = str(config.getoption("--mock-config") or config.getini("mock_config"))
    if named:
        return config.rootpath / named
    root = config.rootpath / "mockserver.toml"
    has_spec = config.getoption("--mock-spec") or config.getini("mock_spec")
    return root if not has_spec and root.is_file() else None


def _given(config: pytest.Config) -> dict[str, Any]:
    """MockServer arguments from the pytest settings."""
    found: dict[str, Any] = {}
    path = _config(config)
    if path is not None:
        found["config"] = path
    given = config.getini("mock_seed")
    if given:
        try:
            found["seed"] = int(given)
        except ValueError:
            raise pytest.UsageError(f"mock_seed must be an integer, not {given!r}") from None
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """End the traceback of a usage error at the line of the test or fixture that made it."""
    errors = sys.modules.get("mockserver.errors")  # not loaded: none was raised
    error = call.excinfo.value if call.excinfo is not None else None
    if errors is None or not isinstance(error, errors.MockServerError):
        return
    last: TracebackType | None = None
    step = error.__traceback__
    while step is not None:
        file = Path(step.tb_frame.f_code.co_filename)
        if _PACKAGE not in file.parents and item.config.rootpath in file.parents:
            last = step
        step = step.tb_next
    if last is not None:
        last.tb_next = None
