"""`make inference-score`: labelled expectations over real documents, by kind."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from bench.corpus.documents import CorpusError
from bench.inference_score.client import Served
from bench.inference_score.documents import fetch, place_of, read
from bench.inference_score.labels import LABELS, SETS, LabelError, Labels, read_all
from bench.inference_score.play import Outcome, play
from bench.inference_score.report import misses, table, write_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "inference.md"


class TooLong(Exception):
    """An expectation exceeded its time limit."""


def main() -> int:
    options = _options()
    try:
        labels = read_all(options.labels, tuple(options.parts))
        labels = _chosen(labels, options)
        folder = fetch()
        work = [(each, str(place_of(each.document, folder)), options.seconds) for each in labels]
    except (LabelError, CorpusError) as error:
        print(f"inference-score: {error}", file=sys.stderr)
        return 2
    if not work:
        print("inference-score: no label is left to play", file=sys.stderr)
        return 2
    start = time.perf_counter()
    context = multiprocessing.get_context("forkserver")
    with context.Pool(options.jobs) as pool:
        outcomes = [each for found in pool.imap(played, work, chunksize=1) for each in found]
    if options.show_misses:
        print(misses(outcomes))
    print(table(outcomes))
    took = time.perf_counter() - start
    print(f"{len(outcomes)} expectations, {len(work)} documents, {took:.0f} s")
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in outcomes], indent=1))
    if options.page:
        write_page(PAGE, outcomes)
        print(f"written: {PAGE}")
    return 1 if any(each.broken for each in outcomes) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make inference-score", description=__doc__)
    parser.add_argument("--only", action="append", help="expectations of this kind or with this id")
    parser.add_argument("--document", action="append", help="documents with this in their names")
    parser.add_argument("--show-misses", action="store_true", help="each miss and why")
    parser.add_argument("--parts", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="every outcome as JSON")
    parser.add_argument("--page", action="store_true", help="write docs/inference.md")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2))
    parser.add_argument("--seconds", type=float, default=20, help="at most, for an expectation")
    parser.add_argument("--labels", type=Path, default=LABELS, help="the folder of the labels")
    return parser.parse_args()


def _chosen(labels: list[Labels], options: argparse.Namespace) -> list[Labels]:
    found = []
    for each in labels:
        if options.document and not any(word in each.document for word in options.document):
            continue
        expectations = tuple(
            one
            for one in each.expectations
            if not options.only or one.kind in options.only or one.id in options.only
        )
        if expectations:
            found.append(Labels(each.document, each.part, expectations))
    return found


def played(work: tuple[Labels, str, float]) -> list[Outcome]:
    """Play every expectation of one document, in a process that serves it."""
    labels, path, seconds = work
    try:
        with _limit(10 * seconds):
            served = Served(read(Path(path)))
    except Exception as error:
        # Whatever keeps the document from being served is the answer for all of it.
        return [
            _failed(labels, one.id, one.kind, f"not served: {error}") for one in labels.expectations
        ]
    outcomes = []
    for number, one in enumerate(labels.expectations):
        try:
            with _limit(seconds):
                key = f"mock-score-{number}"
                outcomes.append(play(served, labels.document, labels.part, one, key))
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            outcomes.append(_failed(labels, one.id, one.kind, why))
    served.close()
    return outcomes


def _failed(labels: Labels, name: str, kind: str, why: str) -> Outcome:
    return Outcome(labels.document, labels.part, name, kind, holds=False, why=why)


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLong(f"not done within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
