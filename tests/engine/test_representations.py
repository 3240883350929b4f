"""Bodies other than JSON: XML, CSV, lines, events, text and files."""

from __future__ import annotations

import csv
import io
import json
import wave
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from mockserver import MockServer
from mockserver.engine.generation.sample_files import sample_file
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

ROWS = {"type": "array", "items": thing("n name", n=WHOLE, name=TEXT), "minItems": 2}


def got(schema: Any, media_type: str, **more: Any) -> Any:
    """The response of a mock with only this in its document."""
    media = {"schema": schema} if schema is not None else {}
    content = {media_type: {**media, **more}}
    paths = {"/x": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
    with MockServer(document(paths)) as server:
        response = server.client.get("/x")
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    return response


# -- XML


def test_xml_is_written_by_its_words() -> None:
    schema = thing(
        "id tags plain note",
        id={**WHOLE, "xml": {"attribute": True}},
        tags={
            "type": "array",
            "minItems": 2,
            "xml": {"wrapped": True, "name": "labels"},
            "items": {**TEXT, "xml": {"name": "label"}},
        },
        plain={"type": "array", "minItems": 2, "items": WHOLE},
        note={**TEXT, "xml": {"prefix": "n", "namespace": "urn:note"}},
    )
    schema["xml"] = {"name": "report", "namespace": "urn:report"}
    root = ElementTree.fromstring(got(schema, "application/xml").content)
    assert root.tag == "{urn:report}report"
    assert root.attrib["id"].isdigit()
    assert len(root.findall("{urn:report}labels/{urn:report}label")) >= 2
    assert len(root.findall("{urn:report}plain")) >= 2
    assert root.findtext("{urn:note}note")


def test_xml_of_3_2_and_of_a_component() -> None:
    price = thing(
        "currency value",
        currency={**TEXT, "xml": {"nodeType": "attribute"}},
        value={"type": "number", "xml": {"nodeType": "text"}},
    )
    responses = {"200": answer({"$ref": "#/components/schemas/Price"}, "text/xml")}
    paths = {"/x": {"get": {"responses": responses}}}
    with MockServer(document(paths, "3.2.0", schemas={"Price": price})) as server:
        root = ElementTree.fromstring(server.client.get("/x").content)
    assert root.tag == "Price"
    assert root.attrib["currency"]
    float(root.text or "")


def test_xml_escapes_what_was_sent() -> None:
    schema = thing("name", name=TEXT)
    post = {"requestBody": body(schema), "responses": {"201": answer(schema, "application/xml")}}
    sent = 'a<b>&"\x01\U0001f600'
    with MockServer(document({"/x": {"post": post}})) as server:
        root = ElementTree.fromstring(server.client.post("/x", json={"name": sent}).content)
    assert root.findtext("name") == 'a<b>&"\ufffd\U0001f600'


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("<pet><name>Rex</name><age>3</age></pet>", 201),
        ("<pet xmlns='urn:p'><name>Rex</name></pet>", 201),
        ("<pet><age>3</age></pet>", 422),
        ("<pet><name>Rex</name><age>old</age></pet>", 422),
        ("<dog><name>Rex</name></dog>", 400),
        ("<pet><name>Rex", 400),
        ('<!DOCTYPE p [<!ENTITY a "b">]><pet><name>&a;</name></pet>', 400),
        ("", 400),
    ],
)
def test_xml_is_judged(sent: str, status: int) -> None:
    pet = {**thing("name", name=TEXT, age=WHOLE), "xml": {"name": "pet"}}
    responses = {"201": answer(pet), "400": answer(), "422": answer()}
    post = {"requestBody": body(pet, "application/xml"), "responses": responses}
    with MockServer(document({"/pets": {"post": post}})) as server:
        headers = {"content-type": "application/xml"}
        response = server.client.post("/pets", content=sent, headers=headers)
    assert response.status_code == status
    if status == 201:
        assert response.json()["name"] == "Rex"


# -- CSV, text


def test_csv_is_a_table() -> None:
    rows = list(csv.DictReader(io.StringIO(got(ROWS, "text/csv").text)))
    assert len(rows) >= 2
    assert all(row["n"].isdigit() and row["name"] for row in rows)


