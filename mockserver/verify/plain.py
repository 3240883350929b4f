"""A `schemathesis.toml`, so that a plain `schemathesis run` finds what `mockserver test` finds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver.contract.model import Contract
from mockserver.errors import UsageError

from .settings import Settings, configuration, reasoned, toml

_SHARED = ("seed", "workers", "continue-on-failure", "cache", "auth")


def write_config(path: str, contract: Contract, spec: str) -> None:
    """Write what is hermetic, and the entries for single operations, each with its reason.

    How much is sent is left to the command line. Raises UsageError if the file can't be written.
    """
    whole = configuration(contract, Settings())
    shared = {name: whole[name] for name in _SHARED}
    shared["generation"] = {"database": whole["generation"]["database"]}
    head = f"# What `mockserver test {spec}` tells Schemathesis, for a plain `schemathesis run`.\n"
    entries = [entry_toml(reason, entry) for reason, entry in reasoned(contract)]
    try:
        Path(path).write_text("\n".join([head, toml(shared), *entries]), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--write-config {path}: {error.strerror or error}") from None


def entry_toml(reason: str, entry: Mapping[str, Any]) -> str:
    """One `[[operations]]` table, an operation to a line."""
    names = "".join(f"    {json.dumps(name)},\n" for name in entry["include-operation-id"])
    rest = {name: value for name, value in entry.items() if name != "include-operation-id"}
    return f"[[operations]] # {reason}\ninclude-operation-id = [\n{names}]\n{toml(rest)}"
