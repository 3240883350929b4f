"""`mockserver check`: validate a document, and list what a mock can't honour."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import click

from mockserver.cli.options import CONTEXT, complete_spec
from mockserver.engine.generation.modes import MOST
from mockserver.engine.serialization import nearest_status
from mockserver.errors import ContractError
from mockserver.files.documents import DEFAULT_SPEC, as_document, naming
from mockserver.files.wording import counted
from mockserver.inference.build import build_plan
from mockserver.inference.model import Plan
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import METHODS, join
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Contract, MediaType, Note, Operation, Parameter, Violation
from mockserver.openapi.objects import objects
from mockserver.openapi.schemas.discriminators import is_loose
from mockserver.openapi.schemas.enumerations import as_read, types_of
from mockserver.openapi.schemas.formats import as_meant, fault, reader
from mockserver.openapi.schemas.json_schema import TYPES
from mockserver.openapi.schemas.validators import Validators
from mockserver.server.terminal import plain, waiting
from mockserver.vendors import written_for


def quirks(contract: Contract) -> Iterator[Note]:
    """Schema keywords that are ignored, or interpreted differently than written."""
    document = contract.document
    newer = not contract.version.startswith("3.0")
    for pointer, kind, node in objects(document):
        if kind != "schema":
            continue
        yield from _extremes(pointer, node)
        if newer and node.get("nullable") is True:
            yield Note(
                join(pointer, "nullable"),
                f"OpenAPI {contract.version} has no `nullable`; it is interpreted as in 3.0, "
                'but write type: [..., "null"]',
            )
        if as_read(node):
            word = "enum" if "enum" in node else "const"
            yield Note(
                join(pointer, word),
                "no value is of the `type` beside it: the values are read as of that type",
            )
        tag = node.get("discriminator")
        if not isinstance(tag, Mapping) and is_loose(document, node):
            yield Note(
                join(pointer, "oneOf"),
                "a value can match several branches, because one of them requires nothing that "
                "another does not: it is treated as anyOf, and the best match is used; add a "
                "discriminator or `required`",
            )


def _extremes(pointer: str, node: Mapping[str, Any]) -> Iterator[Note]:
    """Patterns that are not checked, sizes that are not generated, unknown types, bounds without
    anything between them."""
    pattern = node.get("pattern")
    if isinstance(pattern, int | float):
        yield Note(
            join(pointer, "pattern"),
            f"the pattern {pattern} is no text, so any string matches; YAML reads 00:00:00 as a "
            "number unless it is quoted",
        )
    elif isinstance(pattern, str) and as_meant(pattern) != pattern:
        yield Note(
            join(pointer, "pattern"),
            f"the pattern {pattern[:80]!r} is escaped as a whole: it is read as "
            f"{as_meant(pattern)[:80]!r}",
        )
    if isinstance(pattern, str) and reader(pattern) is None and fault(pattern) is None:
        yield Note(
            join(pointer, "pattern"),
            f"the pattern {pattern[:80]!r} can't be checked safely: any string matches",
        )
    for name in (name for name in types_of(node) if name not in TYPES):
        yield Note(
            join(pointer, "type"), f"{name!r} is not a JSON Schema type: any value is accepted"
        )
    for word, most in MOST.items():
        size = node.get(word)
        if isinstance(size, int | float) and size > most:
            yield Note(
                join(pointer, word),
                f"values this large are not generated, the limit is {most}: "
                "a response that needs one is a 500",
            )

    for least, greatest in _BOUNDS:
        low, high = node.get(least), node.get(greatest)
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield Note(pointer, f"no value fits: {least} is {low} and {greatest} is {high}")


_BOUNDS = (
    ("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"),
    ("minProperties", "maxProperties"), ("exclusiveMinimum", "exclusiveMaximum"),
)  # fmt: skip
_CLOSE = 0.75
_DOCUMENT = (
    *("openapi", "$self", "info", "jsonSchemaDialect", "servers", "paths", "webhooks"),
    *("components", "security", "tags", "externalDocs"),
)
_COMPONENTS = (
    *("schemas", "responses", "parameters", "examples", "requestBodies", "headers"),
    *("securitySchemes", "links", "callbacks", "pathItems", "mediaTypes"),
)
_PATH = ("$ref", "summary", "description", "servers", "parameters", "additionalOperations")
_OPERATION = (
    *("tags", "summary", "description", "externalDocs", "operationId", "parameters"),
    *("requestBody", "responses", "callbacks", "deprecated", "security", "servers"),
)
_PARAMETER = (
    *("$ref", "summary", "name", "in", "description", "required", "deprecated", "schema"),
    *("allowEmptyValue", "style", "explode", "allowReserved", "example", "examples", "content"),
)
_BODY = ("$ref", "summary", "description", "content", "required")
_RESPONSE = ("$ref", "summary", "description", "headers", "content", "links")


def slips(document: Mapping[str, Any]) -> Iterator[Note]:
    """A note for each unknown key in the document's upper levels, except extensions (x-...)."""
    yield from _unknown(document, "#", _DOCUMENT)
    components = _object(document.get("components"))
    yield from _unknown(components, "#/components", _COMPONENTS)
    for kind, known in (("parameters", _PARAMETER), ("responses", _RESPONSE)):
        yield from _each(components.get(kind), f"#/components/{kind}", known)
    for path, item in _object(document.get("paths")).items():
        here = join("#/paths", path)
        yield from _unknown(item, here, (*_PATH, *METHODS))
        for method in METHODS:
            yield from _operation(_object(item).get(method), join(here, method))


