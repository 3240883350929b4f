"""The commands `diff`, `drift` and `calibrate`."""

from __future__ import annotations

import sys
from typing import Any

import click

from mockserver.cli.options import CONTEXT, KEY_HELP, headers_of, require_extra

_CONTEXT = CONTEXT


@click.command(context_settings=_CONTEXT)
@click.argument("spec", default="feather")
@click.option("--real", required=True, metavar="URL", help="Where the real API answers.")
@click.option("--mock", default="", metavar="URL", help="A running mock  [default: its own].")
@click.option("--api-key", "key", envvar="API_KEY", default="mock-key", help=KEY_HELP)
@click.option("--header", "-H", "headers", multiple=True, help="Sent to the real side.")
@click.option("--allow-host", "allowed", multiple=True, help="A host beside the document's.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same sequences.")
@click.option(
    "--examples",
    default=50,
    show_default=True,
    type=click.IntRange(0),
    help="Sequences by chance, after those that cover the document.",
)
@click.option(
    "--rate",
    default=0.0,
    type=click.FloatRange(0, 1000),
    help="Requests a second to the real side  [default: 5; none on this machine].",
)
@click.option("--timeout", default=10.0, show_default=True, help="Seconds for one answer.")
@click.option("--patience", default=30.0, show_default=True, help="Seconds to wait for a job.")
@click.option(
    "--ledger", default="diff-ledger.ndjson", show_default=True, help="What it made there."
)
@click.option("--leave-behind", is_flag=True, help="Make what can't be removed, too.")
@click.option(
    "--max-differences", "most", default=200, show_default=True, help="Stop after so many."
)
@click.option(
    "--calibration",
    "--lock",
    "lock",
    default="",
    metavar="FILE",
    help="A calibration file: the mock follows it, and what it lists is no new difference.",
)
@click.option("--report-dir", default="", help="JSON, HTML and curl scripts go here.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def diff(spec: str, **given: Any) -> None:
    """Send the same sequences to the mock of SPEC and to the real API, and say where they part.

    What is made on the real side is written to a ledger and removed. Ids, timestamps, cursors and
    tokens are told apart by where they come from; how long jobs take does not matter.

    Exit codes: 0 no differences, 1 differences, 2 it could not be judged.

    \b
    Examples:
      mockserver diff openapi.yaml --real http://127.0.0.1:8080
      mockserver diff --real https://sandbox.example.com --allow-host sandbox.example.com \\
        --api-key "$KEY" --report-dir fidelity
    """
    require_extra("mockserver diff")
    from mockserver.verify.diff.run import Order, run_diff

    quiet = given.pop("quiet")
    given["headers"] = headers_of(given["headers"])
    sys.exit(run_diff(Order(spec, **given), quiet))


@click.command(context_settings=_CONTEXT)
@click.argument("old")
@click.argument("new")
def drift(old: str, new: str) -> None:
    """Say what has changed between two runs of mockserver diff.

    OLD and NEW are fidelity.json files. Changes of the document stand beside the behaviour that
    they touch.

    Exit codes: 0 nothing has changed, 1 something has, 2 a file is no report.

    \b
    Example:
      mockserver drift fidelity/history/20260101T000000-*.json fidelity/fidelity.json
    """
    from mockserver.verify.diff.calibrate import read_report
    from mockserver.verify.diff.drift import drift_of, lines

    found = drift_of(read_report(old), read_report(new))
    for line in lines(found):
        click.echo(line)
    sys.exit(1 if found else 0)


@click.command(context_settings=_CONTEXT)
@click.argument("source")
@click.option("--spec", default="", help="The document that a recording is of.")
@click.option("--output", "-o", default="mockserver.lock.toml", show_default=True, metavar="FILE")
def calibrate(source: str, spec: str, output: str) -> None:
    """Write a calibration file from SOURCE, for you to review.

    SOURCE is the fidelity.json of a run of diff or, with --spec, a recording of the real API
    (mockserver record, or any HAR file).

    What a mock can follow becomes rules, which mockserver serve --calibration follows. The rest is
    known, and mockserver diff --calibration reports only what is new.

    \b
    Example:
      mockserver calibrate fidelity/fidelity.json
      mockserver calibrate recording.har --spec openapi.yaml
      mockserver serve openapi.yaml --calibration mockserver.lock.toml
    """
    require_extra("mockserver calibrate")
    from mockserver.verify.diff.calibrate import calibrate as calibrated
    from mockserver.verify.diff.calibrate.from_har import calibrate_recording

    found = calibrate_recording(source, spec, output) if spec else calibrated(source, output)
    click.echo(f"{output}: {found.rules} rules, {len(found.known)} known differences")
