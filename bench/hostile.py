"""Random hostile requests against an in-process mock: no 5xx, and constant memory.

Seeded, so that a finding can be repeated. Requests may use new keys.

    python bench/hostile.py [--requests 100000] [--seed 0] [SPEC]
    python bench/hostile.py --all [--write]     built-in APIs and the vendor's document together
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import shapes
from bench.pages import DOCS, write_section
from mockserver.files.documents import as_document
from mockserver.openapi.model import Contract, Operation
from mockserver.server.clients import drive
from mockserver.server.mock import Options, load

ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
TEXTS = [
    "", " ", "\x00", "a\x00b", "null", "true", "0", "-1", "1e400", "9" * 400, "NaN", "[]", "{}",
    "../../etc/passwd", "%2e%2e%2f", "%", "%zz", "%ff%fe", "é", "\ud83d\ude00", "a" * 5000, "'--",
    "${jndi:x}", "{{7*7}}", "<script>", "\r\nx: y", ID, ID.upper(), "{" + ID + "}", ID + " ",
    "urn:uuid:" + ID, "2024-02-30T25:61:61Z", "9999999999999999999999",
]  # fmt: skip
JSONS: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e308, -(2**63), 2**64, "", "\x00", "x" * 3000, [], {}, [[]],
    [None] * 50, {"": ""}, {"\x00": 1}, {"__proto__": {}}, {"id": ID}, ID, "2024-01-01T00:00:00Z",
]  # fmt: skip
RAW_BODIES = [
    b"{", b"[", b"}", b"\x00", b"\xff\xfe", b'"\xed\xa0\x80"', b'{"a":1', b'{"a":1}{', b"nul",
    b'{"a":NaN}', b'{"a":1e999}', b"[" * 100_000, b'{"a":' * 20_000, b" " * 50_000,
    b'{"a":1,"a":2}', b'"\\ud800"', b"'a'", b"--x\r\n\r\n", b"a=b&c", b"1" * 5000,
]  # fmt: skip
TYPES = [
    b"application/json", b"application/json", b"application/json; charset=utf-16", b"text/plain",
    b"", b"application/x-www-form-urlencoded", b"multipart/form-data", b"a/b/c", b"\xff",
    b"multipart/form-data; boundary=x", b"application/xml", b"application/json" + b";a=b" * 500,
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO", "get", ""]


class Attacker:
    """Generates ASGI scopes and bodies from a seed."""

    def __init__(self, contract: Contract, seed: int) -> None:
        self.random = random.Random(seed)
        self.contract = contract
        self.count = 0

    def text(self) -> str:
        return self.random.choice(TEXTS)

    def path(self, operation: Operation) -> str:
        pick = self.random.random()
        if pick < 0.05:
            return self.text()
        parts = []
        for part in operation.path.split("/"):
            if part.startswith("{"):
                parts.append(ID if self.random.random() < 0.6 else self.text())
            else:
                parts.append(part if self.random.random() < 0.98 else self.text())
        return "/".join(parts) + ("/" if self.random.random() < 0.03 else "")

    def query(self, operation: Operation) -> bytes:
        names = [p.name for p in operation.parameters if p.place == "query"]
        pairs = []
        for _ in range(self.random.choice([0, 0, 1, 1, 2, 5])):
            name = self.random.choice([*names, "limit", "cursor", self.text()])
            pairs.append(name + self.random.choice(["=", "=", ""]) + self.text())
        joined = "&".join(pairs)
        return joined.encode("utf-8", "surrogatepass")

    def value(self, schema: Any, depth: int = 0) -> Any:
        """Roughly a valid value, with errors."""
        while isinstance(schema, dict) and "$ref" in schema:
            node: Any = self.contract.document
            for token in schema["$ref"][2:].split("/"):
                node = node[token.replace("~1", "/").replace("~0", "~")]
            schema = node
        if not isinstance(schema, dict) or depth > 5 or self.random.random() < 0.07:
            return self.random.choice(JSONS)
        if "anyOf" in schema or "oneOf" in schema:
            return self.value(
                self.random.choice(schema.get("anyOf") or schema.get("oneOf")), depth + 1
            )
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            found = {
                name: self.value(child, depth + 1)
                for name, child in schema.get("properties", {}).items()
                if self.random.random() < 0.8
            }
            if self.random.random() < 0.1:
                found[self.text()] = self.random.choice(JSONS)
            return found
        if kind == "array":
            count = self.random.choice([0, 1, 2, 30])
            return [self.value(schema.get("items"), depth + 1) for _ in range(count)]
        if kind == "string":
            return ID if schema.get("format") == "uuid" else self.text()
        return {"integer": self.random.choice([0, 1, 200, -1, 2**70]), "boolean": True}.get(
            str(kind), self.random.choice(JSONS)
        )

    def body(self, operation: Operation) -> bytes:
        pick = self.random.random()
        if pick < 0.1:
            return b""
        if pick < 0.25:
            return self.random.choice(RAW_BODIES)
        value: Any = self.random.choice(JSONS)
        if operation.body is not None and operation.body.content:
            media = next(iter(operation.body.content.values()))
            value = self.value(media.schema)
        try:
            return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
        except TypeError:
            return repr(value).encode("utf-8", "surrogatepass")

    def requests(self, total: int) -> Iterator[tuple[dict[str, Any], bytes]]:
        for number in range(total):
            operation = self.random.choice(self.contract.operations)
            path = self.path(operation)
            raw = path.encode("utf-8", "surrogatepass")
            key = f"mock-{number}" if self.random.random() < 0.5 else "mock-key"
            headers = [(b"host", b"127.0.0.1")]
            if self.random.random() < 0.95:
                headers += [
                    (b"x-api-key", key.encode()),
                    (b"authorization", b"Bearer " + key.encode()),
                ]
            if self.random.random() < 0.9:
                headers.append((b"content-type", self.random.choice(TYPES)))
            if self.random.random() < 0.05:
                headers.append((b"cookie", b"\xff=;;=\x00"))
            if self.random.random() < 0.05:
                headers.append(
                    (
                        b"prefer",
                        self.random.choice(
                            [b"code=abc", b"code=404", b"=", b"example=zz", b"dynamic=1"]
                        ),
                    )
                )
            wanted = operation.method if self.random.random() < 0.9 else self.random.choice(METHODS)
            yield (
                {
                    "type": "http",
                    "method": wanted,
                    "path": raw.decode("utf-8", "replace"),
                    "raw_path": raw,
                    "query_string": self.query(operation),
                    "headers": headers,
                    "client": ("127.0.0.1", 1),
                    "server": ("127.0.0.1", 8000),
                    "scheme": "http",
                    "root_path": "",
                    "http_version": "1.1",
                },
                self.body(operation),
            )


def attack(
    spec: str, total: int, seed: int, until: float = float("inf")
) -> tuple[Counter[int], list[str], list[int]]:
    """Statuses, requests with a 5xx, and resident memory (bytes) at each tenth.

    No request starts after the time `until` (as of time.time).
    """
    mock = load(as_document(spec), Options(seed=seed))
    app = mock.app()
    statuses: Counter[int] = Counter()
    broken: list[str] = []
    memory: list[int] = []
    attacker = Attacker(mock.contract, seed)
    for number, (scope, body) in enumerate(attacker.requests(total)):
        if number % 100 == 0 and time.time() > until:
            break
        seen: dict[str, Any] = {}

        async def receive(body: bytes = body) -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any], seen: dict[str, Any] = seen) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
            else:
                seen["body"] = message.get("body", b"")

        drive(app(scope, receive, send))  # type: ignore[arg-type]
        statuses[seen["status"]] += 1
        if seen["status"] >= 500 and len(broken) < 10:
            broken.append(
                f"#{number} {scope['method']} {scope['path'][:200]!r}"
                f"?{scope['query_string'][:200]!r} {body[:300]!r}"
                f" -> {seen['status']} {seen['body'][:500]!r}"
            )
        if number % max(1, total // 10) == 0:
            memory.append(resident())
    memory.append(resident())
    return statuses, broken, memory


def resident() -> int:
    """Resident memory of this process in bytes (Linux)."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


