"""Messages at the end of a run: each cause once."""

from __future__ import annotations

from mockserver.verify.causes import alike_as_one, silences_as_one


def test_a_server_that_hangs_is_one_message() -> None:
    silent = [f"POST /rooms/{n}: HTTPConnectionPool: Read timed out." for n in range(4)]
    other = "GET /halls: Invalid schema"
    one, rest = silences_as_one([*silent[:2], other, *silent[2:]])
    assert "4 operations, the first of them POST /rooms/0" in one
    assert rest == other
    assert silences_as_one(silent[:2]) == silent[:2]


def test_a_reason_is_said_once() -> None:
    reason = "Invalid type\n\nLocation:\n    components -> {}\n\nProblem:\n  'str'"
    errors = [f"GET /{name}: {reason.format(name)}" for name in "abcdef"]
    (one,) = alike_as_one(errors)
    assert one == "GET /a, GET /b, GET /c, GET /d and 2 more: Invalid type Problem: 'str'"
    assert alike_as_one(["no colon", "another one"]) == ["no colon", "another one"]
