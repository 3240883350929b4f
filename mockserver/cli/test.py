"""`mockserver test`."""

from __future__ import annotations

import sys
from typing import Any

import click

from mockserver.cli.options import CONTEXT, KEY_HELP, headers_of, require_extra, sandbox_options

PARTS = ("conformance", "lifecycle")


@click.command(context_settings=CONTEXT)
@click.argument("spec", default="feather")
@click.option("--url", default="", help="Where the API answers.")
@click.option("--api-key", "key", envvar="API_KEY", default=None, help=KEY_HELP)
@click.option("--other-key", envvar="OTHER_API_KEY", default="", help="A second tenant's key.")
@sandbox_options
@click.option("--only", type=click.Choice(PARTS), help="One part alone.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same requests.")
@click.option(
    "--max-examples", default=25, show_default=True, type=click.IntRange(1), help="An operation."
)
@click.option(
    "--include-path-regex", "include_regex", default="", help="Conformance of these paths."
)
@click.option("--max-time", default=0, type=click.IntRange(0), help="Seconds for each part.")
@click.option("--rate", type=click.FloatRange(0.01, 1000), help="Requests a second, at most.")
@click.option("--timeout", type=float, help="Seconds for one whole answer  [default: 10].")
@click.option("--ledger", default="", help="What it made  [default: mockserver-ledger.ndjson].")
@click.option("--patience", default=60.0, show_default=True, help="Seconds to wait for jobs.")
@click.option("--report-dir", default="", help="JUnit, HAR, NDJSON and HTML go here.")
@click.option("--baseline", default="", help="Known failures that are accepted.")
@click.option("--write-baseline", default="", help="Write what is found as a baseline.")
@click.option("--write-config", default="", help="Write a schemathesis.toml for SPEC and stop.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def test(spec: str, **given: Any) -> None:
    """Judge the server at --url by SPEC: its contract, and how its things live.

    SPEC is feather (the default), speechify, speechify-legacy or truestate, or the path or
    address of an OpenAPI document.

    What is made on a real server is written to a ledger and removed; what others made is left
    alone, and so is what acts on many things at once, unless --allow names it.

    Exit codes: 0 all is well, 1 the contract is broken, 2 it could not be judged, 130 and 143
    interrupted (by SIGINT, SIGTERM).

    \b
    Examples:
      mockserver test --url http://127.0.0.1:8000
      mockserver test openapi.yaml --url https://sandbox.example.com --api-key "$KEY"
    """
    require_extra("mockserver test")
    from mockserver.server.settings import naming_config, read_config
    from mockserver.verify.judgement import run_test
    from mockserver.verify.sandbox import sandbox_of

    given["headers"] = headers_of(given["headers"])
    config = read_config(given["config"])
    with naming_config(config.path):
        sandbox = sandbox_of(given, config.verify, config.overrides)
        sys.exit(run_test(spec, given, sandbox))
