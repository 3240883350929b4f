"""The catalogue of planted faults is complete, and each fault can take effect."""

from __future__ import annotations

from pathlib import Path

from mockserver.files.documents import read_contract
from tests.support.fault_proxy.actions import ACTIONS
from tests.support.fault_proxy.catalogue import load

FAULTS = load()
DIVERGENCES = load(Path(__file__).parents[2] / "bench" / "diff_planted" / "catalogue.toml")
"""What `make diff-planted` plants, with the same actions."""


def test_there_are_enough() -> None:
    assert len(FAULTS) >= 60
    assert len({fault.kind for fault in FAULTS}) >= 12


def test_ids_are_distinct() -> None:
    assert len({fault.id for fault in FAULTS}) == len(FAULTS)


def test_every_action_exists_and_is_used() -> None:
    assert {fault.action for fault in (*FAULTS, *DIVERGENCES)} == set(ACTIONS)


def test_every_fault_concerns_a_route() -> None:
    contract = read_contract("feather")[1]
    paths = {operation.path.replace("{", "").replace("}", "") for operation in contract.operations}
    for fault in FAULTS:
        methods = {entry.split()[0] for entry in fault.on.split("|")} - {"*"} or {"GET"}
        assert any(fault.concerns(m, path) for m in methods for path in paths), fault.id
