"""The page of the vendors' suites keeps what was not measured again."""

from __future__ import annotations

from typing import Any

from bench.sdk_suites import report


def _result(suite: str, **passed: int) -> dict[str, Any]:
    runs = {
        server: {
            "outcomes": {
                str(n): {
                    "result": "passed" if n < number else "failed",
                    "said": "" if n < number else "Error code: 422 - no",
                }
                for n in range(5)
            }
        }
        for server, number in passed.items()
    }
    return {"suite": suite, "operations": 3, "runs": runs}


def test_a_page_is_read_as_it_was_written() -> None:
    figures = report.figures([_result("one", steady=5, ours=4), _result("two", prism=3)])
    text = report.page("Measured.", figures, ["one", "two"])
    assert report.read_figures(text) == report.Figures(
        {
            "one": {"operations": "3", "tests": "5", "Steady": "5", "Prism": "-", "ours": "4"},
            "two": {"operations": "3", "tests": "5", "Steady": "-", "Prism": "3", "ours": "-"},
        },
        {
            ("one", "ours"): ["1 | the request is refused (422)"],
            ("two", "Prism"): ["2 | the request is refused (422)"],
        },
    )


def test_rows_and_cells_that_were_not_measured_stay() -> None:
    earlier = report.figures([_result("one", steady=4, ours=4), _result("two", prism=3)])
    now = report.figures([_result("one", ours=5)])
    whole = now.over(earlier)
    assert whole.cells["one"]["Steady"] == "4"
    assert whole.cells["one"]["ours"] == "5"
    assert whole.cells["two"] == earlier.cells["two"]
    assert whole.causes == {
        ("one", "Steady"): ["1 | the request is refused (422)"],
        ("two", "Prism"): ["2 | the request is refused (422)"],
    }
