"""Seed entities name seed entities that exist."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from tests.support.documents import WHOLE, array, obj, operation, path, ref, text, with_schemas


def collection(noun: str, schema: str, **query: Any) -> dict[str, Any]:
    return {
        f"/{noun}s": {"get": operation(f"list_{noun}s", array(ref(schema)))},
        f"/{noun}s/{{{noun}_id}}": path(
            f"{noun}_id", get=operation(f"get_{noun}", ref(schema), also=(404,))
        ),
    }


def test_ids_of_seed_entities_can_be_fetched() -> None:
    paths = {
        **collection("upload", "Upload"),
        **collection("worker", "Worker"),
        **collection("transcode", "Transcode"),
    }
    schemas = {
        "Upload": obj("id", id=text(), name=text()),
        "Worker": obj("id", id=WHOLE, name=text()),
        "Transcode": obj(
            "id", "upload_id", "workerIds", id=text(), upload_id=text(), workerIds=array(WHOLE)
        ),
    }
    with MockServer(with_schemas(paths, **schemas)) as mock:
        found = mock.client.get("/transcodes").json()
        assert found
        for each in found:
            assert mock.client.get(f"/uploads/{each['upload_id']}").status_code == 200
            for key in each["workerIds"]:
                assert mock.client.get(f"/workers/{key}").status_code == 200


def test_who_looks_first_makes_no_difference() -> None:
    paths = {**collection("upload", "Upload"), **collection("transcode", "Transcode")}
    schemas = {
        "Upload": obj("id", id=text(), transcode_id=text()),
        "Transcode": obj("id", id=text(), upload_id=text()),
    }
    seen = []
    for order in (("uploads", "transcodes"), ("transcodes", "uploads")):
        with MockServer(with_schemas(paths, **schemas)) as mock:
            seen.append({name: mock.client.get(f"/{name}").json() for name in order})
    assert seen[0] == seen[1], "references in a circle are left alone"
