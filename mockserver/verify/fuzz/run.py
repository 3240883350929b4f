"""What `mockserver fuzz` does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.verify.cleanup import clean_up
from mockserver.verify.fuzz.loop import Fuzzer
from mockserver.verify.fuzz.plan import Plan, check_host, make_plan, words
from mockserver.verify.fuzz.rate_limit import Pace
from mockserver.verify.judgement import report_folder
from mockserver.verify.ledger import Ledger
from mockserver.verify.lifecycle.model import Api
from mockserver.verify.lifecycle.run import describe
from mockserver.verify.model import Exchange, Result
from mockserver.verify.reports import reproduction, terminal, write
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.signals import ended_like_ctrl_c
from mockserver.verify.target import NoReply, Target, preflight


def run_fuzz(spec: str, given: dict[str, Any]) -> int:
    """The exit code. Raises UsageError, ContractError."""
    document, contract = read_contract(spec)
    api = describe(contract)
    say: Callable[[str], None] = (lambda text: None) if given["quiet"] else _say
    if given["cleanup"]:
        return _cleanup(contract, api, given, say)
    if not given["url"]:
        raise UsageError("where to? give --url or STAGING_URL")
    check_host(contract, given["url"], given["allowed"])
    plan = make_plan(contract, api)
    for line in words(plan, given["url"], given["rate"], given["max_time"], given["ledger"]):
        click.echo(line)
    if given["dry_run"]:
        return 0
    target = _target(contract, given["url"], given)
    ledger = Ledger.create(given["ledger"], given["url"])
    folder = report_folder(given["report_dir"]) if given["report_dir"] else None
    result = Result(contract.title, target.url, seed=given["seed"])
    result.documented = {op.id: list(op.responses) for op in contract.operations}
    with target, Record(folder) as record:
        _fuzz(target, document, api, plan, ledger, result, record, given, say)
        if folder is not None:
            write(result, folder, record)
            reproduction.write_all(result, folder, spec)
    for line in terminal.lines(result):
        click.echo(line)
    return result.exit_code


def _target(contract: Any, url: str, given: dict[str, Any]) -> Target:
    if not given["key"]:
        raise UsageError("no key: give --api-key or STAGING_API_KEY")
    pace = Pace(given["rate"])
    target = Target(
        contract,
        url,
        given["key"],
        headers=given["headers"],
        timeout=given["timeout"],
        pause=pace.wait,
    )
    target.watchers.append(pace.heard)
    return target


def _fuzz(
    target: Target,
    document: Any,
    api: Api,
    plan: Plan,
    ledger: Ledger,
    result: Result,
    record: Record,
    given: dict[str, Any],
    say: Callable[[str], None],
) -> None:
    """Fuzz, and remove what was made, however it ends."""

    def heard(exchange: Exchange) -> None:
        result.requests += 1
        result.coverage.add(exchange)
        record.exchange(exchange)

    start = time.monotonic()
    target.watchers.append(heard)
    fuzzer = Fuzzer(target, document, api, plan, ledger, result, given["seed"], say)
    try:
        with ended_like_ctrl_c():
            preflight(target)
            fuzzer.run(given["max_time"])
        result.phases["fuzz"] = "failure" if result.findings else "success"
    except KeyboardInterrupt:
        result.notes.append("interrupted")
        result.phases["fuzz"] = "interrupted"
    except NoReply as error:
        result.errors.append(str(error))
    finally:
        _remove_all(ledger, target, api, result, say)
        result.seconds = time.monotonic() - start


def _remove_all(
    ledger: Ledger, target: Target, api: Api, result: Result, say: Callable[[str], None]
) -> None:
    try:
        left = clean_up(ledger, target, api, say)
    except (NoReply, KeyboardInterrupt):
        left = [f"{len(list(ledger.left()))} things"]
    finally:
        ledger.close()
    if left:
        result.errors.append(
            f"not removed: {'; '.join(left)}. Try again: "
            f"mockserver fuzz --cleanup {ledger.path} --url {ledger.url}"
        )


def _cleanup(contract: Any, api: Api, given: dict[str, Any], say: Callable[[str], None]) -> int:
    ledger = Ledger.load(given["cleanup"])
    if given["url"] and given["url"].rstrip("/") != ledger.url.rstrip("/"):
        raise UsageError(
            f"{given['cleanup']} is of {ledger.url}, not of {given['url']}; leave out --url"
        )
    target = _target(contract, ledger.url, given)
    ledger.open()
    try:
        left = clean_up(ledger, target, api, say)
    finally:
        ledger.close()
        target.close()
    click.echo(f"{len(ledger.gone)} of {len(ledger.entries)} things are removed")
    for line in left:
        click.echo(f"not removed: {line}")
    return 2 if left else 0


def _say(text: str) -> None:
    click.echo(f"... {text}", err=True)
