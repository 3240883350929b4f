"""`mockserver record`."""

from __future__ import annotations

from pathlib import Path

import click

from mockserver.cli.options import CONTEXT
from mockserver.errors import UsageError
from mockserver.files.reading import without_secrets
from mockserver.files.wording import counted
from mockserver.server.asgi.uvicorn import bind, make_server, url_of
from mockserver.server.config_file import read_url
from mockserver.server.record import Recorder, refuse
from mockserver.server.service import log_to_stderr


@click.command(
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver record --real https://sandbox.example.com
      mockserver record --real https://sandbox.example.com/v1 --port 9000 --output runs.har
      mockserver serve openapi.yaml --har runs.har
    """,
)
@click.option("--real", required=True, metavar="URL", help="URL of the real server.")
@click.option("--host", default="127.0.0.1", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    help="Port to listen on; 0 takes any free one.  [default: 8000]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("recording.har"),
    metavar="FILE",
    help="File for the recorded exchanges.  [default: recording.har]",
)
def record(real: str, host: str, port: int, output: Path) -> None:
    """Record the responses of a real server, as a proxy in front of it.

    Point a client at this address instead of the server's. The exchanges are written to an HTTP
    archive (HAR), with credentials and secret fields masked; a mock can be seeded from it
    (mockserver serve --har FILE).
    """
    read_url("--real", real)
    if output.exists():
        raise UsageError(f"--output {output}: the file exists; give another or remove it")
    log_to_stderr()
    recorder = Recorder(real, output)
    recorder.write()  # fail now if the file can't be written
    sockets = bind(host, port)
    url = url_of(sockets, host)

    def announce() -> None:
        click.echo(
            f"{url} forwards to {without_secrets(real)} and writes {output}; Ctrl-C stops it."
        )

    server = make_server(
        recorder, refuse, on_listening=announce, background=[recorder.keep_written]
    )
    try:
        server.run(sockets=sockets)
    finally:
        for opened in sockets:
            opened.close()
        recorder.write()
    count = len(recorder.entries)
    click.echo(f"{counted(count, 'exchange')} in {output}")
