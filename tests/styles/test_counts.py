"""Documents in which a number counts other entities, or those of them in a certain state."""

from __future__ import annotations

from typing import Any

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


def queues() -> dict[str, Any]:
    """Queues, and jobs that name their queue by a text."""
    state = one_of("SUBMITTED", "PROGRESSING", "COMPLETE", "CANCELED", "ERROR")
    job = obj(id=text(), queue=text(), status=state)
    queue = obj(
        name=text(), jobsCount=WHOLE, submittedJobsCount=WHOLE, progressingJobsCount=WHOLE,
        completedJobsCount=WHOLE,
    )  # fmt: skip
    paths = {
        "/queues": path(post=operation("createQueue", ref("Queue"), sent=obj("name", name=text()))),
        "/queues/{name}": path("name", get=operation("getQueue", ref("Queue"))),
        "/jobs": path(
            post=operation("createJob", ref("Job"), sent=obj("queue", queue=text())),
            get=operation("listJobs", obj(jobs=array(ref("Job")))),
        ),
        "/jobs/{id}": path("id", get=operation("getJob", ref("Job"))),
        "/jobs/{id}/cancel": path("id", post=operation("cancelJob", ref("Job"))),
    }
    return with_schemas(paths, Queue=queue, Job=job)


def test_a_queue_counts_its_jobs_by_their_states() -> None:
    with MockServer(queues(), clock="manual", seeds="none") as mock:
        client = mock.client
        for name in ("q", "other"):
            client.post("/queues", json={"name": name})
        client.post("/jobs", json={"queue": "other"})
        left = client.post("/jobs", json={"queue": "q"}).json()["id"]
        client.post("/jobs", json={"queue": "q"})
        client.post(f"/jobs/{left}/cancel")

        def counts() -> tuple[int, ...]:
            found = client.get("/queues/q").json()
            names = ("jobsCount", "submittedJobsCount", "completedJobsCount")
            return tuple(found[name] for name in names)

        assert counts() == (2, 1, 0)
        mock.clock.advance(3600)
        assert counts() == (2, 0, 1)


def test_a_flag_says_which_of_them_count() -> None:
    member = obj(id=text(), name=text(), active=FLAG)
    team = obj(id=text(), name=text(), membersCount=WHOLE, activeMembersCount=WHOLE)
    paths = {
        "/teams": path(post=operation("createTeam", team, sent=obj(name=text()))),
        "/teams/{id}": path("id", get=operation("getTeam", team)),
        "/teams/{id}/members": path(
            "id",
            post=operation(
                "addMember", member, status=201, sent=obj("name", name=text(), active=FLAG)
            ),
            get=operation("listMembers", array(member)),
        ),
    }
    with MockServer(with_schemas(paths), seeds="none") as mock:
        url = f"/teams/{mock.client.post('/teams', json={'name': 't'}).json()['id']}"
        for active in (True, True, False):
            sent = {"name": "n", "active": active}
            assert mock.client.post(f"{url}/members", json=sent).status_code == 201
        found = mock.client.get(url).json()
        assert (found["membersCount"], found["activeMembersCount"]) == (3, 2)
