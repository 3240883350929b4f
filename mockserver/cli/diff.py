"""The commands `diff`, `drift` and `calibrate`."""

from __future__ import annotations

import sys
from typing import Any

import click

from mockserver.cli.options import (
    CONTEXT,
    api_key_option,
    ledger_option,
    quiet_option,
    require_extra,
    sandbox_for,
    settings_options,
)
from mockserver.errors import UsageError

_ONLY_HERE = ["mock", "seed", "examples", "patience", "leave_behind", "most", "shorten", "lock"]
_ONLY_HERE += ["report_dir"]


@click.command(context_settings=CONTEXT)
@click.argument("spec", default="feather")
@click.option("--real", "url", default="", metavar="URL", help="URL of the real API.")
@click.option(
    "--mock", default="", metavar="URL", help="URL of a running mock  [default: start one]."
)
@api_key_option
@settings_options
@click.option("--seed", default=1, show_default=True, help="Same seed, same sequences.")
@click.option(
    "--examples",
    default=50,
    show_default=True,
    type=click.IntRange(0),
    help="Number of random sequences, after those that cover the document.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1000),
    help="Requests per second to the real API  [default: 5; unlimited on this machine].",
)
@click.option("--timeout", type=float, help="Seconds for a response  [default: 10].")
@click.option("--patience", default=30.0, show_default=True, help="Seconds to wait for a job.")
@ledger_option("diff-ledger.ndjson")
@click.option("--leave-behind", is_flag=True, help="Also create what can't be removed.")
@click.option(
    "--max-differences", "most", default=200, show_default=True, help="Stop after this many."
)
@click.option(
    "--no-shorten",
    "shorten",
    flag_value=False,
    default=True,
    help="Leave sequences that show differences as long as they are: fewer requests.",
)
@click.option(
    "--calibration",
    "--lock",
    "lock",
    default="",
    metavar="FILE",
    help="Calibration file for the mock; its known differences are not reported.",
)
@click.option("--report-dir", default="", help="Folder for JSON, HTML, JUnit, SARIF and scripts.")
@quiet_option
def diff(spec: str, **given: Any) -> None:
    """Send the same requests to a mock of SPEC and to the real API, and report differences.

    Creations on the real side are recorded in a ledger and removed. Ids, timestamps, cursors and
    tokens are matched by their origin; the duration of jobs does not matter.

    Exit codes: 0 no differences, 1 differences, 2 not comparable.

    \b
    Examples:
      mockserver diff openapi.yaml --real http://127.0.0.1:8080
      mockserver diff --real https://sandbox.example.com --allow-host sandbox.example.com \\
        --api-key "$KEY" --report-dir fidelity
    """
    with sandbox_for("diff", given, default_ledger="diff-ledger.ndjson") as sandbox:
        from mockserver.verify.diff.run import Order, run_diff

        if not sandbox.url:
            raise UsageError("--real is missing: give the URL of the real API")
        order = Order(
            spec,
            sandbox.url,
            key=sandbox.key,
            headers=dict(sandbox.headers),
            allowed=sandbox.hosts,
            rate=sandbox.rate,
            timeout=sandbox.timeout,
            ledger=sandbox.ledger,
            serve=["--config", str(given["config"])] if given["config"] else [],
            sandbox=sandbox,
            **{name: given[name] for name in _ONLY_HERE},
        )
        sys.exit(run_diff(order, given["quiet"]))


@click.command(context_settings=CONTEXT)
@click.argument("old")
@click.argument("new")
def drift(old: str, new: str) -> None:
    """Show what changed between two runs of mockserver diff.

    OLD and NEW are fidelity.json files. Changes of the document are listed with the behaviour that
    they affect.

    Exit codes: 0 no changes, 1 changes, 2 a file is not a report.

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


@click.command(context_settings=CONTEXT)
@click.argument("source")
@click.option("--spec", default="", help="The document of the recorded API.")
@click.option(
    "--calibration",
    "before",
    default="",
    metavar="FILE",
    help="Add to the rules of this file (for a recording; a run of diff knows its own).",
)
@click.option("--output", "-o", default="mockserver.lock.toml", show_default=True, metavar="FILE")
def calibrate(source: str, spec: str, before: str, output: str) -> None:
    """Write a calibration file from SOURCE, for you to review.

    SOURCE is the fidelity.json of a run of diff or, with --spec, a recording of the real API
    (mockserver record, or any HAR file), whose requests are sent to a mock.

    If a run of diff followed a calibration file, its rules stay unless the run contradicts them.

    What a mock can follow becomes rules, for mockserver serve --calibration. The rest is listed as
    known, and mockserver diff --calibration reports only new differences.

    \b
    Example:
      mockserver calibrate fidelity/fidelity.json
      mockserver calibrate recording.har --spec openapi.yaml
      mockserver serve openapi.yaml --calibration mockserver.lock.toml
    """
    require_extra("mockserver calibrate")
    from mockserver.verify.diff.calibrate import calibrate as calibrated
    from mockserver.verify.diff.calibrate.from_har import calibrate_recording

    if before and not spec:
        raise UsageError("--calibration is for a recording: name its document with --spec")
    found = (
        calibrate_recording(source, spec, output, before) if spec else calibrated(source, output)
    )
    for note in found.notes:
        click.echo(note)
    click.echo(f"{output}: {found.rules} rules, {len(found.known)} known differences")
