"""`mock_api.clock.advance` stands in for `time.sleep`, so nothing waits."""

import pytest
from client import RenderFailed, render


@pytest.fixture
def project(mock_api):
    return mock_api.client.get("/projects").json()[0]["id"]


def test_a_render(mock_api, project):
    job = render(mock_api.client, project, wait=mock_api.clock.advance)
    assert job["status"] == "done"


def test_a_failed_render_is_retried(mock_api, project):
    mock_api.follow("failed")  # how the next job ends
    job = render(mock_api.client, project, wait=mock_api.clock.advance)
    assert job["status"] == "done"
    mock_api.journal.assert_called("retryRender", times=1)


def test_it_gives_up(mock_api, project):
    job = mock_api.client.post("/renders", json={"project_id": project}).json()
    mock_api.stub("createRender", json={**job, "status": "failed"})
    mock_api.stub("retryRender", json={**job, "status": "failed"})
    with pytest.raises(RenderFailed):
        render(mock_api.client, project, wait=mock_api.clock.advance)
    mock_api.journal.assert_called("retryRender", times=2)


def test_it_waits_while_the_api_is_overloaded(mock_api, project):
    mock_api.faults.add("createRender", status=503, retry_after=30, times=2)
    render(mock_api.client, project, wait=mock_api.clock.advance)
    mock_api.journal.assert_called("createRender", times=3)
    assert mock_api.journal.client_lint() == []


def test_the_quota_shrinks(mock_api, project):
    assert mock_api.client.get("/quota").json() == {"minutes": 60}  # data.yaml uses 40
    render(mock_api.client, project, wait=mock_api.clock.advance)
    assert mock_api.client.get("/quota").json() == {"minutes": 55}
