"""The command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

import mockserver
from mockserver.errors import MockServerError

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_CONTEXT)
@click.version_option(mockserver.__version__, prog_name="mockserver")
def cli() -> None:
    """A mock that behaves: a stateful stand-in for any API with an OpenAPI document."""


@cli.command()
@click.argument("spec", default="feather")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--seed", default=0, show_default=True)
@click.option("--clock", default="real", show_default=True, type=click.Choice(["real", "manual"]))
@click.option("--pace", default=1.0, show_default=True)
@click.option("--api-key", "keys", multiple=True)
@click.option("--max-worlds", default=1000, show_default=True)
@click.option("--control-token", default="")
def serve(spec: str, **given: Any) -> None:
    """Serve a mock of SPEC."""
    from mockserver.server.mock import Options
    from mockserver.server.serve import Serving
    from mockserver.server.serve import serve as run

    options = Options(
        **{name: given.pop(name) for name in ("seed", "clock", "pace", "keys", "max_worlds")}
    )
    run(Serving(spec=spec, options=options, **given), click.echo)


def main() -> None:
    """The `mockserver` command."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except MockServerError as error:
        click.echo(f"mockserver: {error}", err=True)
        sys.exit(2)
