"""Kill rate: how many planted faults are found, compared with stock Schemathesis.

    python -m bench.kill_rate [--only ID...] [--class NAME...] [--no-stock] [--controls N]

For each fault a proxy with that fault is placed in front of the mock (manual clock, the same world
each time). `mockserver test` runs through it until its first finding; stock Schemathesis gets as
many requests as `mockserver test` needs for the mock without a fault. The control without faults is
run as well.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import httpx

from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.verify.conformance.config import Budget, Settings
from mockserver.verify.conformance.openapi_core import SecondJudge
from mockserver.verify.judgement import Plan, judge
from mockserver.verify.lifecycle.clock import reset
from mockserver.verify.lifecycle.run import Effort
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.target import Target
from tests.support.fault_proxy.catalogue import Fault, load
from tests.support.fault_proxy.proxy import FaultProxy, the_proxy

ROOT = Path(__file__).resolve().parent.parent
KEY = "mock-key"
BUDGET = Budget(max_examples=8)
EFFORT = Effort(examples=4, steps=20)


@dataclass
class Outcome:
    """The result for one fault. `stock` is None if stock Schemathesis was not run."""

    fault: str
    kind: str
    killed: bool
    by: str
    requests: int
    hits: int
    seconds: float
    stock: bool | None = None
    stock_by: str = ""
    stock_requests: int = 0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def the_mock() -> Iterator[str]:
    """A mock in its own process."""
    port = free_port()
    command = [sys.executable, "-m", "mockserver", "serve", "--port", str(port)]
    process = subprocess.Popen([*command, "--clock", "manual"], stdout=subprocess.DEVNULL, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/__mock__/health", timeout=1, trust_env=False)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def ours(url: str, seed: int, second: SecondJudge) -> tuple[str, int]:
    """The rule of the first finding, or "", and the number of requests until then."""
    document, contract = read_contract("feather")
    target = Target(contract, url, KEY)
    plan = Plan(settings=Settings(seed=seed, budget=BUDGET), effort=EFFORT, stop_early=True)
    reset(target)
    try:
        with Record() as record:
            result = judge(target, document, plan, record, second=second)
    except UsageError as error:
        return f"could not judge: {error}", 0
    finally:
        target.close()
    found = [*result.open_findings]
    if found:
        return f"{found[0].rule} ({found[0].origin}) at {found[0].where}", result.requests
    return (f"error: {result.errors[0]}" if result.errors else ""), result.requests


def stock(url: str, proxy: FaultProxy, seed: int, limit: int) -> tuple[str, int]:
    """Stock Schemathesis, all its checks, until `limit` requests have been sent.

    It uses the repository's schemathesis.toml, without which the control has failures.
    """
    reset_at(url)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.ndjson"
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file"]
        command += [str(ROOT / "schemathesis.toml"), "run", str(ROOT / "openapi.json")]
        command += ["--url", url, "-H", f"x-api-key: {KEY}", "-c", "all", "--no-color"]
        command += ["--seed", str(seed), "--max-failures", "1", "--max-examples", "25"]
        command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
        )
        while process.poll() is None:
            if proxy.requests > limit:
                process.terminate()
            time.sleep(0.05)
        text = report.read_text(encoding="utf-8") if report.exists() else ""
        return _first_failure(text), min(proxy.requests, limit)


def _first_failure(report: str) -> str:
    for line in report.splitlines():
        try:
            event = json.loads(line).get("ScenarioFinished")
        except ValueError:
            continue
        for nodes in (event or {}).get("recorder", {}).get("checks", {}).values():
            for node in nodes:
                if node["status"] == "failure":
                    operation = node["failure_info"]["failure"]["operation"]
                    return f"{node['name']} at {operation}"
    return ""


def reset_at(url: str) -> None:
    httpx.post(f"{url}/__mock__/reset", params={"tenant": KEY}, timeout=10, trust_env=False)


def try_fault(
    fault: Fault, proxy: FaultProxy, url: str, seed: int, limit: int, second: SecondJudge
) -> Outcome:
    start = time.perf_counter()
    proxy.plant(fault)
    by, requests = ours(url, seed, second)
    outcome = Outcome(fault.id, fault.kind, bool(by), by, requests, proxy.hits, 0)
    if limit:
        proxy.plant(fault)
        outcome.stock_by, outcome.stock_requests = stock(url, proxy, seed, limit)
        outcome.stock = bool(outcome.stock_by)
    proxy.plant(None)
    return replace(outcome, seconds=round(time.perf_counter() - start, 1))


def table(outcomes: list[Outcome]) -> Iterator[str]:
    """By class, in Markdown."""
    yield "| class | faults | mockserver test | stock Schemathesis |"
    yield "|---|---|---|---|"
    kinds = list(dict.fromkeys(outcome.kind for outcome in outcomes))
    for kind in [*kinds, ""]:
        group = [o for o in outcomes if kind in ("", o.kind)]
        count = len(group)
        killed = sum(o.killed for o in group)
        theirs = sum(bool(o.stock) for o in group)
        asked = sum(o.stock is not None for o in group)
        name = kind or "**all**"
        of = "" if asked == count else f" of {asked}"
        other = f"{theirs}{of} ({theirs / asked:.0%})" if asked else "-"
        yield f"| {name} | {count} | {killed} ({killed / count:.0%}) | {other} |"


def _earlier(path: Path) -> dict[str, Outcome]:
    found = json.loads(path.read_text()) if path.exists() else []
    return {outcome["fault"]: Outcome(**outcome) for outcome in found}


def _rest(earlier: dict[str, Outcome], outcomes: list[Outcome]) -> list[Outcome]:
    """Results of an earlier run for faults that have not been run yet."""
    done = {outcome.fault for outcome in outcomes}
    return [outcome for name, outcome in earlier.items() if name not in done]


def _save(path: Path, outcomes: list[Outcome]) -> None:
    path.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1) + "\n")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--class", dest="kinds", nargs="*", default=[])
    parser.add_argument("--no-stock", action="store_true")
    parser.add_argument(
        "--stock-every", type=int, default=1, help="ask stock for every Nth fault of a class only"
    )
    parser.add_argument("--controls", type=int, default=1, help="seeds for the control")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--goal", type=float, default=0.95)
    parser.add_argument("--json", default="", help="write the outcomes here, each when it is known")
    parser.add_argument(
        "--resume", action="store_true", help="take from --json what an earlier run has found"
    )
    return parser


def main() -> int:
    parser = _options()
    given = parser.parse_args()
    if given.resume and not given.json:
        parser.error("--resume needs --json FILE, the file of the run to go on with")
    faults = [
        fault
        for fault in load()
        if (not given.only or fault.id in given.only)
        and (not given.kinds or fault.kind in given.kinds)
    ]
    if not faults:
        parser.error(
            "no planted fault has such an id or class; see tests/support/fault_proxy/catalogue.toml"
        )
    earlier = _earlier(Path(given.json)) if given.resume else {}
    outcomes: list[Outcome] = []
    with the_mock() as upstream, the_proxy(upstream) as (proxy, url):
        document, contract = read_contract("feather")
        second = SecondJudge(document, contract, url)
        limit = 0
        for seed in range(given.seed, given.seed + given.controls):
            by, requests = ours(url, seed, second)
            print(f"control, seed {seed}: {by or 'green'}, {requests} requests", flush=True)
            if by:
                return 1
            limit = max(limit, requests)
        places: Counter[str] = Counter()
        for number, fault in enumerate(faults, 1):
            asked = not given.no_stock and places[fault.kind] % given.stock_every == 0
            places[fault.kind] += 1
            known = earlier.get(fault.id)
            if known is not None and (known.stock is not None or not asked):
                outcomes.append(known)
                continue
            outcome = try_fault(fault, proxy, url, given.seed, limit if asked else 0, second)
            outcomes.append(outcome)
            if given.json:
                _save(Path(given.json), [*outcomes, *_rest(earlier, outcomes)])
            stock_text = f"; stock: {outcome.stock_by or '-'}" if outcome.stock is not None else ""
            print(
                f"{number}/{len(faults)} {fault.id}: {outcome.by or 'SURVIVES'} "
                f"[{outcome.requests} requests, {outcome.hits} hits, {outcome.seconds} s]"
                f"{stock_text}",
                flush=True,
            )
    print()
    print("\n".join(table(outcomes)))
    for outcome in outcomes:
        if not outcome.killed:
            print(f"survives: {outcome.fault}")
    if given.json:
        _save(Path(given.json), outcomes)
    rate = sum(o.killed for o in outcomes) / len(outcomes)
    print(f"\nkilled {rate:.1%}, the goal is {given.goal:.0%}")
    return 0 if rate >= given.goal else 1


if __name__ == "__main__":
    sys.exit(main())
