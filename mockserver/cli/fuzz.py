"""`mockserver fuzz`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click

from mockserver.cli.options import (
    CONTEXT,
    ledger_option,
    quiet_option,
    sandbox_for,
    sandbox_options,
    timeout_option,
)


@click.command(context_settings=CONTEXT)
@click.argument("spec", default="feather")
@click.option("--url", envvar="STAGING_URL", default="", help="URL of the API.")
@click.option("--api-key", "key", envvar="STAGING_API_KEY", default="", help="The API key.")
@sandbox_options
@click.option(
    "--rate", type=click.FloatRange(0.01, 1000), help="Maximum requests per second  [default: 5]."
)
@click.option("--max-time", default=300.0, show_default=True, type=click.FloatRange(1))
@click.option("--seed", default=1, show_default=True)
@timeout_option
@ledger_option("fuzz-ledger.ndjson")
@click.option("--report-dir", default="", help="Folder for reports and reproductions.")
@quiet_option
def fuzz(spec: str, **given: Any) -> None:
    """Fuzz the server at --url at a limited rate, and remove what was created.

    It changes and removes only what it created itself. The plan is printed first.

    Exit codes: 0 no findings, 1 the contract is broken, 2 the server could not be tested, 130 and
    143 interrupted (by SIGINT, SIGTERM).

    \b
    Examples:
      mockserver fuzz --url https://staging.example.com --allow-host staging.example.com --dry-run
      mockserver fuzz --cleanup fuzz-ledger.ndjson --url https://staging.example.com
    """
    defaults = {"default_key": "", "default_ledger": "fuzz-ledger.ndjson"}
    with sandbox_for("fuzz", given, **defaults) as sandbox:
        from mockserver.verify.fuzz import run_fuzz

        sys.exit(run_fuzz(spec, given, replace(sandbox, rate=sandbox.rate or 5.0)))
