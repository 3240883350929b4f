"""Connect to a server as the sandbox settings specify: credentials, a login for a token, and the
operations that are allowed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urljoin, urlsplit

import click

from mockserver.errors import UsageError
from mockserver.inference.build import build_plan
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.verify.cleanup import clean_up
from mockserver.verify.http import Pace, Wire, WireError
from mockserver.verify.ledger import Ledger
from mockserver.verify.ownership import Ownership
from mockserver.verify.replies import at
from mockserver.verify.sandbox import DEFAULT_KEY, GRANTS, LOGIN, WHO, Sandbox
from mockserver.verify.target import Target

TOKENS = ("access_token", "accessToken", "token", "id_token", "jwt", "key", "api_key")


@dataclass(frozen=True)
class Login:
    """A request whose reply contains a token: at `token`, a path such as "data.token", or at a
    usual place. `form` sends the fields as a form instead of JSON."""

    url: str
    fields: Mapping[str, Json] = field(default_factory=dict)
    form: bool = True
    token: str = ""
    method: str = "POST"

    def get(self, timeout: float = 10) -> str:
        """Log in and return the token. Raises UsageError."""
        parts = urlsplit(self.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        wire = Wire(f"{parts.scheme}://{parts.netloc}", timeout)
        try:
            if self.form:
                sent = wire.send(
                    self.method,
                    target,
                    headers={"content-type": "application/x-www-form-urlencoded"},
                    content=urlencode(self.fields).encode(),
                )
            else:
                sent = wire.send(self.method, target, headers={}, body=dict(self.fields))
        except WireError as error:
            raise UsageError(f"the login at {self.url} failed: {error}") from None
        finally:
            wire.close()
        if not 200 <= sent.status < 300:
            raise UsageError(
                f"the login at {self.url} was refused with {sent.status}; check [verify.login]"
            )
        try:
            value = sent.json()
        except ValueError:
            value = None
        found = _token(value, self.token)
        if not found:
            where = self.token or ", ".join(TOKENS)
            raise UsageError(
                f"the login at {self.url} responded without a token (looked at {where}); "
                'give its path: token = "data.token" in [verify.login]'
            )
        return found

    def as_json(self) -> str:
        return json.dumps(
            {
                "url": self.url,
                "fields": dict(self.fields),
                "form": self.form,
                "token": self.token,
                "method": self.method,
            }
        )


def _token(value: Json, path: str) -> str:
    if path:
        found = at(value, tuple(path.split(".")))
        return found if isinstance(found, str) else ""
    if isinstance(value, str):
        return value
    places = [value, at(value, ("data",)), at(value, ("result",))]
    found = (p[n] for p in places if isinstance(p, dict) for n in TOKENS if n in p)
    return next((one for one in found if isinstance(one, str)), "")


def login_of(table: Mapping[str, Json], contract: Contract, base: str) -> Login:
    """From `[verify.login]`: a `grant`, or the `operation` that logs in. Raises UsageError."""
    for name in table:
        if name not in LOGIN:
            raise UsageError(f"[verify.login] does not know {name!r}; it takes {', '.join(LOGIN)}")
    fields = dict(table.get("fields", {}))
    token = str(table.get("token", ""))
    named = table.get("operation")
    if named is not None:
        operation = contract.by_id.get(named)
        if operation is None:
            raise UsageError(f"[verify.login] operation: the document has no {named!r}")
        fields |= {n: table[n] for n in ("username", "password") if n in table}
        content = operation.body.content if operation.body else {}
        form = table.get("form", bool(content) and not any(is_json(name) for name in content))
        return Login(base + operation.path, fields, bool(form), token, operation.method)
    grant = str(table.get("grant", "password" if "username" in table else "client_credentials"))
    if grant not in GRANTS and "url" not in table:
        raise UsageError(f"[verify.login] grant must be {' or '.join(GRANTS)}, not {grant!r}")
    url = str(table.get("url") or _token_url(contract, grant, base))
    if table.get("form", True):
        fields = {"grant_type": grant, **fields}
    fields |= {name: table[name] for name in WHO if name in table}
    return Login(urljoin(base + "/", url), fields, bool(table.get("form", True)), token)


def _token_url(contract: Contract, grant: str, base: str) -> str:
    """The token URL in the document's security schemes."""
    schemes = at(contract.document, ("components", "securitySchemes")) or {}
    wanted = {"password": "password", "client_credentials": "clientCredentials"}[grant]
    for scheme in schemes.values():
        url = at(scheme, ("flows", wanted, "tokenUrl"))
        if isinstance(url, str):
            # A relative URL is resolved against the API's base URL, like the paths.
            return url if "://" in url else base + "/" + url.lstrip("/")
    raise UsageError(
        f"[verify.login] the document has no token URL for {grant}; give one: "
        'url = "https://auth.example.com/token"'
    )


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
        target.watchers.append(pace.note)
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
        look=target.value_of,
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
    yield from _described(ownership, contract.operations)


def _described(ownership: Ownership, operations: Iterable[Operation]) -> Iterator[str]:
    """What may be sent, for the user to read."""
    groups: dict[str, list[str]] = {"read": [], "create": [], "own": [], "never": []}
    for operation in operations:
        kind, reason = ownership.kind(operation)
        line = f"{operation.method} {operation.path}"
        groups[kind].append(f"{line}: {reason}" if reason else line)
    names: dict[str, str] = {
        "read": "read",
        "create": "create, and remove",
        "own": "change or remove, own entities only",
        "never": "not sent",
    }
    if ownership.disposable:
        names["own"] = "anything: the server is disposable"
    for name, lines in groups.items():
        yield f"  {names[name]}: {len(lines)}"
        yield from (f"    {line}" for line in lines)


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
