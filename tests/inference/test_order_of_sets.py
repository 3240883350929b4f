"""Neither the plan nor a response depends on the order of sets, which differs between processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.inference.test_golden import DOCUMENTS

ROOT = Path(__file__).parents[2]
TEXT = {"type": "string"}
PORT = {"type": "object", "properties": dict.fromkeys(("dock", "town", "buoy", "chief"), TEXT)}
BOAT = {
    "type": "object",
    "properties": {"id": TEXT, "name": TEXT, "home_port": PORT, "extra": {"type": "object"}},
    "additionalProperties": TEXT,
}


def _ok(schema: object) -> dict[str, object]:
    return {"description": "ok", "content": {"application/json": {"schema": schema}}}


def _boats() -> dict[str, object]:
    one = {"$ref": "#/components/schemas/Boat"}
    body = {"content": {"application/json": {"schema": one}}}
    port = {"content": {"application/json": {"schema": PORT}}}
    boat_id = [{"name": "boatId", "in": "path", "required": True, "schema": TEXT}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Boats", "version": "1"},
        "components": {"schemas": {"Boat": BOAT}},
        "paths": {
            "/boats": {
                "get": {"responses": {"200": _ok({"type": "array", "items": one})}},
                "post": {"requestBody": body, "responses": {"201": _ok(one)}},
            },
            "/boats/{boatId}": {
                "parameters": boat_id,
                "get": {"responses": {"200": _ok(one)}},
            },
            "/boats/{boatId}/home-port": {
                "parameters": boat_id,
                "put": {"requestBody": port, "responses": {"200": _ok(one)}},
            },
        },
    }


# Prints the plan of each document, and the responses of its collections.
PROGRAM = """
import sys
from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.inference.stored import stored
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document

for name in sys.argv[1:]:
    document = parse_document(open(name, "rb").read(), name)
    print(stored(build_plan(build_contract(document))))
    sent = {letter: letter for letter in "hgfedcba"}
    with MockServer(name, seed=3, clock="manual") as mock:
        for path, item in document["paths"].items():
            if "{" not in path and "get" in item:
                mock.client.post(path, json={"name": "Aurora", **sent})
                print(mock.client.get(path).text)
"""


def _printed(seed: str, paths: list[str]) -> str:
    env = {**os.environ, "PYTHONHASHSEED": seed, "MOCKSERVER_NO_CACHE": "1"}
    command = [sys.executable, "-c", PROGRAM, *paths]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_plans_and_responses_are_the_same_for_every_order_of_sets(tmp_path: Path) -> None:
    boats = tmp_path / "boats.json"
    boats.write_text(json.dumps(_boats()))
    paths = [str(path) for path in (boats, *DOCUMENTS)]
    first, second = _printed("1", paths), _printed("2", paths)
    assert '"Aurora","h":"h","g":"g"' in first.replace(" ", "")
    assert first == second
