"""The built-in APIs of vendors."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from mockserver.engine.api import Api
from mockserver.openapi.model import Contract

# Importing all vendors takes a tenth of the time to the first response, and one is needed at most.
KNOWN_BY = {
    "feather": ("cancelSimulationSuiteRun", "dispatchSimulationSuiteRun", "runAgentReleaseCheck"),
    "speechify": ("cancelSuiteRun", "runTestsBatch", "resubmitSuiteRun"),
    "truestate": ("cancelSession", "createLiveFlowSession", "addUserInput"),
}
"""The vendors, each with operations that identify its document: it has at least one of them."""


def vendor(name: str) -> Api:
    """The API of this name. Raises KeyError if there is none."""
    if name not in KNOWN_BY:
        raise KeyError(name)
    api = getattr(import_module(f"{__name__}.{name}"), name.upper())
    assert isinstance(api, Api)
    return api


def built_in() -> Iterator[Api]:
    """Every vendor's API."""
    return map(vendor, KNOWN_BY)


def written_for(contract: Contract) -> Api | None:
    """The API that is written for this document; None for any other document."""
    for name, operations in KNOWN_BY.items():
        if any(operation in contract.by_id for operation in operations):
            api = vendor(name)
            if api.claims(contract):
                return api
    return None
