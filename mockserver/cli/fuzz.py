"""`mockserver fuzz`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click

from mockserver.cli.options import CONTEXT, headers_of, require_extra, sandbox_options


@click.command(context_settings=CONTEXT)
@click.argument("spec", default="feather")
@click.option("--url", envvar="STAGING_URL", default="", help="Where the API answers.")
@click.option("--api-key", "key", envvar="STAGING_API_KEY", default="", help="The API key.")
@sandbox_options
@click.option(
    "--rate", type=click.FloatRange(0.01, 1000), help="Requests a second, at most  [default: 5]."
)
@click.option("--max-time", default=300.0, show_default=True, type=click.FloatRange(1))
@click.option("--seed", default=1, show_default=True)
@click.option("--timeout", type=float, help="Seconds for one whole answer  [default: 10].")
@click.option("--ledger", default="", help="What it made  [default: fuzz-ledger.ndjson].")
@click.option("--report-dir", default="", help="Reports and reproductions go here.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def fuzz(spec: str, **given: Any) -> None:
    """Fuzz the server at --url politely, and remove what was made.

    It changes and removes only what it made itself. The plan is printed first.

    Exit codes: 0 all is well, 1 the contract is broken, 2 it could not be judged, 130 and 143
    interrupted (by SIGINT, SIGTERM).

    \b
    Examples:
      mockserver fuzz --url https://staging.example.com --allow-host staging.example.com --dry-run
      mockserver fuzz --cleanup fuzz-ledger.ndjson --url https://staging.example.com
    """
    require_extra("mockserver fuzz")
    from mockserver.server.settings import naming_config, read_config
    from mockserver.verify.fuzz.run import run_fuzz
    from mockserver.verify.sandbox import sandbox_of

    given["headers"] = headers_of(given["headers"])
    given |= {"default_key": "", "default_ledger": "fuzz-ledger.ndjson"}
    config = read_config(given["config"])
    with naming_config(config.path):
        sandbox = sandbox_of(given, config.verify, config.overrides)
        sandbox = replace(sandbox, rate=sandbox.rate or 5.0)
        sys.exit(run_fuzz(spec, given, sandbox))
