"""Jobs that are started by one path and looked at by another: receipts, headers, status paths."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from tests.support.documents import MOMENT, TEXT, WHOLE, answer, body, document, ref, thing

STATUS = {"type": "string", "enum": ["queued", "running", "done", "failed"]}


def many(schema: Any) -> dict[str, Any]:
    return {"type": "array", "items": schema if isinstance(schema, dict) else ref(schema)}


def named(name: str, place: str = "path", schema: Any = TEXT) -> list[dict[str, Any]]:
    return [{"name": name, "in": place, "required": True, "schema": schema}]


def reading(name: str, shown: Any, schema: Any = TEXT) -> dict[str, Any]:
    responses = {"200": answer(shown), "404": answer()}
    return {"get": {"parameters": named(name, schema=schema), "responses": responses}}


@pytest.mark.parametrize("word", ["status", "state"])
@pytest.mark.parametrize("receipt", [thing("id", id=TEXT), {"type": "string", "format": "uuid"}])
def test_a_status_path_is_what_there_is_to_see_of_a_job(word: str, receipt: Any) -> None:
    shown = thing("status", status=STATUS, size=WHOLE, finished_at=MOMENT)
    paths = {
        "/exports": {
            "post": {"requestBody": body(thing(kind=TEXT)), "responses": {"201": answer(receipt)}}
        },
        f"/exports/{{exportId}}/{word}": reading("exportId", shown),
    }
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/exports", json={"kind": "all"}).json()
        own = made if isinstance(made, str) else made["id"]
        assert server.client.get(f"/exports/{own}/{word}").json()["status"] == "queued"
        server.clock.advance(3600)
        assert server.client.get(f"/exports/{own}/{word}").json()["status"] == "done"
        assert server.client.get(f"/exports/nonesuch/{word}").status_code == 404


def test_a_status_that_is_set_is_no_job() -> None:
    shown = thing("status", status={"type": "string", "enum": ["open", "closed"]})
    status = reading("doorId", shown)
    status["put"] = {
        "parameters": named("doorId"),
        "requestBody": body(shown),
        "responses": {"200": answer(shown)},
    }
    with MockServer(document({"/doors/{doorId}/status": status})) as server:
        server.client.put("/doors/front/status", json={"status": "closed"})
        assert server.client.get("/doors/front/status").json() == {"status": "closed"}


@pytest.mark.parametrize(("receipt", "schema"), [("id", TEXT), ("token", WHOLE), ("taskId", TEXT)])
def test_a_receipt_is_of_the_job_below_its_path(receipt: str, schema: Any) -> None:
    told = thing("taskId status", taskId=schema, status=STATUS, completedAt=MOMENT)
    paths = {
        "/files/import/async": {
            "post": {
                "requestBody": body(thing("url", url=TEXT)),
                "responses": {"202": answer(thing(receipt, **{receipt: schema, "message": TEXT}))},
            }
        },
        "/files/import/async/tasks/{taskId}/status": reading("taskId", told, schema),
        "/folders/update/async": {
            "post": {
                "requestBody": body(thing(name=TEXT)),
                "responses": {"202": answer(thing("id", id=TEXT))},
            }
        },
        "/folders/update/async/tasks/{taskId}/status": reading("taskId", told),
    }
    with MockServer(document(paths), clock="manual") as server:
        first, second = (
            server.client.post("/files/import/async", json={"url": "https://a.example"}).json()[
                receipt
            ]
            for _ in range(2)
        )
        assert first != second
        path = f"/files/import/async/tasks/{first}/status"
        assert server.client.get(path).json()["status"] == "queued"
        server.clock.advance(3600)
        assert server.client.get(path).json()["status"] == "done"
        assert server.client.get(f"/folders/update/async/tasks/{first}/status").status_code == 404


def test_a_header_leads_to_the_operation() -> None:
    shown = thing("status", status=STATUS, text=TEXT)
    header = {"Operation-Location": {"schema": TEXT}}
    started = {"description": "Accepted", "headers": header}
    sent = body(thing("url", url=TEXT))
    paths = {
        "/read/analyze": {"post": {"requestBody": sent, "responses": {"202": started}}},
        "/recognizeText": {"post": {"requestBody": sent, "responses": {"202": started}}},
        "/read/operations/{id}": reading("id", shown),
        "/textOperations/{id}": reading("id", shown),
    }
    with MockServer(document(paths), clock="manual") as server:
        for path, wanted in (("/read/analyze", "/read/"), ("/recognizeText", "/textOperations/")):
            reply = server.client.post(path, json={"url": "https://a.example"})
            url = reply.headers["operation-location"]
            assert url.startswith("http")
            assert wanted in url
            assert server.client.get(url).json()["status"] == "queued"
            server.clock.advance(3600)
            assert server.client.get(url).json()["status"] == "done"


def test_an_id_of_something_else_starts_nothing() -> None:
    run = thing("id status", id=TEXT, status=STATUS)
    paths = {
        "/sessions/{id}/refresh": {
            "post": {"parameters": named("id"), "responses": {"202": answer(thing(task_id=TEXT))}}
        },
        "/runs/{run_id}": reading("run_id", run),
    }
    with MockServer(document(paths)) as server:
        task = server.client.post("/sessions/7/refresh").json()["task_id"]
        assert server.client.get(f"/runs/{task}").json()["id"] == task  # any id is known
        assert server.mock.plan.resources["runs"].identity.open


@pytest.mark.parametrize("name", ["jobid", "jobId", "id"])
def test_one_that_a_query_names(name: str) -> None:
    job = thing(f"{name} status prompt", **{name: TEXT}, status=STATUS, prompt=TEXT, words=WHOLE)
    paths = {
        "/jobs": {
            "get": {
                "parameters": named(name, "query"),
                "responses": {"200": answer(job), "404": answer()},
            }
        },
        "/jobs/imagine": {
            "post": {
                "requestBody": body(thing("prompt", prompt=TEXT)),
                "responses": {"200": answer(job)},
            }
        },
    }
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/jobs/imagine", json={"prompt": "a cat"}).json()
        found = server.client.get("/jobs", params={name: made[name]}).json()
        assert (found["prompt"], found["status"]) == ("a cat", "queued")
        server.clock.advance(3600)
        assert server.client.get("/jobs", params={name: made[name]}).json()["status"] == "done"
        assert server.client.get("/jobs", params={name: "nonesuch"}).status_code == 404


def test_a_kind_of_export_by_a_call() -> None:
    export = thing("id type state", id=TEXT, type=TEXT, state=TEXT, finished_at=TEXT, url=TEXT)
    listed = {
        "post": {"requestBody": body(thing(key=TEXT)), "responses": {"200": answer(many(export))}}
    }
    info = {
        "description": "If the export's state is 'complete', there is a URL.",
        "requestBody": body(thing("id", id=TEXT)),
        "responses": {"200": answer(export)},
    }
    begun = {"post": {"requestBody": body(thing(key=TEXT)), "responses": {"200": answer(export)}}}
    paths = {
        "/exports/activity.json": begun,
        "/exports/rejects.json": begun,
        "/exports/info.json": {"post": info},
        "/exports/list.json": listed,
    }
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/exports/activity.json", json={"key": "k"}).json()
        assert made["type"] == "activity"
        listed_ids = [one["id"] for one in server.client.post("/exports/list.json", json={}).json()]
        assert made["id"] in listed_ids
        server.clock.advance(3600)
        found = server.client.post("/exports/info.json", json={"id": made["id"]}).json()
        assert (found["state"], found["type"]) == ("complete", "activity")


def test_what_nothing_else_makes_is_made_by_what_answers_it() -> None:
    iteration = thing("id name", id=TEXT, name=TEXT, created=MOMENT)
    project = thing("id name", id=TEXT, name=TEXT)
    paths = {
        "/projects": {
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"200": answer(project)}}
        },
        "/projects/{project_id}": reading("project_id", project),
        "/projects/{project_id}/train": {
            "post": {
                "parameters": named("project_id"),
                "responses": {"200": answer(ref("Iteration"))},
            }
        },
        "/projects/{project_id}/iterations": {
            "get": {
                "parameters": named("project_id"),
                "responses": {"200": answer(many("Iteration"))},
            }
        },
        "/projects/{project_id}/iterations/{id}": {
            "get": {
                "parameters": [*named("project_id"), *named("id")],
                "responses": {"200": answer(ref("Iteration"))},
            }
        },
    }
    whole = document(paths, schemas={"Iteration": iteration})
    with MockServer(whole, clock="manual") as server:
        own = server.client.post("/projects", json={"name": "cats"}).json()["id"]
        trained = server.client.post(f"/projects/{own}/train").json()["id"]
        assert server.client.get(f"/projects/{own}/iterations/{trained}").json()["id"] == trained
        rows = server.client.get(f"/projects/{own}/iterations").json()
        assert trained in [row["id"] for row in rows]


def test_what_a_job_makes_is_as_it_was_asked_for() -> None:
    file = thing("id", id=TEXT, name=TEXT, access=TEXT, size=WHOLE)
    task = thing("taskId status", taskId=TEXT, status=STATUS, result=ref("File"))
    sent = thing("url", url=TEXT, name=TEXT, access=TEXT)
    paths = {
        "/files/{fileId}": reading("fileId", ref("File")),
        "/files/import/async": {
            "post": {
                "requestBody": body(sent),
                "responses": {"202": answer(thing("id", id=TEXT))},
            }
        },
        "/files/import/async/tasks/{taskId}/status": reading("taskId", task),
    }
    with MockServer(document(paths, schemas={"File": file}), clock="manual") as server:
        asked = {"url": "https://a.example", "name": "pic", "access": "PRIVATE"}
        own = server.client.post("/files/import/async", json=asked).json()["id"]
        path = f"/files/import/async/tasks/{own}/status"
        assert not server.client.get(path).json().get("result")
        server.clock.advance(3600)
        made = server.client.get(path).json()["result"]
        assert (made["name"], made["access"]) == ("pic", "PRIVATE")
        found = server.client.get(f"/files/{made['id']}").json()
        assert (found["id"], found["name"]) == (made["id"], "pic")


@pytest.mark.parametrize(("name", "number"), [("count", 3), ("domain_count", 3), ("total", 3)])
def test_a_job_counts_what_was_sent(name: str, number: int) -> None:
    batch = thing("id", id=TEXT, status=TEXT, completed={"type": "boolean"}, **{name: WHOLE})
    sent = thing("domains", domains=many(TEXT))
    paths = {
        "/batches": {"post": {"requestBody": body(sent), "responses": {"201": answer(batch)}}},
        "/batches/{id}": reading("id", batch),
    }
    with MockServer(document(paths), clock="manual") as server:
        domains = ["a.example", "b.example", "c.example"]
        made = server.client.post("/batches", json={"domains": domains}).json()
        assert (made[name], made["completed"]) == (number, False)
        server.clock.advance(3600)
        found = server.client.get(f"/batches/{made['id']}").json()
        assert (found[name], found["completed"]) == (number, True)


@pytest.mark.parametrize("word", ["latest", "newest", "most-recent"])
def test_the_newest_of_its_parent(word: str) -> None:
    paths = {
        "/apps/{app}/releases": {
            "get": {
                "parameters": named("app"),
                "responses": {"200": answer(many("Release"))},
            },
            "post": {
                "parameters": named("app"),
                "requestBody": body(thing(tag=TEXT)),
                "responses": {"201": answer(ref("Release"))},
            },
        },
        "/apps/{app}/releases/{id}": {
            "get": {
                "parameters": [*named("app"), *named("id")],
                "responses": {"200": answer(ref("Release"))},
            }
        },
        f"/apps/{{app}}/releases/{word}": {
            "get": {
                "parameters": named("app"),
                "responses": {"200": answer(ref("Release")), "404": answer()},
            }
        },
    }
    whole = document(paths, schemas={"Release": thing("id", id=TEXT, tag=TEXT)})
    with MockServer(whole, seeds="none") as server:
        assert server.client.get(f"/apps/a/releases/{word}").status_code == 404
        for app, tag in (("a", "v1"), ("a", "v2"), ("b", "v3")):
            server.client.post(f"/apps/{app}/releases", json={"tag": tag})
        assert server.client.get(f"/apps/a/releases/{word}").json()["tag"] == "v2"


def test_contents_wait_for_the_job() -> None:
    job = thing("id status", id=TEXT, status=STATUS)
    contents = {
        "parameters": named("id"),
        "responses": {"200": answer(thing("rows", rows=WHOLE)), "409": answer()},
    }
    paths = {
        "/exports": {
            "post": {"requestBody": body(thing(kind=TEXT)), "responses": {"201": answer(job)}}
        },
        "/exports/{id}": reading("id", job),
        "/exports/{id}/contents": {"get": contents},
    }
    with MockServer(document(paths), clock="manual") as server:
        own = server.client.post("/exports", json={"kind": "all"}).json()["id"]
        assert server.client.get(f"/exports/{own}/contents").status_code == 409
        server.clock.advance(3600)
        assert server.client.get(f"/exports/{own}/contents").status_code == 200


def test_what_expires_does_so_later() -> None:
    """Whatever an example says."""
    past = {**MOMENT, "example": "2021-01-06T18:40:40.000Z"}
    job = thing("id status download_expires_at", id=TEXT, status=STATUS, download_expires_at=past)
    link = thing("id link_expiry", id=TEXT, link_expiry=past)
    paths = {}
    for path, shown in (("/exports", job), ("/links", link)):
        made = {"requestBody": body(thing(kind=TEXT)), "responses": {"201": answer(shown)}}
        paths |= {path: {"post": made}, f"{path}/{{id}}": reading("id", shown)}
    with MockServer(document(paths), clock="manual") as server:
        for path, name in (("/exports", "download_expires_at"), ("/links", "link_expiry")):
            assert server.client.post(path, json={"kind": "all"}).json()[name] > "2026-01-02"


@pytest.mark.parametrize("path", ["/imports", "/export_files", "/backups"])
def test_work_by_its_name_alone(path: str) -> None:
    noun = path[1:-1]
    shown = thing(f"{noun}_job", **{f"{noun}_job": thing("id state", id=TEXT, state=TEXT)})
    paths = {
        path: {
            "post": {"requestBody": body(thing(kind=TEXT)), "responses": {"201": answer(shown)}}
        },
        f"{path}/{{id}}": reading("id", shown),
    }
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post(path, json={"kind": "all"}).json()[f"{noun}_job"]
        assert made["state"] == "pending"
        server.clock.advance(3600)
        found = server.client.get(f"{path}/{made['id']}").json()[f"{noun}_job"]
        assert found["state"] == "completed"


@pytest.mark.parametrize(("word", "wanted"), [("cancel", "cancelled"), ("Cancel", "cancelled")])
def test_a_verb_before_the_id(word: str, wanted: str) -> None:
    status = {"type": "string", "enum": ["open", "cancelled"]}
    order = thing("id", id=TEXT, status=status, note=TEXT)
    paths = {
        "/orders": {
            "post": {"requestBody": body(thing(note=TEXT)), "responses": {"201": answer(order)}}
        },
        "/orders/{id}": reading("id", order),
        f"/orders/{word}/{{id}}": {
            "post": {"parameters": named("id"), "responses": {"200": answer(order)}}
        },
        "/orders/clone/{id}": {
            "post": {"parameters": named("id"), "responses": {"200": answer(order)}}
        },
    }
    with MockServer(document(paths)) as server:
        own = server.client.post("/orders", json={"note": "a"}).json()["id"]
        copy = server.client.post(f"/orders/clone/{own}").json()
        assert copy["id"] != own
        server.client.post(f"/orders/{word}/{own}").raise_for_status()
        assert server.client.get(f"/orders/{own}").json()["status"] == wanted
        assert server.client.get(f"/orders/{copy['id']}").json()["status"] == "open"


def test_what_only_tells_its_status_is_a_job() -> None:
    """Whatever it is called, if the status is any text."""
    receipt = thing("id", id=TEXT, instance_id=WHOLE, status=TEXT)
    paths = {
        "/bulk/query": {
            "post": {"requestBody": body(thing(q=TEXT)), "responses": {"200": answer(receipt)}}
        },
        "/bulk/{id}/status": reading("id", thing(status=TEXT, message=TEXT)),
    }
    with MockServer(document(paths), clock="manual") as server:
        own = server.client.post("/bulk/query", json={"q": "x"}).json()["id"]
        assert server.client.get(f"/bulk/{own}/status").json()["status"] == "pending"
        server.clock.advance(3600)
        assert server.client.get(f"/bulk/{own}/status").json()["status"] == "completed"


def test_a_put_that_answers_a_new_id_makes_one() -> None:
    job = thing("JobId State", JobId=TEXT, State=STATUS, Vault=TEXT)
    paths = {
        "/backup-jobs": {
            "put": {
                "requestBody": body(thing("Vault", Vault=TEXT)),
                "responses": {"200": answer(thing(JobId=TEXT, CreationDate=MOMENT))},
            },
            "get": {"responses": {"200": answer(thing(Jobs=many(job)))}},
        },
        "/backup-jobs/{jobId}": reading("jobId", job),
    }
    with MockServer(document(paths), clock="manual") as server:
        own = server.client.put("/backup-jobs", json={"Vault": "v"}).json()["JobId"]
        found = server.client.get(f"/backup-jobs/{own}").json()
        assert (found["Vault"], found["State"]) == ("v", "queued")
        assert own in [one["JobId"] for one in server.client.get("/backup-jobs").json()["Jobs"]]
        server.clock.advance(3600)
        assert server.client.get(f"/backup-jobs/{own}").json()["State"] == "done"


@pytest.mark.parametrize("wrapper", ["", "TextAnalysisProperties", "TextAnalysisDetails"])
def test_a_job_that_a_body_names(wrapper: str) -> None:
    """`StartTextAnalysis` answers a `JobId`, by which `GetTextAnalysis` knows it."""
    job = thing("JobStatus", JobStatus=STATUS, Pages=WHOLE)
    start = {
        "requestBody": body(thing("Document", Document=TEXT, ClientToken=TEXT)),
        "responses": {"200": answer(thing(JobId=TEXT))},
    }
    fetch = {
        "requestBody": body(thing("JobId", JobId=TEXT, MaxResults=WHOLE)),
        "responses": {"200": answer(thing(**{wrapper: job}) if wrapper else job), "404": answer()},
    }
    paths = {"/StartTextAnalysis": {"post": start}, "/GetTextAnalysis": {"post": fetch}}
    with MockServer(document(paths), clock="manual") as server:

        def status() -> str:
            found = server.client.post("/GetTextAnalysis", json={"JobId": own}).json()
            return str((found[wrapper] if wrapper else found)["JobStatus"])

        own, other = (
            server.client.post("/StartTextAnalysis", json={"Document": "d"}).json()["JobId"]
            for _ in range(2)
        )
        assert own != other
        assert status() == "queued"
        server.clock.advance(3600)
        assert status() == "done"


def test_a_location_below_the_path_is_that_of_the_job() -> None:
    created = {"description": "", "headers": {"Location": {"schema": TEXT}}}
    job = thing("id status", id=TEXT, status=TEXT, created=TEXT)
    paths = {
        "/apps/{app}/import": {
            "post": {
                "parameters": named("app"),
                "requestBody": body(thing(target=TEXT)),
                "responses": {"201": created},
            }
        },
        "/apps/{app}/import/{jobId}": {
            "get": {
                "parameters": [*named("app"), *named("jobId")],
                "responses": {"200": answer(job), "404": answer()},
            }
        },
    }
    with MockServer(document(paths), clock="manual") as server:
        url = server.client.post("/apps/a/import", json={"target": "t"}).headers["location"]
        assert url.startswith("/apps/a/import/")
        assert server.client.get(url).json()["status"] == "pending"
        server.clock.advance(3600)
        assert server.client.get(url).json()["status"] == "completed"
        assert server.client.get("/apps/a/import/nonesuch").status_code == 404


def test_a_receipt_repeats_what_was_sent() -> None:
    report = thing("reportId", reportId=TEXT, reportStatus=TEXT, reportUrl=TEXT)
    told = thing("reportId callback", reportId=TEXT, reportStatus=TEXT, callback=TEXT)
    paths = {
        "/reports/messages": {
            "post": {
                "requestBody": body(thing("callback", callback=TEXT)),
                "responses": {"201": answer(told)},
            }
        },
        "/reports": {"get": {"responses": {"200": answer(thing(reports=many(report)))}}},
        "/reports/{reportId}": reading("reportId", report),
    }
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/reports/messages", json={"callback": "c"}).json()
        assert made["callback"] == "c"
        assert server.client.get(f"/reports/{made['reportId']}").status_code == 200


def test_an_id_may_be_spelled_otherwise_in_requests() -> None:
    queue = thing("Name", Name=TEXT, Note=TEXT)
    paths = {
        "/queues": {
            "post": {
                "requestBody": body(thing("name", name=TEXT, note=TEXT)),
                "responses": {"201": answer(thing(Queue=queue))},
            }
        },
        "/queues/{name}": reading("name", thing(Queue=queue)),
    }
    with MockServer(document(paths)) as server:
        made = server.client.post("/queues", json={"name": "q1", "note": "n"}).json()["Queue"]
        assert made["Name"] == "q1"
        assert server.client.get("/queues/q1").json()["Queue"]["Name"] == "q1"


def test_a_removal_that_answers_a_task_is_one() -> None:
    """The ids in its body are of something else than what the collection shows by them."""
    task = thing("task_id status", task_id=TEXT, status=STATUS)
    channel = thing("id", id=TEXT, name=TEXT)
    paths = {
        "/channels": {
            "get": {"responses": {"200": answer(many(channel))}},
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(channel)}},
        },
        "/channels/delete": {
            "post": {
                "requestBody": body(thing(cids=many(TEXT), hard={"type": "boolean"})),
                "responses": {"201": answer(thing(task_id=TEXT, duration=TEXT))},
            }
        },
        "/tasks/{id}": reading("id", task),
    }
    with MockServer(document(paths), clock="manual") as server:
        own = server.client.post("/channels/delete", json={"cids": ["a"]}).json()["task_id"]
        assert server.client.get(f"/tasks/{own}").json()["status"] == "queued"
        server.clock.advance(3600)
        assert server.client.get(f"/tasks/{own}").json()["status"] == "done"


def test_a_status_before_the_id() -> None:
    job = thing("uuid status", uuid=TEXT, status=STATUS)
    one = [*named("org"), *named("importUuid")]
    made = {"requestBody": body(thing(url=TEXT)), "responses": {"201": answer(job)}}
    paths = {
        "/orgs/{org}/import/v2": {"post": {"parameters": named("org"), **made}},
        "/orgs/{org}/import/status/{importUuid}": {
            "get": {"parameters": one, "responses": {"200": answer(job)}}
        },
    }
    with MockServer(document(paths), clock="manual") as server:
        own = server.client.post("/orgs/a/import/v2", json={"url": "u"}).json()["uuid"]
        assert server.client.get(f"/orgs/a/import/status/{own}").status_code == 200


def test_an_answer_that_operations_share_starts_nothing() -> None:
    """`{"code": "done"}` answers a change of a version, too; that is no version."""
    status = {"$ref": "#/components/schemas/Status"}
    version = thing("name", name=TEXT, note=TEXT, state=STATUS)
    item = reading("name", version)
    put = {"parameters": named("name"), "requestBody": body(thing("", note=TEXT))}
    item["put"] = {**put, "responses": {"200": answer(status)}}
    paths = {
        "/versions": {"get": {"responses": {"200": answer(many(version))}}},
        "/versions/{name}": item,
        "/accounts": {
            "post": {"requestBody": body(thing("", key=TEXT)), "responses": {"201": answer(status)}}
        },
    }
    schemas = {"Status": thing("", code=TEXT, message=TEXT)}
    with MockServer(document(paths, schemas=schemas)) as server:
        before = server.client.get("/versions").json()
        assert server.client.post("/accounts", json={"key": "k"}).status_code == 201
        assert server.client.get("/versions").json() == before


@pytest.mark.parametrize(
    "shown",
    [
        thing(status=STATUS, message=TEXT),
        thing(code=TEXT, state=STATUS),
        thing(message=TEXT, payload={"type": "object"}, status=TEXT),
        thing(status=STATUS, page=TEXT),
        thing(ok={"type": "boolean"}, progress=WHOLE, status=STATUS),
    ],
)
def test_an_answer_without_an_id_starts_nothing_that_looks_the_same(shown: Any) -> None:
    paths = {
        "/analyses/{analysisId}": reading("analysisId", ref("Answer")),
        "/streams/open": {"post": {"responses": {"200": answer(ref("Answer"))}}},
    }
    plan = build_plan(build_contract(document(paths, schemas={"Answer": shown})))
    assert not any(action.elsewhere for action in plan.actions.values())


@pytest.mark.parametrize("header", ["X-Scan-Id", "Scan-Identifier", "Acme-Id", "acme-uuid"])
def test_a_header_has_the_id_of_what_no_body_shows(header: str) -> None:
    made = {"description": "Made", "headers": {header: {"schema": TEXT}}}
    paths = {
        "/scans": {"post": {"requestBody": body(thing(url=TEXT)), "responses": {"201": made}}},
        "/scans/{id}": reading("id", thing("id status", id=TEXT, status=STATUS, url=TEXT)),
    }
    with MockServer(document(paths), clock="manual") as server:
        reply = server.client.post("/scans", json={"url": "https://a.example"})
        own = reply.headers[header]
        assert reply.headers["location"].endswith(f"/scans/{own}")
        assert server.client.get(f"/scans/{own}").json()["url"] == "https://a.example"


@pytest.mark.parametrize("header", ["X-Request-Id", "Correlation-Id", "X-Trace-Id"])
def test_the_id_of_a_message_is_not_that_of_an_entity(header: str) -> None:
    made = {"description": "Made", "headers": {header: {"schema": TEXT}}}
    paths = {
        "/scans": {"post": {"requestBody": body(thing(url=TEXT)), "responses": {"201": made}}},
        "/scans/{id}": reading("id", thing("id", id=TEXT, url=TEXT)),
    }
    with MockServer(document(paths)) as server:
        reply = server.client.post("/scans", json={"url": "https://a.example"})
        assert not reply.headers["location"].endswith(reply.headers[header])


@pytest.mark.parametrize("told", ["scanId", "scan_id", "ScanID"])
def test_what_is_started_without_a_parent_is_listed_below_each(told: str) -> None:
    shown = thing("scanId status", scanId=TEXT, status=STATUS)
    host = thing("hostId", hostId=TEXT, name=TEXT)
    paths = {
        "/hosts": {
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(host)}}
        },
        "/hosts/{hostId}": reading("hostId", host),
        "/hosts/{hostId}/scans": {
            "get": {"parameters": named("hostId"), "responses": {"200": answer(many(shown))}}
        },
        "/scans/start": {
            "post": {
                "requestBody": body(thing(resource=TEXT)),
                "responses": {"202": answer(thing(told, **{told: TEXT}))},
            }
        },
    }
    with MockServer(document(paths), clock="manual") as server:
        hosts = [server.client.post("/hosts", json={"name": n}).json()["hostId"] for n in "ab"]
        own = server.client.post("/scans/start", json={"resource": "disk"}).json()[told]
        for wanted in ("queued", "done"):
            for host_id in hosts:
                rows = server.client.get(f"/hosts/{host_id}/scans").json()
                assert [row["status"] for row in rows if row["scanId"] == own] == [wanted]
            server.clock.advance(3600)


@pytest.mark.parametrize(
    ("values", "status", "way"),
    [
        ("created queued running finished failed", 202, "queued running finished"),
        ("draft enqueued processing completed", 200, "enqueued processing completed"),
        ("created running finished failed", 202, "running finished"),
        ("NeedsTraining InProgress Trained", 202, "InProgress Trained"),
        ("idle training trained failed", 202, "training trained"),
    ],
)
def test_work_that_a_client_starts_passes_through_its_states(
    values: str, status: int, way: str
) -> None:
    verb = "train" if "rained" in values else "start"
    shown = thing("id state", id=TEXT, name=TEXT, state={"type": "string", "enum": values.split()})
    paths = {
        "/models": {
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(shown)}}
        },
        "/models/{id}": reading("id", shown),
        f"/models/{{id}}/{verb}": {
            "post": {"parameters": named("id"), "responses": {str(status): answer()}}
        },
    }
    with MockServer(document(paths), clock="manual") as server:
        own = "/models/" + server.client.post("/models", json={"name": "m"}).json()["id"]
        server.clock.advance(86400)
        assert server.client.get(own).json()["state"] == values.split()[0]
        assert server.client.post(f"{own}/{verb}").status_code == status
        seen = []
        for _ in range(40):
            seen.append(server.client.get(own).json()["state"])
            server.clock.advance(0.5)
        assert list(dict.fromkeys(seen)) == way.split()


@pytest.mark.parametrize("path", ["/crawl", "/v1/extract", "/scrapes", "/jobs/convert", "/reports"])
@pytest.mark.parametrize(
    "status", [STATUS, {**TEXT, "description": "`queued`, `running` or `done`"}]
)
def test_a_receipt_with_an_id_says_less_than_what_is_read(path: str, status: Any) -> None:
    receipt = thing("id", id=TEXT, success={"type": "boolean"}, url=TEXT)
    shown = thing(status=status, total=WHOLE, data=many(thing(text=TEXT)), expiresAt=MOMENT)
    paths = {
        path: {
            "post": {"requestBody": body(thing(url=TEXT)), "responses": {"200": answer(receipt)}}
        },
        f"{path}/{{id}}": reading("id", shown),
    }
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post(path, json={"url": "https://a.example"}).json()
        assert made["url"] == "https://a.example"
        own = f"{path}/{made['id']}"
        assert server.client.get(own).json()["status"] == "queued"
        server.clock.advance(3600)
        assert server.client.get(own).json()["status"] == "done"
        assert server.client.get(f"{path}/nonesuch").status_code == 404


@pytest.mark.parametrize("parameter", ["transactionToken", "transaction_token"])
def test_what_the_path_names_is_not_started(parameter: str) -> None:
    """`POST /risk/transactions/{transaction_token}` answers with the token it was asked about."""
    state = {"type": "string", "enum": ["pending", "settled", "declined"]}
    schemas = {
        "Transaction": thing("token state", token=TEXT, state=state, amount=WHOLE),
        "Report": thing(parameter, **{parameter: TEXT, "verdict": TEXT, "created": MOMENT}),
    }
    about = reading(parameter, ref("Report"))
    about["post"] = {
        "parameters": named(parameter),
        "requestBody": body(thing("verdict", verdict=TEXT)),
        "responses": {"200": answer(ref("Report"))},
    }
    listed = {"200": answer(thing("data", data=many("Transaction")))}
    paths = {
        "/transactions": {"get": {"responses": listed}},
        f"/transactions/{{{parameter}}}": reading(parameter, ref("Transaction")),
        f"/risk/transactions/{{{parameter}}}": about,
    }
    with MockServer(document(paths, schemas=schemas), lenient=True) as server:
        before = server.client.get("/transactions").json()["data"]
        made = server.client.post("/risk/transactions/p-1", json={"verdict": "fraud"})
        assert made.json()[parameter] == "p-1"
        assert server.client.get("/transactions").json()["data"] == before
