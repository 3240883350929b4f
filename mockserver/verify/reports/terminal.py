"""A result for a person at a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from mockserver.verify.model import Finding, Result

WIDTH = 100


def lines(result: Result) -> Iterator[str]:
    """One block for each finding, then the sums."""
    for number, finding in enumerate(result.open_findings, 1):
        yield from block(number, finding)
    accepted = [finding for finding in result.findings if finding.accepted]
    for finding in accepted:
        yield f"accepted: {finding.rule} at {finding.where} ({finding.accepted})"
    for difference in result.differences:
        yield (
            f"judges differ on {difference.where} {difference.status}: "
            f"Schemathesis says {difference.schemathesis or 'good'}, "
            f"openapi-core {difference.openapi_core or 'good'}"
        )
    for note in result.notes:
        yield f"note: {note}"
    for error in result.errors:
        yield f"could not judge: {error}"
    yield ""
    yield from summary(result)


def block(number: int, finding: Finding) -> Iterator[str]:
    """What, where, an example, a curl line, the rule."""
    yield f"{number}. {finding.title} ({finding.count} times)"
    yield f"   where    {finding.where}"
    yield f"   rule     {finding.rule}  [{finding.origin}, {finding.id}]"
    for line in finding.message.splitlines():
        yield from textwrap.wrap(
            line, WIDTH, initial_indent="   what     ", subsequent_indent="            "
        )
    example = finding.example
    if example is not None:
        reply = example.body[:200].decode("utf-8", "replace")
        yield f"   answer   {example.status} {reply}"
        steps = finding.steps[-6:]
        if len(steps) > 1:
            yield f"   steps    {len(finding.steps)}, the last ones:"
        for step in steps:
            yield f"   curl     {step.curl()}"
    yield ""


def summary(result: Result) -> Iterator[str]:
    covered = sum(1 for name in result.documented if result.coverage.seen.get(name))
    phases = ", ".join(f"{name} {status}" for name, status in result.phases.items())
    yield f"{result.title} at {result.url}"
    yield f"  {phases}"
    yield (
        f"  {result.requests} requests in {result.seconds:.1f} s, seed {result.seed}, "
        f"sequence {result.digest}"
    )
    yield (
        f"  {covered} of {len(result.documented)} operations reached; "
        f"openapi-core judged {result.judged} replies, {len(result.differences)} differences"
    )
    found = len(result.open_findings)
    accepted = len(result.findings) - found
    tail = f" ({accepted} accepted)" if accepted else ""
    verdict = "no findings" if not found else f"{found} finding{'s' * (found > 1)}"
    yield f"  {verdict}{tail}"
