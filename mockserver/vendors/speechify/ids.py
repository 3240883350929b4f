"""Ids: a prefix and 26 characters of Crockford's base 32 (rule 6).

They sort by creation time and, within an instant, by order of creation. As in a ULID the first ten
characters are the milliseconds; then come the microseconds, a counter and a few bits that depend on
the world.
"""

from __future__ import annotations

from mockserver.engine.world import World, digest

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
_KNOWN = frozenset(ALPHABET)


def crockford(number: int, length: int = LENGTH) -> str:
    """The last `length` digits of a number in base 32."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def new_id(world: World, collection: str, at: int | None = None) -> str:
    """The next id of a collection, for a row of this time (default: now)."""
    milliseconds, microseconds = divmod(world.now if at is None else at, 1000)
    ordinal = world.ordinal("id:" + collection)
    drawn = digest(world.settings.seed, world.tenant, collection, ordinal)
    number = milliseconds << 80
    number |= microseconds << 70
    number |= (ordinal & 0x3FFFFFFF) << 40
    number |= int.from_bytes(drawn[:5])
    return f"{PREFIXES[collection]}_{crockford(number)}"


def is_id(text: str, collection: str) -> bool:
    """Whether a text has the form of this collection's ids."""
    prefix, _, rest = text.partition("_")
    return prefix == PREFIXES[collection] and len(rest) == LENGTH and _KNOWN.issuperset(rest)
