"""Rules 92 to 98: evaluation runs and their scores."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.vendors.feather.tables import EVAL_RUN
from tests.vendors.feather.sandbox import LONG, Sandbox

UNKNOWN = "00000000-0000-4000-8000-000000000000"
ERRORED = {"mock": {"outcome": "errored"}}


@pytest.mark.rule("feather", 92)
def test_rule_092_each_bound_evaluator_gets_one_run_when_a_simulation_completes(
    sandbox: Sandbox,
) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario("mock:completed")
    by_agent, by_scenario, by_both = (sandbox.evaluator() for _ in range(3))
    sandbox.bind(by_agent, agent=agent)
    sandbox.bind(by_scenario, scenario=scenario)
    sandbox.bind(by_both, agent=agent)
    sandbox.bind(by_both, agent=agent)
    sandbox.bind(by_both, scenario=scenario, critical=True)
    sandbox.bind(sandbox.evaluator(), agent=sandbox.agent())
    run = sandbox.run(agent, scenario, channel="text")
    assert sandbox.evaluations(session_id=run["session_id"]) == []
    sandbox.wait()
    run = sandbox.get(f"/simulation/runs/{run['id']}")
    found = sandbox.evaluations(session_id=run["session_id"])
    assert {row["evaluator_id"]: row["is_critical_snapshot"] for row in found} == {
        by_agent["id"]: False,
        by_scenario["id"]: False,
        by_both["id"]: True,
    }
    assert len(found) == 3
    for row in found:
        assert row["created_at"] == run["finished_at"]
        assert (row["agent_id"], row["channel"]) == (agent["id"], "text")


@pytest.mark.rule("feather", 92)
@pytest.mark.parametrize("tag", ["mock:failed", "mock:budget_exceeded", "mock:stuck"])
def test_rule_092_only_completed_simulations_are_evaluated(sandbox: Sandbox, tag: str) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario(tag)
    sandbox.bind(sandbox.evaluator(), agent=agent)
    run = sandbox.run(agent, scenario)
    sandbox.wait()
    assert sandbox.get(f"/simulation/runs/{run['id']}")["status"] != "completed"
    assert sandbox.evaluations(session_id=run["session_id"]) == []


@pytest.mark.rule("feather", 92)
def test_rule_092_cancelled_simulations_are_not_evaluated(sandbox: Sandbox) -> None:
    agent, suite = sandbox.agent(), sandbox.suite(sandbox.scenario("mock:completed"))
    sandbox.bind(sandbox.evaluator(), agent=agent)
    batch = sandbox.post(f"/sim-suites/{suite['id']}/runs", {"agent_id": agent["id"]})
    sandbox.wait(4)
    sandbox.post(f"/sim-suites/{suite['id']}/runs/{batch['id']}/cancel", None, 200)
    sandbox.wait()
    assert sandbox.evaluations(agent_id=agent["id"]) == []


@pytest.mark.rule("feather", 92)
def test_rule_092_the_bindings_of_that_moment_count_not_those_of_the_look(
    sandbox: Sandbox,
) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario("mock:completed")
    bound = sandbox.bind(sandbox.evaluator(name="then"), agent=agent)
    sandbox.run(agent, scenario)
    sandbox.wait()  # nobody looks, and only then the bindings change
    sandbox.delete(f"/evaluator-bindings/{bound['id']}")
    sandbox.bind(sandbox.evaluator(name="later"), agent=agent)
    (evaluation,) = sandbox.evaluations(agent_id=agent["id"])
    assert evaluation["evaluator_id"] == bound["evaluator_id"]


@pytest.mark.rule("feather", 92)
@pytest.mark.parametrize("looks", [1, 7, 300])
def test_rule_092_what_is_found_does_not_depend_on_who_looked_when(
    sandbox: Sandbox, looks: int
) -> None:
    """The same world, read once or often: identical evaluations."""

    def play(times: int) -> Any:
        sandbox.server.reset()
        agent, scenario = sandbox.agent(), sandbox.scenario("mock:completed")
        for format in ("boolean", "enum", "numeric", "score"):
            sandbox.bind(sandbox.evaluator(format=format), agent=agent)
        run = sandbox.run(agent, scenario)
        for _ in range(times):
            sandbox.wait(LONG / times)
            sandbox.evaluations(session_id=run["session_id"])
            sandbox.get(f"/simulation/runs/{run['id']}/trace")
        return sandbox.get("/eval-runs", session_id=run["session_id"])

    once, often = play(1), play(looks)
    assert len(once["items"]) == 4
    assert once == often


@pytest.mark.rule("feather", 93)
def test_rule_093_an_evaluation_keeps_what_it_started_with(sandbox: Sandbox) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario("mock:completed")
    settings: dict[str, Any] = {
        "prompt": "Is it polite?",
        "threshold": 0.25,
        "severity": "high",
        "format": "enum",
        "config": {"labels": ["rude", "polite"]},
    }
    evaluator = sandbox.evaluator(**settings)
    binding = sandbox.bind(evaluator, agent=agent, critical=True)
    run = sandbox.run(agent, scenario)
    sandbox.wait()
    changes = {"prompt": "?", "threshold": 1, "severity": "low", "format": "score", "config": {}}
    sandbox.patch(f"/evaluators/{evaluator['id']}", changes)
    sandbox.patch(f"/evaluator-bindings/{binding['id']}", {"is_critical": False})
    (evaluation,) = sandbox.evaluations(session_id=run["session_id"])
    for name, value in settings.items():
        assert evaluation[f"{name}_snapshot"] == value
    assert evaluation["is_critical_snapshot"] is True


@pytest.mark.rule("feather", 94)
@pytest.mark.parametrize(
    ("mock", "states"),
    [
        ({}, ["pending", "running", "completed"]),
        ({"outcome": "errored"}, ["pending", "running", "errored"]),
        ({"outcome": "errored", "status": "failed"}, ["pending", "running", "failed"]),
    ],
)
def test_rule_094_an_evaluation_goes_through_its_states(
    sandbox: Sandbox, mock: dict[str, Any], states: list[str]
) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario("mock:completed")
    sandbox.bind(sandbox.evaluator(config={"mock": {**mock, "seconds": 5}}), agent=agent)
    run = sandbox.run(agent, scenario)
    seen: list[Any] = []
    for _ in range(400):
        sandbox.wait(0.1)
        for row in sandbox.evaluations(session_id=run["session_id"]):
            if row["status"] not in [state for state, *_ in seen]:
                moments = (row["started_at"], row["finished_at"])
                seen.append((row["status"], *moments, row["error_text"], row["scores"]))
    assert [state for state, *_ in seen] == states
    (_, *pending), (_, *running), (_, started, finished, error, scores) = seen
    assert pending == [None, None, None, []]
    assert running == [started, None, None, []]
    assert started < finished
    assert (error is None) == (len(scores) == 1) == (states[-1] == "completed")


@pytest.mark.rule("feather", 94)
@pytest.mark.parametrize(
    ("mock", "passed", "outcome"),
    [
        ({"outcome": "passed"}, [True], "passed"),
        ({"outcome": "failed"}, [False], "failed"),
        ({"outcome": "no_verdict"}, [None], "no_verdict"),
        ({"outcome": "errored"}, [], "errored"),
        ({"outcome": "errored", "status": "failed"}, [], "errored"),
        ({"score": 0.4}, [False], "failed"),
        ({"score": 0.6}, [True], "passed"),
        ({}, [True], "passed"),
    ],
)
def test_rule_094_an_outcome_can_be_asked_for(
    sandbox: Sandbox, mock: dict[str, Any], passed: list[bool | None], outcome: str
) -> None:
    evaluation = sandbox.evaluated(config={"mock": mock})
    assert [score["passed"] for score in evaluation["scores"]] == passed
    for word in ("passed", "failed", "no_verdict", "errored"):
        found = sandbox.evaluations(session_id=evaluation["session_id"], outcome=word)
        assert found == ([evaluation] if word == outcome else [])


@pytest.mark.rule("feather", 95)
def test_rule_095_score_filters_match_values_and_never_the_numeric_format(
    sandbox: Sandbox,
) -> None:
    evaluation = sandbox.evaluated(config={"mock": {"score": 0.4}})
    (score,) = evaluation["scores"]
    assert (score["value"], score["passed"]) == (0.4, False)
    assert sandbox.get(f"/eval-scores/{score['id']}") == score
    numeric = sandbox.evaluated(format="numeric", threshold=3)
    (score,) = numeric["scores"]
    assert score["value"] is None
    assert score["raw_value"] >= 3

    def matches(row: dict[str, Any], **query: Any) -> bool:
        return bool(sandbox.evaluations(session_id=row["session_id"], **query))

    assert matches(evaluation, score_min=0.4, score_max=0.4)
    assert not matches(evaluation, score_min=0.41)
    assert not matches(evaluation, score_max=0.39)
    assert matches(numeric)
    assert not matches(numeric, score_min=0)
    assert not matches(numeric, score_max=1)


@pytest.mark.rule("feather", 95)
def test_rule_095_each_format_has_its_own_scale(sandbox: Sandbox) -> None:
    found = {}
    for format, settings in (
        ("boolean", {}),
        ("enum", {"config": {"labels": ["bad", "good"]}}),
        ("score", {"threshold": 4}),
    ):
        (found[format],) = sandbox.evaluated(format=format, **settings)["scores"]
    assert (found["boolean"]["label"], found["boolean"]["value"]) == ("true", 1)
    assert (found["enum"]["label"], found["enum"]["raw_value"]) == ("good", 1)
    assert 4 <= found["score"]["raw_value"] <= 5
    assert found["score"]["value"] == pytest.approx(found["score"]["raw_value"] / 5)


@pytest.mark.rule("feather", 95)
def test_rule_095_a_failing_critical_score_blocks(sandbox: Sandbox) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario("mock:completed")
    config = {"mock": {"outcome": "failed", "rationale": "It was rude."}}
    for critical in (True, False):
        evaluator = sandbox.evaluator(config=config, severity="critical")
        sandbox.bind(evaluator, agent=agent, critical=critical)
    sandbox.run(agent, scenario)
    sandbox.wait()
    for row in sandbox.evaluations(agent_id=agent["id"]):
        (score,) = row["scores"]
        assert score["blocking"] is row["is_critical_snapshot"]
        assert (score["severity"], score["rationale"]) == ("critical", "It was rude.")


@pytest.mark.rule("feather", 95)
def test_rule_095_every_filter_of_the_list_works(sandbox: Sandbox) -> None:
    wanted = sandbox.evaluated(severity="high", channel="text")
    sandbox.wait(60)
    sandbox.evaluated(severity="low", config=ERRORED)
    fitting = {
        "session_id": wanted["session_id"],
        "evaluator_id": wanted["evaluator_id"],
        "agent_id": wanted["agent_id"],
        "status": "completed",
        "scope": "simulation",
        "outcome": "passed",
        "severity": "high",
        "channel": "text",
        "created_from": wanted["created_at"],
        "created_to": wanted["created_at"],
        "score_min": 0,
        "score_max": 1,
    }
    assert sandbox.evaluations(**fitting) == [wanted]
    for name, other in (
        *((name, UNKNOWN) for name in ("session_id", "evaluator_id", "agent_id")),
        *(("status", status) for status in ("pending", "running", "failed", "errored")),
        *(("scope", scope) for scope in ("live", "test")),
        *(("outcome", outcome) for outcome in ("failed", "no_verdict", "errored")),
        ("severity", "low"),
        ("channel", "voice"),
        ("created_from", "2030-01-01T00:00:00Z"),
        ("created_to", "2020-01-01T00:00:00Z"),
        ("created_to", "2016-12-31T23:59:60Z"),
    ):
        assert sandbox.evaluations(**{**fitting, name: other}) == []


@pytest.mark.rule("feather", 38)
def test_rule_038_evaluations_come_newest_first_in_pages(sandbox: Sandbox) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario("mock:completed")
    for _ in range(3):
        sandbox.bind(sandbox.evaluator(), agent=agent)
    for _ in range(2):
        sandbox.run(agent, scenario)
        sandbox.wait()
    everything = sandbox.evaluations(agent_id=agent["id"])
    keys = [(row["created_at"], row["id"]) for row in everything]
    assert keys == sorted(keys, reverse=True)
    seen, query = [], {"agent_id": agent["id"], "limit": 4}
    page = sandbox.get("/eval-runs", **query)
    assert page["has_more"] is True
    seen += page["items"]
    page = sandbox.get("/eval-runs", **query, cursor=page["next_cursor"])
    assert (page["has_more"], page["next_cursor"]) == (False, None)
    assert seen + page["items"] == everything


@pytest.mark.rule("feather", 96)
def test_rule_096_evidence_comes_when_it_is_asked_for(sandbox: Sandbox) -> None:
    evaluation = sandbox.evaluated()
    path = f"/eval-runs/{evaluation['id']}"
    bare = {"session": None, "turns": None, "turns_truncated": False, "recording": None}
    assert sandbox.get(path) == {**evaluation, **bare}
    assert sandbox.get(path, include="weird,,TURNS") == {**evaluation, **bare}
    for word in ("session", "turns", "recording"):
        found = sandbox.get(path, include=f"{word},weird")
        assert {name for name in bare if found[name]} == {word}
    whole = sandbox.get(path, include="session, turns,recording")
    (run,) = sandbox.get("/simulation/runs", agent_id=evaluation["agent_id"])["items"]
    assert whole["session"]["id"] == whole["session_id"] == run["session_id"]
    assert whole["session"]["session_type"] == "simulation"
    assert whole["session"]["last_activity_at"] == run["finished_at"]
    assert whole["recording"]["id"] == run["recording_id"]
    assert [turn["seq"] for turn in whole["turns"]] == list(range(1, len(whole["turns"]) + 1))
    moments = [turn["created_at"] for turn in whole["turns"]]
    assert run["started_at"] < moments[0]
    assert moments == sorted(moments)
    assert moments[-1] <= run["finished_at"]
    (score,) = whole["scores"]
    spoken = {turn["id"] for turn in whole["turns"] if turn["role"] == "assistant"}
    assert set(score["evidence_observation_ids"]) <= spoken


@pytest.mark.rule("feather", 96)
def test_rule_096_a_text_session_has_no_recording(sandbox: Sandbox) -> None:
    evaluation = sandbox.evaluated(channel="text")
    found = sandbox.get(f"/eval-runs/{evaluation['id']}", include="session,recording")
    assert found["recording"] is None
    assert found["session"]["channel"] == "text"


@pytest.mark.rule("feather", 97)
def test_rule_097_an_ended_evaluation_can_be_deleted_with_its_scores(sandbox: Sandbox) -> None:
    for mock in ({}, {"outcome": "errored"}, {"outcome": "errored", "status": "failed"}):
        evaluation = sandbox.evaluated(config={"mock": mock})
        path = f"/eval-runs/{evaluation['id']}"
        sandbox.delete(path)
        sandbox.get(path, 404)
        sandbox.delete(path, 404)
        sandbox.post(f"{path}/retry", None, 404)
        for score in evaluation["scores"]:
            assert sandbox.get(f"/eval-scores/{score['id']}", 404)["error"] == "not_found"
        assert sandbox.evaluations(session_id=evaluation["session_id"]) == []


@pytest.mark.rule("feather", 97)
def test_rule_097_an_open_evaluation_cannot_be_deleted(sandbox: Sandbox) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario("mock:completed")
    sandbox.bind(sandbox.evaluator(config={"mock": {"seconds": 2 * LONG}}), agent=agent)
    sandbox.run(agent, scenario)
    sandbox.wait()
    (evaluation,) = sandbox.evaluations(agent_id=agent["id"])
    assert evaluation["status"] == "running"
    assert sandbox.delete(f"/eval-runs/{evaluation['id']}", 409)["error"] == "conflict"
    assert sandbox.get(f"/eval-runs/{evaluation['id']}")["status"] == "running"


@pytest.mark.rule("feather", 98)
@pytest.mark.parametrize("status", ["failed", "errored"])
def test_rule_098_a_broken_evaluation_can_go_again(sandbox: Sandbox, status: str) -> None:
    mock = {"outcome": ["errored", "failed"], "status": status}
    evaluation = sandbox.evaluated(config={"mock": mock})
    path = f"/eval-runs/{evaluation['id']}"
    assert evaluation["status"] == status
    receipt = sandbox.post(f"{path}/retry", None, 202)
    assert receipt == {"task_id": receipt["task_id"], "status": "queued"}
    queued = sandbox.get(path)
    assert (queued["status"], queued["started_at"], queued["error_text"]) == ("pending", None, None)
    sandbox.post(f"{path}/retry", None, 400)
    sandbox.wait()
    again = sandbox.get(path)
    assert again["status"] == "completed"
    assert again["started_at"] > evaluation["finished_at"]
    assert again["scores"][0]["passed"] is False
    kept = ("id", "session_id", "evaluator_id", "created_at", "config_snapshot")
    assert {name: again[name] for name in kept} == {name: evaluation[name] for name in kept}


@pytest.mark.rule("feather", 98)
def test_rule_098_every_planned_move_is_in_the_table(sandbox: Sandbox) -> None:
    mock = {"outcome": ["errored", "errored", "passed"], "status": "failed"}
    evaluation = sandbox.evaluated(config={"mock": mock})
    for _ in range(2):
        sandbox.post(f"/eval-runs/{evaluation['id']}/retry", None, 202)
        sandbox.wait()
    with sandbox.server.mock.store.begin(sandbox.server.key) as world:
        row = world["eval_runs"].get(evaluation["id"])
    assert row is not None
    states = [state for state, _ in row["schedule"]]
    assert states == [*("pending", "running", "failed") * 2, "pending", "running", "completed"]
    assert all(EVAL_RUN.allows(before, after) for before, after in pairwise(states))
    moments = [at for _, at in row["schedule"]]
    assert moments == sorted(moments)


@pytest.mark.rule("feather", 98)
def test_rule_098_a_completed_evaluation_does_not_go_again(sandbox: Sandbox) -> None:
    evaluation = sandbox.evaluated()
    path = f"/eval-runs/{evaluation['id']}/retry"
    assert sandbox.post(path, None, 400)["error"] == "bad_request"
    assert sandbox.evaluations(session_id=evaluation["session_id"]) == [evaluation]


@pytest.mark.rule("feather", 7)
def test_rule_007_another_organizations_evaluations_are_unknown(
    sandbox: Sandbox, server: MockServer
) -> None:
    evaluation = sandbox.evaluated()
    other = server.client_for("mock-other")
    for path in (f"eval-runs/{evaluation['id']}", f"eval-scores/{evaluation['scores'][0]['id']}"):
        assert other.get(f"/v1/{path}").status_code == 404
        assert other.get(f"/v1/{path[:-36]}{UNKNOWN}").status_code == 404
