"""A plan inferred by a child process."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mockserver.inference.build import build_plan
from mockserver.inference.stored import restored_plan, stored
from mockserver.openapi.build import build_contract
from mockserver.server.ahead import Ahead, digest_of, inferred_ahead

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Kiln", "version": "1"},
    "paths": {
        "/firings": {"get": {"responses": {"200": {"description": "All"}}}},
        "/firings/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "get": {"responses": {"200": {"description": "One"}}},
        },
    },
}
OVERRIDES = {"resources": {"Firing": {"path": "/firings"}}}

# Test runners have threads; `serve` has none yet.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture(autouse=True)
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("a child infers on Linux only")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    return str(path)


def _child(spec: str | None, inputs: bytes, *, cached: bool = False) -> Any:
    with inferred_ahead(spec, None, cached) as ahead:
        assert ahead is not None
        return ahead.plan(inputs)


def test_the_child_infers_the_same_plan(spec: str) -> None:
    plain = _child(spec, digest_of(DOCUMENT, {}))
    assert restored_plan(plain) is not None
    assert plain == json.loads(json.dumps(stored(build_plan(build_contract(DOCUMENT)))))


def test_the_plan_of_other_inputs_does_not_count(spec: str) -> None:
    assert _child(spec, digest_of({**DOCUMENT, "info": {}}, {})) is None
    assert _child(spec, digest_of(DOCUMENT, OVERRIDES)) is None


def test_a_correction_that_is_wrong_is_left_to_the_parent(spec: str) -> None:
    Path(spec).with_name("mockserver.toml").write_text('[operations.none]\nverb = "x"\n')
    assert _child(spec, digest_of(DOCUMENT, {"operations": {"none": {"verb": "x"}}})) is None


@pytest.mark.parametrize("content", ["{", "", "openapi: 3.1.0\npaths: [", "\0"])
def test_a_document_that_cannot_be_read_says_nothing(
    spec: str, content: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path(spec).write_text(content)
    assert _child(spec, digest_of(DOCUMENT, {})) is None
    assert _child(spec + ".missing", digest_of(DOCUMENT, {})) is None
    assert capfd.readouterr() == ("", "")


def test_a_pipe_is_left_to_the_parent(tmp_path: Path) -> None:
    path = tmp_path / "pipe.json"
    os.mkfifo(path)
    assert _child(str(path), b"x") is None


def test_a_kept_plan_is_not_inferred_again(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mockserver.files.cache import user_cache

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MOCKSERVER_NO_CACHE", raising=False)
    inputs = digest_of(DOCUMENT, {})
    cache = user_cache()
    assert cache is not None
    assert _child(spec, inputs, cached=True) is not None
    cache.put(cache.key("plan", inputs), ["kept"])
    assert _child(spec, inputs, cached=True) is None
    assert _child(spec, inputs, cached=False) is not None


def test_it_can_be_asked_once_and_leaves_no_process(spec: str) -> None:
    with inferred_ahead(spec, None, False) as ahead:
        assert ahead is not None
        pid = ahead.pid
        assert ahead.plan(digest_of(DOCUMENT, {})) is not None
        assert ahead.plan(digest_of(DOCUMENT, {})) is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_that_still_runs_is_ended() -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        time.sleep(600)
        os._exit(0)
    os.close(writing)
    Ahead(pid, reading).close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_processor_has_no_child(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    with inferred_ahead(spec, None, False) as ahead:
        assert ahead is None
