"""Getting at a server as the sandbox settings say: with which key, and doing what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import click

from mockserver.errors import UsageError
from mockserver.inference.build import build_plan
from mockserver.openapi.model import Contract
from mockserver.verify.cleanup import clean_up
from mockserver.verify.ledger import Ledger
from mockserver.verify.login import Login, login_of
from mockserver.verify.ownership import Ownership, described
from mockserver.verify.rate_limit import Pace
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.target import Target


def check_host(contract: Contract, url: str, allowed: Sequence[str]) -> None:
    """Raises UsageError if the address is neither a server of the document nor allowed."""
    wanted = urlsplit(url)
    if wanted.scheme not in ("http", "https") or not wanted.hostname:
        raise UsageError(f"--url {url!r} is no address; give one like https://staging.example.com")
    listed = [urlsplit(server) for server in contract.servers]
    if any((s.hostname, s.port) == (wanted.hostname, wanted.port) for s in listed if s.hostname):
        return
    if any(host.lower() in (wanted.hostname, wanted.netloc.lower()) for host in allowed):
        return
    servers = ", ".join(s.netloc for s in listed if s.netloc) or "none"
    raise UsageError(
        f"{wanted.netloc} is no server of the document (those are: {servers}); "
        f"if it really is to be tested, say --allow-host {wanted.hostname}"
    )


def open_target(contract: Contract, sandbox: Sandbox) -> tuple[Target, Login | None]:
    """A client that is let in. Raises UsageError."""
    pace = Pace(sandbox.rate) if sandbox.rate else None
    target = Target(
        contract,
        sandbox.url,
        sandbox.key,
        headers=sandbox.headers,
        timeout=sandbox.timeout,
        keys=sandbox.keys,
        params=sandbox.params,
        pause=pace.wait if pace is not None else lambda: None,
    )
    if pace is not None:
        target.watchers.append(pace.heard)
    if not sandbox.login:
        return target, None
    login = login_of(sandbox.login, contract, target.url)
    target.use_key(login.get(sandbox.timeout))

    def renew() -> bool:
        target.use_key(login.get(sandbox.timeout))
        return True

    target.persistence.renew = renew
    return target, login


def ownership_of(target: Target, sandbox: Sandbox, ledger: Ledger | None) -> Ownership:
    """What may be sent there. Raises PlanError for an override that does not fit."""
    contract = target.contract
    return Ownership(
        contract,
        build_plan(contract, sandbox.overrides),
        ledger,
        allowed=sandbox.allowed_operations(contract),
        excluded=sandbox.left_out(contract),
        disposable=sandbox.disposable,
        given=sandbox.params,
        overrides=sandbox.overrides,
        probe=target.status_of,
    )


def told_before(contract: Contract, sandbox: Sandbox) -> Iterator[str]:
    """What may be sent, for a person, before anything is."""
    yield f"Plan: {sandbox.url}"
    if sandbox.rate:
        yield f"  at most {sandbox.rate:g} requests a second"
    yield f"  what is made is written to {sandbox.ledger} and removed at the end"
    ownership = Ownership(
        contract,
        build_plan(contract, sandbox.overrides),
        allowed=sandbox.allowed_operations(contract),
        excluded=sandbox.left_out(contract),
        disposable=sandbox.disposable,
        given=sandbox.params,
    )
    yield from described(ownership, contract.operations)


def clean_up_only(
    contract: Contract, sandbox: Sandbox, path: str, say: Callable[[str], None]
) -> int:
    """Remove what a ledger names; the exit code. Raises UsageError, NoReply."""
    ledger = Ledger.load(path)
    if sandbox.url and sandbox.url.rstrip("/") != ledger.url.rstrip("/"):
        raise UsageError(f"{path} is of {ledger.url}, not of {sandbox.url}; leave out --url")
    target, _ = open_target(contract, replace(sandbox, url=ledger.url))
    ledger.open()
    try:
        ownership = ownership_of(target, sandbox, ledger)
        left = clean_up(ledger, target, ownership, say)
    finally:
        ledger.close()
        target.close()
    click.echo(f"{len(ledger.gone)} of {len(ledger.entries)} things are removed")
    for line in left:
        click.echo(f"not removed: {line}")
    return 2 if left else 0
