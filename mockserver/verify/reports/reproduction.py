"""A finding as a test that fails until the server is fixed."""

from __future__ import annotations

import re
from pathlib import Path

from mockserver.verify.model import HIDDEN, KEY_VARIABLE, Exchange, Finding, Result
from mockserver.verify.reports import clean

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


def write_all(result: Result, folder: Path, spec: str) -> list[Path]:
    files = []
    for finding in result.open_findings:
        if finding.example is not None:
            path = folder / f"test_{finding.id}.py"
            path.write_text(pytest_file(finding, result.url, spec), encoding="utf-8")
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
