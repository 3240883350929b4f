"""Values derived from children, as pure functions, for arbitrary children."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.vendors.speechify.tables import OLDER_TEST_RUN, TEST_RUN
from mockserver.vendors.speechify.versions import older_run, older_status, older_suite
from mockserver.vendors.speechify.views import derived
from tests.vendors.speechify.newer_shape import check
from tests.vendors.speechify.older_shape import COUNTS
from tests.vendors.speechify.older_shape import check as check_older

STATES = ["pending", "running", "completed passed", "completed failed", "failed", "cancelled"]
REST = dict.fromkeys(
    (
        *("id", "agent_id", "agent_name", "trigger", "parent_suite_run_id", "created_at"),
        *("config_override", "flow_version_id", "flow_version_number"),
    )
)


@st.composite
def children(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for word in draw(st.lists(st.sampled_from(STATES), min_size=1, max_size=12)):
        status, _, verdict = word.partition(" ")
        ended = TEST_RUN.is_terminal(status)
        found.append(
            {
                "status": status,
                "verdict": verdict or None,
                "ended_at": f"t{draw(st.integers(0, 9))}" if ended else None,
                "started_at": None,
                "result": None,
                **dict.fromkeys(("id", "test_id", "agent_id", "created_at"), "x"),
            }
        )
    return found


hermetic = settings(derandomize=True, database=None, deadline=None, max_examples=300)


@hermetic
@given(children())
def test_a_suite_follows_from_its_children(runs: list[dict[str, Any]]) -> None:
    check({**derived(runs), "runs": runs})


@hermetic
@given(children())
def test_an_older_suite_follows_from_them_too(runs: list[dict[str, Any]]) -> None:
    check_older(older_suite({**REST, **derived(runs), "runs": runs}))


@hermetic
@given(children(), st.randoms(use_true_random=False))
def test_the_order_of_the_children_means_nothing(runs: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(runs)
    random.shuffle(shuffled)
    assert derived(runs) == derived(shuffled)


@hermetic
@given(children())
def test_both_shapes_tell_of_the_same_runs(runs: list[dict[str, Any]]) -> None:
    newer = derived(runs)
    older = older_suite({**REST, **newer})
    assert (newer["status"] == "running") == (older["status"] == "running")
    assert (newer["verdict"] == "passed") == (older["status"] == "passed")
    assert older["total_runs"] == sum(older[name] for name in COUNTS) == newer["total"]


def test_every_move_of_the_newer_table_is_one_of_the_older() -> None:
    def word(status: str, verdict: str | None = None) -> str:
        return older_status({"status": status, "verdict": verdict})

    for before, following in TEST_RUN.moves.items():
        for after in following:
            for verdict in ("passed", "failed") if after == "completed" else (None,):
                assert OLDER_TEST_RUN.allows(word(before), word(after, verdict))
    assert OLDER_TEST_RUN.terminal == {"passed", "failed", "error"}


def test_a_word_that_means_something_else() -> None:
    """`failed` means "not executed" in one version and "failed verdict" in the other."""
    rest = dict.fromkeys(("id", "test_id", "agent_id", "started_at", "created_at"), "x")
    common = {**rest, "ended_at": "t", "result": None}
    errored = older_run({**common, "status": "failed", "verdict": None, "error": "e"})
    judged = older_run({**common, "status": "completed", "verdict": "failed"})
    assert (errored["status"], judged["status"]) == ("error", "failed")
