"""Tables of the documentation that scripts write."""

from __future__ import annotations

from pathlib import Path

from bench.pages import section, write_table

HEAD = "| service | findings |"


def test_rows_of_other_services_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Results\n")
    write_table(page, "real", HEAD, ["| kinto 1 | 3 |", "| zenml 2 | 4 |"], ["Measured then."])
    write_table(page, "real", HEAD, ["| kinto 2 | 1 |"], ["Measured now."])
    assert section(page, "real").splitlines()[1:-1] == [
        "Measured now.",
        "",
        HEAD,
        "|---|---|",
        "| kinto 2 | 1 |",
        "| zenml 2 | 4 |",
        "",
    ]
    assert page.read_text().startswith("# Results\n")
