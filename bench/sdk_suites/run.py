"""`make sdk-suites`: vendors' own client suites against Steady, Prism and this mock, in one run."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from bench.harness import free_port, running
from bench.sdk_suites import report, runners, servers
from bench.sdk_suites.suites import Files, Suite, SuiteError, cache, listed, unpacked
from bench.sdk_suites.wiremock_front import wiremock_front

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sdk-suites.md"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def main() -> int:
    options = _options()
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    out = Path(options.out) if options.out else folder / "results.json"
    results = _kept(out)
    if not options.report:
        for result in _run_all(options, folder):
            results = _kept(out)  # another run may have written meanwhile
            known = results.get(result["suite"], {"runs": {}})
            result["runs"] = {**known["runs"], **result["runs"]}
            results[result["suite"]] = result
            out.write_bytes(orjson.dumps(list(results.values()), option=orjson.OPT_INDENT_2))
    if not results:
        print("sdk-suites: nothing was run", file=sys.stderr)
        return 2
    order = [suite.name for suite in listed()]
    shown = sorted(results.values(), key=lambda result: order.index(result["suite"]))
    figures = report.figures(shown)
    of = _measured(shown, options)
    print(report.page(of, figures, order))
    print(f"every outcome: {out}")
    if options.page:
        # What this machine has not measured stays as it was.
        whole = figures.over(report.read_figures(report.on_page(PAGE)))
        left = [name for name in whole.cells if name not in figures.cells]
        if left:
            of += f" Measured before that: {', '.join(sorted(left, key=order.index))}."
        report.write_page(PAGE, report.page(of, whole, order))
        print(f"written: {PAGE}")
    return 0 if all(_as_good(each) for each in shown) else 1


def _kept(out: Path) -> dict[str, dict[str, Any]]:
    """The results of earlier runs, by suite."""
    earlier = orjson.loads(out.read_bytes()) if out.is_file() else []
    return {result["suite"]: result for result in earlier}


def _measured(shown: list[dict[str, Any]], options: argparse.Namespace) -> str:
    """At which revision, and of what."""
    revisions = dict.fromkeys(each.get("revision", "an earlier revision") for each in shown)
    of = f"Measured at {', '.join(revisions)}, with `{' '.join(options.ours)}`"
    if options.select:
        of += f'; of suites in Python the tests that `-k "{options.select}"` selects'
    return of + "."


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make sdk-suites", description=__doc__)
    parser.add_argument("--servers", default=",".join(servers.SERVERS), help="steady,prism,ours")
    parser.add_argument("--ours", type=shlex.split, default=["--lenient"], help="our options")
    parser.add_argument("--select", default="", help="of Python suites, as pytest's -k")
    parser.add_argument("--seconds", type=float, default=1200, help="at most, for a suite")
    parser.add_argument("--out", help="where the outcomes go, as JSON")
    parser.add_argument("--report", action="store_true", help="run nothing, tell what is kept")
    parser.add_argument("--page", action="store_true", help="write docs/sdk-suites.md")
    parser.add_argument("only", nargs="*", help="suites with this in their names")
    return parser.parse_args()


def _run_all(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, Any]]:
    """Run the available suites in order."""
    chosen = options.servers.split(",")
    for suite in listed():
        if options.only and not any(word in suite.name for word in options.only):
            continue
        try:
            if chosen != ["ours"]:
                servers.fetch(folder)
            files = unpacked(suite, folder)
            runners.prepare(suite, files.root)
        except SuiteError as error:
            print(f"sdk-suites: {suite.name} is skipped: {error}", file=sys.stderr)
            continue
        runs: dict[str, Any] = {}
        for server in chosen:
            runs.update(_against(server, suite, files, folder, options))
        operations = _operations(files.document)
        yield {
            "suite": suite.name,
            "operations": operations,
            "runs": runs,
            "revision": _revision(),
        }


def _against(
    server: str, suite: Suite, files: Files, folder: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Run one server; ours is run twice without a reset, the second time in another order."""
    port = suite.port or free_port()
    command = servers.command(server, suite, files.document, port, folder, options.ours)
    found: dict[str, Any] = {}
    start = time.perf_counter()
    try:
        with running(
            server, command, port, servers.probe(server), core=servers.cores(), patience=600
        ) as one:
            ready = time.perf_counter() - start
            found[server] = _suite(suite, files, one.base, options, shuffled=False)
            if server == "ours":
                again = _suite(suite, files, one.base, options, shuffled=True)
                found["ours again, shuffled"] = again
    except RuntimeError as error:
        found[server] = {"note": str(error)}
        ready = 0.0
    for name, run in found.items():
        counts = report.passed({"runs": found}, name)
        took = f"ready after {ready:.1f} s, tests took {run.get('seconds', 0):.0f} s"
        print(f"{suite.name}: {name}: {run.get('note') or f'{counts} passed; {took}'}", flush=True)
    return found


def _front(suite: Suite, base: str) -> AbstractContextManager[str]:
    """The URL that the suite is given: the server's own, or of what stands before it."""
    return wiremock_front(base) if suite.front == "wiremock" else nullcontext(base)


def _suite(
    suite: Suite, files: Files, base: str, options: argparse.Namespace, *, shuffled: bool
) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        with _front(suite, base) as url:
            outcomes = runners.run(
                suite,
                files.root,
                url,
                select=options.select,
                shuffled=shuffled,
                limit=options.seconds,
            )
    except SuiteError as error:
        return {"note": str(error)}
    took = time.perf_counter() - start
    return {"seconds": took, "outcomes": {name: asdict(each) for name, each in outcomes.items()}}


def _as_good(result: dict[str, Any]) -> bool:
    """Whether ours passes as many as the best of the others, in each of its runs."""
    numbers = {server: report.passed(result, server) for server in result["runs"]}
    ours = [number or 0 for server, number in numbers.items() if server.startswith("ours")]
    others = [number or 0 for server, number in numbers.items() if not server.startswith("ours")]
    return not ours or min(ours) >= max(others, default=0)


def _operations(path: Path) -> int:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = path.read_bytes()
        document = orjson.loads(text) if path.suffix == ".json" else yaml.load(text, loader)
    except (yaml.YAMLError, ValueError):
        return 0
    return sum(len(_METHODS & set(item)) for item in document["paths"].values())


def _revision() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PAGE.parent)
    return done.stdout.strip() or "an unknown revision"


if __name__ == "__main__":
    sys.exit(main())
