"""The command line."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

import mockserver
from mockserver.cli.options import CONTEXT, collector_paused, silence_stdout
from mockserver.errors import MissingExtra, MockServerError

# Set, it lets an unexpected error show where it came from.
TRACEBACK = "MOCKSERVER_TRACEBACK"


class Deferred(click.Command):
    """A command that is imported when it is run: it needs much that the others don't."""

    def __init__(self, name: str, module: str, needs: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self._module = module
        self._needs = needs

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        return self.imported().make_context(info_name, args, parent, **extra)

    def imported(self) -> click.Command:
        try:
            with collector_paused():
                found = getattr(import_module(self._module), str(self.name))
        except ModuleNotFoundError as error:
            if error.name is not None and error.name.partition(".")[0] == "mockserver":
                raise MockServerError(f"mockserver {self.name} is still to come") from None
            raise MissingExtra(f"mockserver {self.name}", self._needs) from None
        assert isinstance(found, click.Command)
        return found


@click.group(context_settings=CONTEXT)
@click.version_option(
    mockserver.__version__, prog_name="mockserver", message="%(prog)s %(version)s"
)
def cli() -> None:
    """A mock that behaves: a stateful stand-in for any API with an OpenAPI document.

    \b
    mockserver serve                      the Feather API on http://127.0.0.1:8000
    mockserver serve openapi.yaml         an API of your own
    mockserver check openapi.yaml         what of it can't be honoured, and where
    mockserver explain openapi.yaml       what the mock makes of it, and why

    It exits with 0 when all is well, with 1 when a check found something, and with 2 when it
    could not do what it was asked to.
    """


_COMMANDS = (
    ("serve", "serve", "", "Serve a mock of SPEC that remembers what it is told."),
    ("check", "check", "", "Say whether SPEC is sound, and what of it a mock can't honour."),
    ("explain", "explain", "", "Print what a mock makes of SPEC, and why."),
    ("test", "test", "verify", "Test any server against SPEC: conformance and lifecycles."),
    ("fuzz", "fuzz", "verify", "Fuzz any server, politely, and clean up behind."),
    (
        "diff",
        "diff",
        "verify",
        "Send the same sequences to a mock of SPEC and to the real API; where do they part?",
    ),
    ("drift", "diff", "verify", "Say what has changed between two differential runs."),
    (
        "calibrate",
        "diff",
        "verify",
        "Turn a differential run into a lock file that the mock follows.",
    ),
    ("complaints", "complaints", "", "Say what the clients of a running mock do badly."),
    ("record", "record", "", "Stand before a real server, and write down what it answers."),
    ("mcp", "mcp", "mcp", "Let an agent start and use mocks (Model Context Protocol)."),
)
"""Name, module in this package, the extra that it needs, and a line of help."""

for _name, _module, _needs, _help in _COMMANDS:
    cli.add_command(Deferred(_name, f"{__name__}.{_module}", _needs, _help))


def main(args: list[str] | None = None) -> None:
    """The `mockserver` command."""
    try:
        status = cli.main(args, prog_name="mockserver", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = error.exit_code
    except click.ClickException as error:
        status = _complain(_told(error), error.exit_code)
    except MockServerError as error:
        status = _complain(str(error), 2)
    except (KeyboardInterrupt, click.Abort):
        status = _complain("interrupted", 130)
    except BrokenPipeError:
        silence_stdout()
        status = 1
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        reason = f"{type(error).__name__}: {error}"
        status = _complain(
            f"this is a bug, please report it: {reason} ({TRACEBACK}=1 says more)", 2
        )
    sys.exit(status if isinstance(status, int) else 0)


def _told(error: click.ClickException) -> str:
    """What was wrong with the words of a command, and where it is said how they go."""
    words = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{words}; {context.command_path} --help says more" if context is not None else words


def _complain(text: str, status: int) -> int:
    line = " ".join(text.split())
    click.echo(f"mockserver: {line}", err=True)
    return status
