"""Select the API version of a request; request ids of responses (rules 5, 9 to 11).

Settings, the table `[speechify]` of mockserver.toml:

    cutover          the first date of the newer version; the vendor's own is not known
    default_version  the version of every workspace that requests none, or "none"
    workspaces       the default version of single workspaces, by key
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from mockserver.engine.api import Choose
from mockserver.engine.messages import Reply
from mockserver.engine.world import digest
from mockserver.errors import BadRequest, UsageError
from mockserver.inference.corrections import TEXT, TEXT_TABLE, Key, names
from mockserver.vendors.speechify.common import crockford

NEWER = "speechify"
OLDER = "speechify-legacy"
CUTOVER = "2026-06-28"
NONE = "none"
HEADER = "speechify-version"
SETTINGS = (
    Key("cutover", TEXT, "The first date of the newer API version."),
    Key("default_version", TEXT, 'The version of every workspace that requests none, or "none".'),
    Key("workspaces", TEXT_TABLE, "The default version of single workspaces, by their key."),
)
"""The keys of `[speechify]` in mockserver.toml."""
REQUEST_ID_HEADERS = ("X-Request-ID", "Speechify-Request-Id")  # the sources disagree: both
LONGEST_REQUEST_ID = 64

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNCLEAN = re.compile(r"[^A-Za-z0-9._-]")


def is_version(text: str) -> bool:
    """Whether the text is a date, YYYY-MM-DD."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def chooser(settings: Mapping[str, Any], served: str) -> Choose:
    """Selects the version: by header, else the workspace's default, else the oldest (rule 9).

    Without a configured default, the version is that of the served document. Raises UsageError for
    an unknown setting or one that is not a date.
    """
    for name in settings:
        if name not in names(SETTINGS):
            raise UsageError(
                f"[speechify] {name} is not known; the settings are {', '.join(names(SETTINGS))}"
            )
    cutover = _setting("cutover", settings.get("cutover", CUTOVER))
    default = settings.get("default_version")
    usual = served if default is None else _shape(_setting("default_version", default), cutover)
    by_key = settings.get("workspaces", {})
    if not isinstance(by_key, Mapping):
        raise UsageError(
            f"[speechify] workspaces must be a table of versions by key, not {by_key!r}"
        )
    workspaces = {
        key: _shape(_setting(f"workspaces.{key}", value), cutover) for key, value in by_key.items()
    }

    def choose(headers: Mapping[str, str], tenant: str) -> str:
        requested = headers.get(HEADER)
        if requested is None:
            return workspaces.get(tenant, usual)
        if not is_version(requested):
            raise BadRequest(
                f"Speechify-Version must be a date, YYYY-MM-DD, not {requested[:40]!r}.",
                code="invalid_api_version",
            )
        return _shape(requested, cutover)

    return choose


def _shape(version: str, cutover: str) -> str:
    return NEWER if version != NONE and version >= cutover else OLDER


def _setting(name: str, value: Any) -> str:
    text = str(value)
    if not is_version(text) and not (text == NONE and name != "cutover"):
        raise UsageError(f'[speechify] {name}: give a date such as "{CUTOVER}", not {text!r}')
    return text


def stamp(reply: Reply, headers: Mapping[str, str], serial: int) -> Reply:
    """The reply with its request id, in the header and in the body of an error (rule 5)."""
    request_id = clean(headers.get("x-request-id", "")) or _made(serial)
    body = reply.body
    if reply.status >= 400 and isinstance(body, dict) and "error" in body:
        body = {**body, "request_id": request_id}
    named = dict.fromkeys(REQUEST_ID_HEADERS, request_id)
    return Reply(reply.status, body, {**reply.headers, **named}, reply.media_type)


def clean(request_id: str) -> str:
    """A caller's request id, without invalid characters and truncated."""
    return _UNCLEAN.sub("", request_id)[:LONGEST_REQUEST_ID]


def _made(serial: int) -> str:
    return "req_" + crockford(serial << 80 | int.from_bytes(digest("request", serial)[:10]))
