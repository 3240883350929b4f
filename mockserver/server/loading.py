"""What a mock is made from, beside its document: the plan, seed data, fixtures, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.engine.calibration import Lock, rules_of
from mockserver.engine.inferred.given import Given
from mockserver.files.cache import user_cache
from mockserver.files.documents import parsed
from mockserver.files.package_data import fixture_file
from mockserver.inference.model import Plan
from mockserver.inference.stored import restored_plan, stored
from mockserver.openapi.model import Contract

if TYPE_CHECKING:
    from mockserver.server.mock import Options


def plan_of(document: Mapping[str, Any], contract: Contract, options: Options) -> Plan:
    """The plan of the document: from the cache of an earlier start, or inferred now."""
    cache = None if options.no_cache else user_cache()
    key = ""
    if cache is not None:
        with suppress(TypeError, ValueError, RecursionError):  # not JSON
            key = cache.key("plan", orjson.dumps([document, options.overrides]))
    found = restored_plan(cache.get(key)) if cache is not None and key else None
    if found is None:
        # Many modules, which a cached plan does not need.
        from mockserver.inference.build import build_plan

        found = build_plan(contract, options.overrides)
        if cache is not None and key:
            with suppress(TypeError):  # a plan that can't be kept is made again
                cache.put(key, stored(found))
    return found


def calibration_of(options: Options, contract: Contract) -> Lock:
    """Observed behaviour of the real server, by operationId."""
    if options.calibration is None:
        return {}
    from mockserver.files.calibration import read_lock

    written_down = read_lock(Path(options.calibration), contract.by_id)
    return rules_of(written_down, contract.by_id)


def given_of(options: Options) -> Given | None:
    """The user's seed data. Raises UsageError if it can't be read."""
    if options.data is None:
        return None
    from mockserver.files.seed_data import SeedData, read_seed_data

    if isinstance(options.data, Mapping):
        data = SeedData(options.data)
    else:
        data = read_seed_data(Path(options.data))
    return Given(data.table, data.where)


@cache
def load_fixtures(name: str, no_cache: bool = False) -> Mapping[str, Any]:
    """The seed fixtures of an API, empty if it has none."""
    path = fixture_file(f"{name}.yaml")
    cache = None if no_cache else user_cache()
    return parsed(path.read_bytes(), path.name, cache=cache) if path.is_file() else {}
