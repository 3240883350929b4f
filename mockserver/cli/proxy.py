"""`mockserver proxy`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from mockserver.cli.options import CONTEXT, collector_paused, complete_spec, say
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
@click.option("--host", default="127.0.0.1", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    help="Port to listen on; 0 takes any free one.  [default: 8000]",
)
@click.option("--errors", is_flag=True, help="What does not fit SPEC is an error, not a note.")
@click.option("--quiet", is_flag=True, help="Write no line for each request.")
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", help="How requests are written."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where SPEC may stand.  [default: ./mockserver.toml, if it exists]",
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
    """Pass requests on to the server at URL, and check both ways by SPEC.

    What does not fit is in the log, in the journal under /__mock__/ and in the header
    X-Mock-Violations of the response. With --errors a request that does not fit is refused, and a
    response that does not is a 502.
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