def _operation(operation: Any, here: str) -> Iterator[Note]:
    yield from _unknown(operation, here, _OPERATION)
    found = _object(operation)
    yield from _each(found.get("parameters"), join(here, "parameters"), _PARAMETER)
    yield from _unknown(found.get("requestBody"), join(here, "requestBody"), _BODY)
    yield from _each(found.get("responses"), join(here, "responses"), _RESPONSE)
    yield from _statuses(found.get("responses"), join(here, "responses"))


_STATUS = re.compile(r"default|[1-5](\d\d|XX)", re.IGNORECASE)


def _statuses(responses: Any, here: str) -> Iterator[Note]:
    for status in _object(responses):
        if not _STATUS.fullmatch(str(status)) and not str(status).startswith("x-"):
            text = f"{status!r} is no status, such as 404, 4XX or default: it is never sent"
            yield Note(join(here, status), text)


def _each(members: Any, here: str, known: tuple[str, ...]) -> Iterator[Note]:
    items = enumerate(members) if isinstance(members, list) else _object(members).items()
    for name, member in items:
        if not str(name).startswith("x-"):
            yield from _unknown(member, join(here, name), known)


def _unknown(value: Any, here: str, known: tuple[str, ...]) -> Iterator[Note]:
    for key in _object(value):
        if key in known or key.startswith("x-"):
            continue
        near = get_close_matches(key, known, 1, _CLOSE)
        if near:
            yield Note(here, f"the key {key!r} is ignored; did you mean {near[0]!r}?")
        else:
            yield Note(here, f"the key {key!r} is ignored: OpenAPI does not define it here", "info")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


_PLACES = 4
"""Maximum number of places to show for a note."""
_MARKS = {"error": "error  ", "warning": "warning", "info": "note   "}


@dataclass(frozen=True)
class Checked:
    """A document and its notes, the most severe first."""

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
    """All notes about a document; `lost` lists what the parser dropped.

    Raises ContractError for a document that can't be used at all.
    """
    contract = build_contract(document)
    validators = Validators(contract.document, contract.version)
    notes = [
        *(Note("#", text) for text in lost),
        *contract.notes,
        *([] if contract.written else slips(contract.document)),
        *quirks(contract),
    ]
    if not contract.operations:
        notes.append(Note("#/paths", "there are no operations: there is nothing to serve", "error"))
    written = written_for(contract)
    by_hand = written.handlers if written is not None else {}
    plan = build_plan(contract)
    actions = plan.actions
    notes.extend(unsent(plan))
    notes.extend(unfit_parts(contract.document, validators))
    for operation in contract.operations:
        inferred = operation.id not in by_hand and actions[operation.id].kind == "transition"
        notes.extend(unusable_schemas(operation, validators))
        notes.extend(unfit_examples(operation, validators))
        notes.extend(undocumented_statuses(operation, inferred))
    order = list(_MARKS)
    unique = dict.fromkeys(notes)
    return Checked(contract, tuple(sorted(unique, key=lambda note: order.index(note.severity))))


