"""The settings of `serve`.

`SETTINGS` is the only list: command line options, the file's `[serve]` table and the test of the
documentation are generated from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mockserver.engine.leniency import CHOICES
from mockserver.records import dataclass

TENANTS = ("credential", "subject")
SEEDS = ("examples", "generated", "none")
# Repeats `server.asgi.app`, whose import takes longer than everything that `--help` needs.
MAX_BODY = 10 * 1024 * 1024
MAX_BYTES = 100 * 1024 * 1024


def size(value: str | int) -> int:
    """A number of bytes: 1000000, 512k or 10M (powers of 1024)."""
    text = str(value).strip().lower().removesuffix("b")
    unit = text[-1:] if text[-1:] in ("k", "m", "g") else ""
    number = text.removesuffix(unit)
    if not number.isascii() or not number.isdigit() or not int(number[:20]):
        raise click.BadParameter(f"{value!r} is not a size such as 512k or 10M")
    return min(int(number[:20]) << 10 * " kmg".index(unit or " "), 2**40)


def duration(value: str | float) -> float:
    """A number of seconds: 90, 30m, 8h or 7d."""
    text = str(value).strip().lower()
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}.get(text[-1:])
    number = text[:-1] if unit else text
    if not number.isascii() or not number.isdigit():
        raise click.BadParameter(f"{value!r} is not a time such as 90, 30m, 8h or 7d")
    return float(min(int(number[:12]) * (unit or 1), 10**9))


class Factor(click.FloatRange):
    """A factor in a range. Excludes NaN, which passes any range check."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        try:
            number = float(super().convert(value, param, ctx))
        except click.BadParameter:
            number = float("nan")
        if number != number:
            self.fail(
                f"{value!r} is not a number from {self.min:g} to {self.max:.0f}: "
                "0.1 is ten times as fast, 0 takes no time",
                param,
                ctx,
            )
        return number


