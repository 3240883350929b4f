"""Lists as documents write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from csv import DictReader
from io import StringIO
from urllib.parse import urlencode

import pytest

from mockserver import MockServer
from tests.support.documents import (
    FLAG,
    MOMENT,
    TEXT,
    WHOLE,
    Json,
    answer,
    array,
    obj,
    one_of,
    operation,
    path,
    ref,
    text,
    with_schemas,
)


def test_a_list_of_unique_items_shows_alike_ones_once() -> None:
    """Entities that differ in nothing but the id, which this list leaves out."""
    row = {"type": "array", "uniqueItems": True, "items": obj(maker=text())}
    paths = {
        "/cars": {
            "get": operation("list", obj(cars=row, total=WHOLE)),
            "post": operation("create", ref("Car"), sent=obj("maker", maker=text())),
        },
        "/cars/{id}": path("id", get=operation("get", ref("Car"))),
    }
    car = obj("id", id=text(), maker=text())
    with MockServer(with_schemas(paths, Car=car), seeds="none") as mock:
        for _ in range(2):
            mock.client.post("/cars", json={"maker": "Saab"})
        assert mock.client.get("/cars").json()["cars"] == [{"maker": "Saab"}]


TICKET = obj(
    "id",
    id=text(),
    title=text(),
    status=one_of("IN_PROGRESS", "DONE"),
    votes=WHOLE,
    approved=FLAG,
    archived_at={**MOMENT, "nullable": True},
    person=obj(id=text(), name=text()),
    due_at=MOMENT,
)
NEW = obj(
    title=text(), status=text(), votes=WHOLE, approved=FLAG, archived_at=MOMENT, person_id=text(),
    due_at=MOMENT,
)  # fmt: skip


ANYTHING: Json = {"type": "object"}


@contextmanager
def tickets(**query: Json) -> Iterator[MockServer]:
    """Tickets a, b and c, filtered by these parameters."""
    paths = {
        "/tickets": {
            "get": operation("list", array(ref("Ticket")), query=query),
            "post": operation("create", ref("Ticket"), status=201, sent=NEW),
        },
        "/tickets/{ticket_id}": path("ticket_id", get=operation("get", ref("Ticket"))),
    }
    for parameter in paths["/tickets"]["get"].get("parameters", ()):
        if parameter["schema"] is ANYTHING:
            parameter["style"] = "deepObject"
    with MockServer(with_schemas(paths, Ticket=TICKET), clock="manual", seeds="none") as mock:
        for number, title in enumerate("abc", 1):
            sent: Json = {
                "title": title,
                "votes": number,
                "status": "DONE" if title == "c" else "IN_PROGRESS",
                "approved": title == "a",
                "person_id": f"p{number}",
                "due_at": f"2025-01-0{number}T00:00:00Z",
            }
            if title == "b":
                sent["archived_at"] = "2025-06-01T00:00:00Z"
            mock.client.post("/tickets", json=sent).raise_for_status()
            mock.clock.advance(60)
        yield mock


def titles(mock: MockServer, query: str) -> str:
    rows = mock.client.get(f"/tickets?{query}").raise_for_status().json()
    return "".join(row["title"] for row in rows)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("filter[title]=b", "b"),
        ("filter[votes][gte]=2", "bc"),
        ("filter[status]=done", "c"),
        ("filter[nobody_knows]=1", "abc"),
    ],
)
def test_a_filter_may_be_an_object(query: str, wanted: str) -> None:
    with tickets(filter=ANYTHING) as mock:
        assert titles(mock, query) == wanted


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("$filter", "votes gt 1 and title ne 'c'", "b"),
        ("filter", "title==a,title==c", "ac"),
        ("where", "votes >= 2", "bc"),
        ("q", "status:DONE", "c"),
        ("q", "-status:DONE", "ab"),
        ("q", "b", "b"),
        ("filter", "unapproved", "bc"),
    ],
)
def test_a_filter_may_be_an_expression(name: str, value: str, wanted: str) -> None:
    with tickets(**{name: TEXT}) as mock:
        assert titles(mock, urlencode({name: value})) == wanted


@pytest.mark.parametrize(
    ("name", "schema", "value", "wanted"),
    [
        ("archived", FLAG, "true", "b"),
        ("archived", FLAG, "false", "ac"),
        ("type", one_of("approved", "unapproved"), "unapproved", "bc"),
        ("person_id", TEXT, "p2", "b"),
        ("ticket_status", TEXT, "in-progress", "ab"),
        ("filterByTitle", TEXT, "c", "c"),
        ("status", TEXT, "all", "abc"),
        ("votes", TEXT, "2..3", "bc"),
        ("due_at", TEXT, "2025-01-02", "b"),
        ("due_at", TEXT, ">=2025-01-02", "bc"),
        ("due_date_from", TEXT, "2025-01-03", "c"),
        ("fields", TEXT, "title", "abc"),
    ],
)
def test_a_parameter_means_a_property(name: str, schema: Json, value: str, wanted: str) -> None:
    with tickets(**{name: schema}) as mock:
        assert titles(mock, urlencode({name: value})) == wanted


def test_a_description_says_the_usual_order() -> None:
    sort = {**TEXT, "description": "One of votes, title. Defaults to votes."}
    way = {**TEXT, "description": "ASC or DESC. Defaults to DESC."}
    with tickets(sort_by=sort, sort_direction=way) as mock:
        assert titles(mock, "") == "cba"
        assert titles(mock, "sort_direction=ASC") == "abc"
        assert titles(mock, "sort_by=title") == "cba"
        assert titles(mock, "sort_by=title&sort_direction=asc") == "abc"


@contextmanager
def served(paths: Json, seeds: str = "generated", **schemas: Json) -> Iterator[MockServer]:
    with MockServer(with_schemas(paths, **schemas), clock="manual", seeds=seeds) as mock:
        yield mock


def test_rows_without_a_resource_have_pages() -> None:
    """A report: nothing names its rows, but each page shows some of the same."""
    row = obj("city", city=text(), visits=WHOLE)
    page = obj(rows=array(row), total=WHOLE)
    query = {"limit": WHOLE, "offset": WHOLE, "sort": TEXT}
    with served({"/report": {"get": operation("report", page, query=query)}}) as mock:
        whole = mock.client.get("/report").json()
        assert whole["total"] == len(whole["rows"]) > 1
        second = mock.client.get("/report", params={"limit": 1, "offset": 1}).json()
        assert second["rows"] == whole["rows"][1:2]
        assert mock.client.get("/report", params={"offset": 50}).json()["rows"] == []
        by_visits = mock.client.get("/report", params={"sort": "-visits"}).json()["rows"]
        visits = [one["visits"] for one in by_visits if "visits" in one]
        assert visits == sorted(visits, reverse=True)


def test_count_beside_results_is_of_all() -> None:
    page = obj(count=WHOLE, next={**TEXT, "nullable": True}, results=array(ref("Car")))
    query = {"page": WHOLE, "page_size": WHOLE}
    paths = {"/cars": {"get": operation("list", page, query=query)}}
    with served(paths, Car=obj("id", id=WHOLE)) as mock:
        shown = mock.client.get("/cars?page_size=1").json()
        assert len(shown["results"]) == 1
        assert shown["count"] > 1


def test_descriptions_say_what_pages() -> None:
    texts = {
        "rpp": "Maximum number of cars to return; default 2",
        "pg": "the page (int), starting with 1",
    }
    paths = {"/cars": {"get": operation("list", array(ref("Car")))}}
    paths["/cars"]["get"]["parameters"] = [
        {"name": name, "in": "query", "schema": WHOLE, "description": text}
        for name, text in texts.items()
    ]
    with served(paths, Car=obj("id", id=WHOLE)) as mock:
        first, second = (mock.client.get(f"/cars?pg={n}").json() for n in (1, 2))
        assert len(first) == 2
        assert first[0] not in second


def test_an_object_may_be_sent_with_brackets_whatever_its_style() -> None:
    with tickets(sort_by=ANYTHING) as mock:
        assert titles(mock, "sort_by[title]=desc") == "cba"


def test_links_spell_booleans_as_they_are_sent() -> None:
    page = obj(items=array(ref("Car")), next=text(format="uri"))
    query = {"page": WHOLE, "limit": WHOLE, "fast": FLAG}
    paths = {"/cars": {"get": operation("list", page, query=query)}}
    with served(paths, Car=obj("id", id=WHOLE)) as mock:
        assert "fast=true" in mock.client.get("/cars?fast=true&limit=1").json()["next"]


def test_values_that_no_property_can_have_filter_nothing() -> None:
    """The list is of upcoming or past meetings, `type` of a meeting is a number."""
    meeting = obj("id", id=WHOLE, type=WHOLE)
    paths = {
        "/meetings": {
            "get": operation("list", array(ref("Meeting")), query={"type": one_of("past", "live")}),
            "post": operation("create", ref("Meeting"), status=201, sent=obj(type=WHOLE)),
        },
        "/meetings/{id}": path("id", get=operation("get", ref("Meeting"))),
    }
    with served(paths, "none", Meeting=meeting) as mock:
        mock.client.post("/meetings", json={"type": 2})
        assert len(mock.client.get("/meetings?type=live").json()) == 1


def test_a_description_says_that_a_part_is_enough() -> None:
    part = "Find tickets that contain this text in their title."
    paths = {"/tickets": {"get": operation("list", array(ref("Ticket")))}}
    paths["/tickets"]["get"]["parameters"] = [
        {"name": "title", "in": "query", "schema": TEXT, "description": part}
    ]
    with served(paths, Ticket=obj("id", "title", id=text(), title=text())) as mock:
        title = mock.client.get("/tickets").json()[0]["title"]
        found = mock.client.get("/tickets", params={"title": title[1:5]}).json()
        assert title in [one["title"] for one in found]


def test_numbers_of_others_follow_them() -> None:
    """Of children (`counts.spots`), and of what names one by its id (`fileCount`)."""
    counts = obj(spots=WHOLE, comments=WHOLE)
    paths = {
        "/maps": {"post": operation("make", ref("Map"), status=201, sent=obj(title=text()))},
        "/maps/{id}": path("id", get=operation("map", ref("Map"))),
        "/maps/{id}/spots": path(
            "id",
            get=operation("spots", array(ref("Spot"))),
            post=operation("spot", ref("Spot"), status=201, sent=obj(title=text())),
        ),
        "/maps/{id}/spots/{spot_id}": path("id", "spot_id", delete=operation("no", status=204)),
        "/files": {
            "get": operation("files", array(ref("File"))),
            "post": operation("file", ref("File"), status=201, sent=obj(map_id=text())),
        },
        "/files/{file_id}": path("file_id", delete=operation("drop", status=204)),
    }
    schemas = {
        "Map": obj("id", id=text(), title=text(), counts=counts, fileCount=WHOLE),
        "Spot": obj("id", id=text(), title=text()),
        "File": obj("id", id=text(), map_id=text()),
    }
    with served(paths, **schemas) as mock:
        made = mock.client.post("/maps", json={"title": "bars"}).json()
        url = f"/maps/{made['id']}"

        def numbers() -> tuple[int, int]:
            shown = mock.client.get(url).json()
            return shown["counts"]["spots"], shown["fileCount"]

        assert numbers() == (0, 0)
        spot = mock.client.post(f"{url}/spots", json={"title": "one"}).json()
        mock.client.post(f"{url}/spots", json={"title": "two"})
        file = mock.client.post("/files", json={"map_id": made["id"]}).json()
        assert numbers() == (2, 1)
        mock.client.delete(f"{url}/spots/{spot['id']}").raise_for_status()
        mock.client.delete(f"/files/{file['id']}").raise_for_status()
        assert numbers() == (1, 0)


def test_the_description_beside_a_referenced_schema_is_read() -> None:
    """The default order, of a parameter whose schema is shared."""
    paths = {
        "/notes": {
            "get": operation("list", array(ref("Note")), query={"order": ref("Way")}),
            "post": operation("create", ref("Note"), status=201, sent=obj(title=text())),
        },
        "/notes/{id}": path("id", get=operation("get", ref("Note"))),
    }
    told = "Can be `asc` or `desc`, with `desc` as the default."
    paths["/notes"]["get"]["parameters"][0]["description"] = told
    note = obj("id", id=text(), title=text(), created_at=MOMENT)
    with served(paths, "none", Note=note, Way=one_of("asc", "desc")) as mock:
        for title in "abc":
            mock.client.post("/notes", json={"title": title})
            mock.clock.advance(60)
        assert "".join(one["title"] for one in mock.client.get("/notes").json()) == "cba"
        rising = mock.client.get("/notes?order=asc").json()
        assert "".join(one["title"] for one in rising) == "abc"


def test_a_search_by_post_may_be_paged_in_its_query() -> None:
    found = obj(results=array(ref("Alert")), hasMore=FLAG)
    sought = obj(ids=array(TEXT), minCreated=MOMENT)
    paths = {
        "/alerts": {"post": operation("make", ref("Alert"), status=201, sent=obj(title=text()))},
        "/alerts/{id}": path("id", get=operation("get", ref("Alert"))),
        "/alerts/paged": {
            "post": operation("paged", found, sent=sought, query={"maxResults": WHOLE})
        },
    }
    alert = obj("id", id=text(), title=text(), created=MOMENT)
    with served(paths, "none", Alert=alert) as mock:
        ids = [mock.client.post("/alerts", json={"title": t}).json()["id"] for t in "ab"]
        page = mock.client.post("/alerts/paged?maxResults=1", json={}).json()
        assert (len(page["results"]), page["hasMore"]) == (1, True)
        chosen = mock.client.post("/alerts/paged", json={"ids": ids[1:]}).json()
        assert [one["id"] for one in chosen["results"]] == ids[1:]
        later = mock.client.post("/alerts/paged", json={"minCreated": "2099-01-01T00:00:00Z"})
        assert later.json()["results"] == []


def test_a_table_below_an_entity_shows_its_rows() -> None:
    table = {"200": answer(TEXT, "text/csv")}
    paths = {
        "/reports": {"post": operation("make", ref("Report"), status=201, sent=obj(title=text()))},
        "/reports/{id}": path("id", get=operation("get", ref("Report"))),
        "/reports/{id}/lines": path(
            "id",
            get=operation("lines", array(ref("Line"))),
            post=operation("line", ref("Line"), status=201, sent=obj(label=text(), sum=WHOLE)),
        ),
        "/reports/{id}/export.csv": path("id", get={"operationId": "csv", "responses": table}),
        "/reports.csv": {"get": {"operationId": "all", "responses": table}},
    }
    line = obj("id", id=text(), label=text(), sum=WHOLE)
    with served(paths, "none", Report=obj("id", id=text(), title=text()), Line=line) as mock:
        url = f"/reports/{mock.client.post('/reports', json={'title': 'one'}).json()['id']}"
        for label, number in (("tea", 3), ("milk", 5)):
            mock.client.post(f"{url}/lines", json={"label": label, "sum": number})
        shown = mock.client.get(f"{url}/export.csv")
        assert shown.headers["content-type"].startswith("text/csv")
        rows = list(DictReader(StringIO(shown.text)))
        assert [(row["label"], row["sum"]) for row in rows] == [("tea", "3"), ("milk", "5")]
        [report] = DictReader(StringIO(mock.client.get("/reports.csv").text))
        assert report["title"] == "one"
        assert mock.client.get("/reports/nobody/export.csv").status_code == 404


def test_seed_entities_pass_their_steps_in_order() -> None:
    times = ("period_start", "period_end", "created_at", "started_at", "completed_at")
    schema = obj("id", id=text(), **dict.fromkeys(times, MOMENT), tags=array(one_of("a", "b", "c")))
    paths = {"/runs": {"get": operation("list", array(ref("Run")))}}
    with served(paths, Run=schema) as mock:
        for seed in range(5):
            for run in mock.client_for(f"mock-{seed}").get("/runs").json():
                assert run.get("period_start", "") <= run.get("period_end", "9")
                steps = [run[name] for name in times[2:] if name in run]
                assert steps == sorted(steps)
                assert len(set(run.get("tags", ()))) == len(run.get("tags", ()))


def test_an_invalid_request_is_refused_as_others_are() -> None:
    """Where an operation lists neither 400 nor 422, the habit of the document decides."""
    pets = {
        "get": operation("list", array(TEXT), query={"limit": WHOLE}),
        "post": operation("create", TEXT, sent=obj("name", name=text()), also=(400,)),
    }
    with served({"/pets": pets}) as mock:
        assert mock.client.get("/pets?limit=x").status_code == 400
    pets["post"]["responses"].pop("400")
    with served({"/pets": pets}) as mock:
        assert mock.client.get("/pets?limit=x").status_code == 422


def servers() -> Json:
    """Servers with tags, of which a query lists or removes some."""
    quoted = "Used to filter by a tag. Can not be combined with `name`."
    query = {"tag_name": text(), "name": text(), "status": one_of("new", "old")}
    sweep = operation("sweep", status=204, query={"tag_name": text(), "status": text()})
    listing = operation("servers", array(ref("Server")), query=query)
    for one in (listing, sweep):
        one["parameters"][0]["description"] = quoted
    server = obj("id", id=text(), name=text(), tags=array(text()), status=one_of("new", "old"))
    sent = obj("name", name=text(), tags=array(text()), status=one_of("new", "old"))
    paths = {
        "/servers": {
            "get": listing,
            "post": operation("make", ref("Server"), status=201, sent=sent),
            "delete": sweep,
        },
        "/servers/{id}": path("id", get=operation("server", ref("Server"), also=(404,))),
    }
    return with_schemas(paths, Server=server)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("tag_name=web", "ac"),
        ("tag_name=db", "b"),
        ("tag_name=none", ""),
        ("tag_name=web&status=new", "a"),
        ("name=c", "c"),
    ],
)
def test_a_tag_s_name_filters_by_tags(query: str, wanted: str) -> None:
    with made_servers() as mock:
        assert "".join(one["name"] for one in mock.client.get(f"/servers?{query}").json()) == wanted


@pytest.mark.parametrize(
    ("query", "left"),
    [("?tag_name=web", "b"), ("?tag_name=none", "abc"), ("?tag_name=web&status=new", "bc"),
     ("?status=new", "c"), ("?tag_name=", "abc"), ("?status=&tag_name=web", "abc"), ("", "")],
)  # fmt: skip
def test_what_a_query_filters_is_removed_and_no_more(query: str, left: str) -> None:
    with made_servers() as mock:
        assert mock.client.delete(f"/servers{query}").status_code == 204
        assert "".join(one["name"] for one in mock.client.get("/servers").json()) == left


@contextmanager
def made_servers() -> Iterator[MockServer]:
    with MockServer(servers(), seeds="none") as mock:
        for name, tag, status in (("a", "web", "new"), ("b", "db", "new"), ("c", "web", "old")):
            sent = {"name": name, "tags": [tag, "all"], "status": status}
            assert mock.client.post("/servers", json=sent).status_code == 201
        yield mock
