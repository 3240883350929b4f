"""The figures as Markdown and as two plots."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.pages import section
from bench.peers import PEERS

if TYPE_CHECKING:
    from bench.run import Figures

LIMIT = "bare uvicorn, 2 bytes"
AS_MANY = "bare uvicorn, as many bytes"
OURS = "mockserver"


def rate(figures: Figures, document: str, work: str, server: str) -> float | None:
    """The median of the rounds; None if it was not measured."""
    rounds = figures.loads.get((document, work, server))
    return statistics.median(one.rate for one in rounds) if rounds else None


def lines(figures: Figures, rounds: int, seconds: int, begun: float) -> Iterator[str]:
    """docs/benchmarks.md, line by line."""
    cores = os.cpu_count()
    yield "# Benchmarks"
    yield ""
    yield "After this page you know how fast this mock is beside others. `make bench` writes it."
    yield "Compare ratios: a rate depends on the machine."
    yield f"{cores} cores, load {begun:.1f} when it began; server and wrk pinned to a core each;"
    yield f"{rounds} interleaved rounds of {seconds} s after one to warm up; 16 connections;"
    yield "medians, and half the distance of the extremes as a share of the median."
    yield ""
    yield "![requests a second](benchmarks-rates.svg)"
    yield ""
    yield from _rates(figures)
    yield ""
    yield "Processor time is that of the server for a request: of all figures it suffers least from"
    yield "what else runs on the machine. **of the limit**: the rate as a share of that of uvicorn"
    yield "with two constant bytes; **of as many bytes**: of uvicorn with as many as the reply has."
    yield ""
    yield "| server | what it does |"
    yield "|---|---|"
    yield "| mockserver | validates requests and replies; keeps state; jobs move with time |"
    yield "| stock Connexion | routes and validates; a stored answer; two operations only |"
    for one in PEERS:
        yield f"| {one.name} | {one.does} |"
    yield ""
    yield "## First response and memory"
    yield ""
    yield "From the start of the process to its first reply, and resident memory then. Medians."
    yield ""
    yield "![first response](benchmarks-start.svg)"
    yield ""
    yield from _starts(figures)
    yield ""
    yield "## In a test's own process"
    yield ""
    yield "Processor time, medians (`python bench/in_process.py`)."
    yield ""
    yield "| what | |"
    yield "|---|---:|"
    for name, took in figures.in_process.items():
        yield f"| {name} | {took:.3f} ms |"
    if figures.notes:
        yield ""
        yield "## Notes"
        yield ""
        for note in figures.notes:
            yield f"- {note}"


def _rates(figures: Figures) -> Iterator[str]:
    yield (
        "| document | request | server | requests/s | spread | processor | of the limit "
        "| of as many bytes | times Prism |"
    )
    yield "|---|---|---|---:|---:|---:|---:|---:|---:|"
    limits = [
        one.rate for (_, _, name), each in figures.loads.items() if name == LIMIT for one in each
    ]
    limit = statistics.median(limits) if limits else 0
    works = dict.fromkeys((document, work) for document, work, _ in figures.loads)
    for document, work in works:
        prism = rate(figures, document, work, "Prism")
        as_many = rate(figures, document, work, AS_MANY)
        for (other, kind, server), rounds in figures.loads.items():
            if (other, kind) != (document, work):
                continue
            rates = [one.rate for one in rounds]
            middle = statistics.median(rates)
            processor = statistics.median(one.processor for one in rounds)
            spread = (max(rates) - min(rates)) / middle / 2
            of_limit = f"{middle / limit:.2f}" if limit else ""
            of_many = f"{middle / as_many:.2f}" if as_many else ""
            times = f"{middle / prism:.1f}" if prism else ""
            yield (
                f"| {document} | {work} | {server} | {middle:,.0f} | ±{spread:.0%} "
                f"| {processor:,.0f} µs | {of_limit} | {of_many} | {times} |"
            )


def _starts(figures: Figures) -> Iterator[str]:
    yield "| document | server | first response | of Prism's | memory | of Prism's |"
    yield "|---|---|---:|---:|---:|---:|"
    for (document, server), seconds in figures.first.items():
        first = statistics.median(seconds)
        memory = statistics.median(figures.memory[document, server])
        prism = figures.first.get((document, "Prism"))
        shares = ["", ""]
        if prism:
            shares[0] = f"{first / statistics.median(prism):.2f}"
            shares[1] = f"{memory / statistics.median(figures.memory[document, 'Prism']):.2f}"
        yield (
            f"| {document} | {server} | {first:.2f} s | {shares[0]} "
            f"| {memory:.0f} MB | {shares[1]} |"
        )


def write(folder: Path, page: list[str], figures: Figures) -> None:
    """Write the page and its plots. Without matplotlib the plots stay, and a line says so."""
    path = folder / "benchmarks.md"
    kept = section(path, "hostile") if path.is_file() else ""
    path.write_text("\n".join([*page, *(["", kept] if kept else [])]) + "\n", encoding="utf-8")
    try:
        import matplotlib as mpl
    except ImportError:
        hint = f"{sys.executable} -m pip install matplotlib"
        sys.stderr.write(f"the page is written, the plots are not: {hint}\n")
        return
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "mockserver", "font.size": 9})
    document = next(iter(figures.loads))[0]
    cancel = {
        server: rate(figures, document, work, server) or 0.0
        for where, work, server in figures.loads
        if where == document and work.startswith("cancel")
    }
    _bars(folder / "benchmarks-rates.svg", cancel, "cancelling a suite run: requests a second")
    starts = {
        f"{server}\n{where.partition(',')[0]}": statistics.median(seconds)
        for (where, server), seconds in figures.first.items()
    }
    _bars(folder / "benchmarks-start.svg", starts, "seconds to the first response")


def _bars(path: Path, values: dict[str, float], title: str) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 0.6 + 0.38 * len(values)), layout="constrained")
    names = list(values)[::-1]
    colours = ["#2563eb" if name.startswith(OURS) else "#9ca3af" for name in names]
    bars: Any = axes.barh(names, [values[name] for name in names], color=colours)
    axes.bar_label(bars, fmt="{:,.1f}" if max(values.values()) < 100 else "{:,.0f}", padding=3)
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
