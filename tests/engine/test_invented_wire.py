"""What was wrong in small documents of odd idioms: pages, lines, files, kinds and marks."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, collection, document, thing

FLAG = {"type": "boolean"}


def paged(shown: dict[str, Any], headers: dict[str, Any] | None = None) -> dict[str, Any]:
    """A list of three pears, two a page, whose envelope has these properties beside the rows."""
    pear = thing("id", id={**TEXT, "readOnly": True}, sort=TEXT)
    rows = {"type": "array", "items": pear}
    named = " ".join((*shown, "pears"))
    query = [
        {"name": name, "in": "query", "schema": {**WHOLE, "default": default}}
        for name, default in (("offset", 0), ("limit", 2))
    ]
    response = answer(thing(named, **shown, pears=rows))
    if headers:
        response["headers"] = headers
    return document({"/pears": {"get": {"parameters": query, "responses": {"200": response}}}})


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("isLast", False, True),
        ("last", False, True),
        ("is_last_page", False, True),
        ("first", True, False),
        ("isFirst", True, False),
        ("isFirstPage", True, False),
        ("empty", False, False),
    ],
)
def test_a_flag_of_a_page_is_true_to_it(name: str, first: bool, second: bool) -> None:
    with MockServer(paged({name: FLAG}), clock="manual") as server:
        assert server.client.get("/pears").json()[name] is first
        assert server.client.get("/pears?offset=2").json()[name] is second


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("numberOfElements", (2, 1)), ("remaining", (1, 0)), ("returned", (2, 1)),
     ("remaining_items", (1, 0)), ("current_count", (2, 1))],
)  # fmt: skip
def test_a_number_of_a_page_is_true_to_it(name: str, numbers: tuple[int, int]) -> None:
    with MockServer(paged({name: WHOLE}), clock="manual") as server:
        found = [server.client.get(f"/pears?offset={n}").json()[name] for n in (0, 2)]
    assert tuple(found) == numbers


def test_content_range_says_which_rows_are_shown() -> None:
    contract = paged({}, {"Content-Range": {"schema": TEXT}})
    with MockServer(contract, clock="manual") as server:
        shown = [server.client.get(f"/pears?offset={n}").headers["content-range"] for n in (0, 2)]
        assert server.client.get("/pears?offset=9").headers["content-range"] == "pears */3"
    assert shown == ["pears 0-1/3", "pears 2-2/3"]


# -- lines


LINE = thing("id", id=WHOLE)


def lines(media_type: str, described: dict[str, Any], version: str) -> dict[str, Any]:
    sent = {"required": True, "content": {media_type: described}}
    done = {"200": answer(thing(ok=FLAG)), "400": answer(thing("why", why=TEXT))}
    paths = {"/lines": {"post": {"requestBody": sent, "responses": done}}}
    return document(paths, version)


@pytest.mark.parametrize(
    ("media_type", "described", "version"),
    [
        ("application/jsonl", {"itemSchema": LINE}, "3.2.0"),
        ("application/x-ndjson", {"itemSchema": LINE}, "3.2.0"),
        ("application/x-ndjson", {"schema": {"type": "array", "items": LINE}}, "3.1.0"),
        ("application/json-seq", {"itemSchema": LINE}, "3.2.0"),
        ("application/geo+json-seq", {"itemSchema": LINE}, "3.2.0"),
    ],
)
@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ('{"id": 1}\n{"id": 2}\n\n', None),
        ('\x1e{"id": 1}\r\n\x1e{"id": 2}', None),
        ('{"id": 1}\n{"id": "two"}\n', "body.1.id"),
        ('{"id": 1}\n{}', "body.1.id is required"),
        ('{"id": 1}\n{"id": ', "body.1 not JSON"),
    ],
)
def test_each_line_is_judged(
    media_type: str, described: dict[str, Any], version: str, sent: str, why: str | None
) -> None:
    with MockServer(lines(media_type, described, version)) as server:
        headers = {"content-type": media_type}
        reply = server.client.post("/lines", content=sent.encode(), headers=headers)
    assert reply.status_code == (200 if why is None else 400)
    assert why is None or why in reply.json()["why"]


def test_lines_that_are_described_as_a_text_are_one() -> None:
    contract = lines("application/x-ndjson", {"schema": TEXT}, "3.0.3")
    with MockServer(contract) as server:
        headers = {"content-type": "application/x-ndjson"}
        assert server.client.post("/lines", content=b"{not", headers=headers).status_code == 200


# -- files and tables


def test_an_action_tells_of_the_file_that_was_sent() -> None:
    told = thing(size=WHOLE, filename=TEXT, content_type=TEXT, sha256=TEXT)
    scan = {"content": {"multipart/form-data": {"schema": thing(
        "page", page={"type": "string", "format": "binary"})}}}  # fmt: skip
    paths = collection("/sheets", thing("id", id=TEXT, title=TEXT), thing(title=TEXT))
    paths["/sheets/{id}/scan"] = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
        "post": {"requestBody": scan, "responses": {"200": answer(told)}},
    }
    with MockServer(document(paths), clock="manual") as server:
        key = server.client.post("/sheets", json={"title": "a"}).json()["id"]
        files = {"page": ("one.tif", b"II*\x00", "image/tiff")}
        shown = server.client.post(f"/sheets/{key}/scan", files=files).json()
    assert shown.items() >= {"size": 4, "filename": "one.tif"}.items()
    assert shown.get("content_type", "image/tiff") == "image/tiff"


def test_a_table_has_every_column_that_is_described() -> None:
    row = thing("name", name=TEXT, weight=WHOLE, note={"type": ["string", "null"]}, taste=TEXT)
    shown = answer({"type": "array", "items": row}, "text/csv")
    with MockServer(document({"/crop": {"get": {"responses": {"200": shown}}}})) as server:
        head, *rows = server.client.get("/crop").text.splitlines()
    assert head == "name,weight,note,taste"
    assert rows


# -- what is kept


@pytest.mark.parametrize("word", ["dependentRequired", "dependentSchemas"])
def test_what_is_only_written_is_not_needed_in_responses(word: str) -> None:
    """A card needs its code, which is never shown."""
    needs = ["code"] if word == "dependentRequired" else {"required": ["code"]}
    code = {**TEXT, "writeOnly": True}
    card = thing("sum", id={**WHOLE, "readOnly": True}, sum=WHOLE, card=TEXT, code=code)
    card[word] = {"card": needs}
    paths = collection("/pay", card, card, "422")
    with MockServer(document(paths), clock="manual") as server:
        sent = {"sum": 4, "card": "9", "code": "123"}
        made = server.client.post("/pay", json=sent).json()
        assert server.client.post("/pay", json={"sum": 4, "card": "9"}).status_code == 422
    assert made.items() >= {"sum": 4, "card": "9"}.items()
    assert "code" not in made


@pytest.mark.parametrize(
    ("name", "described", "format_"),
    [
        ("at", "Unix timestamp of creation", None),
        ("since", "Seconds since the epoch when it was made.", None),
        ("t", "When the pear was added", "date-time"),
    ],
)
def test_a_moment_that_is_described_as_that_of_the_creation(
    name: str, described: str, format_: str | None
) -> None:
    moment: dict[str, Any] = {"description": described, "readOnly": True}
    moment |= {"type": "string", "format": format_} if format_ else WHOLE
    pear = thing("id", id={**TEXT, "readOnly": True}, sort=TEXT, **{name: moment})
    with MockServer(document(collection("/pears", pear, pear)), clock="manual") as server:
        made = server.client.post("/pears", json={"sort": "x"}).json()[name]
        server.clock.advance(60)
        later = server.client.post("/pears", json={"sort": "x"}).json()[name]
    assert made < later


@pytest.mark.parametrize("name", ["etag", "@odata.etag", "resourceEtag"])
def test_an_etag_is_another_one_after_a_change(name: str) -> None:
    mark = {**TEXT, "readOnly": True}
    pear = thing("id sort", id=mark, sort=TEXT, **{name: mark})
    paths = collection("/pears", pear, thing(sort=TEXT), change=thing(sort=TEXT))
    with MockServer(document(paths), clock="manual") as server:
        made = server.client.post("/pears", json={"sort": "a"}).json()
        path = f"/pears/{made['id']}"
        assert server.client.get(path).json()[name] == made[name]
        changed = server.client.patch(path, json={"sort": "b"}).json()
        assert changed[name] != made[name]
        assert server.client.get(path).json() == changed


def test_an_extension_of_a_base_is_of_its_own_kind_wherever_it_stands() -> None:
    base = {**thing("kind", kind=TEXT, name=TEXT), "discriminator": {
        "propertyName": "kind", "mapping": {"oak": "#/components/schemas/Oak"}}}  # fmt: skip
    inner = {"$ref": "#/components/schemas/Base"}
    schemas = {
        "Base": base,
        "Oak": {"allOf": [inner, thing("acorns", acorns=WHOLE)]},
        "Elm": {"allOf": [inner, thing("seeds", seeds=WHOLE)]},
    }
    row = thing("oak elm", oak={"$ref": "#/components/schemas/Oak"},
                elm={"$ref": "#/components/schemas/Elm"})  # fmt: skip
    paths = {"/pair": {"get": {"responses": {"200": answer(row)}}}}
    with MockServer(document(paths, schemas=schemas)) as server:
        shown = server.client.get("/pair").json()
    assert shown["oak"]["kind"] == "oak"
    assert shown["elm"]["kind"] == "Elm"


@pytest.mark.parametrize("sent", ["/pears/none?x=1", "/pears/a%20b"])
def test_the_instance_of_a_refusal_is_the_uri_of_the_request(sent: str) -> None:
    fault = thing("title instance", title=TEXT, instance=TEXT)
    kind = {"type": "string", "enum": ["green", "red"]}
    one = {
        "parameters": [{"name": "kind", "in": "path", "required": True, "schema": kind}],
        "get": {"responses": {"200": answer(thing(n=WHOLE)), "404": answer(fault)}},
    }
    with MockServer(document({"/pears/{kind}": one})) as server:
        reply = server.client.get(sent)
    assert reply.status_code == 404
    assert reply.json()["instance"] == sent.partition("?")[0]


@pytest.mark.parametrize("other", [["state", "held"], ["where"], []])
def test_a_refusal_takes_the_branch_that_alone_fits(other: list[str]) -> None:
    """One of the branches needs a link, which the other one knows too: only without it is a body of
    one branch alone."""
    link = {**TEXT, "format": "uri"}
    usual = thing("message docs_url", message=TEXT, docs_url=link)
    rule = thing("", message=TEXT, docs_url=link, **dict.fromkeys(other, TEXT))
    fault = {"oneOf": [usual, rule]}
    post = {
        "requestBody": {"content": {"application/json": {"schema": thing("n", n=WHOLE)}}},
        "responses": {"201": answer(thing(n=WHOLE)), "422": answer(fault)},
    }
    with MockServer(document({"/n": {"post": post}})) as server:
        reply = server.client.post("/n", json={})
    assert reply.status_code == 422
    assert "body.n is required" in reply.json()["message"]
    assert "docs_url" not in reply.json()


@pytest.mark.parametrize(("path", "stored"), [("picture", False), ("original", True)])
def test_a_picture_of_an_upload_is_not_the_upload(path: str, stored: bool) -> None:
    types = ("application/octet-stream",) if stored else ("image/jpeg", "image/png")
    scan = thing("id", id=TEXT, title=TEXT)
    kept = {"type": "string", "format": "binary"}
    sent = {"content": {"application/dicom": {"schema": kept}}}
    shown = {"description": "", "content": {name: {"schema": kept} for name in types}}
    one = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    rows = {"type": "array", "items": scan}
    paths = {
        "/scans": {
            "get": {"responses": {"200": answer(rows)}},
            "post": {"requestBody": sent, "responses": {"200": answer(scan)}},
        },
        "/scans/{id}": {"parameters": [one], "get": {"responses": {"200": answer(scan)}}},
        f"/scans/{{id}}/{path}": {"parameters": [one], "get": {"responses": {"200": shown}}},
    }
    with MockServer(document(paths), clock="manual") as server:
        headers = {"content-type": "application/dicom"}
        key = server.client.post("/scans", content=b"DICM 1", headers=headers).json()["id"]
        for name in types:
            reply = server.client.get(f"/scans/{key}/{path}", headers={"accept": name})
            assert (reply.content == b"DICM 1") is stored
            assert stored or reply.headers["content-type"] == name


@pytest.mark.parametrize(
    ("media_type", "is_json"),
    [
        ("application/vnd.acme.tree", True),
        ("application/vnd.acme.tree-v2", True),
        ("application/vnd.oasis.opendocument.text", False),
        ("application/octet-stream", False),
        ("application/pdf", False),
    ],
)
@pytest.mark.parametrize("beside", [(), ("application/json",)])
def test_a_type_of_a_vendor_is_json_where_its_schema_has_properties(
    media_type: str, is_json: bool, beside: tuple[str, ...]
) -> None:
    tree = {"schema": thing("size", size=WHOLE)}
    shown = {"description": "", "content": dict.fromkeys((*beside, media_type), tree)}
    with MockServer(document({"/tree": {"get": {"responses": {"200": shown}}}})) as server:
        reply = server.client.get("/tree", headers={"accept": media_type})
    assert reply.headers["content-type"] == media_type
    assert reply.content.startswith(b'{"size"') is is_json


@pytest.mark.parametrize(
    ("parameter", "sent"),
    [
        ({"content": {"application/json": {"schema": thing(n=WHOLE)}}}, "w=%7B%22n%22%3A4%7D"),
        ({"schema": thing(n=WHOLE), "style": "deepObject", "explode": True}, "w[n]=4"),
        ({"schema": thing(n=WHOLE), "explode": True}, "n=4"),
        ({"schema": thing(n=WHOLE), "explode": False}, "w=n,4"),
        ({"schema": {"type": "array", "items": TEXT}, "explode": False}, "w=a,b%2Cc"),
        ({"schema": {"type": "array", "items": TEXT}}, "w=a&w=b"),
        (
            {"schema": {"type": "array", "items": TEXT}, "style": "pipeDelimited",
             "explode": False}, "w=a%7Cb",
        ),
    ],
)  # fmt: skip
def test_a_link_to_another_page_says_a_filter_as_it_was_sent(
    parameter: dict[str, Any], sent: str
) -> None:
    contract = paged({"next": {**TEXT, "format": "uri"}, "self": {**TEXT, "format": "uri"}})
    query = contract["paths"]["/pears"]["get"]["parameters"]
    query.append({"name": "w", "in": "query", **parameter})
    with MockServer(contract, clock="manual") as server:
        shown = server.client.get(f"/pears?limit=1&{sent}").json()
    said = sent.replace("[", "%5B").replace("]", "%5D")
    assert said in shown["self"]
    assert shown["next"] is None or said in shown["next"]


@pytest.mark.parametrize("above", ["/{format}", "/{tenant}"])
def test_a_path_may_begin_with_a_parameter(above: str) -> None:
    """Nothing stands before it whose item it could name."""
    row = {"type": "array", "items": thing("id", id=TEXT, name=TEXT)}
    name = above.strip("/{}")
    parameter = {"name": name, "in": "path", "required": True, "schema": TEXT}
    one = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        f"{above}/scores": {"parameters": [parameter], "get": {"responses": {"200": answer(row)}}},
        f"{above}/scores/{{id}}": {
            "parameters": [parameter, one],
            "get": {"responses": {"200": answer(row["items"])}},
        },
        f"{above}/{name}_scores": {
            "parameters": [parameter],
            "get": {"responses": {"200": answer(row)}},
        },
    }
    with MockServer(document(paths)) as server:
        assert server.client.get("/json/scores").status_code == 200
