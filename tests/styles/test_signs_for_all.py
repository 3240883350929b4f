"""A sign in place of an owner that means all: `/dags/~/runs`, by what the document says."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer

_RUN = {
    "type": "object",
    "required": ["id", "dag_id"],
    "properties": {"id": {"type": "string"}, "dag_id": {"type": "string"}},
}
_DAG = {"type": "object", "required": ["dag_id"], "properties": {"dag_id": {"type": "string"}}}


def _list(schema: Any, name: str) -> dict[str, Any]:
    shown = {
        "type": "object",
        "required": [name],
        "properties": {name: {"type": "array", "items": schema}},
    }
    return {"responses": {"200": _answer(shown), "404": {"description": "no such dag"}}}


def _answer(schema: Any) -> dict[str, Any]:
    return {"description": "ok", "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", **schema},
    }


def _document(told: dict[str, Any], *, search: bool = False) -> dict[str, Any]:
    dag, run = _parameter("dag_id"), _parameter("run_id")
    sent = {"content": {"application/json": {"schema": {"type": "object"}}}}
    home = "/dags/{dag_id}/runs"
    paths: dict[str, Any] = {
        "/dags": {"get": _list(_DAG, "dags")},
        "/dags/{dag_id}": {"parameters": [dag], "get": {"responses": {"200": _answer(_DAG)}}},
        home: {
            "get": {**_list(_RUN, "runs"), "parameters": [dag], **told},
            "post": {
                "parameters": [dag],
                "requestBody": sent,
                "responses": {"201": _answer(_RUN), "404": {"description": "no such dag"}},
            },
        },
        f"{home}/{{run_id}}": {
            "parameters": [dag, run],
            "get": {"responses": {"200": _answer(_RUN)}},
        },
    }
    if search:
        paths[f"{home}/list"] = {
            "post": {
                **_list(_RUN, "runs"),
                "parameters": [_parameter("dag_id", const="~")],
                "requestBody": sent,
            }
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dags", "version": "1"},
        "paths": paths,
    }


@pytest.mark.parametrize("sign", ["~", "-", "*", "_"])
@pytest.mark.parametrize(
    "told", ["Specify `{}` as the dag_id for the runs of all dags.", 'Use "{}" to read all.']
)
def test_a_sign_means_the_entities_below_all(sign: str, told: str) -> None:
    with MockServer(_document({"description": told.format(sign)}), seed=0) as mock:
        dags = [one["dag_id"] for one in mock.client.get("/dags").json()["dags"]]
        made = [mock.client.post(f"/dags/{one}/runs", json={}).json()["id"] for one in dags]
        everything = mock.client.get(f"/dags/{sign}/runs").json()["runs"]
        assert {*made} <= {one["id"] for one in everything}
        assert {one["dag_id"] for one in everything} == {*dags}
        assert mock.client.post(f"/dags/{sign}/runs", json={}).status_code == 404


def test_a_sign_that_the_document_does_not_have_is_nobody() -> None:
    with MockServer(_document({})) as mock:
        assert mock.client.get("/dags/~/runs").status_code == 404


def test_the_only_value_of_a_parameter_is_no_id_if_it_is_a_sign() -> None:
    with MockServer(_document({}, search=True), seed=0) as mock:
        dags = [one["dag_id"] for one in mock.client.get("/dags").json()["dags"]]
        assert len(dags) == 3
        assert "~" not in dags
        made = mock.client.post(f"/dags/{dags[0]}/runs", json={}).json()["id"]
        found = mock.client.post("/dags/~/runs/list", json={}).json()["runs"]
        assert made in [one["id"] for one in found]
