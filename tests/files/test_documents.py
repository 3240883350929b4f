"""Finding and reading a document: every failure is one clear line."""

from __future__ import annotations

import codecs
import json
import os
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mockserver.errors import ContractError, MockServerError, UsageError
from mockserver.files import reading
from mockserver.files.documents import (
    as_document,
    find_document,
    other_files,
    read_contract,
    read_document,
)
from mockserver.files.reading import without_secrets
from mockserver.openapi.references import foreign_references

TEXT = '{"openapi": "3.1.0", "info": {"title": "Grüße", "version": "1"}, "paths": {}}'
# Nine short lines that stand for a hundred million values.
LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n" for before, name in pairwise("abcdefgh")
)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, content: bytes | str) -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def fails(spec: str) -> str:
    """The one-line message for a document that can't be read."""
    with pytest.raises(MockServerError) as caught:
        as_document(spec)
    assert isinstance(caught.value, UsageError | ContractError)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_built_in_name() -> None:
    assert as_document("feather")["info"]["title"] == "Feather API"


def test_a_file_is_read_as_json_or_yaml() -> None:
    assert as_document(write("a.json", TEXT))["info"]["title"] == "Grüße"
    yaml = "openapi: 3.1.0\ninfo: {title: Grüße, version: '1'}\npaths: {}\n"
    assert as_document(write("a.yaml", yaml))["info"]["title"] == "Grüße"
    assert as_document({"openapi": "3.1.0"}) == {"openapi": "3.1.0"}


@pytest.mark.parametrize(
    "encoded",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
)
def test_any_unicode_encoding(encoded: bytes) -> None:
    assert as_document(write("a.json", encoded))["info"]["title"] == "Grüße"


def test_another_encoding_names_the_place() -> None:
    latin = TEXT.replace(", ", ",\n").encode("latin-1")
    assert "byte 0xfc in line 2" in fails(write("a.json", latin))


def test_a_slip_of_the_pen_is_understood() -> None:
    assert "did you mean feather?" in fails("fether")
    write("openapi.yaml", TEXT)
    assert "did you mean openapi.yaml?" in fails("openapi.yml")
    assert "give a path, a URL or one of: feather" in fails("nothing-like-it")
    assert "no such file" in fails("no/such/folder.json")


def test_a_folder_names_what_is_in_it() -> None:
    Path("api").mkdir()
    assert "this is a directory" in fails("api")
    write("api/openapi.json", TEXT)
    assert "api/openapi.json" in fails("api")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ("<!doctype html><html>", "markup"),
        ("\ufeff<html>", "markup"),
        ("{", "not valid JSON"),
        ("[]", "an array"),
        ("hello", "text"),
        ("a: b: c", "neither JSON nor YAML"),
        ("null", "is empty"),
        ("\x00\x01\x02", "empty"),
        ("%PDF-1.7 %âãÏÓ", "neither JSON nor YAML"),
        ("x: [" + "[" * 100_000, "nested too deeply"),
        ("x:\n" + "- " * 100_000, "nested too deeply"),
        ('{"x":' + "[" * 100_000, "not valid JSON"),
        (LAUGHS, "too many values"),
        ("a: &a [*a]", "stands inside of what it names"),
    ],
)
def test_what_is_no_document(content: str, says: str) -> None:
    if content.startswith("\x00"):
        says = "a.json"
    assert says in fails(write("a.json", content))


@pytest.mark.parametrize("spec", ["\x00", "a" * 5000, "ftp://host/x", "http://", "https:///x", ""])
def test_what_can_not_be_a_place(spec: str) -> None:
    assert fails(spec)


def test_an_unreadable_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    Path("a.json").touch()
    assert fails("a.json") == "a.json: Permission denied"


def test_a_huge_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_DOCUMENT", 10)
    assert "the limit" in fails(write("a.json", TEXT))


def referring(reference: str) -> str:
    components = json.dumps({"schemas": {"A": {"$ref": reference}}})
    return TEXT.replace('"paths": {}', f'"components": {components}, "paths": {{}}')


