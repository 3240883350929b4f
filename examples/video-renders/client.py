"""The code under test: a small client that renders a project."""

import time


class RenderFailed(Exception):
    pass


def render(http, project_id, attempts=3, wait=time.sleep):
    """Render a project and wait for it; start again if the API is overloaded or a render fails."""
    job = start(http, project_id, attempts, wait)
    for attempt in range(attempts):
        while job["status"] in ("queued", "rendering"):
            wait(2)
            job = http.get(f"/renders/{job['id']}").raise_for_status().json()
        if job["status"] == "done":
            return job
        if attempt < attempts - 1:
            job = http.post(f"/renders/{job['id']}/retry").raise_for_status().json()
    raise RenderFailed(job["id"])


def start(http, project_id, attempts, wait):
    for _ in range(attempts):
        response = http.post("/renders", json={"project_id": project_id, "minutes": 5})
        if response.status_code != 503:
            return response.raise_for_status().json()
        wait(float(response.headers.get("retry-after", 1)))
    raise RenderFailed("the API is overloaded")
