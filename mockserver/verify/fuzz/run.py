"""Run `mockserver fuzz`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.files.wording import counted
from mockserver.verify import reports
from mockserver.verify.access import (
    check_host,
    clean_up_only,
    open_target,
    ownership_of,
    permission_lines,
)
from mockserver.verify.causes import accepted_by, merged, report_trouble
from mockserver.verify.cleanup import clean_up, note_others
from mockserver.verify.fuzz.loop import Fuzzer
from mockserver.verify.ledger import Ledger
from mockserver.verify.model import Exchange, Result
from mockserver.verify.reports import report_folder, terminal, write
from mockserver.verify.reports.exchanges import Record, write_tests
from mockserver.verify.reports.terminal import Progress
from mockserver.verify.sandbox import Sandbox, run_hooks
from mockserver.verify.signals import acknowledge, ended_like_ctrl_c
from mockserver.verify.target import NoReply, Target, preflight


def run_fuzz(spec: str, given: dict[str, Any], sandbox: Sandbox) -> int:
    """Fuzz, and return the exit code. Raises UsageError, ContractError."""
    document, contract = read_contract(spec)
    progress = Progress(quiet=given["quiet"], seconds=given["max_time"])
    sandbox.check(contract)
    if given["cleanup"]:
        return clean_up_only(contract, sandbox, given["cleanup"], progress.say)
    if not sandbox.url:
        raise UsageError("no server: give --url or STAGING_URL")
    check_host(contract, sandbox.url, sandbox.hosts)
    for line in permission_lines(contract, sandbox):
        click.echo(line)
    if given["dry_run"]:
        return 0
    if not sandbox.key and not sandbox.login and any(op.security for op in contract.operations):
        raise UsageError("no key: give --api-key or STAGING_API_KEY")
    target, _ = open_target(contract, sandbox)
    target.ownership = ownership_of(target, sandbox, Ledger.create(sandbox.ledger, sandbox.url))
    folder = report_folder(given["report_dir"]) if given["report_dir"] else None
    run_hooks(sandbox.setup, "setup", target.url)
    try:
        with target, Record(folder) as record:
            result = FuzzRun(
                target, document, sandbox, record, progress, given["seed"], given["max_time"]
            ).run()
            if folder is not None:
                write(result, folder, record)
                write_tests(result, folder, spec)
    finally:
        progress.clear()
        run_hooks(sandbox.teardown, "teardown", target.url)
    for line in (*terminal.lines(result), *reports.report(result, os.environ)):
        click.echo(line)
    return result.exit_code


@dataclass
class FuzzRun:
    """One run: fuzz, then remove what was created, however the run ends."""

    target: Target
    document: Mapping[str, Any]
    sandbox: Sandbox
    record: Record
    progress: Progress
    seed: int
    seconds: float
    result: Result = field(init=False)

    def __post_init__(self) -> None:
        contract = self.target.contract
        self.result = Result(contract.title, self.target.url, seed=self.seed, what="Fuzz test")
        self.result.documented = {op.id: list(op.responses) for op in contract.operations}

    def run(self) -> Result:
        result, target = self.result, self.target
        assert target.ownership is not None
        start = time.monotonic()
        target.watchers.append(self._heard)
        view = self.sandbox.in_view(target.contract)
        fuzzer = Fuzzer(
            target,
            self.document,
            target.ownership,
            result,
            self.seed,
            lambda operation: operation.id in view,
            self.progress.step,
        )
        with ended_like_ctrl_c():
            try:
                preflight(target)
                if target.ownership.ledger is not None:
                    note_others(target.ownership.ledger, target, target.ownership)
                fuzzer.run(self.seconds)
                result.phases["fuzz"] = "failure" if result.findings else "success"
            except KeyboardInterrupt:
                result.interrupted = acknowledge()
                result.phases["fuzz"] = "interrupted"
            except NoReply as error:
                result.errors.append(str(error))
            try:
                self._remove_all()
            except KeyboardInterrupt:
                result.interrupted = acknowledge()
        result.findings, notes = accepted_by(merged(result.findings, target.contract), self.sandbox)
        result.notes += notes
        report_trouble(result, target, result.add)
        result.seconds = time.monotonic() - start
        return result

    def _heard(self, exchange: Exchange) -> None:
        self.result.requests += 1
        self.result.coverage.add(exchange)
        self.record.exchange(exchange)
        self.progress.watch(self.result)

    def _remove_all(self) -> None:
        ownership = self.target.ownership
        assert ownership is not None
        ledger = ownership.ledger
        assert ledger is not None
        left = ["all of it"]
        try:
            left = clean_up(ledger, self.target, ownership, self.progress.say)
        except NoReply as error:
            left = [f"{counted(len(list(ledger.left())), 'entity')} ({error})"]
        finally:
            ledger.close()
            if left:
                self.result.errors.append(
                    f"not removed: {'; '.join(left)}. Try again: "
                    f"mockserver fuzz --cleanup {ledger.path} --url {ledger.url}"
                )
