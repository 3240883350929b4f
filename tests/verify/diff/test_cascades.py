"""What is removed with another entity is learned, and the mock follows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Program, Run, Seen, Step
from mockserver.verify.diff.observations import cascades
from mockserver.verify.model import Exchange
from tests.support.documents import TEXT


def _operations(kind: str, **fields: Any) -> dict[str, Any]:
    sent = {"type": "object", "properties": {"name": TEXT, **fields}}
    shown = {"type": "object", "required": ["id"], "properties": {"id": TEXT, **sent["properties"]}}
    content = {"content": {"application/json": {"schema": shown}}, "description": "so"}
    body = {"content": {"application/json": {"schema": sent}}}
    one = [{"name": f"{kind}_id", "in": "path", "required": True, "schema": TEXT}]
    name, gone = kind.capitalize(), {"404": {"description": "no"}}
    return {
        f"/{kind}s": {
            "post": {
                "operationId": f"make{name}",
                "requestBody": body,
                "responses": {"201": content},
            }
        },
        f"/{kind}s/{{{kind}_id}}": {
            "parameters": one,
            "get": {"operationId": f"read{name}", "responses": {"200": content, **gone}},
            "delete": {
                "operationId": f"remove{name}",
                "responses": {"204": {"description": "so"}, **gone},
            },
        },
    }


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Suites", "version": "1"},
    "paths": {**_operations("suite"), **_operations("run", suite_id=TEXT)},
}
SUITE, RUN = {"suite_id": "{{1.id}}"}, {"run_id": "{{2.id}}"}
MADE = [
    (Step(1, "makeSuite", "make", body={"name": "a"}), 201),
    (Step(2, "makeRun", "make", body={"name": "b", "suite_id": "{{1.id}}"}), 201),
]


def run(*more: tuple[Step, int]) -> Run:
    seen = [
        Seen(step, [Exchange("GET", "http://x/", {}, b"", status, {}, b"", 0, "diff")])
        for step, status in (*MADE, *more)
    ]
    return Run(Program(tuple(one.step for one in seen), "orphans"), seen)


REMOVED = (Step(3, "removeSuite", "remove", path=SUITE), 204)
GONE = run(REMOVED, (Step(4, "readRun", "read", path=RUN), 404))


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([GONE], {"removeSuite": ["makeRun.suite_id"]}),
        ([GONE, run(REMOVED, (Step(4, "readRun", "read", path=RUN), 200))], {}),
        ([run((Step(3, "readRun", "read", path=RUN), 404))], {}),
        (
            [
                run(
                    (Step(3, "removeRun", "remove", path=RUN), 204),
                    (Step(4, "removeSuite", "remove", path=SUITE), 204),
                    (Step(5, "readRun", "read", path=RUN), 404),
                )
            ],
            {},
        ),
    ],
)
def test_what_is_always_gone_with_another_is_learned(
    runs: list[Run], found: dict[str, list[str]]
) -> None:
    assert cascades(runs, Knowledge.of(build_contract(DOCUMENT)).makeable) == found


@pytest.mark.parametrize("followed", [True, False])
def test_a_mock_removes_it_too(followed: bool, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[operations.removeSuite]\ncascades = ["makeRun.suite_id"]\n')
    rules = {"calibration": path} if followed else {}
    with (
        MockServer(DOCUMENT, **rules) as mock,
        httpx.Client(base_url=mock.url, headers=mock.headers, trust_env=False) as client,
    ):
        suites = [client.post("/suites", json={"name": n}).json()["id"] for n in "ab"]
        runs = [client.post("/runs", json={"suite_id": one}).json()["id"] for one in suites]
        assert client.delete(f"/suites/{suites[0]}").status_code == 204
        statuses = [client.get(f"/runs/{one}").status_code for one in runs]
    assert statuses == [404 if followed else 200, 200]


def test_what_names_each_other_goes_once(tmp_path: Path) -> None:
    """A lenient mock keeps what is removed, as it may become known again."""
    path = tmp_path / "rules.toml"
    path.write_text(
        '[operations.removeSuite]\ncascades = ["makeRun.suite_id"]\n'
        '[operations.removeRun]\ncascades = ["makeSuite.run_id"]\n'
    )
    paths = {**_operations("suite", run_id=TEXT), **_operations("run", suite_id=TEXT)}
    make = paths["/suites"]["post"]
    paths["/suites/{suite_id}"]["put"] = {
        "requestBody": make["requestBody"],
        "responses": {"200": make["responses"]["201"]},
    }
    document = {**DOCUMENT, "paths": paths}
    with MockServer(document, calibration=path, unknown_ids="known") as mock:
        suite = mock.client.post("/suites", json={"name": "a"}).json()["id"]
        made = mock.client.post("/runs", json={"suite_id": suite}).json()["id"]
        assert mock.client.put(f"/suites/{suite}", json={"run_id": made}).status_code == 200
        assert mock.client.delete(f"/suites/{suite}").status_code == 204
        for url in (f"/suites/{suite}", f"/runs/{made}"):
            assert mock.client.get(url).status_code == 404
