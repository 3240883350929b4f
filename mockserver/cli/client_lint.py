"""`mockserver client-lint`: find bad behaviour of a running mock's clients."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
import httpx

from mockserver.errors import UsageError
from mockserver.files.wording import counted
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
    help="URL of the mock.  [default: http://127.0.0.1:8000]",
)
@click.option("--tenant", metavar="KEY", help="Only requests with this credential.")
@click.option("--control-token", metavar="TOKEN", help="The server's --control-token.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def client_lint(url: str, tenant: str | None, control_token: str | None, as_json: bool) -> None:
    """Find bad behaviour of a running mock's clients.

    It reads the journal for clients that retry before Retry-After has passed, keep polling an ended
    job, ignore a failed child, repeat a POST without its idempotency key, or leave a job
    unfinished. Exits with 1 if it finds anything.
    """
    found = _fetch(url, tenant, control_token)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for each in found["findings"]:
            calls = ", ".join(map(str, each["calls"]))
            click.echo(plain(f"{each['kind']}: {each['text']} ({each['tenant']}, calls {calls})"))
        count = len(found["findings"])
        text = counted(count, "finding") if count else "no findings"
        exchanges = found["exchanges"]
        click.echo(f"{text} in {counted(exchanges, 'exchange')}")
    if found["findings"]:
        sys.exit(1)


def _fetch(url: str, tenant: str | None, token: str | None) -> Any:
    """The findings. Raises UsageError if no mock responds at `url`."""
    headers = {"x-mock-token": token} if token else {}
    query = {"tenant": tenant} if tenant else {}
    address = f"{url.rstrip('/')}/__mock__/client-lint"
    try:
        reply = httpx.get(address, params=query, headers=headers, timeout=WAIT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise UsageError(f"no mock responds at {url}: {reason}; give another with --url") from None
    try:
        found = reply.json()
    except ValueError:
        found = None
    if reply.status_code == 200 and isinstance(found, dict) and "findings" in found:
        return found
    text = found.get("error") if isinstance(found, dict) else None
    if reply.status_code == 404 or not isinstance(text, str):
        text = "this is not the admin API of a mock"
    raise UsageError(f"{address} returned {reply.status_code}: {text}")
