"""How a calibration file changes a request before validation."""

from __future__ import annotations

import json

import pytest

from mockserver.engine.calibration import Rules, with_defaults

RULES = Rules(defaults={"colour": "red"})


def test_what_is_left_out_is_filled_in_and_what_is_sent_stays() -> None:
    assert json.loads(with_defaults(RULES, b'{"size": 3}')) == {"size": 3, "colour": "red"}
    assert with_defaults(RULES, b'{"colour": null}') == b'{"colour": null}'


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 200_000])
def test_a_body_that_is_no_object_is_for_validation_to_refuse(body: bytes) -> None:
    assert with_defaults(RULES, body) == body
