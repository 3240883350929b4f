"""How vendors word their refusals: one list of violations, one dialect, one body."""

from mockserver.contract.model import Contract
from mockserver.contract.validation import Validators
from mockserver.engine.dialects.base import Dialect
from mockserver.engine.dialects.fastapi import FastApiDialect


def choose_dialect(contract: Contract, validators: Validators) -> Dialect:
    """The dialect that the document's own error schemas ask for."""
    return FastApiDialect(contract)


__all__ = ["Dialect", "FastApiDialect", "choose_dialect"]
