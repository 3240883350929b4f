"""`mockserver complaints`: what the clients of a running mock do badly."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
import httpx

from mockserver.errors import UsageError
from mockserver.server.terminal import plain

WAIT = 30.0


@click.command(
    epilog="""\b
    Examples:
      mockserver complaints
      mockserver complaints --url http://127.0.0.1:8001 --tenant mock-ci
      mockserver complaints --json | jq '.complaints[].kind'
    """
)
@click.option(
    "--url",
    default="http://127.0.0.1:8000",
    help="Where the mock listens.  [default: http://127.0.0.1:8000]",
)
@click.option("--tenant", metavar="KEY", help="Only what was sent with this credential.")
@click.option("--control-token", metavar="TOKEN", help="What the server was started with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def complaints(url: str, tenant: str | None, control_token: str | None, as_json: bool) -> None:
    """Say what the clients of a running mock do badly.

    It looks at the journal: who asked again before Retry-After had passed, kept asking for a job
    that had ended, did nothing about a child that failed, repeated a POST without its
    idempotency key, or left a job behind. It exits with 1 if there is any.
    """
    found = _asked(url, tenant, control_token)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for each in found["complaints"]:
            calls = ", ".join(map(str, each["calls"]))
            click.echo(plain(f"{each['kind']}: {each['text']} ({each['tenant']}, calls {calls})"))
        count = len(found["complaints"])
        said = {0: "no complaints", 1: "1 complaint"}.get(count, f"{count} complaints")
        exchanges = found["exchanges"]
        click.echo(f"{said} about {exchanges} exchange{'' if exchanges == 1 else 's'}")
    if found["complaints"]:
        sys.exit(1)


def _asked(url: str, tenant: str | None, token: str | None) -> Any:
    """Raises UsageError if nobody answers there, or something else does."""
    headers = {"x-mock-token": token} if token else {}
    query = {"tenant": tenant} if tenant else {}
    address = f"{url.rstrip('/')}/__mock__/complaints"
    try:
        reply = httpx.get(address, params=query, headers=headers, timeout=WAIT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise UsageError(f"no mock answers on {url}: {reason}; name another by --url") from None
    try:
        found = reply.json()
    except ValueError:
        found = None
    if reply.status_code == 200 and isinstance(found, dict) and "complaints" in found:
        return found
    said = found.get("error") if isinstance(found, dict) else None
    if reply.status_code == 404 or not isinstance(said, str):
        said = "this is no control plane of a mock"
    raise UsageError(f"{address} answers {reply.status_code}: {said}")
