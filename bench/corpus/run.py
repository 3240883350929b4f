"""`make corpus`: a sample of 200 documents, or every one with ALL=1, also in parts."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import orjson

from bench.corpus.documents import CorpusError, Document, all_documents, cache, fetch, sample
from bench.corpus.measure import Measured, measure
from bench.corpus.report import summary, write_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "corpus.md"
_GRACE = 15.0
_LONGEST = 3000.0
_SAVED_EVERY = 25


def main() -> int:
    options = _options()
    if options.report:
        return _report([Path(each) for each in options.report], options.page)
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fetch(folder)
        documents = all_documents(folder)
    except CorpusError as error:
        print(f"corpus: {error}", file=sys.stderr)
        return 2
    total = len(documents)
    if options.only:
        documents = [d for d in documents if any(word in d.name for word in options.only)]
    elif not options.all:
        documents = sample(documents, options.sample, options.seed)
    if options.part:
        documents = part(documents, *options.part)
    documents = [d for d in documents if not any(word in d.name for word in options.without)]
    if not documents:
        print("corpus: no document has such a name", file=sys.stderr)
        return 2
    start = time.perf_counter()
    out = Path(options.out) if options.out else folder / "results.json"
    results = run_all(documents, options.jobs, options.seconds, out)
    took = time.perf_counter() - start
    out.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    print(summary(results, took))
    print(f"every result: {out}")
    if options.page:
        kind = "all" if options.all else f"a sample of {len(documents)} (seed {options.seed})"
        write_page(PAGE, results, took, f"{kind} of {total} documents")
        print(f"written: {PAGE}")
    return 1 if any(each["exceptions"] for each in results) else 0


def _report(paths: list[Path], page: bool) -> int:
    """The report of earlier runs, finished or not. Of a document in several, the last counts."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        try:
            found.update({each["name"]: each for each in orjson.loads(path.read_bytes())})
        except (OSError, orjson.JSONDecodeError) as error:
            print(f"corpus: --report {path}: {error}", file=sys.stderr)
            return 2
    results = [found[name] for name in sorted(found)]
    print(summary(results, 0))
    if page:
        total = len(all_documents(cache()))
        rest = "" if len(results) == total else ", taken at random"
        write_page(PAGE, results, 0, f"{len(results):,} of {total:,} documents{rest}")
        print(f"written: {PAGE}")
    return 1 if any(each["exceptions"] for each in results) else 0


def part(documents: list[Document], which: int, of: int) -> list[Document]:
    """One of several parts of about the same size, each taken at random."""
    shuffled = sorted(documents, key=lambda document: document.name)
    random.Random(0).shuffle(shuffled)
    return shuffled[which - 1 :: of]


def _part(text: str) -> tuple[int, int]:
    which, _, of = text.partition("/")
    if not (which.isdecimal() and of.isdecimal() and 1 <= int(which) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part: 2/8 is the second of eight")
    return int(which), int(of)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make corpus", description=__doc__)
    parser.add_argument("--all", action="store_true", default=bool(os.environ.get("ALL")))
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60, help="at most, for a document")
    parser.add_argument("--out", help="where the results go, as JSON")
    parser.add_argument("--part", type=_part, metavar="K/N", help="the K-th of N parts")
    parser.add_argument(
        "--report", metavar="FILE", nargs="+", help="measure nothing, tell what is in these files"
    )
    parser.add_argument("--page", action="store_true", help="write docs/corpus.md")
    parser.add_argument(
        "--without", nargs="+", default=(), metavar="NAME", help="leave out documents (memory)"
    )
    parser.add_argument("only", nargs="*", help="documents with this in their names")
    return parser.parse_args()


def allowance(document: Document, seconds: float) -> float:
    """The time limit of a document: higher for one with thousands of operations."""
    return min(seconds + 0.2 * document.operations, _LONGEST)


def run_all(
    documents: list[Document], jobs: int, seconds: float, out: Path
) -> list[dict[str, Any]]:
    """Measure each in its own process, in random order: intermediate results are a sample."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.corpus.measure"])
    waiting = list(documents)
    random.Random(1).shuffle(waiting)
    running: dict[Connection, tuple[Any, Document, float, Measured]] = {}
    results: list[dict[str, Any]] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            document = waiting.pop()
            ours, theirs = context.Pipe(duplex=False)
            limit = allowance(document, seconds)
            process = context.Process(
                target=_child, args=(document.path, document.name, limit, theirs), daemon=True
            )
            process.start()
            theirs.close()
            unfinished = Measured(document.name, document.version, document.operations)
            running[ours] = process, document, time.perf_counter() + limit + _GRACE, unfinished
        known = len(results)
        _hear(running, results)
        if known // _SAVED_EVERY < len(results) // _SAVED_EVERY:
            out.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
        for line, (process, _, end, last) in list(running.items()):
            if time.perf_counter() > end:
                process.kill()
                last.timed_out = True
                _ended(running, results, line, last.as_dict())
    return sorted(results, key=lambda result: str(result["name"]))


def _hear(
    running: dict[Connection, tuple[Any, Document, float, Measured]], results: list[dict[str, Any]]
) -> None:
    for line in wait(list(running), timeout=1.0):
        assert isinstance(line, Connection)
        process, document, end, last = running[line]
        try:
            done, measured = line.recv()
        except EOFError:
            process.join()
            text = f"the process ended with {process.exitcode}"
            found = last.as_dict()
            found["exceptions"].append({"cause": "process", "where": last.name, "text": text})
            _ended(running, results, line, found)
            continue
        running[line] = process, document, end, measured
        if done:
            _ended(running, results, line, measured.as_dict())


def _ended(
    running: dict[Connection, tuple[Any, Document, float, Measured]],
    results: list[dict[str, Any]],
    line: Connection,
    result: dict[str, Any],
) -> None:
    process, document, _, _ = running.pop(line)
    process.join(5)
    line.close()
    result["operations"] = result["operations"] or (0 if result["refused"] else document.operations)
    results.append(result)
    if sys.stderr.isatty():
        print(f"\r{len(results)} done, {document.name[:60]:60}", end="", file=sys.stderr)


def _child(path: str, name: str, seconds: float, line: Connection) -> None:
    measured = measure(path, name, seconds, lambda found: line.send((False, found)))
    line.send((True, measured))


if __name__ == "__main__":
    sys.exit(main())
