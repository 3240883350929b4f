"""`mockserver mcp`: mocks for agents."""

from __future__ import annotations

import click

from mockserver.cli.mcp.mocks import Mocks
from mockserver.cli.mcp.tools import mcp_server
from mockserver.cli.options import CONTEXT


@click.command(
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver mcp
      mockserver mcp --http --port 8010
    """,
)
@click.option("--http", is_flag=True, help="Use streamable HTTP on this machine instead of stdio.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8010,
    help="Port for --http.  [default: 8010]",
)
def mcp(http: bool, port: int) -> None:
    """Let an agent start and use mocks, through the Model Context Protocol.

    Add this command to the agent's configuration. It uses standard input and output, or with --http
    the URL http://127.0.0.1:PORT/mcp. The mocks that it starts end with it.
    """
    mocks = Mocks()
    server = mcp_server(mocks)
    try:
        if http:
            click.echo(f"http://127.0.0.1:{port}/mcp serves agents; Ctrl-C stops it.", err=True)
            server.run("streamable-http", host="127.0.0.1", port=port)
        else:
            server.run("stdio")
    finally:
        mocks.close()
