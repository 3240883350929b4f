"""How vendors word their refusals: one list of violations, one dialect, one body."""

from mockserver.engine.dialects.base import Dialect
from mockserver.engine.dialects.choice import choose_dialect, dialect_named
from mockserver.engine.dialects.documented import SchemaDialect
from mockserver.engine.dialects.envelopes import EnvelopeDialect, ProblemDialect
from mockserver.engine.dialects.fastapi import FastApiDialect

__all__ = [
    "Dialect",
    "EnvelopeDialect",
    "FastApiDialect",
    "ProblemDialect",
    "SchemaDialect",
    "choose_dialect",
    "dialect_named",
]