SHARED = Path(os.environ.get("SHARED", Path(__file__).resolve().parents[2] / "shared"))
VENDOR = SHARED / "specs" / "feather-1.21.0.json"


def attack_all(total: int, seed: int, seconds: float) -> tuple[list[str], list[str]]:
    """Attack four documents concurrently; returns the lines of the page and the requests with a
    5xx."""
    specs = {"Feather": "feather", "Speechify": "speechify", "TrueState": "truestate"}
    if VENDOR.is_file():
        specs["the vendor's, 491 operations"] = str(VENDOR)
    # The largest first, as it takes longest.
    names = list(specs)[::-1]
    until = time.time() + seconds
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        asked = {
            name: pool.submit(attack, specs[name], total // len(specs), seed, until)
            for name in names
        }
        found = {name: asked[name].result() for name in specs}
    count = sum(statuses.total() for statuses, _, _ in found.values())
    lines = [
        "## Under attack",
        "",
        f"`make hostile`, seed {seed}: {count:,} random hostile requests without a network in "
        "between (torn bodies, wrong types, huge numbers, forged cursors, odd paths and headers), "
        "half of them with a key of their own, so with a world of their own.",
        "",
        "| document | requests | 2xx and 3xx | 4xx | 5xx | resident MB at each tenth |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, (statuses, _, memory) in found.items():
        by_kind = Counter[int]()
        for status, times in statuses.items():
            by_kind[status // 100] += times
        good, bad, worst = by_kind[2] + by_kind[3], by_kind[4], by_kind[5]
        shown = " ".join(f"{one / 2**20:.0f}" for one in memory)
        lines.append(
            f"| {name} | {statuses.total():,} | {good:,} | {bad:,} | {worst:,} | {shown} |"
        )
    lines += [
        "",
        "Requests that grow: the processor time of one, and how many times as much four times its "
        "size takes (linear is 4, a square 16).",
        "",
        "| what grows | size | processor | four times the size |",
        "|---|---:|---:|---:|",
    ]
    for name, size, once, ratio in shapes.growth():
        lines.append(f"| {name} | {size:,} | {once * 1000:.1f} ms | {ratio:.1f} times |")
    return lines, [line for _, broken, _ in found.values() for line in broken]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("spec", nargs="?", default="feather")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="four documents, and what grows")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--seconds", type=float, default=270, help="of --all: begin none later")
    options = parser.parse_args()
    if options.all:
        lines, broken = attack_all(options.requests, options.seed, options.seconds)
        print("\n".join(lines))
        if options.write:
            write_section(DOCS / "benchmarks.md", "hostile", lines)
    else:
        statuses, broken, memory = attack(options.spec, options.requests, options.seed)
        print(f"{options.requests} requests, seed {options.seed}: {dict(sorted(statuses.items()))}")
        print("resident MB at each tenth:", *(round(m / 2**20) for m in memory))
    for line in broken:
        print(line)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
