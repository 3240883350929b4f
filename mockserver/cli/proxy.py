"""`mockserver proxy`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from mockserver.cli.options import CONTEXT, collector_paused, complete_spec, listening_options, say
from mockserver.errors import UsageError


@click.command(
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver proxy https://sandbox.example.com openapi.yaml
      mockserver proxy http://127.0.0.1:3000 openapi.yaml --errors
    """,
)
@click.argument("url")
@click.argument("spec", required=False, shell_complete=complete_spec)
@listening_options
@click.option("--errors", is_flag=True, help="Treat violations of SPEC as errors.")
@click.option("--quiet", is_flag=True, help="Do not log requests.")
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", help="Format of the request log."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file that can set SPEC.  [default: ./mockserver.toml, if it exists]",
)
def proxy(
    url: str,
    spec: str | None,
    host: str,
    port: int,
    errors: bool,
    quiet: bool,
    log: Literal["text", "json"],
    config: Path | None,
) -> None:
    """Forward requests to the server at URL, and validate requests and responses against SPEC.

    Violations are logged, kept in the journal under /__mock__/, and sent in the header
    X-Mock-Violations of the response. With --errors an invalid request is refused, and an invalid
    response is a 502.
    """
    with collector_paused():
        from mockserver.server.config_file import read_config, read_url
        from mockserver.server.mock import Options
        from mockserver.server.service import Serving, serve

    document = spec or read_config(config).spec
    if document is None:
        raise UsageError("proxy checks by a document: mockserver proxy URL openapi.yaml")
    options = Options(upstream=read_url("URL", url), proxy=True, errors=errors)
    serving = Serving(document, host, port, options, quiet=quiet, log=log)
    serve(lambda: serving, say)
