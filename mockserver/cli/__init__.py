"""The command line."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

import mockserver
from mockserver.cli.options import CONTEXT, collector_paused, silence_stdout
from mockserver.errors import MissingExtra, MockServerError

# If set, unexpected errors show their traceback.
TRACEBACK = "MOCKSERVER_TRACEBACK"


class Deferred(click.Command):
    """A command that is imported when it runs, because of its dependencies."""

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
                found = getattr(import_module(self._module), str(self.name).replace("-", "_"))
        except ModuleNotFoundError as error:
            if error.name is not None and error.name.partition(".")[0] == "mockserver":
                raise MockServerError(f"mockserver {self.name} is not available yet") from None
            raise MissingExtra(f"mockserver {self.name}", self._needs) from None
        assert isinstance(found, click.Command)
        return found


class Commands(click.Group):
    """The commands, grouped by theme. `ALIASES` are old names that still work."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, ALIASES.get(cmd_name, cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for theme, commands in _THEMES.items():
            with formatter.section(theme):
                formatter.write_dl([(name, text) for name, _, _, text in commands])


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(
    mockserver.__version__, prog_name="mockserver", message="%(prog)s %(version)s"
)
def cli() -> None:
    """Stateful mock servers for any API with an OpenAPI document.

    \b
    mockserver serve                      the Feather API on http://127.0.0.1:8000
    mockserver serve openapi.yaml         your own API
    mockserver check openapi.yaml         problems of the document, and where they are
    mockserver explain openapi.yaml       what the mock infers from it, and why

    Exit codes: 0 success, 1 a check found something, 2 the command could not run.
    """


ALIASES = {"complaints": "client-lint"}
_THEMES = {
    "Mock an API": (
        ("serve", "serve", "", "Serve a stateful mock of SPEC."),
        ("explain", "explain", "", "Show what the mock infers from SPEC, and why."),
        ("check", "check", "", "List problems of SPEC, and what a mock can't honour."),
        ("config", "config", "", "Check mockserver.toml, or print its JSON Schema."),
        ("proxy", "proxy", "", "Proxy a real server and check both ways by SPEC."),
        ("record", "record", "", "Proxy a real server and record its responses."),
        ("client-lint", "client_lint", "", "List what clients of a running mock do badly."),
        ("mcp", "mcp", "mcp", "Let an agent start and use mocks (Model Context Protocol)."),
    ),
    "Test a server": (
        ("test", "test", "verify", "Test a server against SPEC: conformance and lifecycles."),
        ("fuzz", "fuzz", "verify", "Fuzz a server at a limited rate, and clean up."),
        ("replay", "replay", "verify", "Replay a recorded failure: fixed, failing or flaky?"),
    ),
    "Compare mock and server": (
        ("diff", "diff", "verify", "Send the same requests to a mock of SPEC and to the real API."),
        ("drift", "diff", "verify", "Show what changed between two runs of diff."),
        ("calibrate", "diff", "verify", "Write a calibration file from a run of diff or a HAR."),
    ),
}
"""By theme: name, module in this package, the extra that it needs, help."""

for _commands in _THEMES.values():
    for _name, _module, _needs, _help in _commands:
        cli.add_command(Deferred(_name, f"{__name__}.{_module}", _needs, _help))


def main(args: list[str] | None = None) -> None:
    """Run the `mockserver` command."""
    if isinstance(sys.stdout, TextIOWrapper):
        # What a server says may have no spelling in UTF-8, or a terminal none for it.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(args, prog_name="mockserver", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = error.exit_code
    except click.ClickException as error:
        status = _complain(_message(error), error.exit_code)
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
            f"this is a bug, please report it: {reason} ({TRACEBACK}=1 shows the traceback)", 2
        )
    sys.exit(status if isinstance(status, int) else 0)


def _message(error: click.ClickException) -> str:
    """The message of a usage error, with a pointer to the command's help."""
    from mockserver.server.settings import plainly  # not needed where all is well

    words = plainly(error.format_message()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{words}; see {context.command_path} --help" if context is not None else words


def _complain(text: str, status: int) -> int:
    line = " ".join(text.split())
    click.echo(f"mockserver: {line}", err=True)
    return status
