"""Faker without its registry of locales, one generator per thread."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from faker import Faker

from mockserver import MockServer
from mockserver.engine import randomness as module
from mockserver.engine.randomness import faker

METHODS = (
    "address",
    "bban",
    "bothify",
    "bs",
    "catch_phrase",
    "city",
    "color_name",
    "company",
    "country",
    "currency_code",
    "current_country",
    "date_of_birth",
    "domain_word",
    "email",
    "first_name",
    "job",
    "license_plate",
    "mac_address",
    "name",
    "paragraph",
    "phone_number",
    "sentence",
    "slug",
    "street_address",
    "user_agent",
    "uuid4",
)


@pytest.mark.parametrize("method", METHODS)
def test_it_gives_what_faker_gives(method: str) -> None:
    """Except for its words, which are drawn faster."""
    ours, theirs = faker(), Faker("en_US", use_weighting=False)
    for seed in range(5):
        ours.seed_instance(seed)
        theirs.seed_instance(seed)
        assert getattr(ours, method)() == getattr(theirs, method)()


def test_a_faker_that_is_built_otherwise_is_imported_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PrivateImporter", lambda *_, **__: 1 / 0)
    fake = module._new_faker()
    fake.seed_instance(3)
    ours = faker()
    ours.seed_instance(3)
    assert fake.company() == ours.company()
    assert fake.sentence() == ours.sentence()


def test_servers_in_threads_do_not_disturb_each_other() -> None:
    def listed(_: int) -> str:
        with MockServer("feather", seed=5) as mock:
            return mock.client.get("/v1/personas").text

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(listed, range(4)))
    assert "name" in found[0]
    assert len(set(found)) == 1


def test_a_private_import_leaves_the_modules_of_others_alone() -> None:
    before = sys.modules.get("faker.providers.person")
    module._new_faker()
    assert sys.modules.get("faker.providers.person") is before