def test_a_document_of_several_files() -> None:
    Path("parts").mkdir()
    write("parts/b.yaml", "B: {type: object, properties: {next: {$ref: '#/B'}, c: {$ref: c.json}}}")
    write("parts/c.json", '{"$ref": "../a.json#/components/schemas/D"}')
    document = as_document(write("a.json", referring("parts/b.yaml#/B")))
    assert document["components"]["schemas"]["A"] == {"$ref": "#/x-bundled/b/B"}
    inner = document["x-bundled"]["b"]["B"]["properties"]
    assert inner == {"next": {"$ref": "#/x-bundled/b/B"}, "c": {"$ref": "#/x-bundled/c"}}
    assert document["x-bundled"]["c"] == {"$ref": "#/components/schemas/D"}
    assert {p.name for p in other_files(find_document("a.json"))} == {"b.yaml", "c.json"}


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("b.json#/B", "No such file"),
        ("broken.yaml#/B", "neither JSON nor YAML"),
        ("b.yaml#there", "anchor"),
        ("https://vendor.test/b.json", "save that file beside"),
        ("parts", "directory"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_with_its_place(reference: str, says: str) -> None:
    Path("parts").mkdir()
    write("broken.yaml", "a: b: c")
    write("b.yaml", "B: {type: string, $anchor: here}")
    told = fails(write("a.json", referring(reference)))
    assert says in told
    assert repr(reference) in told
    assert "#/components/schemas/A" in told


def test_what_only_looks_like_a_reference_is_none() -> None:
    values = {
        "example": {"$ref": "x.json"},
        "default": [{"$ref": "x.json"}],
        "x-more": {"$ref": "x.json"},
        "enum": [{"$ref": "x.json"}],
        "const": {"$ref": "x.json"},
        "examples": [{"$ref": "x.json"}],
        "properties": {"$ref": {"type": "string"}, "example": {"$ref": "#/a"}},
    }
    media = {
        "schema": values,
        "example": {"$ref": "x.json"},
        "examples": {
            "one": {"value": {"$ref": "x.json"}},
            "two": {"dataValue": {"$ref": "x.json"}},
        },
    }
    response = {"description": "", "content": {"application/json": media}, "x-a": {"$ref": "x"}}
    get = {"responses": {"200": response, "x-b": {"$ref": "y.json"}}, "x-c": [{"$ref": "z.md"}]}
    document = {"x-d": {"$ref": "w"}, "paths": {"/a": {"get": get}, "x-e": {"$ref": "v"}}}
    assert list(foreign_references(document)) == []
    values["properties"] = {"example": {"$ref": "x.json"}, "x-name": {"$ref": "y.json"}}
    media["examples"]["three"] = {"$ref": "z.json"}  # type: ignore[index]
    found = [reference for _, reference in foreign_references(document)]
    assert sorted(found) == ["x.json", "y.json", "z.json"]


MOVED = {
    "/moved": "/openapi.json",
    "/to-another-host.yaml": "http://localhost:1/other.yaml",
    "/round.yaml": "/round.yaml",
}


class Site(BaseHTTPRequestHandler):
    ended = threading.Event()

    def do_GET(self) -> None:
        if self.path in MOVED:
            self.send_response(302)
            self.send_header("location", MOVED[self.path])
            self.end_headers()
            return
        if self.path.startswith("/drip"):
            self.send_response(200)
            if self.path == "/drip-body.json":
                self.end_headers()
            while not self.ended.wait(0.05):
                try:
                    self.wfile.write(b"x: y\r\n")
                    self.wfile.flush()
                except OSError:
                    break
            return
        self.send_response(200 if "." in self.path else 404)
        self.end_headers()
        texts = {
            "/several.json": referring("other.yaml#/B"),
            "/elsewhere.json": referring("http://127.0.0.1:1/other.yaml#/B"),
            "/other.yaml": "B: {type: string}",
            "/a.html": "<html>",
            "/away.json": referring("/to-another-host.yaml#/B"),
            "/round.json": referring("/round.yaml#/B"),
        }
        self.wfile.write(texts.get(self.path, TEXT).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    Site.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_url_is_fetched(site: str) -> None:
    assert as_document(f"http://{site}/openapi.json")["info"]["title"] == "Grüße"
    several = as_document(f"http://{site}/several.json")
    assert several["x-bundled"]["other"] == {"B": {"type": "string"}}
    assert "only from the document's own server" in fails(f"http://{site}/elsewhere.json")
    assert as_document(f"HTTP://{site}/moved")["info"]["title"] == "Grüße"


def test_a_url_that_gives_something_else(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the server responded with 404" in fails(f"http://{site}/nope")
    assert "markup" in fails(f"http://{site}/a.html")
    monkeypatch.setattr(reading, "MAX_DOCUMENT", 10)
    assert "the limit" in fails(f"http://{site}/openapi.json")
    assert "can't be fetched" in fails("http://127.0.0.1:1/x")


def test_secrets_of_a_url_are_not_shown(site: str) -> None:
    secret = f"http://user:secret@{site}/nope?token=secret"
    assert "secret" not in fails(secret)
    assert find_document(secret).name == f"http://{site}/nope"
    assert without_secrets("https://a:b@host/x?y=z#f") == "https://host/x"


def test_a_file_that_vanishes() -> None:
    source = find_document(write("a.json", TEXT))
    Path("a.json").unlink()
    with pytest.raises(UsageError, match=r"a\.json: No such file"):
        read_document(source)


def test_a_redirect_of_another_file_to_another_host_is_refused(site: str) -> None:
    said = fails(f"http://{site}/away.json")
    assert "it redirects to http://localhost:1" in said
    assert "fetched from 127.0.0.1 only" in said
    assert "redirects" in fails(f"http://{site}/round.json")


@pytest.mark.parametrize("path", ["drip-body.json", "drip-headers.json"])
def test_a_server_that_sends_a_byte_now_and_then(
    site: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 0.4)
    assert "within 0.4 s" in fails(f"http://{site}/{path}")


def test_pipes_and_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 0.2)
    os.mkfifo("pipe")
    assert "this is a pipe, and it did not end within 0.2 s" in fails("pipe")
    assert "this is a device" in fails("/dev/zero")
    assert "this is a device" in fails("/dev/null")
    referring_to_it = write("a.json", referring("pipe#/A"))
    assert "this is a pipe" in fails(referring_to_it)
    monkeypatch.setattr(reading, "PATIENCE", 5)
    writer = threading.Thread(target=Path("pipe").write_text, args=(TEXT,))
    writer.start()
    assert as_document("pipe")["info"]["title"] == "Grüße"
    writer.join()


def test_a_contract_is_read_from_what_serve_takes(tmp_path: Path) -> None:
    write("petstore.json", TEXT)
    with pytest.raises(UsageError, match=r"did you mean petstore\.json"):
        read_contract("petstore.jsn")
    assert read_contract("feather")[1].title


def test_a_file_that_is_missing_or_broken_is_still_a_part_of_the_document() -> None:
    Path("parts").mkdir()
    source = find_document(write("a.json", referring("parts/b.yaml#/B")))
    for text in (None, "B: [", "B: {type: string}"):
        if text is not None:
            write("parts/b.yaml", text)
        assert {path.name for path in other_files(source)} == {"b.yaml"}


def test_a_mapping_from_a_yaml_reader_is_a_document() -> None:
    """PyYAML reads `200:` as a number and `2026-02-03` as a date."""
    given: dict[str, Any] = {"responses": {200: {"description": "ok"}}, "example": date(2026, 2, 3)}
    found = as_document(given)
    assert found == {"responses": {"200": {"description": "ok"}}, "example": "2026-02-03"}
    assert 200 in given["responses"]


def test_a_mapping_of_json_is_taken_as_it_is() -> None:
    given = {"responses": {"200": {"description": "ok"}}}
    assert as_document(given)["responses"] is given["responses"]
