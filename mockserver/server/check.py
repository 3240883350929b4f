"""`mockserver check`: is a document sound, and what of it can a mock not honour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import click

from mockserver.apis import BUILT_IN
from mockserver.contract.build import build_contract
from mockserver.contract.document import join
from mockserver.contract.model import Contract, MediaType, Note, Operation
from mockserver.contract.validation import Validators
from mockserver.engine.negotiate import is_json, nearest_status
from mockserver.errors import ContractError
from mockserver.plan.build import build_plan
from mockserver.plan.model import Plan
from mockserver.server.extremes import extremes
from mockserver.server.plain import plain
from mockserver.server.slips import slips

_PLACES = 4
"""How many places of one note are shown."""
_MARKS = {"error": "error  ", "warning": "warning", "info": "note   "}


@dataclass(frozen=True)
class Checked:
    """A document and what is to be said of it, the worst first."""

    contract: Contract
    notes: tuple[Note, ...]

    def failed(self, strict: bool) -> bool:
        severe = {"error", "warning"} if strict else {"error"}
        return any(note.severity in severe for note in self.notes)

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.contract.title,
            "openapi": self.contract.version,
            **({"written": self.contract.written} if self.contract.written else {}),
            "operations": len(self.contract.operations),
            "notes": [
                {"severity": note.severity, "where": note.where, "message": note.message}
                for note in self.notes
            ],
        }


def check_document(document: dict[str, Any], lost: Iterable[str] = ()) -> Checked:
    """Everything there is to say; `lost` is what the parser has left out.

    Raises ContractError for a document that can't be used at all.
    """
    contract = build_contract(document)
    validators = Validators(contract.document, contract.version)
    notes = [
        *(Note("#", text) for text in lost),
        *contract.notes,
        *([] if contract.written else slips(contract.document)),
        *extremes(contract.document),
    ]
    if not contract.operations:
        notes.append(Note("#/paths", "there are no operations: there is nothing to serve", "error"))
    written = next((api for api in BUILT_IN if api.claims(contract)), None)
    by_hand = written.handlers if written is not None else {}
    plan = build_plan(contract)
    actions = plan.actions
    notes.extend(unsent(plan))
    for operation in contract.operations:
        inferred = operation.id not in by_hand and actions[operation.id].kind == "transition"
        notes.extend(unusable_schemas(operation, validators))
        notes.extend(unfit_examples(operation, validators))
        notes.extend(undocumented_statuses(operation, inferred))
    order = list(_MARKS)
    unique = dict.fromkeys(notes)
    return Checked(contract, tuple(sorted(unique, key=lambda note: order.index(note.severity))))


def unsent(plan: Plan) -> Iterator[Note]:
    """Webhooks and callbacks that never come, as nothing says when."""
    for told in plan.announcements:
        if not told.when:
            why = told.because[0].text if told.because else "nothing says when"
            yield Note(
                told.place,
                f"the webhook {told.name!r} is never sent: {why}; say it in mockserver.toml: "
                f'[webhooks."{told.name}"] with resource = "..." and when = ["created", a state]',
            )


def _contents(operation: Operation) -> Iterator[tuple[str, str, MediaType]]:
    """Every body of an operation: which way it goes, where it stands, what it is."""
    if operation.body is not None:
        for found in operation.body.content.values():
            yield "request", join(operation.pointer, "requestBody"), found
    for status, response in operation.responses.items():
        for found in response.content.values():
            yield "reply", join(operation.pointer, "responses", status), found


def unusable_schemas(operation: Operation, validators: Validators) -> Iterator[Note]:
    """Schemas that can't be compiled: whatever they are to judge can't be served."""
    for parameter in operation.parameters:
        if parameter.pointer:
            yield from _compiles(validators, "request", parameter.pointer)
    for way, _, media_type in _contents(operation):
        if media_type.pointer is not None:
            yield from _compiles(validators, way, media_type.pointer)


def _compiles(validators: Validators, way: str, pointer: str) -> Iterator[Note]:
    try:
        validators.request(pointer) if way == "request" else validators.reply(pointer)
    except ContractError as error:
        # The place is said by the note itself.
        message = str(error).removesuffix(f" (at {error.where})")
        yield Note(error.where or pointer, message, "error")


def unfit_examples(operation: Operation, validators: Validators) -> Iterator[Note]:
    """Examples that break their own schema: they are never sent."""
    for way, where, media_type in _contents(operation):
        if media_type.pointer is None or not is_json(media_type.name):
            continue
        try:
            check = (validators.request if way == "request" else validators.reply)(
                media_type.pointer
            )
        except ContractError:
            continue
        for name, example in media_type.examples.items():
            if not check.is_valid(example):
                first = check.violations(example)[:1]
                why = f": {first[0].message}" if first else ""
                yield Note(
                    join(where, "content", media_type.name),
                    f"the example {name!r} does not fit its schema{why}",
                )


def needed_statuses(operation: Operation, transition: bool) -> Iterator[tuple[int, str]]:
    """The refusals that an operation can't do without, and when they are met.

    `transition` says that it moves a thing from one state to another by inference.
    """
    if operation.security and all(operation.security):
        yield 401, "without a valid credential"
    judged = any(
        _can_fail(p.schema) or (p.required and p.place != "path") for p in operation.parameters
    )
    if judged or operation.body is not None:
        yield 422, "for a request that does not fit"
    if "{" in operation.path:
        yield 404, "for an id that is not there"
    if transition:
        yield 409, "in a state that does not allow it"


def _can_fail(schema: Any) -> bool:
    return bool(schema) and schema not in ({"type": "string"}, True)


def undocumented_statuses(operation: Operation, transition: bool) -> Iterator[Note]:
    """Where the behaviour needs a status that the operation does not list."""
    for status, occasion in needed_statuses(operation, transition):
        if operation.response_for(status) is not None:
            continue
        nearest = nearest_status(operation, status)
        if nearest != status:
            answer = f"{nearest}, the nearest documented one, is answered {occasion}"
        else:
            answer = f"{status} is answered {occasion} all the same, as nothing near it is"
        yield Note(
            join(operation.pointer, "responses"),
            f"{operation.id} does not document {status}; {answer}",
            "info",
        )


def render_check(name: str, checked: Checked) -> None:
    """Print it: a line a note, and a sum."""
    contract = checked.contract
    for same in _alike(checked.notes):
        note = same[0]
        click.echo(plain(f"{_MARKS[note.severity]}  {note.where}  {note.message}"))
        if len(same) > 1:
            places = ", ".join(other.where for other in same[1:_PLACES])
            more = f" and {len(same) - _PLACES} more" if len(same) > _PLACES else ""
            click.echo(plain(f"         {len(same)} times; also at {places}{more}"))
    if checked.notes:
        click.echo()
    counts = Counter(note.severity for note in checked.notes)
    words = [_plural(counts[kind], kind) for kind in ("error", "warning") if counts[kind]]
    if counts["info"]:
        words.append(_plural(counts["info"], "note"))
    click.echo(
        f"{name}: {plain(contract.title)}, {contract.written or f'OpenAPI {contract.version}'}, "
        f"{_plural(len(contract.operations), 'operation')}: {', '.join(words) or 'sound'}"
    )
    if any(" does not document " in note.message for note in checked.notes):
        click.echo(
            'undocumented = "allow" in mockserver.toml answers the natural status instead of the '
            "nearest documented one"
        )


def _alike(notes: Iterable[Note]) -> Iterable[list[Note]]:
    """Notes that differ in nothing but the operation, together."""
    groups: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        message = note.message
        if note.where.endswith("/responses"):
            message = message.partition(" ")[2]  # they begin with the operation's name
        groups.setdefault((note.severity, message), []).append(note)
    return groups.values()


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
