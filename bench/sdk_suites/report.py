"""The suites' results as tables: tests passed, and why others failed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from bench.sdk_suites.servers import TITLES

MARK = "<!-- figures: make sdk-suites ARGS=--page -->"
END = "<!-- end of the figures -->"
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


def page(results: list[Result], of: str) -> str:
    columns = sorted({server for each in results for server in each["runs"]}, key=_order)
    titles = [title(server) for server in columns]
    lines = [
        of,
        "",
        f"| suite | operations | tests | {' | '.join(titles)} |",
        "|---|---|---|" + "---|" * len(columns),
    ]
    for each in results:
        cells = [_cell(each, server) for server in columns]
        row = [each["suite"], str(each["operations"]), str(tests(each)), *cells]
        lines.append(f"| {' | '.join(row)} |")
    lines += [
        "",
        "Why tests failed:",
        "",
        "| suite | server | tests | cause |",
        "|---|---|---|---|",
    ]
    for each in results:
        for server in columns:
            for kind, count in causes(each, server).most_common():
                lines.append(f"| {each['suite']} | {title(server)} | {count} | {kind} |")
            note = each["runs"].get(server, {}).get("note")
            if note:
                lines.append(f"| {each['suite']} | {title(server)} | all | {_plain(note)} |")
    return "\n".join(lines)


def title(server: str) -> str:
    name, _, rest = server.partition(" ")
    return f"{TITLES.get(name, name)} {rest}".strip()


def _order(server: str) -> tuple[int, str]:
    name = server.partition(" ")[0]
    return (list(TITLES).index(name), server)


def _cell(result: Result, server: str) -> str:
    number = passed(result, server)
    return "-" if number is None else str(number)


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")[:160]


def write_page(path: Path, results: list[Result], of: str) -> None:
    """Insert the figures between their markers in the page."""
    before, _, rest = path.read_text().partition(MARK)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{MARK}\n\n{page(results, of)}\n\n{END}{after}")
