"""How many planted divergences `mockserver diff` finds, and how small the programs are.

    python -m bench.diff_planted.run [--only ID...] [--seed N] [--json FILE]

The real side is a mock with another seed, behind a proxy that changes one behaviour. Each
divergence gets a whole run, until its first difference; the control without any must have none.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.kill_rate import KEY
from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.differ import Differ
from mockserver.verify.diff.mock_side import Mocks, own_mocks
from mockserver.verify.diff.model import KINDS, Difference, Program, Report
from mockserver.verify.diff.programs.random import programs
from mockserver.verify.diff.runner import Side
from mockserver.verify.lifecycle.clock import clock_of, reset
from mockserver.verify.target import Target
from tests.support.fault_proxy.catalogue import Fault, load
from tests.support.fault_proxy.proxy import FaultProxy, the_proxy

CATALOGUE = Path(__file__).with_name("catalogue.toml")
SHORT = 5


@dataclass
class Outcome:
    """The result for one divergence. `beside` are the steps that are not mere preparations, `shown`
    is whether the program shows nothing once the divergence is removed."""

    fault: str
    kind: str
    found: str
    at: str
    steps: int
    beside: int
    shown: bool
    requests: int
    hits: int
    seconds: float


class Bench:
    def __init__(self, mocks: Mocks, proxy: FaultProxy, url: str, seed: int, examples: int) -> None:
        self.mocks, self.proxy, self.url, self.seed = mocks, proxy, url, seed
        self.programs = list(programs(mocks.knowledge, seed, examples))

    def run(
        self, fault: Fault | None, most: int, chosen: Sequence[Program] = ()
    ) -> tuple[Report, str]:
        """A run with this divergence, and the reason if it failed."""
        self.proxy.plant(fault)
        report = Report("Feather", "feather", self.url, "its own", self.seed)
        with Target(self.mocks.knowledge.contract, self.url, KEY, timeout=30) as target:
            side = Side(target, self.mocks.knowledge, clock_of(target, 30), judged=True)

            def begin() -> None:
                reset(target)

            side.before = begin
            try:
                Differ(self.mocks, report, real=side, most=most, borrow=True).run(
                    chosen or self.programs
                )
            except UsageError as error:
                return report, str(error)
        return report, ""

    def is_shown(self, found: Difference) -> bool:
        """Whether the shortened program shows the divergence, rather than random variation."""
        report, error = self.run(None, 50, [found.program])
        by_chance = {difference.mismatch.signature for difference in report.differences}
        return not error and found.mismatch.signature not in by_chance


def outcome_of(
    fault: Fault, report: Report, error: str, shown: bool, hits: int, seconds: float
) -> Outcome:
    first = report.differences[0] if report.differences else None
    return Outcome(
        fault=fault.id,
        kind=fault.kind,
        found=first.mismatch.kind if first else f"could not judge: {error}" if error else "",
        at=f"{first.where} {first.mismatch.at}".strip() if first else "",
        steps=len(first.program.steps) if first else 0,
        beside=len(first.program.steps) - first.program.preparations if first else 0,
        shown=shown,
        requests=report.sequence_requests,
        hits=hits,
        seconds=round(seconds, 1),
    )


def table(outcomes: list[Outcome]) -> Iterator[str]:
    """By kind, in Markdown."""
    yield f"| kind | planted | found | in {SHORT} requests | in {SHORT} beside preparations |"
    yield "|---|---|---|---|---|"
    for kind in [*KINDS, ""]:
        group = [o for o in outcomes if kind in ("", o.kind)]
        found = [o for o in group if o.steps and o.shown]
        short = sum(o.steps <= SHORT for o in found)
        beside = sum(o.beside <= SHORT for o in found)
        if group:
            share = f"{len(found)} ({len(found) / len(group):.0%})"
            yield f"| {kind or '**all**'} | {len(group)} | {share} | {short} | {beside} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--goal", type=float, default=0.95)
    parser.add_argument("--json", default="", help="write the outcomes here")
    given = parser.parse_args()
    faults = [f for f in load(CATALOGUE) if not given.only or f.id in given.only]
    knowledge = Knowledge.of(read_contract("feather")[1])
    outcomes: list[Outcome] = []
    with (
        own_mocks("feather", (given.seed, given.seed + 1)) as urls,
        own_mocks("feather", (given.seed + 100,)) as upstream,
        the_proxy(upstream[0]) as (proxy, url),
        Mocks(knowledge, urls, 30) as mocks,
    ):
        bench = Bench(mocks, proxy, url, given.seed, given.examples)
        report, error = bench.run(None, 1)
        print(
            f"control: {len(report.differences)} differences, {report.sequence_requests} requests "
            f"{error}",
            flush=True,
        )
        if report.differences or error:
            return 1
        for number, fault in enumerate(faults, 1):
            start = time.perf_counter()
            report, error = bench.run(fault, 1)
            hits, seconds = proxy.hits, time.perf_counter() - start
            shown = not report.differences or bench.is_shown(report.differences[0])
            outcome = outcome_of(fault, report, error, shown, hits, seconds)
            outcomes.append(outcome)
            print(
                f"{number}/{len(faults)} {fault.id}: {outcome.found or 'SURVIVES'} {outcome.at} "
                f"[{outcome.steps} steps, {outcome.beside} beside preparations, "
                f"{outcome.requests} requests, {outcome.hits} hits, {outcome.seconds} s]"
                f"{'' if outcome.shown else ' BY CHANCE'}",
                flush=True,
            )
    print("\n" + "\n".join(table(outcomes)))
    for outcome in outcomes:
        if not outcome.steps or not outcome.shown:
            print(f"survives: {outcome.fault}")
    if given.json:
        Path(given.json).write_text(json.dumps([asdict(o) for o in outcomes], indent=1) + "\n")
    rate = sum(o.steps > 0 and o.shown for o in outcomes) / len(outcomes)
    print(f"\nfound {rate:.1%}, the goal is {given.goal:.0%}")
    return 0 if rate >= given.goal else 1


if __name__ == "__main__":
    sys.exit(main())
