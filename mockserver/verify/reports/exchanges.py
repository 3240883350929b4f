"""Write the exchanges of a run as they arrive, NDJSON and HAR; and a finding as a test that fails
until the server is fixed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self

from mockserver.files.har import Archived, har_entry
from mockserver.openapi.model import Json
from mockserver.verify.ledger import fits
from mockserver.verify.model import HIDDEN, KEY_VARIABLE, Exchange, Finding, Result

_SHAPE = {
    "source": str,
    "operation": str,
    "method": str,
    "url": str,
    "request_headers": dict,
    "request_body": str,
    "status": int,
    "headers": dict,
    "body": str,
    "seconds": int | float,
    "at": int | float,
}
# What XML 1.0 can't hold.
_CONTROL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Record:
    """Writes into a folder, or nowhere without one."""

    def __init__(self, folder: Path | None = None, *, resume: bool = False) -> None:
        self.folder = folder
        self._resume = resume
        self._ndjson: IO[str] | None = None
        self._har: IO[str] | None = None
        self._first = True

    def __enter__(self) -> Self:
        if self.folder is not None:
            earlier = list(self._earlier(self.folder)) if self._resume else []
            self._ndjson = (self.folder / "exchanges.ndjson").open(
                "w", encoding="utf-8", errors="backslashreplace"
            )
            self._har = (self.folder / "exchanges.har").open(
                "w", encoding="utf-8", errors="backslashreplace"
            )
            creator = '{"name": "mockserver", "version": "1"}'
            self._har.write('{"log": {"version": "1.2", "creator": %s, "entries": [\n' % creator)  # noqa: UP031
            for exchange in earlier:
                self.exchange(exchange)
        return self

    @staticmethod
    def _earlier(folder: Path) -> Iterator[Exchange]:
        """The exchanges of a run that goes on; its last line may be cut."""
        file = folder / "exchanges.ndjson"
        for line in file.read_text("utf-8", "replace").splitlines() if file.exists() else ():
            with suppress(ValueError, KeyError, TypeError, RecursionError):
                yield exchange_of(json.loads(line)["exchange"])

    def __exit__(self, *_: object) -> None:
        if self._har is not None:
            self._har.write("\n]}}\n")
            self._har.close()
        if self._ndjson is not None:
            self._ndjson.close()

    def exchange(self, exchange: Exchange) -> None:
        if self._ndjson is None or self._har is None:
            return
        self._ndjson.write(json.dumps({"exchange": plain(exchange)}) + "\n")
        self._har.write("" if self._first else ",\n")
        self._har.write(json.dumps(har_entry(archived(exchange), comment=exchange.source)))
        self._first = False

    def finding(self, finding: Finding) -> None:
        if self._ndjson is not None:
            self._ndjson.write(json.dumps({"finding": plain_finding(finding)}) + "\n")


def plain(exchange: Exchange) -> dict[str, Json]:
    return {
        "source": exchange.source,
        "operation": exchange.operation,
        "method": exchange.method,
        "url": exchange.url,
        "request_headers": dict(exchange.request_headers),
        "request_body": text(exchange.request_body),
        "status": exchange.status,
        "headers": dict(exchange.headers),
        "body": text(exchange.body),
        "seconds": round(exchange.elapsed, 6),
        "at": round(exchange.at, 3),
    }


def exchange_of(value: Mapping[str, Json]) -> Exchange:
    """The exchange that `plain` was given. Raises ValueError if it is none."""
    if not fits(value, _SHAPE):
        raise ValueError("not an exchange")
    return Exchange(
        method=value["method"],
        url=value["url"],
        request_headers=value["request_headers"],
        request_body=_bytes(value["request_body"]),
        status=value["status"],
        headers=value["headers"],
        body=_bytes(value["body"]),
        elapsed=value["seconds"],
        source=value["source"],
        operation=value["operation"],
        at=value["at"],
    )


def plain_finding(finding: Finding) -> dict[str, Json]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "rules": finding.extra.get("rules", finding.rule).split(", "),
        "where": finding.where,
        "operations": (finding.extra.get("operations") or finding.where).splitlines(),
        "probe": finding.extra.get("probe", ""),
        "title": finding.title,
        "message": finding.message,
        "origin": finding.origin,
        "count": finding.count,
        "accepted": finding.accepted,
        "steps": [plain(step) for step in finding.steps],
        "curl": [step.curl() for step in finding.steps],
    }


def text(body: bytes) -> str:
    """The bytes as text, or as base64 with a prefix."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(body).decode()


def _bytes(text: str) -> bytes:
    coded = text.removeprefix("base64:")
    return text.encode() if coded == text else base64.b64decode(coded)


def archived(exchange: Exchange) -> Archived:
    """The exchange as a HAR entry."""
    moment = datetime.fromtimestamp(exchange.at, UTC) if exchange.at else datetime.now(UTC)
    return Archived(
        method=exchange.method,
        url=exchange.url,
        status=exchange.status,
        started=moment.isoformat(),
        took=exchange.elapsed * 1000,
        request_headers=tuple(exchange.request_headers.items()),
        request_body=exchange.request_body,
        headers=tuple(exchange.headers.items()),
        body=exchange.body,
    )


TEMPLATE = '''"""{title}

{message}

{curl}
"""

import os

import httpx
{imports}

def test_{name}():
    url = os.environ.get("STAGING_URL", {url!r})
    client = httpx.Client(trust_env=False, timeout=30)
{steps}
{check}
'''

STEP = """    reply = client.request(
        {method!r},
        url + {path!r},
        headers={headers},
        content={content!r},
    )
"""

BY_SCHEMA = """    judge = ReplyJudge({spec!r}, url)
    assert not judge.complaint({operation!r}, reply)"""

BY_STATUS = """    assert reply.status_code != {status}, reply.text"""


def write_tests(result: Result, folder: Path, spec: str) -> list[Path]:
    files = []
    for finding in result.open_findings:
        if finding.example is not None:
            path = folder / f"test_{finding.id}.py"
            path.write_text(
                pytest_file(finding, result.url, spec), encoding="utf-8", errors="backslashreplace"
            )
            files.append(path)
    return files


def pytest_file(finding: Finding, url: str, spec: str) -> str:
    example = finding.example
    assert example is not None
    by_schema = re.search("schema|content|headers|status_code|Undefined|Malformed", finding.rule)
    check = BY_SCHEMA if by_schema and example.operation else BY_STATUS
    imports = (
        "\nfrom mockserver.verify.conformance.openapi_core import ReplyJudge\n"
        if check is BY_SCHEMA
        else ""
    )
    return TEMPLATE.format(
        title=_safe(finding.title),
        message=_safe(finding.message),
        curl=_safe(example.curl()),
        imports=imports,
        name=re.sub(r"\W+", "_", finding.rule).strip("_").lower(),
        url=url,
        steps="".join(_step(step, url) for step in finding.steps),
        check=check.format(status=example.status, operation=example.operation, spec=spec),
    )


def _step(step: Exchange, url: str) -> str:
    headers = []
    for name, value in step.request_headers.items():
        if name in ("host", "content-length", "connection", "accept-encoding"):
            continue
        secret = value in (HIDDEN, KEY_VARIABLE)
        shown = 'os.environ["STAGING_API_KEY"]' if secret else repr(value)
        headers.append(f"{name!r}: {shown}")
    return STEP.format(
        method=step.method,
        path=step.url.removeprefix(url),
        headers="{" + ", ".join(headers) + "}",
        content=step.request_body,
    )


def _safe(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace('"""', "'''")


def clean(text: str) -> str:
    return _CONTROL.sub("�", text)
