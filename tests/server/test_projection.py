"""Connexion itself accepts the document that we give it."""

from __future__ import annotations

import pytest
from connexion.spec import Specification

from mockserver.files.documents import as_document, available_names
from mockserver.openapi.build import build_contract
from mockserver.openapi.routing_projection import routing_projection
from mockserver.server.asgi.app import Projection
from tests.server.plane import DOCUMENT


@pytest.mark.parametrize("name", [*available_names(), ""])
def test_connexion_accepts_the_projection(name: str) -> None:
    contract = build_contract(as_document(name) if name else DOCUMENT)
    projection = routing_projection(contract)
    checked = Specification.from_dict(projection)
    ours = Projection(projection)
    assert ours["paths"] == checked["paths"]
    assert ours.base_path == checked.base_path
    assert len(ours["paths"]) == len({operation.path for operation in contract.operations})