def test_csv_of_a_list_that_is_json_otherwise() -> None:
    content = {"application/json": {"schema": ROWS}, "text/csv": {"schema": TEXT}}
    get = {"responses": {"200": {"description": "", "content": content}}}
    with MockServer(document({"/x": {"get": get}})) as server:
        said = server.client.get("/x").json()
        table = server.client.get("/x", headers={"accept": "text/csv"}).text
    assert [row["name"] for row in csv.DictReader(io.StringIO(table))] == [
        row["name"] for row in said
    ]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"enum": ["pong"]}, "pong"),
        ({"type": "string", "example": "as shown"}, "as shown"),
        ({"type": "integer", "minimum": 7, "maximum": 7}, "7"),
        ({"const": True}, "true"),
        ({"type": "string", "pattern": "^v1$"}, "v1"),
    ],
)
def test_plain_text_is_of_its_schema(schema: Any, expected: str) -> None:
    assert got(schema, "text/plain").text == expected


def test_yaml() -> None:
    assert yaml.safe_load(got(ROWS, "application/yaml").text)[0].keys() == {"n", "name"}


# -- sequences


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("application/x-ndjson", {"schema": thing("n", n=WHOLE)}),
        ("application/jsonl", {"schema": {"type": "array", "items": thing("n", n=WHOLE)}}),
        ("application/x-jsonlines", {"itemSchema": thing("n", n=WHOLE)}),
        ("application/json-seq", {"itemSchema": thing("n", n=WHOLE)}),
        ("application/stream+json", {"example": {"n": 1}}),
    ],
)
def test_lines_are_values(name: str, media: Any) -> None:
    lines = got(media.pop("schema", None), name, **media).text.split("\n")[:-1]
    assert lines
    assert all(isinstance(json.loads(line.lstrip("\x1e"))["n"], int) for line in lines)


def data_of(text: str) -> list[str]:
    return [line[6:] for line in text.splitlines() if line.startswith("data: ")]


def test_events_are_of_their_schema() -> None:
    events = data_of(got(thing("seq", seq=WHOLE), "text/event-stream").text)
    assert [json.loads(event)["seq"] for event in events] == [0, 1, 2]


def test_events_as_shown() -> None:
    shown = {"a": {"value": {"seq": 5}}, "b": {"value": {"seq": 6}}}
    response = got(thing("seq", seq=WHOLE), "text/event-stream", examples=shown)
    assert [json.loads(event)["seq"] for event in data_of(response.text)] == [5, 6]


def test_events_of_3_2_are_frames() -> None:
    inner = thing("left", left=WHOLE)
    frame = thing(
        "data",
        event={"const": "tick"},
        data={**TEXT, "contentMediaType": "application/json", "contentSchema": inner},
    )
    text = got(None, "text/event-stream", itemSchema=frame).text
    assert text.count("event: tick\n") == 3
    assert all(isinstance(json.loads(event)["left"], int) for event in data_of(text))


def test_events_of_several_kinds_come_in_order() -> None:
    kinds = ("message_start", "message_delta", "message_stop", "block_start", "block_delta")
    union = {"oneOf": [thing("type", type={"const": kind}) for kind in (*kinds, "block_stop")]}
    union["oneOf"].append(thing("type", type={"const": "error"}))
    text = got(union, "text/event-stream").text
    said = [json.loads(event)["type"] for event in data_of(text)]
    assert said == [
        *("message_start", "block_start", "block_delta", "block_stop"),
        *("message_delta", "message_stop"),
    ]
    assert "event: block_stop\n" in text


def test_each_event_has_the_schema_of_its_kind() -> None:
    """Also where several kinds have the same properties, and a whole response is known."""
    names = ("part.added", "part.delta", "part.done", "created", "completed")
    union = {
        "anyOf": [
            thing("type id", type={"enum": [f"response.{name}"]}, id=TEXT, sequence_number=WHOLE)
            for name in names
        ]
    }
    events = [json.loads(event) for event in data_of(got(union, "text/event-stream").text)]
    order = ("created", "part.added", "part.delta", "part.done", "completed")
    assert [event["type"] for event in events] == [f"response.{name}" for name in order]
    assert [event["sequence_number"] for event in events] == [0, 1, 2, 3, 4]