def unsent(plan: Plan) -> Iterator[Note]:
    """Webhooks and callbacks that are never sent, because their trigger is unknown."""
    for webhook in plan.announcements:
        if not webhook.when:
            why = webhook.because[0].text if webhook.because else "its trigger is unknown"
            yield Note(
                webhook.place,
                f"the webhook {webhook.name!r} is never sent: {why}; set it in "
                f'mockserver.toml: [webhooks."{webhook.name}"] with resource = "..." and '
                'when = ["created", "updated", "removed", a state]',
            )


def _contents(operation: Operation) -> Iterator[tuple[str, str, MediaType]]:
    """Every body of an operation: direction, pointer, media type."""
    if operation.body is not None:
        for found in operation.body.content.values():
            yield "request", join(operation.pointer, "requestBody"), found
    for status, response in operation.responses.items():
        for found in response.content.values():
            yield "reply", join(operation.pointer, "responses", status), found


def unusable_schemas(operation: Operation, validators: Validators) -> Iterator[Note]:
    """Schemas that can't be compiled, so that nothing that uses them can be served."""
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
        # The note itself has the place.
        message = str(error).removesuffix(f" (at {error.where})")
        yield Note(error.where or pointer, message, "error")


def unfit_examples(operation: Operation, validators: Validators) -> Iterator[Note]:
    """Examples that violate their own schema; they are used as far as possible."""
    for parameter in operation.parameters:
        yield from _unfit_values(parameter, validators)
    for way, where, media_type in _contents(operation):
        if media_type.pointer is None or not is_json_or_any(media_type.name):
            continue
        try:
            check = (validators.request if way == "request" else validators.reply)(
                media_type.pointer
            )
        except ContractError:
            continue
        for name, example in media_type.examples.items():
            if not check.is_valid(example):
                why = _why(check.violations(example))
                yield Note(
                    join(where, "content", media_type.name),
                    f"the example {name!r} violates its schema{why}",
                )


def _unfit_values(parameter: Parameter, validators: Validators) -> Iterator[Note]:
    if not parameter.pointer or not parameter.examples or parameter.media_type is not None:
        return
    try:
        check = validators.request(parameter.pointer)
    except ContractError:
        return
    for name, example in parameter.examples.items():
        # A number may be written as it appears in a path.
        if not check.is_valid(example) and not check.is_valid(_number(example)):
            why = _why(check.violations(example))
            yield Note(
                parameter.pointer,
                f"the example {name!r} of {parameter.name!r} violates its schema{why}",
            )


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def unfit_parts(document: Mapping[str, Any], validators: Validators) -> Iterator[Note]:
    """Examples and defaults inside schemas that violate them, and are ignored."""
    for pointer, kind, node in objects(document):
        if kind != "schema" or not types_of(node):
            continue
        words = ("example", "default")
        shown: list[tuple[str, Any]] = [(word, node[word]) for word in words if word in node]
        if isinstance(node.get("examples"), list):
            shown.extend(("examples", each) for each in node["examples"])
        if shown:
            yield from _unfit_words(pointer, shown, validators)


def _unfit_words(
    pointer: str, shown: list[tuple[str, Any]], validators: Validators
) -> Iterator[Note]:
    try:
        check, request_check = validators.reply(pointer), validators.request(pointer)
    except ContractError:
        return
    for word, value in shown:
        # It may be for a request or a response.
        fits = check.is_valid(value) or request_check.is_valid(value)
        if not fits and not (word == "default" and value is None):
            why = _why(check.violations(value))
            named = "example" if word == "examples" else word
            yield Note(pointer, f"the {named} {value!r:.80} violates its schema{why}")


