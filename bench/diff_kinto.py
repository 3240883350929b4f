"""The inferred mock of Kinto against the real Kinto, before and after `mockserver calibrate`.

    python -m bench.diff_kinto [--examples N] [--keep DIR]

Kinto (PyPI, memory backend) runs in its own virtual environment, which is created in
~/.cache/mockserver-kinto on the first run. Its document is the Swagger 2.0 that it serves.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness import free_port, running
from mockserver.files.documents import read_contract
from mockserver.verify.diff.calibrate import calibrate
from mockserver.verify.diff.model import KINDS, Report
from mockserver.verify.diff.report import Fidelity, fidelity_of, write
from mockserver.verify.diff.run import Order, differential
from mockserver.verify.http import Wire

HOME = Path(os.environ.get("KINTO_HOME", "~/.cache/mockserver-kinto")).expanduser()
PACKAGES = ("kinto==26.5.0", "setuptools<81")
KEY = "mock-user:mock-password"
SETTINGS = """\
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = mockserver
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = basicauth
multiauth.policy.basicauth.use = kinto.core.authentication.BasicAuthAuthenticationPolicy
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
"""


def is_there() -> bool:
    return (HOME / "bin" / "kinto").exists()


def install() -> None:
    """Install Kinto into its own environment. Exits if it is not available."""
    if is_there():
        return
    print(f"installing {PACKAGES[0]} in {HOME}", flush=True)
    pip = [str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    for command in ([sys.executable, "-m", "venv", str(HOME)], [*pip, *PACKAGES]):
        if subprocess.run(command, timeout=600).returncode:
            sys.exit(f"Kinto can't be installed: {' '.join(command)} failed")


@contextmanager
def kinto() -> Iterator[str]:
    """A real, empty Kinto on this machine; returns its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        ini = Path(folder) / "kinto.ini"
        ini.write_text(SETTINGS.format(port=port))
        command = [str(HOME / "bin" / "kinto"), "start", "--ini", str(ini), "--port", str(port)]
        with running("Kinto", command, port, "/v1/__lbheartbeat__") as server:
            yield server.base


def document(url: str, folder: Path) -> Path:
    """The server's own document, as a file."""
    wire = Wire(url, 30)
    value = wire.send("GET", "/v1/__api__", headers={}).json()
    wire.close()
    file = folder / "kinto.json"
    file.write_text(json.dumps(value, indent=1))
    return file


def run(folder: Path, examples: int, lock: str = "") -> tuple[Report, Fidelity]:
    """One differential run against a new Kinto; its report is in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with kinto() as url:
        spec = str(document(url, folder))
        raw, contract = read_contract(spec)
        ledger = str(folder / f"ledger-{time.time_ns()}.ndjson")
        order = Order(spec, url, key=KEY, examples=examples, ledger=ledger, lock=lock, timeout=60)
        order = Order(**{**vars(order), "most": 1000})
        report, knowledge = differential(order, contract)
        fidelity = fidelity_of(report, knowledge)
        write(report, fidelity, contract, raw, folder)
    return report, fidelity


def told(name: str, report: Report, fidelity: Fidelity) -> str:
    kinds = {kind: sum(d.mismatch.kind == kind for d in report.differences) for kind in KINDS}
    parts = ", ".join(f"{kind} {count}" for kind, count in kinds.items() if count) or "none"
    known = f", {len(report.known)} known" if report.known else ""
    return (
        f"{name}: fidelity {fidelity.number:.1%} ({fidelity.words}); "
        f"{len(report.differences)} differences ({parts}){known}; {report.steps} steps, "
        f"{report.seconds:.0f} s, load {os.getloadavg()[0]:.1f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--examples", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="reports and the lock file stay here")
    given = parser.parse_args()
    install()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        before, first = run(folder / "before", given.examples)
        print(told("before calibration", before, first), flush=True)
        lock = folder / "mockserver.lock.toml"
        made = calibrate(str(folder / "before" / "fidelity.json"), str(lock))
        print(f"the lock file has {made.rules} rules and {len(made.known)} known differences")
        after, second = run(folder / "after", given.examples, str(lock))
        print(told("with the lock file", after, second), flush=True)
    for report in (before, after):
        for text in report.errors:
            print(f"  {text}")
    if before.errors or after.errors:
        return 2
    return 0 if second.number > first.number else 1


if __name__ == "__main__":
    sys.exit(main())
