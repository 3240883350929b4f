"""The suites' results as tables: tests passed, and why others failed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.sdk_suites.servers import TITLES

MARK = "<!-- figures: make sdk-suites ARGS=--page -->"
END = "<!-- end of the figures -->"
UNMEASURED = "-"
_STATUS = re.compile(r"Error(?: code)?: (\d{3})\b")
_KINDS = (
    (re.compile(r"4(00|22)"), "the request is refused ({})"),
    (re.compile(r"40[13]"), "the credential is refused ({})"),
    (re.compile(r"404|410"), "not found ({})"),
    (re.compile(r"409|412"), "the state is in the way ({})"),
    (re.compile(r"406|415"), "the media type is refused ({})"),
    (re.compile(r"5\d\d"), "the server fails ({})"),
)

Result = dict[str, Any]


def cause(said: str) -> str:
    """The kind of a failure, from the last line of the client's or test's error."""
    status = _STATUS.search(said)
    if status:
        for pattern, text in _KINDS:
            if pattern.fullmatch(status[1]):
                return text.format(status[1])
        return f"status {status[1]}"
    if re.search(r"timed? ?out", said, re.IGNORECASE):
        return "no response in time"
    if re.search(r"Connection|ECONNREFUSED|Protocol|premature", said):
        return "the connection breaks"
    if re.search(r"[Ee]xpected type|AssertionError|Failed: |expect\(", said):
        return "the response is not what the client's types say"
    first = said.strip().splitlines() or ["no reason given"]
    return first[0][:80]


def passed(result: Result, server: str) -> int | None:
    """How many tests passed, or None if there was no run."""
    run = result["runs"].get(server)
    if run is None or "outcomes" not in run:
        return None
    return sum(each["result"] == "passed" for each in run["outcomes"].values())


def causes(result: Result, server: str) -> Counter[str]:
    """Why tests failed that passed on another server, or that failed on every one."""
    run = result["runs"].get(server, {})
    return Counter(
        cause(each["said"])
        for each in run.get("outcomes", {}).values()
        if each["result"] == "failed"
    )


def tests(result: Result) -> int:
    """The number of tests in a suite that are not skipped."""
    runs = [run["outcomes"] for run in result["runs"].values() if "outcomes" in run]
    return max((sum(e["result"] != "skipped" for e in run.values()) for run in runs), default=0)


@dataclass(frozen=True)
class Figures:
    """The figures of a page: the measured cells of each suite by column, and the causes of failures
    as lines of the table, by suite and server."""

    cells: dict[str, dict[str, str]]
    causes: dict[tuple[str, str], list[str]]

    def over(self, other: Figures) -> Figures:
        """These figures, with those of the other page where nothing was measured now."""
        cells = {suite: dict(row) for suite, row in other.cells.items()}
        for suite, row in self.cells.items():
            known = cells.setdefault(suite, {})
            known.update({name: cell for name, cell in row.items() if cell != UNMEASURED})
        measured = {(suite, name) for suite, row in self.cells.items() for name in row}
        left = {key: lines for key, lines in other.causes.items() if key not in measured}
        return Figures(cells, {**left, **self.causes})


def figures(results: list[Result]) -> Figures:
    """The figures of the results of this run."""
    cells: dict[str, dict[str, str]] = {}
    lines: dict[tuple[str, str], list[str]] = {}
    for each in results:
        row = {"operations": str(each["operations"]), "tests": str(tests(each))}
        for server, run in each["runs"].items():
            row[title(server)] = _cell(each, server)
            found = [f"{count} | {kind}" for kind, count in causes(each, server).most_common()]
            if run.get("note"):
                found.append(f"all | {_plain(run['note'])}")
            if found:
                lines[each["suite"], title(server)] = found
        cells[each["suite"]] = row
    return Figures(cells, lines)


def read_figures(text: str) -> Figures:
    """The figures that a page has."""
    cells: dict[str, dict[str, str]] = {}
    found: dict[tuple[str, str], list[str]] = {}
    names: list[str] = []
    for line in text.splitlines():
        row = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("| "):
            continue
        if row[0] == "suite":
            names = row
        elif names[2:] == ["tests", "cause"] and len(row) >= len(names):
            found.setdefault((row[0], row[1]), []).append(" | ".join(row[2:]))
        elif names:
            cells[row[0]] = dict(zip(names[1:], row[1:], strict=False))
    return Figures(cells, found)


def page(of: str, shown: Figures, order: list[str]) -> str:
    """The tables; suites in their order, servers as in TITLES."""
    titles = {name for row in shown.cells.values() for name in row} - {"operations", "tests"}
    columns = sorted(titles, key=_order)
    lines = [
        of,
        "",
        f"| suite | operations | tests | {' | '.join(columns)} |",
        "|---|---|---|" + "---|" * len(columns),
    ]
    suites = sorted(shown.cells, key=order.index)
    for suite in suites:
        row = shown.cells[suite]
        cells = [row.get(name, UNMEASURED) for name in ("operations", "tests", *columns)]
        lines.append(f"| {suite} | {' | '.join(cells)} |")
    lines += [
        "",
        "Why tests failed:",
        "",
        "| suite | server | tests | cause |",
        "|---|---|---|---|",
    ]
    for suite in suites:
        for name in columns:
            lines += [
                f"| {suite} | {name} | {one} |" for one in shown.causes.get((suite, name), [])
            ]
    return "\n".join(lines)


def title(server: str) -> str:
    name, _, rest = server.partition(" ")
    return f"{TITLES.get(name, name)} {rest}".strip()


def _order(shown: str) -> tuple[int, str]:
    return (list(TITLES.values()).index(shown.partition(" ")[0]), shown)


def _cell(result: Result, server: str) -> str:
    number = passed(result, server)
    return UNMEASURED if number is None else str(number)


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")[:160]


def on_page(path: Path) -> str:
    """The part of a page that is between the markers."""
    return path.read_text().partition(MARK)[2].partition(END)[0]


def write_page(path: Path, text: str) -> None:
    """Insert the figures between their markers in the page."""
    before, _, rest = path.read_text().partition(MARK)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{MARK}\n\n{text}\n\n{END}{after}")