def _why(violations: Sequence[Violation]) -> str:
    """Why a value does not fit, and where in it."""
    if not violations:
        return ""
    first = violations[0]
    where = ".".join(map(str, first.where))
    return f": {where + ': ' if where else ''}{first.message}"


def needed_statuses(operation: Operation, transition: bool) -> Iterator[tuple[int, str]]:
    """The error statuses that an operation needs, and when they occur.

    `transition` means that the operation was inferred to change an entity's state.
    """
    if operation.security and all(operation.security):
        yield 401, "without a valid credential"
    judged = any(
        _can_fail(p.schema) or (p.required and p.place != "path") for p in operation.parameters
    )
    if judged or operation.body is not None:
        yield 422, "for an invalid request"
    if "{" in operation.path:
        yield 404, "for an unknown id"
    if transition:
        yield 409, "in a state that does not allow it"


def _can_fail(schema: Any) -> bool:
    return bool(schema) and schema not in ({"type": "string"}, True)


def undocumented_statuses(operation: Operation, transition: bool) -> Iterator[Note]:
    """Notes on statuses that the behaviour needs but the operation does not document."""
    for status, occasion in needed_statuses(operation, transition):
        if operation.response_for(status) is not None:
            continue
        nearest = nearest_status(operation, status)
        if nearest != status:
            answer = f"; {nearest}, the nearest documented status, is returned {occasion}"
        else:
            answer = f" or a similar status; {status} is returned {occasion} all the same"
        yield Note(
            join(operation.pointer, "responses"),
            f"{operation.id} does not document {status}{answer}",
            "info",
        )


def render_check(name: str, checked: Checked) -> None:
    """Print a line for each note, and a summary."""
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
    words = [counted(counts[kind], kind) for kind in ("error", "warning") if counts[kind]]
    if counts["info"]:
        words.append(counted(counts["info"], "note"))
    click.echo(
        f"{name}: {plain(contract.title)}, {contract.written or f'OpenAPI {contract.version}'}, "
        f"{counted(len(contract.operations), 'operation')}: {', '.join(words) or 'sound'}"
    )
    if any(" does not document " in note.message for note in checked.notes):
        click.echo(
            'undocumented = "allow" in mockserver.toml returns the natural status instead of the '
            "nearest documented one"
        )


def _alike(notes: Iterable[Note]) -> Iterable[list[Note]]:
    """Group notes that differ only in the operation."""
    groups: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        message = note.message
        if note.where.endswith("/responses"):
            message = message.partition(" ")[2]  # these messages begin with the operation's name
        groups.setdefault((note.severity, message), []).append(note)
    return groups.values()


@click.command(
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver check openapi.yaml
      mockserver check https://example.com/openapi.json --json | jq .notes
    """,
)
@click.argument("specs", metavar="[SPEC]...", nargs=-1, shell_complete=complete_spec)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too, not only for errors.")
def check(specs: tuple[str, ...], as_json: bool, strict: bool) -> None:
    """Validate SPEC, and list what a mock can't honour.

    SPEC is a built-in API (feather, the default), or the path or URL of an OpenAPI 3 or Swagger 2
    document. Each line starts with a place in the document. Exits with 1 if there is an error. With
    several SPECs, JSON output is an object by name.
    """

    found = {}
    for name in specs or (DEFAULT_SPEC,):
        lost: list[str] = []
        with waiting(f"Checking {name}"):
            document = as_document(name, lost)
            with naming(name, document):
                found[name] = check_document(document, lost)
        if not as_json:
            render_check(name, found[name])
    if as_json:
        shown: Any = {name: checked.as_json() for name, checked in found.items()}
        if len(found) == 1:
            (shown,) = shown.values()
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    if any(checked.failed(strict) for checked in found.values()):
        sys.exit(1)
