"""The commands `test` and `fuzz`."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import click

from mockserver.errors import MissingExtra, UsageError

KEY_HELP = "The API key [default: API_KEY, else mock-key]."
PARTS = ("conformance", "lifecycle")


def require_extra(what: str) -> None:
    """Raises MissingExtra if what the judges need is not installed."""
    for module in ("schemathesis", "openapi_core", "hypothesis"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(what, "verify")


def headers_of(given: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for line in given:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise UsageError(f"--header {line!r} is no header; write it as 'Name: value'")
        headers[name.strip()] = value.strip()
    return headers


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("spec", default="feather")
@click.option("--url", default="", help="Where the API answers.")
@click.option("--api-key", "key", envvar="API_KEY", default="mock-key", help=KEY_HELP)
@click.option("--other-key", envvar="OTHER_API_KEY", default="", help="A second tenant's key.")
@click.option("--header", "-H", "headers", multiple=True, help="Sent with every request.")
@click.option("--only", type=click.Choice(PARTS), help="One part alone.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same requests.")
@click.option(
    "--max-examples", default=25, show_default=True, type=click.IntRange(1), help="An operation."
)
@click.option("--include-path-regex", "include", default="", help="Conformance of these paths.")
@click.option("--max-time", default=0, type=click.IntRange(0), help="Seconds for conformance.")
@click.option("--timeout", default=10.0, show_default=True, help="Seconds for one answer.")
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

    Exit codes: 0 all is well, 1 the contract is broken, 2 it could not be judged.

    \b
    Examples:
      mockserver test --url http://127.0.0.1:8000
      mockserver test openapi.yaml --url https://sandbox.example.com --api-key "$KEY"
    """
    require_extra("mockserver test")
    from .testing import run_test

    if not given["url"] and not given["write_config"]:
        raise UsageError("--url is missing: say where the API answers, --url http://127.0.0.1:8000")
    given["headers"] = headers_of(given["headers"])
    sys.exit(run_test(spec, given))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
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
    from .fuzzing import run_fuzz

    given["headers"] = headers_of(given["headers"])
    sys.exit(run_fuzz(spec, given))
