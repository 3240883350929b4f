"""`mockserver replay`."""

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
    server_options,
    timeout_option,
)


@click.command(context_settings=CONTEXT)
@click.argument("recording")
@click.option("--url", default="", help="URL of the API.")
@click.option(
    "--from",
    "from_",
    default="",
    metavar="FAILURE",
    help="A finding's id or rule, or the number of the exchange that shows the failure.",
)
@click.option("--spec", default="", help="The document; creations can then be removed.")
@api_key_option
@other_key_option
@server_options
@click.option("--leave-behind", is_flag=True, help="Without SPEC: leave what it creates.")
@click.option(
    "--repeat", default=3, show_default=True, type=click.IntRange(1, 100), help="Times to replay."
)
@rate_option
@timeout_option
@click.option(
    "--patience",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds of recorded pauses to keep.",
)
@ledger_option("replay-ledger.ndjson")
@quiet_option
def replay(recording: str, **given: Any) -> None:
    """Replay a recorded failure against the server at --url: is it fixed?

    RECORDING is the exchanges.ndjson of a report of test or fuzz, or any HAR file. Without --from,
    it is its only finding, or its last response with a 5xx. Ids are those of the server, times do
    not matter.

    Exit codes: 0 fixed, 1 failing or flaky, 2 the failure could not be reached, 130 and 143
    interrupted (by SIGINT, SIGTERM).

    \b
    Examples:
      mockserver replay report/exchanges.ndjson --url http://127.0.0.1:8000 --from 1f0c9a2b
      mockserver replay recording.har --spec openapi.yaml --url https://staging.example.com \\
        --allow-host staging.example.com --from 12
    """
    with sandbox_for("replay", given, default_ledger="replay-ledger.ndjson") as sandbox:
        from mockserver.verify.replay.run import run_replay

        sys.exit(run_replay(recording, given, sandbox))
