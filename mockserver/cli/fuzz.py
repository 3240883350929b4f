"""`mockserver fuzz`."""

from __future__ import annotations

import sys
from typing import Any

import click

from mockserver.cli.options import CONTEXT, headers_of, require_extra


@click.command(context_settings=CONTEXT)
@click.argument("spec", default="feather")
@click.option("--url", envvar="STAGING_URL", default="", help="Where the API answers.")
@click.option("--api-key", "key", envvar="STAGING_API_KEY", default="", help="The API key.")
@click.option("--header", "-H", "headers", multiple=True, help="Sent with every request.")
@click.option("--allow-host", "allowed", multiple=True, help="A host beside the document's.")
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@click.option("--rate", default=5.0, show_default=True, type=click.FloatRange(0.01, 1000))
@click.option("--max-time", default=300.0, show_default=True, type=click.FloatRange(1))
@click.option("--seed", default=1, show_default=True)
@click.option("--timeout", default=10.0, show_default=True, help="Seconds for one answer.")
@click.option("--ledger", default="fuzz-ledger.ndjson", show_default=True, help="What it made.")
@click.option("--report-dir", default="", help="Reports and reproductions go here.")
@click.option("--cleanup", default="", metavar="LEDGER", help="Only remove what is in it.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def fuzz(spec: str, **given: Any) -> None:
    """Fuzz the server at --url politely, and remove what was made.

    It changes and removes only what it made itself. The plan is printed first.

    Exit codes: 0 all is well, 1 the contract is broken, 2 it could not be judged.

    \b
    Examples:
      mockserver fuzz --url https://staging.example.com --allow-host staging.example.com --dry-run
      mockserver fuzz --cleanup fuzz-ledger.ndjson --url https://staging.example.com
    """
    require_extra("mockserver fuzz")
    from mockserver.verify.fuzz.run import run_fuzz

    given["headers"] = headers_of(given["headers"])
    sys.exit(run_fuzz(spec, given))
