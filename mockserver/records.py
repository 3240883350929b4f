"""Dataclasses that are frozen for the type checker, and cheap to define.

For each method of a dataclass the library compiles a text. A start defines 160 classes, and this
took a quarter of its instructions. Four of the six methods are not needed: mypy refuses
assignments to fields of a frozen class, so there is no guard at run time (which also makes
instances three times as slow to make), and all classes have one `__repr__` and one `__hash__`.
Equality and hash are those of a frozen dataclass; a class that nobody compares says `eq=False`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses
    from reprlib import recursive_repr

    @recursive_repr()
    def _shown(self):
        fields = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
        return f"{type(self).__qualname__}({', '.join(fields)})"

    def _hashed(self):
        return hash(tuple(getattr(self, f.name) for f in dataclasses.fields(self) if f.compare))

    def dataclass(cls=None, *, frozen=False, eq=True, **options):
        """`dataclasses.dataclass`, with `frozen` left to the type checker."""

        def made(cls):
            if "__repr__" not in vars(cls):
                cls.__repr__ = _shown
            if frozen and eq and "__hash__" not in vars(cls):
                cls.__hash__ = _hashed
            return dataclasses.dataclass(cls, repr=False, eq=eq, **options)

        return made if cls is None else made(cls)


__all__ = ["dataclass"]
