"""Failures do not stop a run: operations are retried, or skipped and reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.errors import UsageError
from mockserver.openapi.build import build_contract
from mockserver.verify.access import Login
from mockserver.verify.conformance.config import Settings
from mockserver.verify.http import Wire, WireError
from mockserver.verify.judgement import Plan, judge
from mockserver.verify.lifecycle.clock import Surroundings
from mockserver.verify.lifecycle.run import Effort
from mockserver.verify.model import Result
from mockserver.verify.persistence import NoReply, Persistence
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.target import Target, preflight
from tests.verify import jobs_server
from tests.verify.jobs_server import Jobs, Troubled, document, serving

When = Callable[[int, str, str], Any]
SLOW = {"detail": "slow down"}


def judged(
    service: Any, jobs: Jobs, tmp_path: Any, timeout: float = 0.6, login: bool = False
) -> Result:
    """The lifecycle checks, with little patience and on the clock of the jobs."""
    contract = build_contract(document())
    sandbox = Sandbox(timeout=timeout, ledger=str(tmp_path / "ledger"))
    plan = Plan(
        settings=Settings(timeout=timeout),
        effort=Effort(examples=2, steps=5),
        parts=("lifecycle",),
        second=False,
        sandbox=sandbox,
    )
    clock = jobs.clock
    around = Surroundings(clock, lambda: None, mock=False)
    with serving(service) as url, Target(contract, url, "mock-key", timeout=timeout) as target:
        target.persistence = Persistence(3, 0.01, clock.sleep, lambda: clock.now)
        if login:
            here = Login(url + "/login", {}, form=False)

            def renew() -> bool:
                target.use_key(here.get())
                return True

            target.persistence.renew = renew
        return judge(target, document(), plan, Record(None), surroundings=around)


def every(nth: int, answer: tuple[int, Any], method: str = "") -> When:
    def when(number: int, used: str, path: str) -> Any:
        return answer if number % nth == 0 and method in ("", used) else None

    return when


@pytest.mark.parametrize(
    ("when", "headers"),
    [
        (every(5, (429, SLOW)), {}),
        (every(25, (429, SLOW)), {"retry-after": "1"}),
        (every(7, (503, SLOW)), {}),
        (every(4, (0, jobs_server.closes), "GET"), {}),
        (every(6, (0, jobs_server.closes), "DELETE"), {}),
    ],
)
def test_trouble_of_the_moment_is_waited_for(
    when: When, headers: dict[str, str], tmp_path: Any
) -> None:
    jobs = Jobs()
    result = judged(Troubled(jobs, when, headers), jobs, tmp_path)
    assert (result.exit_code, result.findings, result.errors) == (0, [], [])
    assert jobs.rows == {}


def on(method: str, end: str, answer: tuple[int, Any]) -> When:
    def when(number: int, used: str, path: str) -> Any:
        return answer if used == method and path.endswith(end) else None

    return when


@pytest.mark.parametrize(
    ("place", "answer", "words"),
    [
        (("GET", "/jobs"), (0, jobs_server.hangs), "did not respond within 0.6 s"),
        (("POST", "/cancel"), (0, jobs_server.drips), "did not respond within 0.6 s"),
        (("GET", "/jobs"), (0, jobs_server.drips_its_head), "did not respond within 0.6 s"),
        (("GET", "/jobs"), (0, jobs_server.closes), "closes the connection"),
        (("POST", "/cancel"), (0, jobs_server.closes), "closes the connection"),
        (("GET", "/jobs"), (429, SLOW), "always responds with 429"),
        (("POST", "/cancel"), (503, SLOW), "always responds with 503"),
    ],
)
def test_one_operation_in_trouble_is_named_and_the_rest_goes_on(
    place: tuple[str, str], answer: tuple[int, Any], words: str, tmp_path: Any
) -> None:
    jobs = Jobs("refuses and changes")
    result = judged(Troubled(jobs, on(*place, answer)), jobs, tmp_path)
    told = [error for error in result.errors if "failed repeatedly" in error]
    assert len(told) == 1
    assert words in told[0]
    assert f"{place[0]} /jobs" in told[0]
    assert jobs.rows == {}
    assert any(line.endswith("/retry") for line in jobs.log)


def test_a_server_error_that_does_not_come_again_is_a_finding(tmp_path: Any) -> None:
    jobs = Jobs()
    result = judged(Troubled(jobs, every(9, (500, SLOW), "GET")), jobs, tmp_path)
    titles = {finding.title for finding in result.findings}
    assert titles == {"No server error (not every time)"}


def test_a_server_that_dies_in_mid_run(tmp_path: Any) -> None:
    def when(number: int, method: str, path: str) -> Any:
        return (0, jobs_server.hangs) if number > 25 else None

    jobs = Jobs()
    result = judged(Troubled(jobs, when), jobs, tmp_path, timeout=0.3)
    assert result.exit_code == 2
    assert result.requests > 10
    assert any("not removed" in error for error in result.errors)


class Guarded:
    """Requires a token, and expires each after some requests."""

    def __init__(self, lasts: int) -> None:
        self.jobs, self.lasts, self.left = Jobs(), lasts, lasts
        self.logins = 0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if path == "/login":
            self.logins += 1
            self.left = self.lasts
            return 200, {"access_token": f"token-{self.logins}"}
        self.left -= 1
        return self.jobs.answer(method, path, body) if self.left > 0 else (401, {"detail": "no"})


def test_a_token_that_expires_is_renewed(tmp_path: Any) -> None:
    service = Guarded(15)
    result = judged(service, service.jobs, tmp_path, login=True)
    assert (result.findings, result.errors) == ([], [])
    assert service.logins > 2
    assert service.jobs.rows == {}


def test_a_key_that_expires_ends_the_run(tmp_path: Any) -> None:
    service = Guarded(25)
    result = judged(service, service.jobs, tmp_path)
    assert any("may have expired" in error for error in result.errors)


def test_the_likely_path_is_named() -> None:
    class Below(Jobs):
        def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
            if not path.startswith("/api/v1"):
                return 404, {"detail": "none"}
            return super().answer(method, path.removeprefix("/api/v1"), body)

    contract = build_contract(document())
    with serving(Below()) as url:
        for wrong in (url, url + "/v2", url + "/api"):
            with (
                Target(contract, wrong, "mock-key") as target,
                pytest.raises(UsageError, match="/api/v1"),
            ):
                preflight(target)
        with Target(contract, url + "/api/v1", "mock-key") as target:
            preflight(target)


@pytest.mark.parametrize(
    "answer", [jobs_server.hangs, jobs_server.drips, jobs_server.drips_its_head]
)
def test_a_reply_has_to_be_there_in_time(answer: Any) -> None:
    with serving(Troubled(Jobs(), every(1, (0, answer)))) as url:
        wire = Wire(url, 0.3)
        with pytest.raises(WireError) as caught:
            wire.send("GET", "/jobs", headers={})
        wire.close()
    assert caught.value.how == "late"


def test_a_stream_is_listened_to_for_a_moment() -> None:
    with serving(Troubled(Jobs(), every(1, (0, jobs_server.streams)))) as url:
        wire = Wire(url, 5)
        sent = wire.send("GET", "/jobs", headers={})
        wire.close()
    assert sent.status == 200
    assert sent.body.startswith(b"data: 0\n\n")


def test_what_may_not_be_sent_twice_is_not() -> None:
    sent: list[str] = []

    def lost(number: int, method: str, path: str) -> Any:
        sent.append(method)
        return (0, jobs_server.closes)

    contract = build_contract(document())
    with serving(Troubled(Jobs(), lost)) as url, Target(contract, url, "mock-key") as target:
        target.persistence = Persistence(grace=1, pause=0.01)
        with pytest.raises(NoReply):
            target.send("POST", "/jobs", body={"name": "one"}, operation="makeJob")
        assert sent == ["POST"]
        with pytest.raises(NoReply):
            target.send("GET", "/jobs", operation="listJobs")
        assert len(sent) > 2