@dataclass(frozen=True, eq=False)
class Setting:
    """One setting of `serve`. `file`: it is a path, relative to the file that contains it.

    `alias` is its name until 0.2, which still works.
    """

    name: str
    type: Any
    default: Any
    help: str
    metavar: str | None = None
    many: bool = False
    flag: bool = False
    file: bool = False
    alias: str = ""

    @property
    def key(self) -> str:
        return self.name.replace("-", "_")

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its value in the file."""
        if self.flag:
            return {"type": "boolean"}
        match self.type:
            case click.Choice(choices=choices):
                found: dict[str, Any] = {"enum": list(choices)}
            case click.IntRange(min=least, max=most):
                found = {"type": "integer", "minimum": least, "maximum": most}
            case click.FloatRange(min=least, max=most):
                found = {"type": "number", "minimum": least, "maximum": most}
            case kind if kind is duration:
                times = {"type": "string", "pattern": "^[0-9]+[smhdSMHD]?$"}
                found = {"anyOf": [{"type": "integer", "minimum": 0}, times]}
            case kind if kind is size:
                sizes = {"type": "string", "pattern": "^[0-9]+[kKmMgG]?[bB]?$"}
                found = {"anyOf": [{"type": "integer", "minimum": 1}, sizes]}
            case kind:
                found = {"type": "integer" if kind is int else "string"}
        return {"anyOf": [found, {"type": "array", "items": found}]} if self.many else found

    @property
    def shown(self) -> Any:
        """The default as a user would write it."""
        return f"{self.default >> 20}M" if self.type is size else self.default


def plainly(message: str) -> str:
    """A message of click, with "an integer" for what click calls "a valid integer range"."""
    return message.replace("a valid integer range", "an integer").replace(
        "a valid float range", "a number"
    )


_FILE = click.Path(path_type=Path)


def _flag(name: str, text: str, default: bool | None = False) -> Setting:
    return Setting(name, bool, default, text, flag=True)


def _path(name: str, text: str, alias: str = "") -> Setting:
    return Setting(name, _FILE, None, text, "FILE", file=True, alias=alias)


def _repeated(name: str, metavar: str, text: str) -> Setting:
    return Setting(name, str, (), f"{text}; can be repeated.", metavar, many=True)


def _part(name: str, text: str) -> Setting:
    """A part of `lenient`, which decides if it is not set."""
    return Setting(name, click.Choice(CHOICES[name.replace("-", "_")]), None, text)


SETTINGS: tuple[Setting, ...] = (
    Setting("host", str, "127.0.0.1", "Address to listen on; 0.0.0.0 serves the network."),
    Setting("port", click.IntRange(0, 65535), 8000, "Port to listen on; 0 takes any free one."),
    _flag(
        "prefix",
        "Serve all APIs on one port, each below its name, such as /feather and /speechify.",
    ),
    Setting("seed", int, 0, "The same seed gives the same world."),
    Setting(
        "seeds",
        click.Choice(SEEDS),
        "examples",
        "Seed worlds from the document's examples (generated entities where it has none), with "
        "generated entities only, or leave them empty.",
    ),
    Setting(
        "clock",
        click.Choice(["real", "manual"]),
        "real",
        "A manual clock moves only by POST /__mock__/clock.",
    ),
    Setting(
        "pace",
        Factor(0, 1e6),
        1.0,
        "Factor for the duration of jobs: 0.1 is ten times as fast, 0 takes no time.",
        "FACTOR",
    ),
    _repeated("api-key", "KEY", "Accept this key in addition to those that begin with mock-"),
    _path(
        "keys",
        "Accept only the keys in this file, with their tenants, scopes, expiry and rates (TOML).",
    ),
    Setting(
        "key-file",
        _FILE,
        (),
        "Accept the keys of this file, too, in the style of .env: the values of variables such as "
        "API_KEY or TOKEN; may be given again.",
        "FILE",
        many=True,
        file=True,
    ),
    _flag("lenient", "Turn on the six options below; each can also be set separately."),
    _flag("any-key", "Accept any credential, or none, each as its own tenant.", default=None),
    Setting(
        "tenant-by",
        click.Choice(TENANTS),
        "credential",
        "What names the world of a key that --any-key accepts: the credential itself, or the "
        "subject of a JWT (its iss and sub), so that a user's next token finds the same world.",
    ),
    _part(
        "unknown-ids",
        "known: any id exists, created on first use; always: removed ones too (refuse, or "
        "always if lenient).",
    ),
    _part(
        "unknown-cursors",
        "How to treat a cursor that no list returned (refuse, or first-page if lenient).",
    ),
    _part(
        "conflicts",
        "How to treat a request that conflicts with the state: the entity already exists, or has "
        "ended (refuse, or ignore if lenient).",
    ),
    _part(
        "validate",
        "Requests that break the contract are refused, accepted with a warning, or just "
        "accepted (strict, or warn if lenient).",
    ),
    _flag("fill", "Responses have all optional properties, and lists have an entry.", default=None),
    Setting(
        "upstream",
        str,
        "",
        "A real server that handles some operations instead of the mock.",
        "URL",
    ),
    _repeated(
        "from-upstream",
        "OPERATION",
        "An operation that --upstream handles: an operationId, tag:NAME, a path or METHOD PATH, "
        "where * is a wildcard",
    ),
    Setting(
        "store",
        str,
        "memory",
        "Where to keep worlds: memory, or redis://HOST:PORT/DB to share them.",
    ),
    Setting(
        "workers",
        click.IntRange(1, 64),
        1,
        "Processes that serve; more than one needs --store redis://...",
    ),
    _path("state", "Keep all worlds in this file between runs."),
    _path("har", "Seed worlds from this HTTP archive (HAR), as mockserver record writes it."),
    _path(
        "data",
        "Seed worlds from the entities of this file (YAML or JSON, by resource), as "
        "mockserver explain --data-template prints one.",
    ),
    _path(
        "calibration",
        "Follow this calibration file, as mockserver calibrate writes it.",
        alias="lock",
    ),
    _path("handlers", 'A Python file with functions marked @handles("operationId").'),
    _flag(
        "reload",
        "Reload the document, the handlers and the config when they change; keep the state.",
    ),
    Setting("max-body", size, MAX_BODY, "The largest request body, such as 512k or 10M.", "SIZE"),
    _flag(
        "strict-base-path", "Refuse paths without the base path of one of the document's servers."
    ),
    Setting(
        "max-worlds",
        click.IntRange(1, 10_000_000),
        1000,
        "Maximum number of worlds; beyond it the longest idle one is evicted.",
    ),
    Setting(
        "max-bytes",
        size,
        MAX_BYTES,
        "The largest world: one tenant's data, not counting the seed data.",
        "SIZE",
    ),
    Setting(
        "drain",
        duration,
        0,
        "Keep serving for this time after SIGTERM, while /readyz returns 503.",
        "TIME",
    ),
    Setting(
        "ttl",
        duration,
        0,
        "Evict worlds that are idle for this time, such as 8h or 7d; 0 keeps them.",
        "TIME",
    ),
    _repeated("cors", "ORIGIN", "Allow pages of this origin, or * for any, to use the API (CORS)"),
    _repeated("webhook-host", "HOST", "Allow webhooks to this host, in addition to this machine"),
    _flag("no-cache", "Ignore the cache of earlier starts."),
    _flag("quiet", "Do not log requests."),
    Setting(
        "log",
        click.Choice(["text", "json"]),
        "text",
        "Format of the request log on standard error: text or JSON.",
    ),
    Setting(
        "control-token",
        str,
        "",
        "Allow other machines that send this token to use /__mock__/.",
        "TOKEN",
    ),
)
