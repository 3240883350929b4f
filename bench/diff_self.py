"""A mock against itself: false positives of `mockserver diff`.

    python -m bench.diff_self [--spec feather...] [--runs 20] [--examples 20]

Each run has different sequences and a real side that is a mock with another seed: with a manual
clock in even runs, with a real one, and jobs fifty times as fast, in odd ones.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from mockserver.files.documents import read_contract
from mockserver.verify.diff.mock_side import own_mocks
from mockserver.verify.diff.run import Order, differential

REAL = ("--clock", "real", "--pace", "0.02")


def one(spec: str, number: int, examples: int) -> int:
    """The number of differences of a run, or 1 if it failed; prints one line."""
    contract = read_contract(spec)[1]
    with (
        own_mocks(spec, (5000 + number,), REAL if number % 2 else ()) as real,
        tempfile.TemporaryDirectory() as folder,
    ):
        order = Order(
            spec,
            real[0],
            seed=number,
            examples=examples,
            timeout=60,
            ledger=str(Path(folder) / "ledger"),
        )
        report, _ = differential(order, contract)
    print(
        f"{spec} run {number} ({'real' if number % 2 else 'manual'} clock): "
        f"{len(report.differences)} differences, {report.programs} sequences, "
        f"{report.sequence_requests} + {report.mock_requests} requests, {len(report.notes)} notes, "
        f"{report.seconds:.0f} s, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    for difference in report.differences:
        found = difference.mismatch
        print(f"  {difference.where} {found.kind} {found.at}: {found.real} / {found.mock}")
        print("    " + "; ".join(step.operation for step in difference.program.steps))
    for text in (*report.errors, *report.notes):
        print(f"  {text}")
    return len(report.differences) + len(report.errors)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--spec", nargs="*", default=["feather"])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--examples", type=int, default=20)
    given = parser.parse_args()
    start, bad = time.monotonic(), 0
    for spec in given.spec:
        bad += sum(one(spec, given.first + n, given.examples) for n in range(given.runs))
    print(f"{bad} differences in {given.runs} runs of {', '.join(given.spec)}", end=", ")
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