CHUNK = thing(
    "id choices",
    id=TEXT,
    choices={
        "type": "array",
        "items": thing("index delta", index=WHOLE, delta=thing(content=TEXT)),
    },
)
CHAT = thing("model", model=TEXT, stream={"type": "boolean"})
WHOLE_CHAT = thing(
    "id choices",
    id=TEXT,
    choices={"type": "array", "items": thing("message", message=thing("content", content=TEXT))},
)


@pytest.mark.parametrize("chunk", [CHUNK, TEXT])
def test_a_stream_is_asked_for_in_the_body(chunk: Any) -> None:
    content = {
        "application/json": {"schema": WHOLE_CHAT},
        "text/event-stream": {"schema": chunk},
    }
    post = {
        "requestBody": body(CHAT),
        "responses": {"200": {"description": "", "content": content}},
    }
    with MockServer(document({"/chats": {"post": post}})) as server:
        sent = {"model": "m", "stream": True}
        accept = {"accept": "application/json"}
        stream = server.client.post("/chats", json=sent, headers=accept)
        whole = server.client.post("/chats", json={"model": "m", "stream": False})
    assert stream.headers["content-type"] == "text/event-stream"
    *events, last = data_of(stream.text)
    assert last == "[DONE]"
    parts = [json.loads(event)["choices"][0]["delta"].get("content", "") for event in events]
    assert "".join(parts).strip()
    assert whole.json()["choices"][0]["message"]["content"]


def test_a_documented_end() -> None:
    said = "Ends with `data: [DONE]`."
    get = {
        "description": said,
        "responses": {"200": answer(thing("n", n=WHOLE), "text/event-stream")},
    }
    with MockServer(document({"/x": {"get": get}})) as server:
        assert data_of(server.client.get("/x").text)[-1] == "[DONE]"


# -- files


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("image/png", b"\x89PNG\r\n"),
        ("image/jpeg", b"\xff\xd8\xff"),
        ("image/*", b"\x89PNG"),
        ("application/pdf", b"%PDF-"),
        ("audio/mpeg", b"\xff\xfb"),
        ("video/mp4", b"\0\0\0\x1cftyp"),
        ("application/gzip", b"\x1f\x8b"),
        ("image/svg+xml", b"<svg"),
        ("text/html", b"<!doctype html>"),
    ],
)
def test_a_file_is_one_of_its_type(name: str, begins: bytes) -> None:
    assert sample_file(name).startswith(begins)


def test_files_can_be_opened() -> None:
    with zipfile.ZipFile(io.BytesIO(sample_file("application/zip"))) as packed:
        assert packed.testzip() is None
    with wave.open(io.BytesIO(sample_file("audio/wav"))) as sound:
        assert sound.getnframes()
    assert got({"type": "string", "format": "binary"}, "image/png").content.endswith(
        b"IEND\xaeB`\x82"
    )


def test_an_object_is_no_attribute_and_a_name_may_have_a_prefix() -> None:
    """As the documents of AWS describe a grantee: `<Grantee xsi:type="Group">`."""
    grantee = thing("Type", Type={**TEXT, "xml": {"name": "xsi:type"}}, URI=TEXT)
    grantee["xml"] = {"attribute": True, "namespace": "http://www.w3.org/2001/XMLSchema-instance"}
    grant = thing("Grantee", id=TEXT, Grantee=grantee)
    item = {"requestBody": body(grant, "application/xml")}
    paths = {"/grants": {"post": {**item, "responses": {"201": answer(grant, "application/xml")}}}}
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    sent = [
        f'<g><Grantee {xsi} xsi:type="Group"><URI>u</URI></Grantee></g>',
        "<g><Grantee><type>Group</type><URI>u</URI></Grantee></g>",
    ]
    with MockServer(document(paths)) as server:
        for one in sent:
            headers = {"content-type": "application/xml"}
            made = server.client.post("/grants", content=one, headers=headers)
            assert made.status_code == 201
            shown = ElementTree.fromstring(made.text)
            assert [e.text for e in shown.findall("{*}Grantee/*")] == ["Group", "u"]
        refused = server.client.post("/grants", content="<g><Grantee/></g>", headers=headers)
        assert refused.status_code == 422
