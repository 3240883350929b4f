"""What a mock is made from, besides its document: the plan, seed data, fixtures, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.engine.api import Api
from mockserver.engine.calibration import Lock, rules_of
from mockserver.engine.inferred.given import Given
from mockserver.engine.pipeline import Pipeline
from mockserver.engine.pipeline.calibrated import CalibratedPipeline
from mockserver.engine.pipeline.versions import Responder, ShapedPipelines
from mockserver.errors import UsageError
from mockserver.files.cache import user_cache
from mockserver.files.documents import parsed
from mockserver.files.reading import contract_file, fixture_file
from mockserver.inference.model import Plan
from mockserver.inference.stored import restored_plan, stored
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document
from mockserver.openapi.model import Contract
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.openapi.schemas.validators import Validators

if TYPE_CHECKING:
    from mockserver.server.mock import Options


# An API in several versions: the pipelines of those other than the requested document.


def in_shape(api: Api | None, contract: Contract) -> Api | None:
    """The API with the handlers for this document's version."""
    if api is None or api.shapes is None:
        return api
    served = api.shapes.of(contract)
    return replace(api, handlers=next(s.handlers for s in api.shapes.all if s.document == served))


def in_all_shapes(pipeline: Pipeline, settings: Mapping[str, Any]) -> Responder:
    """The pipeline with its siblings, if its API has several versions.

    `settings` is the API's table in mockserver.toml. Raises UsageError if it is invalid.
    """
    api = pipeline.api
    if api.shapes is None:
        if settings:
            raise UsageError(f"[{api.name}] {next(iter(settings))}: this API has no settings")
        return pipeline
    served = api.shapes.of(pipeline.contract)
    pipelines = {served: pipeline}
    for shape in api.shapes.all:
        if shape.document not in pipelines:
            contract = _shipped(shape.document)
            validators = Validators(contract.document, contract.version)
            pipelines[shape.document] = CalibratedPipeline(
                contract, api, shape.handlers, validators, pipeline.settings
            )
    return ShapedPipelines(pipelines, served, api.shapes.chooser(settings, served))


def _shipped(name: str) -> Contract:
    path = contract_file(name)
    if path is None:
        raise UsageError(f"contracts/{name}.json is missing from this installation")
    return build_contract(parse_document(path.read_bytes(), name))


def plan_of(
    document: Mapping[str, Any], contract: Contract, options: Options, schemas: Schemas
) -> Plan:
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

        found = build_plan(contract, options.overrides, schemas)
        if cache is not None and key:
            with suppress(TypeError):  # a plan that can't be kept is made again
                cache.put(key, stored(found))
    return found


def calibration_of(options: Options, contract: Contract) -> Lock:
    """Observed behaviour of the real server, by operationId."""
    if options.calibration is None:
        return {}
    from mockserver.files.inputs import read_lock

    written_down = read_lock(Path(options.calibration), contract.by_id)
    return rules_of(written_down, contract.by_id)


def given_of(options: Options) -> Given | None:
    """The user's seed data. Raises UsageError if it can't be read."""
    if options.data is None:
        return None
    from mockserver.files.inputs import SeedData, read_seed_data

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
