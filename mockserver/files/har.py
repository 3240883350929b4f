"""HTTP archives (HAR 1.2): a writer and a reader."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from mockserver.errors import UsageError
from mockserver.files.secrets import masked, masked_header, masked_pairs
from mockserver.openapi.media_types import essence
from mockserver.records import dataclass

Pairs = Sequence[tuple[str, str]]
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Archived:
    """One exchange. `started` is RFC 3339, `took` is in milliseconds.

    A missing response has status 0, as browsers write it.
    """

    method: str
    url: str
    status: int
    started: str
    took: float = 0.0
    request_headers: Pairs = ()
    request_body: bytes = b""
    headers: Pairs = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    @property
    def ended(self) -> float:
        """End time in seconds since the epoch. Raises ValueError if `started` is invalid."""
        moment = datetime.fromisoformat(self.started.replace("Z", "+00:00"))
        return moment.timestamp() + max(0.0, self.took) / 1000

    def header(self, name: str) -> str:
        """A response header, or "" if absent."""
        return next((value for known, value in self.headers if known.lower() == name), "")


def archive(entries: Iterable[Mapping[str, Any]], version: str) -> dict[str, Any]:
    """A complete archive of entries."""
    creator = {"name": "mockserver", "version": version}
    return {"log": {"version": "1.2", "creator": creator, "entries": list(entries)}}


def har_entry(one: Archived, **more: Any) -> dict[str, Any]:
    """One entry. Secrets in headers, queries, forms and JSON are masked."""
    took = max(0.0, round(one.took, 3))
    url, mark, query = one.url.partition("?")
    request: dict[str, Any] = {
        "method": one.method,
        "url": url + mark + masked_pairs(query),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _shown(one.request_headers),
        "queryString": _shown(parse_qsl(query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(one.request_body),
    }
    if one.request_body:
        kind = next((v for n, v in one.request_headers if n.lower() == "content-type"), "")
        request["postData"] = {"mimeType": kind, **_text(one.request_body, kind)}
    kind = one.header("content-type")
    return {
        "startedDateTime": one.started,
        "time": took,
        "request": request,
        "response": {
            "status": one.status,
            "statusText": HTTPStatus(one.status).phrase if one.status in list(HTTPStatus) else "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _shown(one.headers),
            "content": {
                "size": len(one.body),
                "mimeType": kind or "x-unknown",
                **_text(one.body, kind),
            },
            "redirectURL": masked_header("location", one.header("location")),
            "headersSize": -1,
            "bodySize": len(one.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        **more,
    }


def _shown(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": masked_header(name, value)} for name, value in pairs]


def _text(body: bytes, media_type: str) -> dict[str, str]:
    """The body as text, or as base64 if it is not UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    if essence(media_type) == _FORM:
        return {"text": masked_pairs(text)}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"text": text}
    shown = masked(value)
    return {"text": orjson.dumps(shown).decode() if shown != value else text}


def read_har(path: Path) -> list[Archived]:
    """The exchanges of a file, in order. Raises UsageError if it is not a HAR file."""
    try:
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        return archived(orjson.loads(text), str(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path}: not JSON: {error}") from None


def archived(value: Any, source: str) -> list[Archived]:
    """The exchanges of a parsed archive. Raises UsageError if it is not a HAR."""
    try:
        return [_archived(entry) for entry in value["log"]["entries"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError(
            f"{source}: not an HTTP archive (HAR): it has no valid log.entries"
        ) from None


def _archived(entry: Mapping[str, Any]) -> Archived:
    request, response = entry["request"], entry["response"]
    content = response.get("content") or {}
    headers = _pairs(response)
    if content.get("mimeType") and not any(n.lower() == "content-type" for n, _ in headers):
        headers.append(("content-type", str(content["mimeType"])))
    return Archived(
        method=str(request["method"]).upper(),
        url=str(request["url"]),
        status=int(response["status"]),
        started=str(entry.get("startedDateTime") or ""),
        took=float(entry.get("time") or 0),
        request_headers=_pairs(request),
        request_body=_bytes(request.get("postData") or {}),
        headers=headers,
        body=_bytes(content),
    )


def _pairs(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    listed = message.get("headers") or ()
    return [(str(one["name"]), str(one.get("value") or "")) for one in listed]


def _bytes(content: Mapping[str, Any]) -> bytes:
    text = str(content.get("text") or "")
    if content.get("encoding") != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""
