"""`make rules` fails for a rule without a passing test."""

from __future__ import annotations

import pytest

from tests.rules.__main__ import Evidence, report

RULES = {"vendor": {"1": "seed", "2a": "docs inferred"}}


def evidence(*outcomes: str) -> Evidence:
    found = Evidence()
    for number, outcome in enumerate(outcomes):
        found.add(f"test_{number}", outcome)
    return found


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        ((), "no test"),
        (("passed",), "passed"),
        (("skipped",), "skipped"),
        (("skipped", "passed"), "passed"),
        (("passed", "failed", "passed"), "failed"),
    ],
)
def test_the_result_of_a_rule(outcomes: tuple[str, ...], result: str) -> None:
    assert evidence(*outcomes).result == result


def test_a_failed_teardown_is_a_failure() -> None:
    found = Evidence()
    for outcome in ("passed", "failed", "passed"):
        found.add("test", outcome)
    assert found.result == "failed"


@pytest.mark.parametrize(
    ("second", "says", "faults"),
    [
        (evidence("passed"), "2 of 2 rules are shown", 0),
        (evidence("skipped"), "vendor 2a: skipped", 1),
        (evidence(), "vendor 2a: no test", 1),
    ],
)
def test_what_is_missing_is_named(
    capsys: pytest.CaptureFixture[str], second: Evidence, says: str, faults: int
) -> None:
    found = {("vendor", "1"): evidence("passed"), ("vendor", "2a"): second}
    assert report(RULES, found) == faults
    printed = capsys.readouterr().out
    assert says in printed
    assert "[docs] [inferred]" in printed


def test_a_rule_that_is_not_listed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = {(api, "1"): evidence("passed") for api in ("vendor", "other")}
    assert report({"vendor": {"1": "seed"}}, found) == 1
    assert "rule 1 of other, which is not listed" in capsys.readouterr().out
