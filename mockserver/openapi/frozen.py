"""Dataclasses that are frozen for the type checker.

mypy refuses every assignment to their fields. At run time there is no guard: making one is half of
the time that defining a class takes, and the models have dozens, imported at every start; instances
with a guard take three times as long to make. Equality and hash are those of a frozen dataclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(cls=None, *, frozen=False, **options):
        """`dataclasses.dataclass`, with `frozen` left to the type checker."""
        return dataclasses.dataclass(cls, unsafe_hash=frozen, **options)


__all__ = ["dataclass"]
