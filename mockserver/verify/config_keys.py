"""The `[verify]` table of mockserver.toml as data: its keys and what they take.

`sandbox.py` and `login.py` read them; the file's JSON Schema and its reference page are made of the
same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.inference.corrections import (
    SECONDS,
    TEXT,
    TEXT_TABLE,
    TEXTS,
    YES_OR_NO,
    Key,
)

GRANTS = {"password": "password", "client_credentials": "client_credentials"}
WHO = ("username", "password", "client_id", "client_secret", "scope")
LOGIN = ("grant", "url", "operation", "token", "fields", "form", *WHO)
"""The keys of `[verify.login]`."""

_TABLE: Mapping[str, Any] = {"type": "object"}
_DAY = {"type": "string", "format": "date"}
IGNORE = (
    Key("rule", TEXT, "Its rule, such as `stored_as_sent`; `*` stands for anything."),
    Key("operation", TEXT, "Where it was found, such as `POST /orders`."),
    Key("field", TEXT, "The property that it speaks of."),
    Key("reason", TEXT, "Why it is none here."),
    Key("until", _DAY, "The last day on which it is left out."),
)
_IGNORED = {
    "type": "object",
    "properties": {key.name: key.schema for key in IGNORE},
    "required": ["reason", "until"],
    "additionalProperties": False,
}
KEYS = (
    Key("url", TEXT, "Where the API answers."),
    Key("api-key", TEXT, "The credential that is sent."),
    Key("other-key", TEXT, "A second identity, for checks that tenants are apart."),
    Key("keys", TEXT_TABLE, "A credential for each security scheme, by its name in the document."),
    Key(
        "login",
        {
            "type": "object",
            "properties": {
                **dict.fromkeys(LOGIN, TEXT),
                "grant": {"enum": list(GRANTS)},
                "fields": _TABLE,
                "form": YES_OR_NO,
            },
            "additionalProperties": False,
        },
        "How a token is got: a grant of OAuth 2, or an operation that logs in and its fields.",
    ),
    Key("headers", TEXT_TABLE, "Headers that go with every request."),
    Key(
        "params",
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
        "Values for path and query parameters, by name.",
    ),
    Key("bodies", _TABLE, "What is sent to create one, by operationId; `#` counts."),
    Key("allow-host", TEXTS, "Hosts beside the document's that may be sent to."),
    Key("allow", TEXTS, "Operations that are sent, whatever they do."),
    Key("include", TEXTS, "Operations that alone are judged."),
    Key("exclude", TEXTS, "Operations that are never sent."),
    Key("disposable", YES_OR_NO, "Everything on the server may go."),
    Key("ledger", TEXT, "The file in which everything that is made there is written down."),
    Key("timeout", SECONDS, "Seconds for one whole response."),
    Key("rate", SECONDS, "Requests a second, at most; 0 is no limit."),
    Key("setup", TEXTS, "Shell commands before the run; MOCKSERVER_URL is set."),
    Key("teardown", TEXTS, "Shell commands after the run."),
    Key("ignore", {"type": "array", "items": _IGNORED}, "Findings that are none here."),
)
"""The keys of the `[verify]` table."""
