"""A plan as plain JSON values, and back.

A list begins with what it stands for: a number for a tuple, a list, a set or a mapping, else the
number of a class of the model, then its fields in order. Only these classes are ever made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mockserver.inference.credential_model import CredentialPlan, Issuer, OAuthPaths
from mockserver.inference.model import (
    Action,
    Announcement,
    Constraint,
    Elements,
    Envelope,
    JobStart,
    Membership,
    Merge,
    Plan,
    Reference,
    RequestUse,
    ResponseUse,
    Source,
    Statistic,
    Through,
    Transition,
    ValueSet,
)
from mockserver.inference.page_model import Ordering, PageField, PageFields, Paging
from mockserver.inference.resource_model import (
    Because,
    Identity,
    Link,
    Resource,
    States,
    Versions,
)

_TUPLE, _LIST, _SET, _MAPPING, _FIRST = range(5)
_CLASSES: tuple[type[Any], ...] = (
    Plan, Resource, Action, Announcement, Because, Envelope, Identity, JobStart, Link, Membership,
    Ordering, PageField, PageFields, Paging, Reference, RequestUse, ResponseUse, States, Transition,
    Constraint, Elements, ValueSet, Through, CredentialPlan, Issuer, OAuthPaths, Versions,
    Merge, Source, Statistic,
)  # fmt: skip
CLASSES = frozenset(_CLASSES)
_NUMBERS = {kind: number for number, kind in enumerate(_CLASSES, _FIRST)}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in _CLASSES}
_PLAIN = (str, int, float, type(None))


def stored(value: Any) -> Any:
    """The plain form of a plan, or of a part of one. Raises TypeError for what has none."""
    kind = type(value)
    if isinstance(value, _PLAIN):
        return value
    if kind in _NUMBERS:
        return [_NUMBERS[kind], *(stored(getattr(value, name)) for name in _FIELDS[kind])]
    if kind is tuple:
        return [_TUPLE, *map(stored, value)]
    if kind is list:
        return [_LIST, *map(stored, value)]
    if kind is frozenset:
        return [_SET, *sorted(map(stored, value))]
    if isinstance(value, Mapping):
        return [_MAPPING, *(stored(part) for item in value.items() for part in item)]
    raise TypeError(f"{kind.__name__} has no plain form")


def restored(value: Any) -> Any:
    """What a plain form stands for. Raises ValueError or TypeError if it stands for nothing."""
    if type(value) is not list:
        return value
    if not value or type(value[0]) is not int:
        raise ValueError("no number of a kind")
    kind = value[0]
    parts = [restored(part) if type(part) is list else part for part in value[1:]]
    if _FIRST <= kind < _FIRST + len(_CLASSES):
        return _CLASSES[kind - _FIRST](*parts)
    if kind == _TUPLE:
        return tuple(parts)
    if kind == _LIST:
        return parts
    if kind == _SET:
        return frozenset(parts)
    if kind == _MAPPING:
        return dict(zip(parts[::2], parts[1::2], strict=True))
    raise ValueError(f"{kind} is the number of no kind")


def restored_plan(value: Any) -> Plan | None:
    """The plan of a plain form; None if it is none."""
    try:
        found = restored(value)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, Plan) else None
