"""The command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

import mockserver
from mockserver.errors import MissingExtra, MockServerError

if TYPE_CHECKING:
    from mockserver.server.settings import Setting

_F = TypeVar("_F", bound=Callable[..., Any])
# Set, it lets an unexpected error show where it came from.
TRACEBACK = "MOCKSERVER_TRACEBACK"
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


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
            found = getattr(import_module(self._module), str(self.name))
        except ModuleNotFoundError as error:
            if error.name is not None and error.name.partition(".")[0] == "mockserver":
                raise MockServerError(f"mockserver {self.name} is still to come") from None
            raise MissingExtra(f"mockserver {self.name}", self._needs) from None
        assert isinstance(found, click.Command)
        return found


@click.group(context_settings=_CONTEXT)
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


def complete_spec(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """What SPEC may be: a built-in API, or a file."""
    from mockserver.server.documents import NAMES

    named = [CompletionItem(name) for name in NAMES if name.startswith(incomplete)]
    return named or [CompletionItem(incomplete, type="file")]


def serve_options(command: _F) -> _F:
    """Every setting as an option. One that is not given has no value: the file may have it."""
    from mockserver.server.settings import SETTINGS

    for setting in reversed(SETTINGS):
        command = _option(setting)(command)
    return command


def _option(setting: Setting) -> Callable[[_F], _F]:
    default = setting.shown
    shown = f"  [default: {default}]" if default not in (None, "", (), False) else ""
    if setting.flag:
        return click.option(f"--{setting.name}", is_flag=True, default=None, help=setting.help)
    return click.option(
        f"--{setting.name}",
        setting.key,
        type=setting.type,
        multiple=setting.many,
        metavar=setting.metavar,
        help=setting.help + shown,
    )


@cli.command(
    epilog="""\b
    Examples:
      mockserver serve
      mockserver serve openapi.yaml --port 8080 --reload
      mockserver serve --clock manual --seed 7
      mockserver serve feather speechify truestate --prefix
      mockserver serve --state worlds.json --api-key "$STAGING_KEY"
    """
)
@click.argument("specs", metavar="[SPEC]...", nargs=-1, shell_complete=complete_spec)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Defaults for these options, and corrections.  [default: ./mockserver.toml, if it exists]",
)
@serve_options
@click.pass_context
def serve(
    ctx: click.Context, /, specs: tuple[str, ...], config: Path | None, **values: Any
) -> None:
    """Serve a mock of SPEC that remembers what it is told.

    SPEC is a built-in API (feather, the default), or the path or URL of an OpenAPI 3 or Swagger 2
    document in JSON or YAML. Each key that begins with mock- has a world of its own, with its
    own data and clock. What goes on inside shows under /__mock__/. Of several SPECs each has a port
    of its own, counted up from --port, or with --prefix a path of its own, such as /feather.
    """
    from mockserver.server.serve import Serving, serving_of
    from mockserver.server.settings import read_config
    from mockserver.server.several import serve_all

    given = {
        name: value
        for name, value in values.items()
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
    }

    def resolve() -> list[Serving]:
        found = read_config(config)
        return [serving_of({**given, **spec}, found) for spec in asked]

    asked = [{"spec": spec} for spec in specs] or [{}]
    serve_all(resolve, say)


@cli.command(
    epilog="""\b
    Examples:
      mockserver check openapi.yaml
      mockserver check https://example.com/openapi.json --json | jq .notes
    """
)
@click.argument("specs", metavar="[SPEC]...", nargs=-1, shell_complete=complete_spec)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--strict", is_flag=True, help="Exit with 1 for a warning too, not for an error only."
)
def check(specs: tuple[str, ...], as_json: bool, strict: bool) -> None:
    """Say whether SPEC is sound, and what of it a mock can't honour.

    SPEC is a built-in API (feather, the default), or the path or URL of an OpenAPI 3 or Swagger 2
    document. Each line has its place in the document; it exits with 1 if there is an error. Of
    several, JSON is an object by their names.
    """
    from mockserver.server.check import check_document, render_check
    from mockserver.server.documents import DEFAULT_SPEC, as_document, naming

    found = {}
    for name in specs or (DEFAULT_SPEC,):
        lost: list[str] = []
        document = as_document(name, lost)
        with naming(name, document):
            found[name] = check_document(document, lost)
        if not as_json:
            render_check(name, found[name])
    if as_json:
        shown: Any = {name: checked.as_json() for name, checked in found.items()}
        if len(found) == 1:
            (shown,) = shown.values()
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    if any(checked.failed(strict) for checked in found.values()):
        sys.exit(1)


@cli.command(
    epilog="""\b
    Examples:
      mockserver explain
      mockserver explain openapi.yaml --json | jq '.operations.createWidget'
    """
)
@click.argument("spec", required=False, shell_complete=complete_spec)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Corrections.  [default: ./mockserver.toml, if it exists]",
)
def explain(spec: str | None, as_json: bool, config: Path | None) -> None:
    """Print what a mock makes of SPEC: resources, what each operation does, and why.

    SPEC is a built-in API (feather, the default), or the path or URL of an OpenAPI 3 or Swagger 2
    document. A wrong guess is put right in mockserver.toml.
    """
    from mockserver.server.explaining import explained, print_plan
    from mockserver.server.settings import read_config

    found = explained(spec, read_config(config))
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        print_plan(found)


cli.add_command(
    Deferred(
        "test",
        "mockserver.verify.commands",
        "verify",
        "Test any server against SPEC: conformance and lifecycles.",
    )
)
cli.add_command(
    Deferred(
        "fuzz",
        "mockserver.verify.commands",
        "verify",
        "Fuzz any server, politely, and clean up behind.",
    )
)
cli.add_command(
    Deferred(
        "diff",
        "mockserver.verify.diff.commands",
        "verify",
        "Send the same sequences to a mock of SPEC and to the real API; where do they part?",
    )
)
cli.add_command(
    Deferred(
        "drift",
        "mockserver.verify.diff.commands",
        "verify",
        "Say what has changed between two differential runs.",
    )
)
cli.add_command(
    Deferred(
        "calibrate",
        "mockserver.verify.diff.commands",
        "verify",
        "Turn a differential run into a lock file that the mock follows.",
    )
)


cli.add_command(
    Deferred(
        "complaints",
        "mockserver.server.complaining",
        "",
        "Say what the clients of a running mock do badly.",
    )
)


cli.add_command(
    Deferred(
        "record",
        "mockserver.server.recording",
        "",
        "Stand before a real server, and write down what it answers.",
    )
)


def say(text: str) -> None:
    """Print for the user; a reader who has gone away is no reason to stop."""
    try:
        click.echo(text)
    except BrokenPipeError:
        _silence_stdout()


def _silence_stdout() -> None:
    # Otherwise Python flushes the rest at exit and complains about it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
        status = _complain("interrupted", 1)
    except BrokenPipeError:
        _silence_stdout()
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
