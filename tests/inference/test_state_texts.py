"""The states of a status without an enumeration."""

from __future__ import annotations

import pytest

from mockserver.inference.state_texts import (
    filtered_values,
    named_values,
    shown_values,
    spoken_values,
    styled,
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Is `queued`, `running` or `done`.", ["queued", "running", "done"]),
        ("The state: <code>RUNNING</code>, <b>PAUSED</b>", ["RUNNING", "PAUSED"]),
        ("Status: active, suspended", ["active", "suspended"]),
        ("The state in the address, such as 'NSW' or 'VIC'", []),
        ("Says how it is going", []),
    ],
)
def test_a_description_lists_states(text: str, values: list[str]) -> None:
    assert spoken_values(text) == values


def test_the_steps_of_a_flow_come_first() -> None:
    texts = [
        "Ends in `FAILED` if it can't be read.",
        "The flow is <code>QUEUED</code> &gt; <code>RUNNING</code> &gt; <code>COMPLETED</code>.",
    ]
    assert named_values(texts) == ["QUEUED", "RUNNING", "COMPLETED", "FAILED"]


def test_remarks_on_an_operation_are_no_states() -> None:
    assert named_values(["DEPRECATED: use the JSON form. Pauses a RUNNING campaign."]) == [
        "RUNNING"
    ]


@pytest.mark.parametrize("name", ["state", "filter[state]", "state_in", "campaign_states"])
def test_a_filter_lists_the_values_of_a_property(name: str) -> None:
    asked = {"limit": (), name: ("open", "closed", "all")}
    assert filtered_values("campaignState", "campaign", asked.items()) == ["open", "closed"]


def test_another_filter_does_not() -> None:
    assert filtered_values("state", "campaign", [("sort_state", ("open", "closed"))]) == []


@pytest.mark.parametrize(
    ("like", "word"), [(["RUNNING"], "PAUSED"), (["Running"], "Paused"), (["run"], "paused")]
)
def test_a_state_is_written_as_the_others_are(like: list[str], word: str) -> None:
    assert styled("paused", like) == word


@pytest.mark.parametrize(
    "text",
    [
        "Only possible while it has the status **Placed**.",
        "It is in the <b>Placed</b> state then.",
        "With the status of 'Placed' it waits.",
    ],
)
def test_a_state_is_named_beside_the_word(text: str) -> None:
    assert named_values([text, "<b>Cancel</b> the **Processing** here"]) == ["Placed"]


def test_examples_show_states() -> None:
    shown = [{"status": "Open"}, {"status": "NSW"}, {}, {"status": 7}, {"status": "Paid"}]
    assert shown_values(shown, "status") == ["Open", "Paid"]
