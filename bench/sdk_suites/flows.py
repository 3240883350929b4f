"""Flows of clients that wait, with vendors' own client libraries against a mock of their documents.

`python -m bench.sdk_suites.flows` takes clients and documents from the cache of `make sdk-suites`.
Each step is one that a user of the client takes. The mock knows what was created and nothing else,
and its jobs take the seconds that they take.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.harness import free_port, running
from bench.sdk_suites import runners, servers
from bench.sdk_suites.suites import SuiteError, cache, listed, unpacked

_BEFORE = """
import sys, time
failed = []
def step(name, act):
    try:
        print(f"ok    {name}: {str(act())[:100]!r}")
    except Exception as error:
        failed.append(name)
        print(f"FAIL  {name}: {type(error).__name__}: {str(error)[:200]}")
def until(read, ends):
    seen = []
    for _ in range(120):
        state = read()
        seen += [state] if state not in seen else []
        if state in ends:
            return seen
        time.sleep(0.5)
    raise TimeoutError(seen)
def same(found, wanted):
    if found != wanted:
        raise ValueError(f"{found!r} is not {wanted!r}")
    return found
url = sys.argv[1]
"""

FLOWS = {
    "together-python": """
from together import Together
client = Together(base_url=url, api_key="mock-flows")
chat = dict(model="m", messages=[{"role": "user", "content": "hi"}])
def stream():
    return len([part.choices[0] for part in client.chat.completions.create(**chat, stream=True)])
step("a chat", lambda: client.chat.completions.create(**chat).choices[0].finish_reason)
step("a stream ends", stream)
job = {}
def start():
    made = client.post("/fine-tunes", body={"training_file": "file-1", "model": "m"},
                       cast_to=object)
    job["id"] = made["id"]
    return made["status"]
step("a fine-tuning job starts", start)
jobs = client.fine_tuning
step("it is listed", lambda: same(job["id"] in [each.id for each in jobs.list().data], True))
ends = ("completed", "error", "cancelled", "user_error")
step("it ends", lambda: until(lambda: jobs.retrieve(job["id"]).status, ends))
batch = {}
def start_batch():
    made = client.batches.create(input_file_id="file-1", endpoint="/v1/chat/completions").job
    batch["id"] = made.id
    return made.status
step("a batch starts", start_batch)
step("it is listed", lambda: same(batch["id"] in [b.id for b in client.batches.list()], True))
over = ("COMPLETED", "FAILED", "EXPIRED", "CANCELLED")
step("it ends", lambda: until(lambda: client.batches.retrieve(batch["id"]).status, over))
step("its output is named", lambda: client.batches.retrieve(batch["id"]).output_file_id[:1])
def cancelled():
    start_batch()
    client.batches.cancel(batch["id"])
    return same(client.batches.retrieve(batch["id"]).status, "CANCELLED")
step("another one is cancelled", cancelled)
""",
    "gcore-python": """
from gcore import Gcore
client = Gcore(base_url=url, api_key="mock-flows", cloud_project_id=1, cloud_region_id=1)
poll = dict(polling_interval_seconds=1, polling_timeout_seconds=60)
step("regions", lambda: len([region.id for region in client.cloud.regions.list()]))
def key():
    made = client.cloud.ssh_keys.create(name="flows")
    return same(made.id in [each.id for each in client.cloud.ssh_keys.list()], True)
step("a key is created and on the pages of the list", key)
def pages():
    made = {client.cloud.ssh_keys.create(name=f"key-{number}").id for number in range(12)}
    found = [each.id for each in client.cloud.ssh_keys.list(limit=5)]
    return same(made <= set(found) and len(found) == len(set(found)), True)
step("pages of five have each of twelve once", pages)
cloud = client.cloud
def volume():
    made = cloud.volumes.create_and_poll(name="v", size=10, source="new-volume", **poll)
    return same((made.name, made.size), ("v", 10))
step("a volume is created and polled", volume)
step("a network is created and polled",
     lambda: same(cloud.networks.create_and_poll(name="n", **poll).name, "n"))
""",
}
"""What each client does, by the suite whose cache has the client and its document."""


def main() -> int:
    wrong = 0
    for suite in listed():
        if suite.name not in FLOWS or (sys.argv[1:] and suite.name not in sys.argv[1:]):
            continue
        try:
            files = unpacked(suite, cache())
            runners.prepare(suite, files.root)
        except SuiteError as error:
            print(f"flows: {suite.name} is skipped: {error}", file=sys.stderr)
            continue
        print(suite.name, flush=True)
        wrong += _run(suite.name, files.root, files.document)
    return 1 if wrong else 0


def _run(name: str, root: Path, document: Path) -> int:
    """The exit status of one client's flows: whether any step failed."""
    port = free_port()
    serve = [sys.executable, "-m", "mockserver", "serve", str(document), "--port", str(port)]
    serve += ["--validate", "warn"]
    python = root.parent / "venv" / "bin" / "python"
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    script = f"{_BEFORE}{FLOWS[name]}\nsys.exit(bool(failed))\n"
    probe, cores = servers.probe("ours"), servers.cores()
    with running("ours", serve, port, probe, core=cores, patience=600) as one:
        command = [str(python), "-c", script, one.base]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
