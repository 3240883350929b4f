"""`mockserver test`."""

from __future__ import annotations

import sys
from typing import Any

import click

from mockserver.cli.options import (
    CONTEXT,
    api_key_option,
    ledger_option,
    other_key_option,
    quiet_option,
    rate_option,
    sandbox_for,
    sandbox_options,
    timeout_option,
)


@click.command(context_settings=CONTEXT)
@click.argument("spec", default="feather")
@click.option("--url", default="", help="URL of the API.")
@api_key_option
@other_key_option
@sandbox_options
@click.option(
    "--only",
    default="",
    metavar="WHAT",
    help="conformance, lifecycle, or the id or rule of a finding in --report-dir.",
)
@click.option("--resume", is_flag=True, help="Go on with the run that the ledger is of.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same requests.")
@click.option(
    "--max-examples",
    default=25,
    show_default=True,
    type=click.IntRange(1),
    help="Examples for each operation.",
)
@click.option(
    "--include-path-regex",
    "include_regex",
    default="",
    help="Check conformance of these paths only.",
)
@click.option("--max-time", default=0, type=click.IntRange(0), help="Seconds for all parts.")
@rate_option
@timeout_option
@ledger_option("mockserver-ledger.ndjson")
@click.option("--patience", default=60.0, show_default=True, help="Seconds to wait for jobs.")
@click.option("--report-dir", default="", help="Folder for JUnit, SARIF, HAR, NDJSON and HTML.")
@click.option("--baseline", default="", help="File of accepted known failures.")
@click.option("--write-baseline", default="", help="Write the findings as a baseline.")
@click.option("--write-config", default="", help="Write a schemathesis.toml for SPEC, and exit.")
@quiet_option
def test(spec: str, **given: Any) -> None:
    """Test the server at --url against SPEC: conformance and lifecycles.

    SPEC is feather (the default), speechify, speechify-legacy or truestate, or the path or URL
    of an OpenAPI document.

    Creations on a real server are recorded in a ledger and removed. Other people's entities are
    left alone, and operations on many entities are not sent, unless --allow permits them.

    Exit codes: 0 no findings, 1 the contract is broken, 2 the server could not be tested, 130 and
    143 interrupted (by SIGINT, SIGTERM).

    \b
    Examples:
      mockserver test --url http://127.0.0.1:8000
      mockserver test openapi.yaml --url https://sandbox.example.com --api-key "$KEY"
      mockserver test --url http://127.0.0.1:8000 --report-dir report --only 1f0c9a2b
    """
    with sandbox_for("test", given) as sandbox:
        from mockserver.verify.run import run_test

        sys.exit(run_test(spec, given, sandbox))
