"""Run `mockserver replay`."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import click

from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.files.wording import counted
from mockserver.inference.words import singular
from mockserver.openapi.model import Contract, Json
from mockserver.verify.access import check_host, open_target, ownership_of
from mockserver.verify.cleanup import clean_up
from mockserver.verify.diff.calibrate.recording import Routes
from mockserver.verify.diff.id_map import IdMap, noun_in_url
from mockserver.verify.ledger import Ledger
from mockserver.verify.lifecycle.clock import Manual, Time, clock_of
from mockserver.verify.model import HIDDEN, KEY_VARIABLE, OTHER_VARIABLE, Exchange
from mockserver.verify.ownership import Withheld
from mockserver.verify.replay.sequence import (
    SAFE,
    Failure,
    Outcome,
    Recorded,
    compared,
    read_failure,
    same_as_recorded,
)
from mockserver.verify.sandbox import Sandbox, run_hooks
from mockserver.verify.signals import acknowledge, ended_like_ctrl_c
from mockserver.verify.target import NoReply, Target

Say = Callable[[str], None]
_OWN_HEADERS = frozenset(
    (
        *("host", "content-length", "accept-encoding", "user-agent", "proxy-authorization"),
        *("connection", "keep-alive", "te", "transfer-encoding", "upgrade"),
        "x-schemathesis-testcaseid",
    )
)
"""Headers that belong to the recorded connection."""
_SHORTEST_PAUSE = 0.2
_GONE = (404, 410)


class BlockedError(Exception):
    """The failure was not reached; the message says where the replay ended."""


def run_replay(recording: str, given: Mapping[str, Any], sandbox: Sandbox) -> int:
    """Replay a failure several times, and return the exit code: 0 fixed, 1 failing or flaky, 2 not
    reached. Raises UsageError, ContractError."""
    failure = read_failure(recording, given["from_"])
    contract = read_contract(given["spec"])[1] if given["spec"] else _no_document()
    if given["spec"]:
        sandbox.check(contract)
    _check_where(contract, failure, sandbox, given)
    say: Say = (lambda text: None) if given["quiet"] else _say
    click.echo(f"{failure.title}\n  {counted(len(failure.steps), 'request')} to {sandbox.url}")
    outcomes: list[Outcome] = []
    blocked: list[str] = []
    left: list[str] = []
    target, _ = open_target(contract, sandbox)
    target.other_key = sandbox.other_key
    target.persistence.grace = min(target.persistence.grace, 10.0)
    ledger = Ledger.create(sandbox.ledger, target.url) if given["spec"] else None
    run_hooks(sandbox.setup, "setup", target.url)
    with target, ended_like_ctrl_c():
        if ledger is not None:
            target.ownership = ownership_of(target, sandbox, ledger)
        try:
            for number in range(given["repeat"]):
                say(f"{number + 1} of {given['repeat']}")
                try:
                    outcomes.append(Replay(target, failure, given["patience"]).run())
                except (BlockedError, NoReply) as error:
                    blocked.append(str(error))
                left = _removed(target, ledger, say)
        except KeyboardInterrupt:
            code = acknowledge()
            left = _removed(target, ledger, say)
            click.echo("interrupted")
            return code
        finally:
            _close(ledger, left)
            run_hooks(sandbox.teardown, "teardown", target.url)
    for line in left:
        click.echo(f"not removed: {line}; mockserver test SPEC --cleanup {sandbox.ledger}")
    return verdict(failure, outcomes, blocked)


def verdict(failure: Failure, outcomes: Sequence[Outcome], blocked: Sequence[str]) -> int:
    """Print the verdict, and return the exit code."""
    for text in dict.fromkeys(blocked):
        click.echo(f"  not reached: {text}")
    if not outcomes:
        click.echo("could not be replayed: the server did not get as far as the failure")
        return 2
    same = same_as_recorded(outcomes)
    for outcome, failed in zip(outcomes, same, strict=True):
        click.echo(f"  {'same' if failed else 'other'}: {_shown(outcome)}")
    failing, count = sum(same), len(same)
    if not failing:
        click.echo(f"fixed: {count} of {count} times the response was another one")
        return 0
    if failing == count:
        click.echo(f"failing: {count} of {count} times the response was as recorded")
        return 1
    click.echo(f"flaky: {failing} of {count} times the response was as recorded")
    return 1


def _shown(outcome: Outcome) -> str:
    places = [f"{place} is {value}" for place, value in outcome.differs.items() if place]
    more = f", and {len(places) - 3} more" if len(places) > 3 else ""
    return f"{outcome.status}" + (f", {', '.join(places[:3])}{more}" if places else "")


def _no_document() -> Contract:
    return Contract({}, "", "", (), {}, "", ())


def _check_where(
    contract: Contract, failure: Failure, sandbox: Sandbox, given: Mapping[str, Any]
) -> None:
    """Raises UsageError for a server that was not allowed, or where something would be left."""
    if not sandbox.url:
        raise UsageError("--url is missing: give the server's URL, such as http://127.0.0.1:8000")
    if sandbox.is_here:
        return
    host = urlsplit(sandbox.url).hostname
    if given["spec"]:
        check_host(contract, sandbox.url, sandbox.hosts)
    elif not {host, urlsplit(sandbox.url).netloc} & {name.lower() for name in sandbox.hosts}:
        raise UsageError(
            f"{host} is not this machine; to replay there, add --allow-host {host}, or name a "
            "document that lists it with --spec"
        )
    writes = [step for step in failure.steps if step.method not in SAFE]
    if writes and not given["spec"] and not given["leave_behind"]:
        raise UsageError(
            f"the replay sends {writes[0].line}, and without a document what it creates can't be "
            "removed: give --spec, or --leave-behind"
        )


@dataclass
class Replay:
    """One replay of a failure."""

    target: Target
    failure: Failure
    patience: float
    ids: IdMap = field(default_factory=IdMap)

    def __post_init__(self) -> None:
        self.time: Time = clock_of(self.target, self.patience)
        self.left = self.patience
        paths = [(step.method, step.path) for step in self.failure.steps]
        if self.target.contract.operations:
            self.prefix = Routes(self.target.contract).prefix_of(paths)
        else:
            self.prefix = urlsplit(self.target.url).path.rstrip("/")

    def run(self) -> Outcome:
        """Send all requests. Raises BlockedError, NoReply."""
        for number, step in enumerate(self.failure.steps, 1):
            self._pause(step.pause)
            exchange = self._send(step)
            if number == len(self.failure.steps):
                if step.status < 400 and exchange.status in _GONE and self._is_strange(step):
                    raise BlockedError(
                        f"{step.line} returned {exchange.status}: the recording does not show how "
                        "the entity was created"
                    )
                return compared(step, exchange, self.ids)
            if step.status < 300 <= exchange.status:
                raise BlockedError(
                    f"request {number}, {step.line}, returned {exchange.status} instead of "
                    f"{step.status}"
                )
            noun, lists = noun_in_url(step.path), step.method != "GET"
            self.ids.learn(_json(step.body), _json(exchange.body), noun, lists=lists)
            self.ids.learn_location(
                step.headers.get("location", ""), exchange.headers.get("location", "")
            )
        raise BlockedError("there are no requests")

    def _is_strange(self, step: Recorded) -> bool:
        """Whether the path has an id that is not one of this server."""
        parts = step.path.removeprefix(self.prefix).split("/")
        known = self._parts(step)
        strange = any(not p.isalpha() and q == p for p, q in zip(parts, known, strict=True) if p)
        return strange and parts == known

    def _parts(self, step: Recorded) -> list[str]:
        """The parts of a path, with this server's ids."""
        parts = step.path.removeprefix(self.prefix).split("/")
        words = ["", *parts]
        return [self.ids.named(p, singular(above)) for above, p in zip(words, parts, strict=False)]

    def _send(self, step: Recorded) -> Exchange:
        path = "/".join(self._parts(step))
        query = parse_qsl(urlsplit(step.url).query, keep_blank_values=True)
        if query:
            path += "?" + urlencode(
                [(n, self._filled(n, str(self.ids.value(v, n)))) for n, v in query]
            )
        passing = self.target.persistence.passing
        before = len(passing)
        try:
            exchange = self.target.send(
                step.method,
                path,
                content=self._content(step) or None,
                key=None,
                headers=self._headers(step),
                source="replay",
            )
        except Withheld as error:
            raise BlockedError(f"{step.line} is not sent: {error} (--allow permits it)") from None
        # A 5xx that does not recur is one, too.
        return passing[before] if len(passing) > before else exchange

    def _content(self, step: Recorded) -> bytes:
        value = _json(step.request_body)
        if isinstance(value, dict | list):
            return json.dumps(
                self.ids.value(value, noun=noun_in_url(step.path)), ensure_ascii=False
            ).encode()
        try:
            return self.ids.text(step.request_body.decode()).encode()
        except UnicodeDecodeError:
            return step.request_body

    def _headers(self, step: Recorded) -> dict[str, str]:
        own = self.target.headers
        return {
            name: self._filled(name, self.ids.text(value))
            for name, value in step.request_headers.items()
            if name not in _OWN_HEADERS and name not in own
        }

    def _filled(self, name: str, value: str) -> str:
        """A header or query parameter with our key in place of a masked one."""
        masked = value.endswith("…") or HIDDEN in value
        for variable, key in (
            (OTHER_VARIABLE, self.target.other_key),
            (KEY_VARIABLE, self.target.key),
        ):
            if variable in value or (masked and variable == KEY_VARIABLE):
                word, space, _ = value.partition(" ")
                if space and word.lower() == "basic":
                    pair = key if ":" in key else f"{key}:"
                    return f"{word} {base64.b64encode(pair.encode()).decode()}"
                if masked:
                    return f"{word} {key}" if space else key
                value = value.replace(variable, key)
        return value

    def _pause(self, seconds: float) -> None:
        """Wait as long as the recording did, within the patience."""
        if isinstance(self.time, Manual):
            self.time.pass_(max(seconds, 0.01))
        elif seconds > _SHORTEST_PAUSE and self.left > 0:
            time.sleep(min(seconds, self.left))
            self.left -= seconds


def _json(body: bytes) -> Json:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _removed(target: Target, ledger: Ledger | None, say: Say) -> list[str]:
    """Remove what was created; what could not be removed."""
    if ledger is None or target.ownership is None:
        return []
    try:
        return clean_up(ledger, target, target.ownership, say)
    except NoReply as error:
        return [f"{counted(len(list(ledger.left())), 'entity')} ({error})"]


def _close(ledger: Ledger | None, left: Sequence[str]) -> None:
    if ledger is not None:
        ledger.close()
        if not left:
            with suppress(OSError):
                ledger.path.unlink()


def _say(text: str) -> None:
    click.echo(f"... {text}", err=True)
