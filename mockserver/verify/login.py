"""Log in for a token, and again when it has expired."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from mockserver.errors import UsageError
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Contract, Json
from mockserver.verify.created import at
from mockserver.verify.http import Wire, WireError
from mockserver.verify.sandbox import GRANTS, LOGIN, WHO

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
        fields = {"grant_type": GRANTS.get(grant, grant), **fields}
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
