"""A program as a shell script, one for each side, which reads ids from the responses."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from mockserver.openapi.model import Contract
from mockserver.verify.diff.model import MISSING, REFERENCE, Program, Seen, Step
from mockserver.verify.model import KEY_VARIABLE
from mockserver.verify.target import PLACEHOLDER, credentials

HEAD = """#!/usr/bin/env bash
# {about}
# Needs curl and jq. The key comes from {key}, the address from BASE_URL.
BASE_URL=${{BASE_URL:-{url}}}
{key_name}=${{{key_name}:-mock-key}}
"""


def script(program: Program, contract: Contract, url: str, about: str) -> str:
    """A script that needs bash, curl and jq, and prints each status and body."""
    name = KEY_VARIABLE.removeprefix("$")
    head = HEAD.format(about=about, key=KEY_VARIABLE, key_name=name, url=shlex.quote(url))
    needed = {label for step in program.steps for label in step.needs()}
    return head + "".join(_step(step, contract, step.label in needed) for step in program.steps)


def _step(step: Step, contract: Contract, kept: bool) -> str:
    operation = contract.by_id[step.operation]
    words = ["curl -sS -w '\\n%{http_code}\\n' -X " + operation.method]
    sent = credentials(contract, KEY_VARIABLE) if step.key == "own" else {}
    if step.key == "wrong":
        sent = credentials(contract, "no-such-key")
    body = step.content if step.content is not None else None
    if step.body is not MISSING:
        body = json.dumps(step.body, ensure_ascii=False)
    headers = {**sent, **step.headers}
    if body is not None:
        headers.setdefault("content-type", "application/json")
    words += [f"-H {_double(f'{name}: {value}')}" for name, value in headers.items()]
    if body is not None:
        words.append(f"--data-binary {_double(body)}")
    words.append(_double("$BASE_URL" + _path(operation.path, step.path) + _query(step.query)))
    lines = [f"\n# {step.label}. {operation.method} {operation.path} {step.about}".rstrip()]
    command = " \\\n  ".join(words)
    if step.intent == "settle":
        lines.append("# again, until the job has settled")
    if kept:
        lines.append(f"R{step.label}=$({command})")
        lines.append(f'printf "%s\\n" "$R{step.label}"')
        lines.append(f'R{step.label}=$(printf "%s" "$R{step.label}" | sed "$ d")')
    else:
        lines.append(command)
    return "\n".join(lines) + "\n"


def _path(template: str, values: Mapping[str, str]) -> str:
    for name in [part.split("}")[0] for part in template.split("{")[1:]]:
        value = str(values.get(name, PLACEHOLDER))
        shown = value if REFERENCE.search(value) else quote(value, safe="")
        template = template.replace("{" + name + "}", shown)
    return template


def _query(query: Mapping[str, str]) -> str:
    if not query:
        return ""
    plain = {k: v for k, v in query.items() if not REFERENCE.search(v)}
    parts = [urlencode(plain)] if plain else []
    parts += [f"{quote(k)}={v}" for k, v in query.items() if k not in plain]
    return "?" + "&".join(parts)


def _double(text: str) -> str:
    """A double-quoted string, with references as commands and the key as a variable."""
    pieces: list[str] = []
    end = 0
    for found in REFERENCE.finditer(text):
        pieces += [_escaped(text[end : found.start()]), _looked_up(found)]
        end = found.end()
    pieces.append(_escaped(text[end:]))
    return '"' + "".join(pieces) + '"'


def _looked_up(found: re.Match[str]) -> str:
    path = "".join(f"[{n}]" if n.isdigit() else f'["{n}"]' for n in found[2][1:].split("."))
    return f"$(jq -r '.{path}' <<<\"$R{found[1]}\")"


def _escaped(text: str) -> str:
    variables = ("$BASE_URL", KEY_VARIABLE)
    text = re.sub(r'([\\"`])', r"\\\1", text)
    return re.sub(r"\$(\w*)", lambda m: m[0] if m[0] in variables else "\\" + m[0], text)


def one_line(seen: Seen) -> str:
    """A step and its result on one line."""
    if seen.skipped:
        return f"{seen.step.operation}: not sent, what it refers to is missing"
    exchange = seen.last
    path = re.sub(r"^https?://[^/]+", "", exchange.url)
    body = exchange.request_body.decode("utf-8", "replace")
    body = f" {body}" if body else ""
    text = f"{exchange.method} {path}{body}"
    states = f" ({', '.join(seen.states)})" if seen.states else ""
    return f"{text if len(text) <= 110 else text[:107] + '...'}{states}  ->  {seen.status}"


def response(seen: Seen) -> str:
    """Status and body; JSON is indented."""
    if seen.skipped:
        return "not sent"
    if seen.value is MISSING:
        text = seen.last.body[:2000].decode("utf-8", "replace")
    else:
        text = json.dumps(seen.value, indent=2, ensure_ascii=False, sort_keys=True)
    text = text if len(text) <= 4000 else text[:4000] + "\n..."
    return f"{seen.status}\n{text}"
