"""An API in several versions: the pipelines of those other than the requested document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.api import Api
from mockserver.engine.pipeline import Pipeline
from mockserver.engine.pipeline.calibrated import CalibratedPipeline
from mockserver.engine.pipeline.versions import Answerer, ShapedPipelines
from mockserver.errors import UsageError
from mockserver.files.package_data import contract_file
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document
from mockserver.openapi.model import Contract
from mockserver.openapi.schemas.validators import Validators


def in_shape(api: Api | None, contract: Contract) -> Api | None:
    """The API with the handlers for this document's version."""
    if api is None or api.shapes is None:
        return api
    served = api.shapes.of(contract)
    return replace(api, handlers=next(s.handlers for s in api.shapes.all if s.document == served))


def in_all_shapes(pipeline: Pipeline, settings: Mapping[str, Any]) -> Answerer:
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
