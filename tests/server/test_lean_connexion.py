"""The lean Connexion behaves like Connexion."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mockserver.server.asgi import routing


def test_serving_imports_none_of_the_unused_packages() -> None:
    code = "import sys, mockserver.server.multi; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not set(routing.UNUSED) & set(loaded)
    assert "connexion" not in loaded


def test_the_classes_are_connexion_s() -> None:
    assert routing.ConnexionMiddleware.__module__ == "connexion.middleware.main"
    assert routing.SpecMiddleware.__module__ == "connexion.middleware.abstract"


@pytest.mark.filterwarnings("ignore")
def test_a_connexion_that_needs_more_is_imported_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "PrivateImporter", _Failing)
    main, abstract, spec = routing._modules()
    from connexion.middleware.main import ConnexionMiddleware

    assert main.ConnexionMiddleware is ConnexionMiddleware
    assert abstract.SpecMiddleware
    assert spec.Specification


class _Failing:
    def __init__(self, *_: object) -> None:
        pass

    def load(self, name: str) -> None:
        raise AttributeError(name)
