"""Rules 105 to 109 and 113 for every combination of results, and rule 95 for every evaluator."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.vendors.feather.evaluation_rows import (
    OUTCOMES,
    Counts,
    count_critical,
    find,
    outcome_of,
    read_steering,
    scenario_fields,
    scenario_status,
    session_status,
    summarise,
    verdict_status,
)

hermetic = settings(derandomize=True, database=None, deadline=None, max_examples=200)

RESULTS = st.sampled_from(["succeeded", "failed", "pending"])
ENTRIES = st.lists(
    st.fixed_dictionaries({"status": RESULTS, "is_critical": st.booleans()}), max_size=6
)
CHILDREN = st.sampled_from(["pending", "completed", "ended"])
SCENARIOS = st.lists(st.builds(scenario_fields, CHILDREN, ENTRIES), max_size=6)
COUNTS = st.builds(Counts, *[st.integers(0, 5)] * 3)


@pytest.mark.rule("feather", 105)
@hermetic
@given(SCENARIOS)
def test_rule_105_a_summary_adds_up(scenarios: list[dict[str, Any]]) -> None:
    summary = summarise(scenarios)
    parts = (summary[f"{status}_scenarios"] for status in ("passed", "failed", "pending"))
    assert summary["total_scenarios"] == sum(parts) == len(scenarios)
    assert summary["critical_failures"] == sum(s["critical_failed"] for s in scenarios)


@pytest.mark.rule("feather", 106)
@hermetic
@given(CHILDREN, ENTRIES)
def test_rule_106_a_scenario_counts_its_critical_entries(
    child: str, entries: list[dict[str, Any]]
) -> None:
    scenario = scenario_fields(child, entries)
    for result in ("succeeded", "failed", "pending"):
        expected = [e for e in scenario["evaluators"] if e["is_critical"] and e["status"] == result]
        assert scenario[f"critical_{result}"] == len(expected)
    assert scenario["critical_total"] == (
        scenario["critical_succeeded"] + scenario["critical_failed"] + scenario["critical_pending"]
    )


@pytest.mark.rule("feather", 107)
@hermetic
@given(COUNTS)
def test_rule_107_a_sessions_status_follows_from_its_critical_counts(counts: Counts) -> None:
    status = session_status(counts)
    assert (status == "none") == (counts.total == 0)
    assert (status == "pending") == (counts.pending > 0)
    assert (status == "success") == (counts.total > 0 and counts.succeeded == counts.total)
    assert (status == "failure") == (counts.total > 0 and counts.failed == counts.total)


@pytest.mark.rule("feather", 108)
@hermetic
@given(CHILDREN, COUNTS)
def test_rule_108_a_scenario_fails_closed(child: str, counts: Counts) -> None:
    status = scenario_status(child, counts)
    assert (status == "failed") == (child == "ended" or counts.failed > 0)
    assert (status == "passed") == (
        child == "completed" and counts.failed == 0 and counts.pending == 0
    )


@pytest.mark.rule("feather", 109)
@hermetic
@given(SCENARIOS, st.integers(0, 7))
def test_rule_109_a_verdict_tolerates_max_failures(
    scenarios: list[dict[str, Any]], max_failures: int
) -> None:
    summary = summarise(scenarios)
    status = verdict_status(summary, max_failures)
    too_many = summary["failed_scenarios"] > max_failures
    assert (status == "failed") == too_many
    assert (status == "pending") == (not too_many and summary["pending_scenarios"] > 0)


@pytest.mark.rule("feather", 113)
@hermetic
@given(CHILDREN, ENTRIES, st.lists(RESULTS, max_size=4))
def test_rule_113_others_than_critical_evaluators_change_nothing(
    child: str, entries: list[dict[str, Any]], others: list[str]
) -> None:
    more = [*entries, *({"status": result, "is_critical": False} for result in others)]
    with_others, without = scenario_fields(child, more), scenario_fields(child, entries)
    assert {**with_others, "evaluators": None} == {**without, "evaluators": None}
    assert count_critical(more) == count_critical(entries)


@pytest.mark.rule("feather", 94)
@pytest.mark.parametrize(
    ("state", "passed", "outcome"),
    [
        ("pending", [], None),
        ("running", [], None),
        ("failed", [], "errored"),
        ("errored", [], "errored"),
        ("completed", [True], "passed"),
        ("completed", [True, True], "passed"),
        ("completed", [True, False], "failed"),
        ("completed", [None, False], "failed"),
        ("completed", [None], "no_verdict"),
        ("completed", [True, None], "no_verdict"),
        ("completed", [], "no_verdict"),
    ],
)
def test_rule_094_an_outcome_follows_from_status_and_scores(
    state: str, passed: list[bool | None], outcome: str | None
) -> None:
    assert outcome_of(state, [{"passed": one} for one in passed]) == outcome


NUMBERS = st.one_of(
    st.integers(), st.just(10**400), st.just(-(10**400)), st.floats(allow_nan=False)
)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "labels": st.one_of(st.none(), st.lists(st.text(max_size=3), max_size=5), st.just("abc")),
        "mock": st.one_of(
            st.none(),
            st.lists(st.none(), max_size=1),
            st.fixed_dictionaries(
                {},
                optional={
                    "outcome": st.one_of(
                        st.sampled_from([*OUTCOMES, "weird", None, 3]),
                        st.lists(st.sampled_from([*OUTCOMES, 3]), max_size=3),
                    ),
                    "score": st.one_of(NUMBERS, st.booleans(), st.just("1")),
                    "seconds": st.one_of(NUMBERS, st.none()),
                    "status": st.sampled_from(["failed", "errored", 7]),
                    "rationale": st.one_of(st.none(), st.text(max_size=3)),
                },
            ),
        ),
    },
)
FORMATS = st.sampled_from(["boolean", "enum", "numeric", "score"])


@pytest.mark.rule("feather", 95)
@hermetic
@given(FORMATS, st.one_of(st.none(), NUMBERS), CONFIGS, st.integers(1, 4), st.integers())
def test_rule_095_values_are_from_0_to_1_and_none_for_numeric(
    format: str, threshold: float | None, config: dict[str, Any], attempt: int, seed: int
) -> None:
    steering = read_steering(config, attempt)
    finding = find(format, threshold, config, steering, Random(seed))
    if format == "numeric":
        assert finding.value is None
    else:
        assert finding.value is not None
        assert 0 <= finding.value <= 1
    assert abs(finding.raw_value) < float("inf")
    assert (finding.label is not None) == (format in ("boolean", "enum"))
    if steering.outcome in ("passed", "failed", "no_verdict"):
        assert finding.passed == {"passed": True, "failed": False}.get(steering.outcome)


@pytest.mark.rule("feather", 95)
@hermetic
@given(FORMATS, st.one_of(st.none(), st.floats(0, 1)), st.integers())
def test_rule_095_without_steering_everything_passes_that_can(
    format: str, threshold: float | None, seed: int
) -> None:
    finding = find(format, threshold, {}, read_steering({}), Random(seed))
    unlimited = format == "numeric" and threshold is None
    assert finding.passed is (None if unlimited else True)


@pytest.mark.rule("feather", 95)
@pytest.mark.parametrize("format", ["boolean", "enum", "numeric", "score"])
@pytest.mark.parametrize("outcome", ["passed", "failed"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9, 1.0, 4, 70])
def test_rule_095_a_steered_outcome_gets_a_value_on_its_side_of_the_threshold(
    format: str, outcome: str, threshold: float
) -> None:
    config = {"mock": {"outcome": outcome}}
    finding = find(format, threshold, config, read_steering(config), Random(7))
    number = finding.raw_value if format in ("numeric", "score") else finding.value
    limit = threshold if format in ("numeric", "score") else min(threshold, 1)
    assert number is not None
    assert (number >= limit) == (outcome == "passed")
