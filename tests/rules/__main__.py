"""Run the tests of rules and print the table. Exits with 1 if a rule has no passing test."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from rich.console import Console
from rich.table import Table

from tests.rules.listed import PROPERTY, ROOT, Rules, listed

Key = tuple[str, str]
_STYLES = {"passed": "green", "skipped": "yellow", "failed": "bold red", "no test": "bold red"}


@dataclass
class Evidence:
    """The tests of one rule with their outcomes; the worst phase of a test counts."""

    outcomes: dict[str, str] = field(default_factory=dict)

    def add(self, test: str, outcome: str) -> None:
        if self.outcomes.get(test, "passed") == "passed":
            self.outcomes[test] = outcome

    @property
    def result(self) -> str:
        """Passed only if no test failed, and at least one was not skipped."""
        found = set(self.outcomes.values())
        return next((word for word in ("failed", "passed", "skipped") if word in found), "no test")


class Recorder:
    """Collects the reports of a run."""

    def __init__(self) -> None:
        self.evidence: defaultdict[Key, Evidence] = defaultdict(Evidence)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        name = report.nodeid.partition("[")[0].rpartition("::")[2]
        for kind, rule in report.user_properties:
            if kind == PROPERTY:
                api, _, number = str(rule).partition(" ")
                self.evidence[api, number].add(name, report.outcome)


def main(arguments: list[str]) -> int:
    """Run, and return the exit code."""
    recorder = Recorder()
    given = ["-p", "tests.rules.plugin", "-q", "--no-header", "-p", "no:randomly", *arguments]
    ended = pytest.main([*given, str(ROOT / "tests")], plugins=[recorder])
    return 1 if report(listed(), recorder.evidence) or ended else 0


def report(rules: Rules, evidence: Mapping[Key, Evidence]) -> int:
    """Print the table and its problems; returns the number of problems."""
    keys = [(api, number) for api, numbers in rules.items() for number in numbers]
    results = {key: evidence.get(key, Evidence()).result for key in keys}
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(_table(rules, keys, evidence))
    unknown = sorted(evidence.keys() - results.keys(), key=_in_order)
    missing = [key for key in keys if results[key] != "passed"]
    for api, number in unknown:
        console.print(f"[bold red]a test is about rule {number} of {api}, which is not listed")
    for api, number in missing:
        console.print(f"[bold red]{api} {number}: {results[api, number]}")
    shown = len(keys) - len(missing)
    console.print(f"{shown} of {len(keys)} rules are shown by a passing test")
    return len(missing) + len(unknown)


def _in_order(key: Key) -> tuple[str, int, str]:
    api, number = key
    return api, int(number.rstrip("ab")), number


def _table(rules: Rules, keys: list[Key], evidence: Mapping[Key, Evidence]) -> Table:
    table = Table("API", "rule", "mark", "test", "result", title="Rules")
    table.columns[1].justify = "right"
    for api, number in keys:
        found = evidence.get((api, number), Evidence())
        first, *more = sorted(found.outcomes) or [""]
        shown = first + (f" (+{len(more)})" if more else "")
        result = found.result
        marks = " ".join(f"\\[{mark}]" for mark in rules[api][number].split())
        style = _STYLES[result]
        table.add_row(
            *(api, number, marks, shown, f"[{style}]{result}"),
            end_section=(api, number) == keys[-1],
        )
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
