"""--state FILE: never half-written, and never another program's file."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from mockserver.engine.pipeline import Exchange, Message
from mockserver.errors import MockServerError, StoreError, UsageError
from mockserver.server import state_file
from mockserver.server.state_file import StateFile, write_atomically
from tests.server.plane import Plane, call_api


def kept(path: Path, plane: Plane) -> StateFile:
    keeper = StateFile(path)
    keeper.store = plane.mock.store
    return keeper


def exchange(method: str = "GET", tenant: str = "mock-a") -> Exchange:
    return Exchange(Message(method, "/"), None, tenant)


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "worlds.json"
    before = Plane(clock="manual")
    keeper = kept(path, before)
    keeper.load()
    call_api(before, "mock-a")
    before.mock.store.change_clock("mock-a", {"advance": 7})
    keeper.note(exchange())
    assert keeper.save()

    after = Plane(clock="manual")
    kept(path, after).load()
    assert after.mock.store.snapshot(None) == before.mock.store.snapshot(None)


def test_nothing_happened_so_nothing_is_written(tmp_path: Path) -> None:
    keeper = kept(tmp_path / "worlds.json", Plane())
    keeper.load()
    keeper.note(Exchange(Message("GET", "/"), None))
    assert not keeper.save()
    assert list(tmp_path.iterdir()) == []


def test_one_process_alone_keeps_its_worlds_there(tmp_path: Path) -> None:
    path = tmp_path / "worlds.json"
    first, second = kept(path, Plane()), kept(path, Plane())
    first.claim()
    with pytest.raises(UsageError, match=r"--state .*worlds\.json: another mockserver"):
        second.claim()
    first.release()
    second.claim()
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "worlds.json"
    write_atomically(path, b"{}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"name": "package"}',
        b'{"format": 1, "api": "another", "worlds": {}}',
        b'{"format": 99, "api": "things", "worlds": {}}',
        b'{"format": 1, "api": "openapi", "worlds": 3}',
        b"SQLite format 3\x00",
    ],
)
def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "worlds.json"
    path.write_bytes(content)
    with pytest.raises(MockServerError) as caught:
        kept(path, Plane()).load()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MockServerError, match="there is no directory"):
        kept(tmp_path / "nope" / "worlds.json", Plane()).load()
    with pytest.raises(MockServerError, match="Is a directory"):
        kept(tmp_path, Plane()).load()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target.json"
    link = tmp_path / "link.json"
    link.symlink_to(target)
    keeper = kept(link, Plane())
    keeper.load()
    keeper.changed()
    assert keeper.save()
    assert link.is_symlink()
    assert json.loads(target.read_bytes())["worlds"] == {}


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "worlds.json"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    keeper = kept(path, Plane())
    keeper.changed()
    with pytest.raises(StoreError, match="can't be written: No space left on device"):
        keeper.save()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["worlds.json"]


def test_it_is_written_when_something_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = Plane()
    keeper = kept(tmp_path / "worlds.json", plane)
    writes: list[bytes] = []
    monkeypatch.setattr(
        state_file, "write_atomically", lambda path, content: writes.append(content)
    )

    def written() -> int:
        asyncio.run(keeper.write_if_changed())
        return len(writes)

    assert written() == 0
    call_api(plane, "mock-a")
    keeper.note(exchange())
    assert written() == 1
    # Reading changes nothing in a world that is there already; writing does.
    keeper.note(exchange())
    assert written() == 1
    keeper.note(exchange("POST"))
    assert written() == 2
    keeper.changed()
    assert written() == 3
    assert written() == 3


def test_it_is_written_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_file, "SECONDS_BETWEEN_WRITES", 0.001)
    keeper = kept(tmp_path / "worlds.json", Plane())

    async def scenario() -> None:
        task = asyncio.create_task(keeper.keep())
        keeper.changed()
        while not keeper.path.exists():
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_a_full_disk_is_said_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
) -> None:
    keeper = kept(tmp_path / "worlds.json", Plane())

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    keeper.changed()
    with monkeypatch.context() as patch:
        patch.setattr(state_file, "write_atomically", full)
        for _ in range(3):
            asyncio.run(keeper.write_if_changed())
    assert said.text.count("No space left") == 1
    assert not keeper.path.exists()
    asyncio.run(keeper.write_if_changed())
    assert keeper.path.exists()
