"""Error formats of vendors: a dialect turns a list of violations into a body."""

from mockserver.engine.error_formats.base import Dialect
from mockserver.engine.error_formats.detect import choose_dialect, dialect_named
from mockserver.engine.error_formats.fastapi import FastApiDialect
from mockserver.engine.error_formats.from_schema import SchemaDialect
from mockserver.engine.error_formats.problem import EnvelopeDialect, ProblemDialect

__all__ = [
    "Dialect",
    "EnvelopeDialect",
    "FastApiDialect",
    "ProblemDialect",
    "SchemaDialect",
    "choose_dialect",
    "dialect_named",
]
