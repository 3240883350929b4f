"""Documents in which one path starts the work that another path shows, and what the work knows."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    WHOLE,
    array,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)

STATUS = one_of("waiting", "processing", "finished")


def solvers() -> dict[str, Any]:
    """Two kinds of work whose ids have one name, each of which is read beside where it starts."""
    paths: dict[str, Any] = {}
    for kind in ("routes", "clusters"):
        solved = obj(status=STATUS, took=WHOLE, solution=obj("time", distance=WHOLE, time=WHOLE))
        paths[f"/{kind}/optimize"] = path(
            post=operation(f"{kind}Optimize", obj(job_id=text()), sent=obj(points=array(text())))
        )
        paths[f"/{kind}/solution/{{jobId}}"] = path(
            "jobId", get=operation(f"{kind}Solution", solved, also=(404,))
        )
    return with_schemas(paths)


@pytest.mark.parametrize(("kind", "other"), [("routes", "clusters"), ("clusters", "routes")])
def test_a_receipt_is_of_what_is_read_nearest(kind: str, other: str) -> None:
    with MockServer(solvers(), clock="manual") as mock:
        name = mock.client.post(f"/{kind}/optimize", json={"points": []}).json()["job_id"]
        url = f"/{kind}/solution/{name}"
        assert mock.client.get(url).json()["status"] in ("waiting", "processing")
        assert mock.client.get(f"/{other}/solution/{name}").status_code == 404
        mock.clock.advance(3600)
        # The solution is no wrapper: the status beside it says how the work on it goes.
        found = mock.client.get(url).json()
        assert (found["status"], bool(found["solution"])) == ("finished", True)


def test_a_receipt_makes_what_has_no_status() -> None:
    matrix = obj(distances=array(WHOLE), unit=text())
    paths = {
        "/matrices/calculate": path(post=operation("calculate", obj(job_id=text()))),
        "/matrices/solution/{jobId}": path("jobId", get=operation("solution", matrix)),
    }
    with MockServer(with_schemas(paths)) as mock:
        name = mock.client.post("/matrices/calculate").json()["job_id"]
        assert mock.client.get(f"/matrices/solution/{name}").status_code == 200


def databases() -> dict[str, Any]:
    """Databases, their backups, and the operations with which every change responds."""
    started = ref("Operation")
    at = "/{project}/databases"
    item = f"{at}/{{database}}"
    given = obj(name=text(), engine=text(), kind=text())
    backup = obj(id=text(), note=text(), kind=text())
    paths: dict[str, Any] = {
        at: path(
            "project",
            get=operation("listDatabases", obj(items=array(ref("Database")))),
            post=operation("insertDatabase", started, sent=given),
        ),
        item: path(
            "project",
            "database",
            get=operation("getDatabase", ref("Database"), also=(404,)),
            put=operation("updateDatabase", started, sent=given),
        ),
        f"{item}/backupRuns": path(
            "project",
            "database",
            get=operation("listBackups", obj(items=array(ref("Backup")))),
            post=operation("insertBackup", started, sent=backup),
        ),
        f"{item}/backupRuns/{{id}}": path(
            "project", "database", "id", get=operation("getBackup", ref("Backup"))
        ),
        f"{item}/export": path(
            "project",
            "database",
            post=operation("export", started, sent=obj(exportContext=obj(uri=text()))),
        ),
        f"{item}/clone": path(
            "project",
            "database",
            post=operation(
                "clone", started, sent=obj(cloneContext=obj(destinationDatabaseName=text()))
            ),
        ),
        "/{project}/operations": path(
            "project", get=operation("listOperations", obj(items=array(started)))
        ),
        "/{project}/operations/{operation}": path(
            "project", "operation", get=operation("getOperation", started, also=(404,))
        ),
    }
    return with_schemas(
        paths,
        Database=obj(name=text(), engine=text(), kind=text(), region=text(), tier=text()),
        Backup=backup,
        Operation=obj(
            name=text(),
            kind=text(),
            status=one_of("PENDING", "RUNNING", "DONE"),
            exportContext=obj(uri=text()),
        ),
    )


def test_what_is_read_elsewhere_is_not_the_entity() -> None:
    with MockServer(databases(), clock="manual") as mock:
        client = mock.client
        client.post("/p/databases", json={"name": "d", "engine": "sql"})
        begun = client.post("/p/databases/d/backupRuns", json={"note": "one"}).json()
        assert begun["status"] in ("PENDING", "RUNNING")
        assert client.get(f"/p/operations/{begun['name']}").status_code == 200
        notes = [one["note"] for one in client.get("/p/databases/d/backupRuns").json()["items"]]
        assert "one" in notes
        assert client.get("/p/databases/d").json()["engine"] == "sql"


def test_the_work_knows_what_wraps_the_request() -> None:
    with MockServer(databases(), clock="manual") as mock:
        mock.client.post("/p/databases", json={"name": "d"})
        sent = {"exportContext": {"uri": "gs://bucket/file"}}
        begun = mock.client.post("/p/databases/d/export", json=sent).json()
        found = mock.client.get(f"/p/operations/{begun['name']}").json()
        assert found["exportContext"] == {"uri": "gs://bucket/file"}


def test_a_copy_has_the_name_that_is_sent() -> None:
    with MockServer(databases(), clock="manual") as mock:
        client = mock.client
        client.post("/p/databases", json={"name": "d", "engine": "sql"})
        sent = {"cloneContext": {"destinationDatabaseName": "copy"}}
        begun = client.post("/p/databases/d/clone", json=sent).json()
        assert begun["name"] != "copy"
        assert client.get(f"/p/operations/{begun['name']}").status_code == 200
        copied = client.get("/p/databases/copy").json()
        assert (copied["name"], copied["engine"]) == ("copy", "sql")
        assert client.get("/p/databases/d").status_code == 200
        assert client.post("/p/databases/d/clone", json=sent).status_code in (400, 409, 422)


@pytest.mark.parametrize("ending", ["{format}", "{content_type}", "{ext}"])
def test_a_format_is_no_part_of_a_path(ending: str) -> None:
    shown = ref("Document")
    paths = {
        f"/documents.{ending}": path(
            ending[1:-1], post=operation("queue", shown, sent=obj(text=text()))
        ),
        f"/documents/{{id}}.{ending}": path(
            "id", ending[1:-1], get=operation("get", shown, also=(404,))
        ),
    }
    document = obj(id=text(), text=text(), status=one_of("queued", "processed", "failed"))
    with MockServer(with_schemas(paths, Document=document), clock="manual") as mock:
        made = mock.client.post("/documents.json", json={"text": "a"}).json()
        url = f"/documents/{made['id']}.json"
        assert mock.client.get(url).json() == made
        assert mock.client.get("/documents/none.json").status_code == 404


def test_a_run_written_as_one_word_starts_and_ends() -> None:
    run = obj(
        runId=text(),
        pipelineName=text(),
        runStart=text(format="date-time"),
        runEnd=text(format="date-time", nullable=True),
        status=text(),
    )
    paths = {
        "/pipelines/{pipelineName}": path(
            "pipelineName",
            put=operation("put", obj(name=text()), sent=obj()),
            get=operation("get", obj(name=text())),
        ),
        "/pipelines/{pipelineName}/createRun": path(
            "pipelineName", post=operation("createRun", obj("runId", runId=text()))
        ),
        "/pipelineruns/{runId}": path("runId", get=operation("getRun", run, also=(404,))),
    }
    with MockServer(with_schemas(paths), clock="manual") as mock:
        mock.client.put("/pipelines/copying", json={})
        url = f"/pipelineruns/{mock.client.post('/pipelines/copying/createRun').json()['runId']}"
        begun = mock.client.get(url).json()
        assert (begun["pipelineName"], begun.get("runEnd")) == ("copying", None)
        mock.clock.advance(24 * 3600)
        assert mock.client.get(url).json()["runEnd"] is not None


def test_the_status_path_of_what_is_listed_otherwise_says_how_it_goes() -> None:
    row = obj(DeploymentId=text(), DeploymentArn=text(), CreatedAt=text(format="date-time"))
    told = obj(DeploymentStatus=one_of("Initializing", "Running", "Completed", "Stopped"))
    receipt = obj(DeploymentId=text(), DeploymentArn=text())
    paths = {
        "/deployments": path(
            post=operation("start", receipt, sent=obj(uri=text())),
            get=operation("list", obj(Deployments=array(row))),
        ),
        "/deployments/{DeploymentId}/status": path(
            "DeploymentId", get=operation("status", told, also=(404,))
        ),
        "/deployments/{DeploymentId}/stop": path("DeploymentId", put=operation("stop", obj())),
    }
    with MockServer(with_schemas(paths), clock="manual") as mock:
        first, second = (
            mock.client.post("/deployments", json={"uri": "u"}).json()["DeploymentId"]
            for _ in range(2)
        )
        url = f"/deployments/{first}/status"
        assert mock.client.get(url).json()["DeploymentStatus"] in ("Initializing", "Running")
        listed = mock.client.get("/deployments").json()["Deployments"]
        assert {first, second} <= {one["DeploymentId"] for one in listed}
        mock.client.put(f"/deployments/{second}/stop")
        mock.clock.advance(3600)
        states = [
            mock.client.get(f"/deployments/{name}/status").json()["DeploymentStatus"]
            for name in (first, second)
        ]
        assert states == ["Completed", "Stopped"]


def test_the_id_of_a_job_beside_the_entity_that_it_is_about() -> None:
    server = obj(id=text(), name=text())
    task = obj(taskId=text(), status=one_of("queued", "running", "done", "failed"))
    paths = {
        "/servers": path(
            post=operation(
                "create", obj(id=text(), name=text(), taskId=text()), sent=obj(name=text())
            )
        ),
        "/servers/{id}": path("id", get=operation("get", server, also=(404,))),
        "/tasks/{taskId}": path("taskId", get=operation("task", task, also=(404,))),
    }
    with MockServer(with_schemas(paths), clock="manual") as mock:
        made = mock.client.post("/servers", json={"name": "n"}).json()
        assert mock.client.get(f"/servers/{made['id']}").json() == {"id": made["id"], "name": "n"}
        url = f"/tasks/{made['taskId']}"
        assert mock.client.get(url).json()["status"] in ("queued", "running")
        mock.clock.advance(3600)
        assert mock.client.get(url).json()["status"] == "done"


def test_a_status_stands_beside_counts_in_one_object() -> None:
    details = obj(
        status=one_of("IN_PROGRESS", "COMPLETE", "FAILED"),
        inProgress=WHOLE,
        success=WHOLE,
        failed=WHOLE,
    )
    paths = {
        "/assessments": path(post=operation("start", obj(id=text()))),
        "/assessments/{id}": path("id", get=operation("get", obj(id=text(), details=details))),
    }
    with MockServer(with_schemas(paths), clock="manual") as mock:
        url = f"/assessments/{mock.client.post('/assessments').json()['id']}"
        assert mock.client.get(url).json()["details"]["status"] == "IN_PROGRESS"
        mock.clock.advance(3600)
        ended = mock.client.get(url).json()["details"]
        assert (ended["status"], ended["inProgress"]) == ("COMPLETE", 0)


@pytest.mark.parametrize("verb", ["copy", "refresh"])
def test_a_receipt_with_its_own_id_is_of_another_one(verb: str) -> None:
    receipt = obj("report_token", "report_id", report_token=text(), report_id=text())
    report = obj(report_id=text(), days=WHOLE, note=text())
    token = obj("report_token", report_token=text())
    summary = "Use this to create a new report based on the old one."
    paths = {
        "/report/create": path(post=operation("create", receipt, sent=obj("days", days=WHOLE))),
        "/report/get": path(post=operation("get", obj(report=report), sent=token)),
        "/report/remove": path(post=operation("remove", obj(removed=FLAG), sent=token)),
        f"/report/{verb}": path(post=operation(verb, receipt, sent=token, summary=summary)),
    }
    with MockServer(with_schemas(paths)) as mock:
        client = mock.client
        first = client.post("/report/create", json={"days": 7}).json()
        sent = {"report_token": first["report_token"]}
        shown = client.post("/report/get", json=sent).json()["report"]
        assert (shown["report_id"], shown["days"]) == (first["report_id"], 7)
        other = client.post(f"/report/{verb}", json=sent).json()
        assert not {*first.values()} & {*other.values()}
        assert client.post("/report/remove", json=sent).json() == {"removed": True}
        kept = {"report_token": other["report_token"]}
        assert (
            client.post("/report/get", json=kept).json()["report"]["report_id"]
            == other["report_id"]
        )
