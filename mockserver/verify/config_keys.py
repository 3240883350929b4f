"""The keys of the `[verify]` table of mockserver.toml, with their schemas and help.

`sandbox.py` and `login.py` read them; the file's JSON Schema and its reference page are generated
from the same rows.
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
    Key("rule", TEXT, "Its rule, such as `stored_as_sent`; `*` is a wildcard."),
    Key("operation", TEXT, "Where it was found, such as `POST /orders`."),
    Key("field", TEXT, "The property that it is about."),
    Key("reason", TEXT, "Why it is ignored."),
    Key("until", _DAY, "The last day on which it is ignored."),
)
_IGNORED = {
    "type": "object",
    "properties": {key.name: key.schema for key in IGNORE},
    "required": ["reason", "until"],
    "additionalProperties": False,
}
KEYS = (
    Key("url", TEXT, "URL of the API."),
    Key("api-key", TEXT, "The credential to send."),
    Key("other-key", TEXT, "A second user's credential, for checks that tenants are isolated."),
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
        "How to get a token: an OAuth 2 grant, or an operation that logs in, with its fields.",
    ),
    Key("headers", TEXT_TABLE, "Headers for every request."),
    Key(
        "params",
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
        "Values for path and query parameters, by name.",
    ),
    Key("bodies", _TABLE, "Bodies for creating entities, by operationId; `#` is a running number."),
    Key("allow-host", TEXTS, "Further hosts that requests may go to."),
    Key("allow", TEXTS, "Operations that may be sent, whatever they do."),
    Key("include", TEXTS, "Test only these operations."),
    Key("exclude", TEXTS, "Operations that are never sent."),
    Key("disposable", YES_OR_NO, "Everything on the server may be removed."),
    Key("ledger", TEXT, "The file that records everything created."),
    Key("timeout", SECONDS, "Seconds for a complete response."),
    Key("rate", SECONDS, "Maximum requests per second; 0 is no limit."),
    Key("setup", TEXTS, "Shell commands before the run; MOCKSERVER_URL is set."),
    Key("teardown", TEXTS, "Shell commands after the run."),
    Key("ignore", {"type": "array", "items": _IGNORED}, "Findings to ignore."),
)
"""The keys of the `[verify]` table."""
