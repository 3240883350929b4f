"""What `mockserver test` does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from . import baseline
from .documents import read_contract
from .judge import Plan, judge, report_folder
from .lifecycle.run import Effort
from .plain import write_config
from .reports import terminal
from .reports.record import Record
from .reports.write import write
from .settings import Budget, Settings
from .target import Target

ACCEPTED_FOR = timedelta(days=30)


def run_test(spec: str, given: dict[str, Any]) -> int:
    """The exit code. Raises UsageError, ContractError."""
    document, contract = read_contract(spec, given["timeout"])
    if given["write_config"]:
        write_config(given["write_config"], contract, spec)
        return 0
    target = Target(
        contract,
        given["url"],
        given["key"],
        headers=given["headers"],
        timeout=given["timeout"],
    )
    folder = report_folder(given["report_dir"]) if given["report_dir"] else None
    say = (lambda text: None) if given["quiet"] else _say
    with target, Record(folder) as record:
        result = judge(target, document, plan_of(given), record, say)
        files = write(result, folder, record) if folder is not None else []
    for line in terminal.lines(result):
        click.echo(line)
    for file in files:
        click.echo(f"  {file}")
    if given["write_baseline"]:
        until = (datetime.now(UTC) + ACCEPTED_FOR).date().isoformat()
        baseline.write(given["write_baseline"], result.open_findings, until, "known, to be mended")
    return result.exit_code


def plan_of(given: dict[str, Any]) -> Plan:
    budget = Budget(max_examples=given["max_examples"], seconds=given["max_time"])
    settings = Settings(
        seed=given["seed"],
        budget=budget,
        timeout=given["timeout"],
        include_path=given["include"],
    )
    parts = (given["only"],) if given["only"] else ("conformance", "lifecycle")
    return Plan(
        settings=settings,
        effort=Effort(patience=given["patience"]),
        parts=parts,
        other_key=given["other_key"],
        baseline=given["baseline"],
    )


def _say(text: str) -> None:
    click.echo(f"... {text}", err=True)
