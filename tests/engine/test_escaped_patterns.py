"""A pattern that was escaped is read as it is meant in what a client sends; what is made fits it
also as it is written, for a client that takes it literally."""

from __future__ import annotations

import re

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

PATTERNS = (r"\(\?s\).\+", r"\(\?s\).*", r"\(\?i\)[a-z].*", r"\(\?s\)arn:.*")
NAMES = ("name", "description", "title", "label")
LENGTHS = ({}, {"minLength": 1, "maxLength": 255})


@pytest.mark.parametrize(("pattern", "name", "length"), in_turns(PATTERNS, NAMES, LENGTHS))
def test_what_is_made_fits_it_either_way(pattern: str, name: str, length: dict[str, int]) -> None:
    said = {"type": "string", "pattern": pattern, **length}
    app = thing("id", id=TEXT, **{name: said})
    paths = {
        "/apps": {
            "get": {"responses": {"200": answer({"type": "array", "items": app})}},
            "post": {"requestBody": body(app), "responses": {"201": answer(app)}},
        }
    }
    meant = re.sub(r"\\(\W)", r"\1", pattern)
    with MockServer(document(paths)) as mock:
        rows = mock.client.get("/apps").json()
        texts = [row[name] for row in rows if name in row]
        assert rows
        assert all(re.search(pattern, one) and re.search(meant, one) for one in texts)
        sent = {"id": "a", name: "arn:my-app"}
        made = mock.client.post("/apps", json=sent)
        assert made.status_code == 201
        assert made.json()[name] == "arn:my-app"
