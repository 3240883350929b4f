"""Send the requests of a recorded run again, to a mock that follows a draft of the calibration.

The real side is what it did then, so no request reaches it. What still differs is what the draft
has left; what agreed before and differs now, it has broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mockserver.files.documents import read_contract
from mockserver.openapi.model import Json
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.comparer import Comparer
from mockserver.verify.diff.lock import read_lock
from mockserver.verify.diff.mock_side import Mocks, own_mocks
from mockserver.verify.diff.model import Report, Run
from mockserver.verify.diff.recorded import run_from_json
from mockserver.verify.diff.report import as_json, fidelity_of

Behaviour = tuple[str, str]
"""An operation, and a kind of behaviour."""
_SEEDS = (1, 2)
_WORLDS = 12
"""A draft need not be compared with as many worlds as a difference that is reported."""
_TIMEOUT = 60.0


@dataclass(frozen=True)
class Rehearsal:
    """The recorded runs of a report, and the folder of its document and of drafts."""

    report: Mapping[str, Json]
    runs: list[Run]
    folder: Path

    @property
    def document(self) -> Path:
        return self.folder / "document.json"

    @property
    def draft(self) -> Path:
        """Where the calibration file to try is written."""
        return self.folder / "draft.toml"

    def play(self, written: Mapping[str, Json]) -> dict[str, Json]:
        """The report of the same runs with a mock that follows the draft, `written` as a table."""
        raw, contract = read_contract(str(self.document))
        knowledge = Knowledge.of(contract)
        spec, real = str(self.document), self.report["real"]
        report = Report(contract.title, spec, real, "its own", self.report["seed"])
        report.calibration = written
        options, shortest = ["--calibration", str(self.draft)], read_lock(str(self.draft)).shortest
        with (
            own_mocks(spec, _SEEDS, options) as urls,
            Mocks(knowledge, urls, _TIMEOUT, shortest=shortest) as mocks,
        ):
            comparer = Comparer(mocks, report, worlds=_WORLDS)
            for run in self.runs:
                for mismatch in comparer.hear(run.program, run):
                    comparer.keep((run.program, mismatch, run))
            comparer.conclude()
        return as_json(report, fidelity_of(report, knowledge), raw)

    def broken(self, played: Mapping[str, Json]) -> set[Behaviour]:
        """What agreed in the report and differs with the draft."""
        before, now = states(self.report), states(played)
        return {
            at for at, state in now.items() if state == "differs" and before.get(at) == "agreed"
        }


@contextmanager
def rehearsal_of(report: Mapping[str, Json]) -> Iterator[Rehearsal | None]:
    """The rehearsal of a report; None if it has no recorded runs."""
    runs = [run_from_json(run) for run in report.get("runs", ())]
    if not runs:
        yield None
        return
    with TemporaryDirectory() as folder:
        rehearsal = Rehearsal(report, runs, Path(folder))
        rehearsal.document.write_text(json.dumps(report["document"]), encoding="utf-8")
        yield rehearsal


def states(report: Mapping[str, Json]) -> dict[Behaviour, str]:
    """The state of each behaviour in a report: agreed, differs, not reached."""
    return {(one["operation"], one["kind"]): one["state"] for one in report["behaviours"]}
