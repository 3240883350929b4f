"""The cache between starts: hits, and invalid entries that are not trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mockserver import MockServer
from mockserver.files import cache as module
from mockserver.files.cache import Cache, user_cache
from mockserver.files.documents import parsed

FIXTURE = Path(__file__).parents[1] / "fixtures" / "petstore.yaml"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_an_entry_is_found_by_what_it_depends_on(cache: Cache) -> None:
    key = cache.key("plan", b"a", b"b")
    cache.put(key, {"x": [1, None, "ü"]})
    assert cache.get(key) == {"x": [1, None, "ü"]}
    for other in (
        cache.key("plan", b"ab", b""),
        cache.key("plan", b"a"),
        cache.key("tree", b"a", b"b"),
    ):
        assert other != key
        assert cache.get(other) is None


def test_other_code_finds_nothing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    key = cache.key("plan", b"a")
    monkeypatch.setattr(module, "__version__", "0.0.0")
    assert Cache(Path("/none")).key("plan", b"a") != key


@pytest.mark.parametrize(
    "broken", [b"", b"x", b"\0" * 32 + b"[1]", b"\0" * 40], ids=["empty", "short", "wrong", "zeros"]
)
def test_a_broken_entry_is_none_and_is_removed(cache: Cache, tmp_path: Path, broken: bytes) -> None:
    key = cache.key("plan", b"a")
    cache.put(key, [1])
    path = tmp_path / "cache" / key
    path.write_bytes(broken)
    assert cache.get(key) is None
    assert not path.exists()
    cache.put(key, [2])
    assert cache.get(key) == [2]


def test_what_is_cut_off_or_changed_is_none(cache: Cache, tmp_path: Path) -> None:
    key = cache.key("plan", b"a")
    cache.put(key, ["long enough"])
    raw = (tmp_path / "cache" / key).read_bytes()
    for wrong in (raw[:-1], raw[:-3] + b"X" + raw[-2:], raw + b" "):
        (tmp_path / "cache" / key).write_bytes(wrong)
        assert cache.get(key) is None


def test_what_others_may_write_is_not_read(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = cache.key("plan", b"a")
    cache.put(key, [1])
    path = tmp_path / "cache" / key
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o622)
    assert cache.get(key) is None
    path.chmod(0o600)
    assert cache.get(key) == [1]
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    assert cache.get(key) is None


@pytest.mark.parametrize("value", [float("nan"), 2**70, {1: 2}, {"a": {1}}, (1,)])
def test_what_json_can_not_say_is_not_kept(cache: Cache, tmp_path: Path, value: object) -> None:
    cache.put("plan-x", value)
    assert not (tmp_path / "cache" / "plan-x").exists()


def test_the_longest_unused_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path, most_bytes=3_000)
    for number in range(3):
        cache.put(f"plan-{number}", "x" * 900)
        os.utime(tmp_path / f"plan-{number}", (number, number))
    assert cache.get("plan-0")  # used again
    cache.put("plan-3", "x" * 900)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan-0", "plan-2", "plan-3"]
    monkeypatch.setattr(module, "MOST_ENTRIES", 1)
    cache.put("plan-4", "")
    assert [path.name for path in tmp_path.iterdir()] == ["plan-4"]


def test_a_place_that_can_not_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put("plan-x", [1])
    assert cache.get("plan-x") is None


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(module.OFF, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert _folder() == tmp_path / "mockserver"
    for none in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", none)
        assert _folder() == tmp_path / "home" / ".cache" / "mockserver"
    monkeypatch.setenv(module.OFF, "1")
    assert user_cache() is None


def test_a_text_is_parsed_once(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    text, slips = b"openapi: 3.1.0\ninfo: {title: a}\ninfo: {title: b}\n", list[str]()
    first = parsed(text, "a.yaml", slips, cache)
    monkeypatch.setattr("mockserver.files.documents.parse_document", lambda *_: 1 / 0)
    again = list[str]()
    assert parsed(text, "b.yaml", again, cache) == first
    assert again == slips
    assert len(slips) == 1


def test_a_mock_of_a_kept_plan_is_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(module.OFF, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with MockServer(FIXTURE) as first:
        plan = first.mock.plan
        shown = first.client.get("/pets").json()
    kept = {path.name.partition("-")[0] for path in (tmp_path / "mockserver").iterdir()}
    assert kept == {"plan", "tree"}
    monkeypatch.setattr("mockserver.inference.build.build_plan", lambda *_: 1 / 0)
    with MockServer(FIXTURE) as second:
        assert second.mock.plan == plan
        assert second.client.get("/pets").json() == shown
    with pytest.raises(ZeroDivisionError):
        MockServer(FIXTURE, no_cache=True)
    monkeypatch.setenv(module.OFF, "1")
    with pytest.raises(ZeroDivisionError):
        MockServer(FIXTURE)


def _folder() -> Path:
    found = user_cache()
    assert found is not None
    return found._folder
