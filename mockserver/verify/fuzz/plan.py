"""What a fuzz run may do, decided before the first request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from mockserver.errors import UsageError
from mockserver.openapi.model import Contract, Operation
from mockserver.verify.lifecycle.model import Api, Resource

SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Plan:
    """Operations by what they do. `left_out` says of the others why they are not sent."""

    reads: tuple[Operation, ...]
    creations: tuple[tuple[Operation, Resource], ...]
    changes: tuple[Operation, ...]
    removals: tuple[tuple[Operation, Resource], ...]
    left_out: tuple[tuple[Operation, str], ...]


def check_host(contract: Contract, url: str, allowed: Sequence[str]) -> None:
    """Raises UsageError if the address is neither a server of the document nor allowed."""
    wanted = urlsplit(url)
    if wanted.scheme not in ("http", "https") or not wanted.hostname:
        raise UsageError(f"--url {url!r} is no address; give one like https://staging.example.com")
    listed = [urlsplit(server) for server in contract.servers]
    if any((s.hostname, s.port) == (wanted.hostname, wanted.port) for s in listed if s.hostname):
        return
    if any(host.lower() in (wanted.hostname, wanted.netloc.lower()) for host in allowed):
        return
    servers = ", ".join(s.netloc for s in listed if s.netloc) or "none"
    raise UsageError(
        f"{wanted.netloc} is no server of the document (those are: {servers}); "
        f"if it really is to be fuzzed, say --allow-host {wanted.hostname}"
    )


def make_plan(contract: Contract, api: Api) -> Plan:
    """Reads are free. A thing is made only if it can be removed again; changes, removals and
    other commands go to things that the run made."""
    resources = list(api.resources.values())
    creates = {r.create: r for r in resources}
    creates |= {op: api.resources[name] for op, name in api.clone.items()}
    removes = {r.remove: r for r in resources if r.remove}
    reads, changes = [], []
    creations, removals, left_out = [], [], []
    for operation in contract.operations:
        resource = creates.get(operation.id)
        if operation.method in SAFE:
            reads.append(operation)
        elif resource is not None and resource.remove:
            creations.append((operation, resource))
        elif resource is not None:
            left_out.append((operation, f"a {resource.name} that it makes can't be removed"))
        elif operation.id in removes:
            removals.append((operation, removes[operation.id]))
        elif "{" not in operation.path:
            left_out.append((operation, "what it does, and to what, can't be told"))
        elif operation.success == 201:
            left_out.append((operation, "what it makes can't be found again"))
        else:
            changes.append(operation)
    kinds = {parameter for _, r in creations for parameter in (r.id_parameter, *r.parents)}
    able = [op for op in changes if _parameters(op) <= kinds]
    left_out += [
        (op, "it needs a thing that this run can't make") for op in changes if op not in able
    ]
    return Plan(tuple(reads), tuple(creations), tuple(able), tuple(removals), tuple(left_out))


def _parameters(operation: Operation) -> set[str]:
    return {part.split("}")[0] for part in operation.path.split("{")[1:]}


def words(plan: Plan, url: str, rate: float, seconds: float, ledger: str) -> Iterator[str]:
    """The plan, for a person."""
    yield f"Plan: fuzz {url}"
    yield f"  at most {rate:g} requests a second, for {seconds:g} s"
    yield f"  what is made is written to {ledger} and removed at the end"
    groups = (
        ("read", plan.reads),
        ("create", [operation for operation, _ in plan.creations]),
        ("change, own things only", plan.changes),
        ("remove, own things only", [operation for operation, _ in plan.removals]),
    )
    for name, operations in groups:
        yield f"  {name}: {len(operations)}"
        for operation in operations:
            yield f"    {operation.method} {operation.path}"
    yield f"  not sent: {len(plan.left_out)}"
    for operation, reason in plan.left_out:
        yield f"    {operation.method} {operation.path}: {reason}"
