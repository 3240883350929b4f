"""Checks of undocumented methods: 405, with a correct Allow header."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mockserver.verify.lifecycle.session import Broken, Session
from mockserver.verify.model import Finding
from mockserver.verify.ownership import Withheld
from mockserver.verify.target import NoReply, fill

CANDIDATES = ("PATCH", "PUT", "DELETE", "POST", "GET")
EXTRA = {"HEAD", "OPTIONS", "TRACE"}


def allowed(session: Session) -> None:
    """Try one undocumented method at every path."""
    for path, documented in _paths(session):
        method = next((m for m in CANDIDATES if m not in documented), None)
        if method is None:
            continue
        try:
            exchange = session.target.send(method, fill(path, session.target.params))
        except (Withheld, NoReply):
            continue
        session.steps.append(exchange)
        if exchange.status != 405:
            continue
        allow = {m.strip().upper() for m in exchange.headers.get("allow", "").split(",")} - {""}
        if allow - EXTRA != documented - EXTRA:
            raise Broken(
                Finding(
                    "allow_is_true",
                    f"{method} {path}",
                    "Allow is correct",
                    f"Allow lists {', '.join(sorted(allow)) or 'nothing'}, "
                    f"the document has {', '.join(sorted(documented))}",
                    [exchange],
                )
            )


def _paths(session: Session) -> Iterator[tuple[str, set[str]]]:
    """Each path with its methods; templates that match the same URLs count as one."""
    first: dict[str, str] = {}
    methods: dict[str, set[str]] = {}
    for operation in session.target.contract.operations:
        path = first.setdefault(shape(operation.path), operation.path)
        methods.setdefault(path, set()).add(operation.method)
    yield from methods.items()


def shape(path: str) -> str:
    """A path template without parameter names."""
    return re.sub(r"\{[^{}]*\}", "{}", path)
