"""Shared by several commands: completion of SPEC, options, output."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from mockserver.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from mockserver.verify.sandbox import Sandbox

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Pause garbage collection during imports, which create no garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def complete_spec(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete SPEC: a built-in API, or a file."""
    from mockserver.files.documents import NAMES

    named = [CompletionItem(name) for name in NAMES if name.startswith(incomplete)]
    return named or [CompletionItem(incomplete, type="file")]


def say(text: str) -> None:
    """Print for the user; ignores a closed pipe."""
    try:
        click.echo(text)
    except BrokenPipeError:
        silence_stdout()


def silence_stdout() -> None:
    # Otherwise Python flushes the rest at exit and reports an error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def require_extra(what: str) -> None:
    """Raises MissingExtra if the packages for verification are not installed."""
    for module in ("schemathesis", "openapi_core", "hypothesis"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(what, "verify")


def _headers(given: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for line in given:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise UsageError(f"--header {line!r} is not a header; write it as 'Name: value'")
        headers[name.strip()] = value.strip()
    return headers


@contextlib.contextmanager
def sandbox_for(command: str, given: dict[str, Any], **defaults: str) -> Iterator[Sandbox]:
    """The settings of a server under test, from the options that were `given` and the config file.

    Raises MissingExtra and UsageError. Errors about overrides name the config file.
    """
    require_extra(f"mockserver {command}")
    from mockserver.server.config_file import naming_config, read_config
    from mockserver.verify.sandbox import sandbox_of

    given["headers"] = _headers(given["headers"])
    config = read_config(given["config"])
    with naming_config(config.path):
        yield sandbox_of({**given, **defaults}, config.verify, config.overrides)


Command = TypeVar("Command", bound=Callable[..., Any])

api_key_option = click.option(
    "--api-key",
    "key",
    envvar="API_KEY",
    default=None,
    help="The API key [default: API_KEY, else mock-key].",
)
other_key_option = click.option(
    "--other-key", envvar="OTHER_API_KEY", default="", help="A second tenant's key."
)
rate_option = click.option(
    "--rate", type=click.FloatRange(0.01, 1000), help="Maximum requests per second."
)
timeout_option = click.option(
    "--timeout", type=float, help="Seconds for a complete response  [default: 10]."
)
quiet_option = click.option("--quiet", "-q", is_flag=True, help="Do not show progress.")


def ledger_option(usual: str) -> Callable[[Command], Command]:
    return click.option(
        "--ledger", default="", help=f"Records what was created  [default: {usual}]."
    )


def listening_options(command: Command) -> Command:
    """Where a proxy listens."""
    options = (
        click.option(
            "--host", default="127.0.0.1", help="Address to listen on.  [default: 127.0.0.1]"
        ),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            default=8000,
            help="Port to listen on; 0 takes any free one.  [default: 8000]",
        ),
    )
    return _with(options, command)


def sandbox_options(command: Command) -> Command:
    """Options about the server under test, common to several commands."""
    command = click.option(
        "--cleanup", default="", metavar="LEDGER", help="Only remove what the ledger lists."
    )(command)
    command = click.option("--dry-run", is_flag=True, help="Print what may be sent, and exit.")(
        command
    )
    return settings_options(command)


def settings_options(command: Command) -> Command:
    """Options for the settings of the `[verify]` table."""
    options = (
        click.option(
            "--key",
            "keys",
            multiple=True,
            metavar="SCHEME=KEY",
            help="The credential of a security scheme.",
        ),
        click.option(
            "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter's value."
        ),
        click.option("--include", multiple=True, metavar="OPERATION", help="Test only these."),
        click.option("--exclude", multiple=True, metavar="OPERATION", help="Never send these."),
    )
    return _with(options, server_options(command))


def server_options(command: Command) -> Command:
    """Options of every command that sends requests to a server."""
    options = (
        click.option(
            "--header", "-H", "headers", multiple=True, help="A header for every request."
        ),
        click.option("--allow-host", "allowed", multiple=True, help="Allow this host too."),
        click.option(
            "--allow",
            multiple=True,
            metavar="OPERATION",
            help="Permit an operation, whatever it does: operationId, tag:NAME, path, 'GET PATH'.",
        ),
        click.option("--disposable", is_flag=True, help="Everything on the server may be removed."),
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            help="Settings and corrections  [default: mockserver.toml, if there is one].",
        ),
    )
    return _with(options, command)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
