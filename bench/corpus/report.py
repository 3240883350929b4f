"""The figures, for the terminal and for docs/corpus.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MARK = "<!-- figures: written by make corpus ARGS=--page -->"
END = "<!-- end of the figures -->"
Result = dict[str, Any]


def figures(results: list[Result]) -> dict[str, float]:
    """The totals for the goals."""
    loaded = [each for each in results if not each["refused"]]

    def total(key: str) -> int:
        return sum(each[key] for each in loaded)

    return {
        "documents": len(results),
        "refused": len(results) - len(loaded),
        "timed out": sum(each["timed_out"] for each in loaded),
        "operations": total("operations"),
        "tried": total("tried"),
        "valid": total("valid"),
        "succeeded": total("succeeded"),
        "unjudged": total("unjudged"),
        "silent": total("silent"),
        "impossible": sum(each.get("impossible", 0) for each in loaded),
        "trips": total("trips"),
        "held": total("held"),
        "shown": sum(each.get("shown", 0) for each in loaded),
        "shown right": sum(each.get("shown_right", 0) for each in loaded),
        "negotiated": sum(each.get("negotiated", 0) for each in loaded),
        "negotiated right": sum(each.get("negotiated_right", 0) for each in loaded),
        "refusing": sum(each.get("refusing", 0) for each in loaded),
        "refusing right": sum(each.get("refusing_right", 0) for each in loaded),
        "exceptions": sum(len(each["exceptions"]) for each in loaded),
    }


def _share(part: float, whole: float) -> str:
    # Rounded down: what is not all is not 100 %.
    return f"{10_000 * part // whole / 100:.2f} %" if whole else "-"


def rows(results: list[Result], took: float) -> list[tuple[str, str, str]]:
    """Measure, figure and goal."""
    f = figures(results)
    spoken = f["tried"] - f["silent"] - f["impossible"]
    seconds = sorted(each["seconds"] for each in results)
    median, longest = seconds[len(seconds) // 2], seconds[-1]

    def of(part: str, whole: float) -> str:
        return f"{f[part]:,.0f} ({_share(f[part], whole)})"

    def right(part: str, whole: str) -> str:
        return f"{f[part]:,.0f} of {f[whole]:,.0f} ({_share(f[part], f[whole])})"

    return [
        ("documents", f"{f['documents']:,.0f}", ""),
        ("refused, each with its reason", of("refused", f["documents"]), "under 1 %"),
        ("not finished in their time", f"{f['timed out']:.0f}", ""),
        ("operations", f"{f['operations']:,.0f} ({f['tried']:,.0f} tried)", ""),
        ("of these, the document lists no success", f"{f['silent']:,.0f}", ""),
        ("no request or no success fits, proven", f"{f['impossible']:,.0f}", ""),
        ("a documented status with a valid body", of("valid", spoken), "99.9 %"),
        ("of these, what the judge can't read", f"{f['unjudged']:,.0f}", ""),
        ("a success (2xx)", of("succeeded", f["tried"]), ""),
        ("round trips that hold", right("held", "trips"), "96.8 %"),
        ("ids of examples that answer 200 with the example", right("shown right", "shown"), "90 %"),
        ("several media types, each sent by `Accept`", right("negotiated right", "negotiated"), ""),
        ("refusals as documented, saying why", right("refusing right", "refusing"), ""),
        ("exceptions", f"{f['exceptions']:.0f}", "0"),
        *([("seconds, all", f"{took:,.0f}", "")] if took else []),
        ("seconds for a document, median and longest", f"{median:.2f} and {longest:.0f}", ""),
    ]


def causes(results: list[Result], key: str) -> list[tuple[str, int, int, str]]:
    """The causes of one kind of problem: the count, the number of documents, an example."""
    count: Counter[str] = Counter()
    documents: dict[str, set[str]] = defaultdict(set)
    example: dict[str, str] = {}
    for each in results:
        for problem in each[key]:
            cause = problem["cause"]
            count[cause] += 1
            documents[cause].add(each["name"])
            example.setdefault(cause, f"{each['name']}: {problem['where']}: {problem['text']}")
    return [(cause, n, len(documents[cause]), example[cause]) for cause, n in count.most_common()]


def worst(results: list[Result], most: int = 12) -> list[tuple[str, int, int, str]]:
    """The documents with the most operations without a valid response."""
    found = []
    for each in results:
        bad = each["tried"] - each["valid"] - each["silent"] - each.get("impossible", 0)
        if bad and not each["refused"]:
            common = Counter(p["cause"] for p in each["problems"]).most_common(1)
            why = common[0][0] if common else ""
            found.append((each["name"], bad, each["operations"], why))
    return sorted(found, key=lambda one: -one[1])[:most]


def summary(results: list[Result], took: float) -> str:
    """For the terminal."""
    lines = [f"{name:46} {value:30} {goal}".rstrip() for name, value, goal in rows(results, took)]
    for title, key in (
        ("Operations that don't answer validly", "problems"),
        ("Round trips that break, by the step", "broken"),
        ("Exceptions", "exceptions"),
    ):
        found = causes(results, key)
        if found:
            lines += ["", title]
            lines += [
                f"{n:6}  {cause}, in {d} documents\n        {e[:220]}" for cause, n, d, e in found
            ]
    refused = [each for each in results if each["refused"]]
    if refused:
        lines += ["", "Refused"]
        lines += [f"        {each['name']}: {each['refused'][:200]}" for each in refused]
    return "\n".join(lines)


def page(results: list[Result], took: float, of: str) -> str:
    """The measured part of docs/corpus.md."""
    lines = [f"Measured on {of}.", "", "| | | goal |", "|---|---|---|"]
    lines += [f"| {name} | {value} | {goal} |" for name, value, goal in rows(results, took)]
    for title, key in (
        ("Operations that don't answer validly", "problems"),
        ("Round trips that break", "broken"),
        ("Exceptions", "exceptions"),
    ):
        lines += ["", f"### {title}", ""]
        found = causes(results, key)
        lines += _table(("cause", "how many", "documents"), (c[:3] for c in found))
    lines += ["", "### The worst documents", ""]
    lines += _table(("document", "not valid", "operations", "mostly"), worst(results))
    lines += ["", "### Refused", ""]
    refused = [
        (each["name"], each["refused"].replace("|", "\\|")[:160])
        for each in results
        if each["refused"]
    ]
    lines += _table(("document", "why"), refused)
    return "\n".join(lines)


def _table(head: tuple[str, ...], body: Iterable[tuple[Any, ...]]) -> list[str]:
    listed = list(body)
    if not listed:
        return ["None."]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return lines + [f"| {' | '.join(map(str, row))} |" for row in listed]


def write_page(path: Path, results: list[Result], took: float, of: str) -> None:
    """Insert the figures between their markers in the page."""
    text = path.read_text()
    before, _, rest = text.partition(MARK)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{MARK}\n\n{page(results, took, of)}\n\n{END}{after}")
