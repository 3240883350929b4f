"""What a tested server may say that is no URL, no object, or no text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from mockserver.openapi.path_templates import filled
from mockserver.verify.http import Sent, WireError
from mockserver.verify.lifecycle.clock import Real, clock_of, is_mock
from mockserver.verify.replies import id_in


@pytest.mark.parametrize(
    ("location", "wanted"),
    [("/kites/7", "7"), ("/kites/7/", "7"), ("http://[::1", ""), ("//[", ""), ("", "")],
)
def test_ids_in_a_location(location: str, wanted: str) -> None:
    assert id_in({"location": location}) == wanted


def test_an_id_with_half_a_character() -> None:
    assert filled("/kites/{id}", {"id": "\ud800"}) == "/kites/%ED%A0%80"


def test_what_is_printed_of_it() -> None:
    run = (
        "from mockserver import cli; import click\n"
        "cli.cli.main = lambda *_, **__: click.echo('\\ud800 ok')\n"
        "cli.main([])"
    )
    shown = subprocess.run([sys.executable, "-c", run], capture_output=True, check=True)
    assert shown.stdout.split() == [b"\\ud800", b"ok"]


class _Wire:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def send(self, *_: Any, **__: Any) -> Sent:
        if not self._body:
            raise WireError("nobody there")
        return Sent("", {}, b"", 200, {}, self._body)


class _Target:
    headers: Mapping[str, str] = MappingProxyType({})
    key = ""

    def __init__(self, body: bytes) -> None:
        self.wire = _Wire(body)

    def headers_with_key(self) -> dict[str, str]:
        return {}

    def params_with_key(self) -> dict[str, str]:
        return {}


@pytest.mark.parametrize("body", [b'"ok"', b"[]", b"null", b"<html>", b"{}", b"\xff", b""])
def test_what_is_no_mock(body: bytes) -> None:
    target: Any = _Target(body)
    assert not is_mock(target)
    assert isinstance(clock_of(target, 1), Real)
