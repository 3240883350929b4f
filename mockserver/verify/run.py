"""Run `mockserver test`."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.verify import reports
from mockserver.verify.access import check_host, clean_up_only, open_target, permission_lines
from mockserver.verify.conformance.config import Budget, Settings, write_config
from mockserver.verify.earlier_findings import Only, only_of, write_baseline
from mockserver.verify.judgement import Plan, judge
from mockserver.verify.lifecycle.run import Effort
from mockserver.verify.reports import report_folder, terminal, write
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.reports.terminal import Progress
from mockserver.verify.resume import interrupted
from mockserver.verify.sandbox import Sandbox, run_hooks

ACCEPTED_FOR = timedelta(days=30)
LONGEST_PHASE = 1800
"""Seconds for the lifecycle checks, unless --max-time is given."""


def run_test(spec: str, given: dict[str, Any], sandbox: Sandbox) -> int:
    """Test the server and return the exit code. Raises UsageError, ContractError."""
    document, contract = read_contract(spec)
    if given["write_config"]:
        write_config(given["write_config"], contract, spec)
        return 0
    sandbox.check(contract)
    only = only_of(given["only"], given["report_dir"])
    names = {f"{operation.method} {operation.path}" for operation in contract.operations}
    if named := [name for name in only.operations if name in names]:
        sandbox = replace(sandbox, include=named)
    progress = Progress(quiet=given["quiet"], seconds=given["max_time"])
    earlier = None
    if given["resume"]:
        earlier, settings = interrupted(sandbox.ledger, contract.title)
        given |= {"seed": settings["seed"], "max_examples": settings["max_examples"]}
    say = progress.say
    if given["cleanup"]:
        return clean_up_only(contract, sandbox, given["cleanup"], say)
    if not sandbox.url:
        raise UsageError(
            "--url is missing: give the server's URL, such as --url http://127.0.0.1:8000"
        )
    if not sandbox.is_here:
        check_host(contract, sandbox.url, sandbox.hosts)
    plan = plan_of(given, sandbox, only)
    if given["dry_run"]:
        for line in permission_lines(contract, sandbox):
            click.echo(line)
        return 0
    target, login = open_target(contract, sandbox)
    plan = replace(plan, login=login, resumed=earlier)
    # The report with the finding stays as it is.
    keep = not given["report_dir"] or only.is_of_findings
    folder = None if keep else report_folder(given["report_dir"])
    run_hooks(sandbox.setup, "setup", target.url)
    try:
        with target, Record(folder, resume=given["resume"]) as record:
            result = judge(target, document, plan, record, say, watch=progress.watch)
            files = write(result, folder, record) if folder is not None else []
    finally:
        progress.clear()
        run_hooks(sandbox.teardown, "teardown", target.url)
    for line in (*terminal.lines(result), *reports.report(result, os.environ)):
        click.echo(line)
    for file in files:
        click.echo(f"  {file}")
    if given["write_baseline"]:
        until = (datetime.now(UTC) + ACCEPTED_FOR).date().isoformat()
        write_baseline(given["write_baseline"], result.open_findings, until, "known, to be fixed")
    return result.exit_code


def plan_of(given: dict[str, Any], sandbox: Sandbox, only: Only) -> Plan:
    budget = Budget(max_examples=given["max_examples"], seconds=given["max_time"])
    settings = Settings(
        seed=given["seed"],
        budget=budget,
        timeout=sandbox.timeout,
        include_path=given["include_regex"],
        checks=only.checks,
    )
    seconds = given["max_time"] / len(only.parts) or LONGEST_PHASE
    effort = Effort(patience=given["patience"], seconds=seconds)
    return Plan(
        settings=settings,
        # The state machine is for what the tour did not find.
        effort=replace(effort, examples=0) if only.probes else effort,
        parts=only.parts,
        only=only,
        other_key=sandbox.other_key,
        baseline=given["baseline"],
        sandbox=sandbox,
    )
