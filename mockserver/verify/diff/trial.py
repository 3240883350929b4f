"""Try each creation on the real side before the sequences are made, so that they are built on
entities that it accepts."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

from mockserver.verify.diff.api import Knowledge
from mockserver.verify.lifecycle.run import described
from mockserver.verify.lifecycle.session import (
    UNREADABLE,
    Broken,
    CannotMake,
    Inconclusive,
    Session,
)
from mockserver.verify.persistence import NoReply
from mockserver.verify.target import Target


def tried(knowledge: Knowledge, target: Target, out: Collection[str]) -> tuple[Knowledge, str]:
    """What is known, with what refusals have told of creations (but not of those that are left
    `out`), and a note on that. Raises NoReply if the server is gone."""
    api = described(knowledge.contract, knowledge.sandbox)
    makeable = {name: r for name, r in api.resources.items() if r.create and r.create not in out}
    session = Session(target, replace(api, resources=makeable))
    for resource in makeable.values():
        session.begin()
        with suppress(CannotMake, Broken, Inconclusive, RecursionError, *UNREADABLE):
            try:
                session.some(resource.name)
            except NoReply as error:
                if error.how == "key" or not target.is_there():
                    raise
    learned = {create: one for create, one in session.learned.items() if one}
    resources = {
        name: learned[r.create].applied(r) if r.create in learned else r
        for name, r in knowledge.api.resources.items()
    }
    known = replace(knowledge, api=replace(knowledge.api, resources=resources))
    told = [f"{create} ({one})" for create, one in sorted(learned.items())]
    note = f"creations that take another body than the document says: {', '.join(told)}"
    return known, note if told else ""
