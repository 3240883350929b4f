"""`mockserver client-lint`: what the clients of a running mock do badly."""

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
    "client-lint",
    epilog="""\b
    Examples:
      mockserver client-lint
      mockserver client-lint --url http://127.0.0.1:8001 --tenant mock-ci
      mockserver client-lint --json | jq '.findings[].kind'
    """,
)
@click.option(
    "--url",
    default="http://127.0.0.1:8000",
    help="Where the mock listens.  [default: http://127.0.0.1:8000]",
)
@click.option("--tenant", metavar="KEY", help="Only what was sent with this credential.")
@click.option("--control-token", metavar="TOKEN", help="What the server was started with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def client_lint(url: str, tenant: str | None, control_token: str | None, as_json: bool) -> None:
    """Find what the clients of a running mock do badly.

    It reads the journal: who asked again before Retry-After had passed, kept asking for a job
    that had ended, did nothing about a child that failed, repeated a POST without its
    idempotency key, or left a job behind. It exits with 1 if it finds anything.
    """
    found = _asked(url, tenant, control_token)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for each in found["findings"]:
            calls = ", ".join(map(str, each["calls"]))
            click.echo(plain(f"{each['kind']}: {each['text']} ({each['tenant']}, calls {calls})"))
        count = len(found["findings"])
        said = {0: "no findings", 1: "1 finding"}.get(count, f"{count} findings")
        exchanges = found["exchanges"]
        click.echo(f"{said} in {exchanges} exchange{'' if exchanges == 1 else 's'}")
    if found["findings"]:
        sys.exit(1)


def _asked(url: str, tenant: str | None, token: str | None) -> Any:
    """Raises UsageError if nobody answers there, or something else does."""
    headers = {"x-mock-token": token} if token else {}
    query = {"tenant": tenant} if tenant else {}
    address = f"{url.rstrip('/')}/__mock__/client-lint"
    try:
        reply = httpx.get(address, params=query, headers=headers, timeout=WAIT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise UsageError(f"no mock answers on {url}: {reason}; name another by --url") from None
    try:
        found = reply.json()
    except ValueError:
        found = None
    if reply.status_code == 200 and isinstance(found, dict) and "findings" in found:
        return found
    said = found.get("error") if isinstance(found, dict) else None
    if reply.status_code == 404 or not isinstance(said, str):
        said = "this is no admin API of a mock"
    raise UsageError(f"{address} answers {reply.status_code}: {said}")
