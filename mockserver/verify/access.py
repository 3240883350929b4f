"""Connect to a server as the sandbox settings specify: credentials, and allowed operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import click

from mockserver.errors import UsageError
from mockserver.inference.build import build_plan
from mockserver.openapi.model import Contract
from mockserver.verify.cleanup import clean_up
from mockserver.verify.http import Pace
from mockserver.verify.ledger import Ledger
from mockserver.verify.login import Login, login_of
from mockserver.verify.ownership import Ownership, described
from mockserver.verify.sandbox import DEFAULT_KEY, Sandbox
from mockserver.verify.target import Target


def check_host(contract: Contract, url: str, allowed: Sequence[str]) -> None:
    """Raises UsageError if the host is neither in the document's servers nor allowed."""
    wanted = urlsplit(url)
    if wanted.scheme not in ("http", "https") or not wanted.hostname:
        raise UsageError(
            f"--url {url!r} is not a URL; give one such as https://staging.example.com"
        )
    listed = [urlsplit(server) for server in contract.servers]
    if any((s.hostname, s.port) == (wanted.hostname, wanted.port) for s in listed if s.hostname):
        return
    if any(host.lower() in (wanted.hostname, wanted.netloc.lower()) for host in allowed):
        return
    servers = ", ".join(s.netloc for s in listed if s.netloc) or "none"
    raise UsageError(
        f"{wanted.netloc} is not a server of the document (its servers: {servers}); "
        f"to test it anyway, add --allow-host {wanted.hostname}"
    )


def open_target(contract: Contract, sandbox: Sandbox) -> tuple[Target, Login | None]:
    """A client with working credentials. Raises UsageError."""
    pace = Pace(sandbox.rate) if sandbox.rate else None
    target = Target(
        contract,
        sandbox.url,
        # A key of our own beside the user's would be a wrong one.
        "" if sandbox.key == DEFAULT_KEY and _has_key(contract, sandbox.headers) else sandbox.key,
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


def _has_key(contract: Contract, headers: Mapping[str, str]) -> bool:
    """Whether one of the headers is a credential."""
    named = {s.parameter.lower() for s in contract.schemes.values() if s.place == "header"}
    return any(name.lower() in {*named, "authorization"} for name in headers)


def ownership_of(target: Target, sandbox: Sandbox, ledger: Ledger | None) -> Ownership:
    """The rules for what may be sent there. Raises PlanError for an override that does not fit."""
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


def permission_lines(contract: Contract, sandbox: Sandbox) -> Iterator[str]:
    """Describe what may be sent, for the user to read before the run."""
    yield f"Plan: {sandbox.url}"
    if sandbox.rate:
        yield f"  at most {sandbox.rate:g} requests a second"
    yield f"  creations are recorded in {sandbox.ledger} and removed at the end"
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
    """Remove what a ledger lists and return the exit code. Raises UsageError, NoReply."""
    ledger = Ledger.load(path)
    if sandbox.url and sandbox.url.rstrip("/") != ledger.url.rstrip("/"):
        raise UsageError(f"{path} is a ledger of {ledger.url}, not of {sandbox.url}; omit --url")
    target, _ = open_target(contract, replace(sandbox, url=ledger.url))
    ledger.open()
    try:
        ownership = ownership_of(target, sandbox, ledger)
        left = clean_up(ledger, target, ownership, say)
    finally:
        ledger.close()
        target.close()
    click.echo(f"{len(ledger.gone)} of {len(ledger.entries)} entities removed")
    for line in left:
        click.echo(f"not removed: {line}")
    return 2 if left else 0
