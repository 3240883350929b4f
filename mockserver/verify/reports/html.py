"""A result as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

from mockserver.verify.model import Result

TEMPLATE = Path(__file__).with_name("page.html")


def render(result: Result) -> str:
    """The page. Everything from the server is escaped."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(result=result, rows=coverage_rows(result), columns=_columns(result))


def write(result: Result, path: Path) -> None:
    path.write_text(render(result), encoding="utf-8")


def _columns(result: Result) -> list[str]:
    seen = {str(status) for counts in result.coverage.seen.values() for status in counts if status}
    listed = {status for statuses in result.documented.values() for status in statuses}
    return sorted(seen | {status for status in listed if status.isdigit()})


def coverage_rows(result: Result) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each operation its cells: a count for each status, and a CSS class."""
    rows = []
    for operation, documented in result.documented.items():
        counts = result.coverage.seen.get(operation, {})
        cells = []
        for status in _columns(result):
            count = counts.get(int(status), 0)
            known = (
                status in documented or "default" in documented or f"{status[0]}XX" in documented
            )
            if count:
                cells.append((str(count), "seen" if known else "odd"))
            else:
                cells.append(("0", "missed") if status in documented else ("", "none"))
        rows.append((operation, cells))
    return rows
