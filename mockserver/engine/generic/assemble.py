"""A full API: what is written by hand, and a generic handler for all the rest."""

from __future__ import annotations

from dataclasses import replace

from mockserver.contract.model import Contract
from mockserver.contract.validation import Validators
from mockserver.engine.api import Api, Handler
from mockserver.engine.generic.context import Context
from mockserver.engine.generic.fixed import fixed
from mockserver.plan.model import Plan


def assemble(contract: Contract, plan: Plan, api: Api | None, validators: Validators) -> Api:
    """An Api that handles every operation of the document.

    `api` wins for the operationIds that it handles, if the document is its own.
    """
    written = api if api is not None and api.claims(contract) else None
    context = Context(contract, plan, validators)
    handlers: dict[str, Handler] = {
        operation.id: fixed(context, operation) for operation in contract.operations
    }
    if written is None:
        return Api(name=contract.title, handlers=handlers)
    known = {name: h for name, h in written.handlers.items() if name in contract.by_id}
    return replace(written, handlers={**handlers, **known})
