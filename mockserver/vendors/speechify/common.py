"""Shared by all parts of Speechify: lookups and their refusals, partial updates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World, digest
from mockserver.errors import BadRequest, Invalid, NotFound
from mockserver.openapi.model import Violation

# Ids: a prefix and 26 characters of Crockford's base 32 (rule 6).
#
# They sort by creation time and, within an instant, by order of creation. As in a ULID the first
# ten characters are the milliseconds; then come the microseconds, a counter and a few bits that
# depend on the world.

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
PREFIXES = {
    "agents": "agent",
    "tests": "test",
    "runs": "run",
    "suite_runs": "srun",
    "folders": "folder",
    "flow_versions": "fver",
}


def crockford(number: int) -> str:
    """The last `LENGTH` digits of a number in base 32."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def new_id(world: World, collection: str) -> str:
    """The next id of a collection, for a row that is made now."""
    milliseconds, microseconds = divmod(world.now, 1000)
    ordinal = world.ordinal("id:" + collection)
    drawn = digest(world.settings.seed, world.tenant, collection, ordinal)
    number = milliseconds << 80
    number |= microseconds << 70
    number |= (ordinal & 0x3FFFFFFF) << 40
    number |= int.from_bytes(drawn[:5])
    return f"{PREFIXES[collection]}_{crockford(number)}"


NOUNS = {
    "agents": "agent",
    "tests": "test",
    "folders": "folder",
    "runs": "test run",
    "suite_runs": "suite run",
    "flow_versions": "flow version",
}
CODES = {"agents": "agent_not_found", "tests": "agent_test_not_found"}  # rule 4


def find(world: World, collection: str, key: str) -> Row:
    """The row with this id. Raises NotFound, whatever the form of the id (rule 7)."""
    row = world[collection].get(key)
    if row is None:
        raise NotFound(unknown(collection, key), code=CODES.get(collection, "not_found"))
    return row


def find_named(world: World, collection: str, key: str) -> Row:
    """The row with an id from a body. Raises BadRequest."""
    try:
        return find(world, collection, key)
    except NotFound as refusal:
        raise BadRequest(refusal.message) from None


def unknown(collection: str, key: str) -> str:
    return f"There is no {NOUNS[collection]} {key[:100]!r} in this workspace."


def fault(where: tuple[str | int, ...], message: str, value: Any = None) -> Violation:
    """One violation in a body, for `refused`."""
    return Violation(("body", *where), "value_error", message, value)


def refused(*faults: Violation) -> Invalid:
    """The refusal of a body that fits its schema but is inconsistent (rule 3)."""
    return Invalid("The request is not valid.", violations=faults)


def created(world: World, collection: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A new row with id and times."""
    return {
        "id": new_id(world, collection),
        **fields,
        "created_at": world.now,
        "updated_at": world.now,
    }


def updated(
    world: World, row: Row, body: Mapping[str, Any], fields: Iterable[str]
) -> dict[str, Any]:
    """The row with the body's known fields; absent ones stay (rules 23, 24)."""
    changes = {name: body[name] for name in fields if name in body}
    return {**row, **changes, "updated_at": world.now} if changes else dict(row)


def dated(row: Row) -> dict[str, Any]:
    """The row with formatted timestamps."""
    return {
        **row,
        "created_at": render(row["created_at"]),
        "updated_at": render(row["updated_at"]),
    }


def words(text: str) -> frozenset[str]:
    """The elements of a comma-separated list, without empty ones (rule 27)."""
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def either(
    read: Callable[[World, Row], str | None],
) -> Callable[[World, Any], Callable[[Row], bool]]:
    """A filter by a comma-separated list: it must contain the value that `read` returns for
    a row."""

    def prepare(world: World, wanted: Any) -> Callable[[Row], bool]:
        accepted = words(wanted)
        return lambda row: not accepted or read(world, row) in accepted

    return prepare
