"""Which property of a thing is its id."""

from __future__ import annotations

from typing import Any

from mockserver.contract.flat import Flat
from mockserver.contract.schemas import Schemas
from mockserver.plan.model import Because
from mockserver.plan.naming import singular, tokens

_USUAL = ("id", "_id", "uuid", "guid", "uid", "sid", "key", "slug", "name", "code", "number")
_LAST = ("gid", "identifier", "entity_id", "object_id", "resource_id", "arn")
_SURE = ("id", "_id", "uuid", "guid", "uid", "sid")


def key_of(schemas: Schemas, flat: Flat, noun: str, parameter: str) -> tuple[str, Because | None]:
    """The id property of a thing, and why; "" if it has none that one can tell."""
    spelled: dict[str, str] = {}
    for name, schema in flat.properties.items():
        if not _names(schemas, schema):
            continue
        spelled.setdefault("_".join(tokens(name)) or name, name)
    wanted = "_".join(tokens(parameter))
    short = noun.rsplit("_", 1)[-1]
    own = wanted in (noun, short) and "id" in spelled
    # The `address` of an address is a part of it, not what it is called.
    if own:
        wanted = "id"
    if wanted and wanted in spelled and wanted != "id":
        return spelled[wanted], Because(
            f"the property `{spelled[wanted]}` has the name of the path parameter", "certain"
        )
    head, hyphen, ending = parameter.rpartition("-")
    if head and hyphen and ending in spelled.values() and ending != "id":
        return ending, Because(
            f"the property `{ending}` is what the path parameter `{parameter}` ends with", "certain"
        )
    run_together = {word.replace("_", ""): name for word, name in spelled.items()}
    joined = wanted.replace("_", "")
    if joined in run_together and joined != "id":
        return run_together[joined], Because(
            f"the property `{run_together[joined]}` has the name of the path parameter", "certain"
        )
    last = tokens(parameter)[-1:] and tokens(parameter)[-1]
    if last and last in spelled and not own and not (last == short and "id" in spelled):
        return spelled[last], Because(
            f"the property `{spelled[last]}` fits the path parameter `{parameter}`", "certain"
        )
    # What a path calls an id is no name.
    usual = _SURE if last in _SURE else (*_USUAL, f"{short}_name", f"{short}_key")
    for word in ("id", f"{noun}_id", f"{short}_id", *usual):
        if word in spelled:
            sure = word in _SURE or word.endswith("_id")
            return spelled[word], Because(
                f"the property `{spelled[word]}` looks like its id", "likely" if sure else "guess"
            )
    for word, name in spelled.items():
        # `certId` of a certificate, `demographicsId` of a demographic.
        stem = word.removesuffix("_id")
        if stem != word and len(stem) > 2 and (short.startswith(stem) or singular(stem) == short):
            return name, Because(f"the property `{name}` looks like its id", "likely")
    for word in _LAST:
        if word in spelled and last in (*_SURE, "arn", "identifier"):
            return spelled[word], Because(
                f"the property `{spelled[word]}` looks like its id", "guess"
            )
    for word, name in spelled.items():
        if not parameter and word.endswith(("_id", "_uuid", "_key")):
            return name, Because(f"`{name}` is the first property that is an id", "guess")
    return "", None


def has_key(flat: Flat, noun: str) -> bool:
    """Whether a thing has a property that surely names it."""
    short = noun.rsplit("_", 1)[-1]
    sure = {*_SURE, f"{noun}_id", f"{short}_id", f"{short}_key", f"{short}_uuid"}
    return any(("_".join(tokens(name)) or name) in sure for name in flat.properties)


def _names(schemas: Schemas, schema: Any) -> bool:
    """Whether a property can be an id: objects, arrays and flags are none."""
    types = schemas.flat(schema).types
    return not types or bool({"string", "integer", "number"} & set(types))
