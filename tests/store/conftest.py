"""The Redis server that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.redis_server import BINARY, WHY_NOT, RedisServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if BINARY is None:
        pytest.skip(WHY_NOT)
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()
