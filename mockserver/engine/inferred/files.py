"""Files: an upload keeps its bytes, name and type, and can be downloaded."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import Context
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.messages import Reply
from mockserver.engine.representations import is_sequence
from mockserver.engine.serialization import choose_media_type, media_of
from mockserver.engine.world import Collection
from mockserver.errors import ContractError, NotFound
from mockserver.inference.model import Action
from mockserver.inference.words import snake_case, tokens
from mockserver.openapi.media_types import (
    covers,
    essence,
    find,
    is_json,
    is_json_or_any,
    is_xml,
)
from mockserver.openapi.model import Operation
from mockserver.openapi.request.forms import FilePart, read_files

FILES = Collection("mock (files)", order=(), internal=True)
"""The bytes that clients have sent, by the path or the entity that they belong to."""

_MULTIPART = "multipart/form-data"
_FORM = "application/x-www-form-urlencoded"
_UNKNOWN = "application/octet-stream"
_CONTENT = frozenset(("content", "contents", "download", "raw", "file", "data", "blob", "body"))
_NAMES = ("filename", "file_name", "original_filename", "original_file_name", "original_name")
_SIZES = (
    *("bytes", "size", "file_size", "filesize", "size_bytes", "bytes_size", "size_in_bytes"),
    *("content_length", "byte_size", "length"),
)
_TYPES = ("content_type", "mime_type", "mimetype", "media_type", "file_type", "contenttype")
_HASHES = ("md5", "sha1", "sha256", "sha512")
_BY_ENDING = {
    "txt": "text/plain", "csv": "text/csv", "html": "text/html", "json": "application/json",
    "jsonl": "application/jsonl", "pdf": "application/pdf", "png": "image/png",
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "mp3": "audio/mpeg", "wav": "audio/wav", "mp4": "video/mp4", "zip": "application/zip",
    "md": "text/markdown", "xml": "application/xml",
}  # fmt: skip


def takes_files(operation: Operation) -> bool:
    """Whether the request may contain a file."""
    content = operation.body.content if operation.body is not None else {}
    return any(essence(name) == _MULTIPART or _is_file(name) for name in content)


def _is_file(name: str) -> bool:
    """Whether bodies of this media type are stored as bytes."""
    name = essence(name)
    structured = is_json(name) or is_xml(name) or name in (_FORM, _MULTIPART)
    return not structured


def _is_binary(context: Context, pointer: str | None) -> bool:
    """Whether a schema is that of bytes, whose media type says nothing about them."""
    return pointer is not None and context.schemas.flat_at(pointer).rules.get("format") == "binary"


def gives_file(context: Context, operation: Operation) -> bool:
    """Whether the response is a file: not JSON, or JSON text at a path for contents."""
    response = operation.response_for(operation.success)
    chosen = choose_media_type(response) if response is not None else ""
    if operation.method != "GET" or not chosen or response is None:
        return False
    if not is_json_or_any(chosen):
        return not is_sequence(chosen) and not is_xml(chosen)
    pointer = response.content[chosen].pointer
    if "*" in essence(chosen):
        return _is_binary(context, pointer)
    last = tokens(operation.url_path.rsplit("/", 1)[-1])[-1:]
    is_text = pointer is not None and context.schemas.flat_at(pointer).types == ("string",)
    return is_text and bool(last) and last[0] in _CONTENT


def sent_files(call: Call) -> list[FilePart]:
    """The files of a request: parts of a form, or the body."""
    request = call.request
    content_type = request.headers.get("content-type", "")
    if not (request.raw or content_type) or not takes_files(call.operation):
        return []
    if essence(content_type) == _MULTIPART:
        return read_files(content_type, request.raw)
    described = find(call.operation.body.content, content_type) if call.operation.body else None
    if not _is_file(content_type) and not (
        described and _is_binary(call.context, described.pointer)
    ):
        return []
    named = (request.query.get(n) for n in ("filename", "file_name", "fileName", "name"))
    name = next((n for n in named if isinstance(n, str)), "")
    return [FilePart("", name, content_type, request.raw)]


def without_files(call: Call, sent: Any) -> Any:
    """The request data without files."""
    if not isinstance(sent, Mapping) or essence(call.request.media_type) != _MULTIPART:
        return sent
    fields = {file.field for file in sent_files(call)}
    return {name: value for name, value in sent.items() if name.removesuffix("[]") not in fields}


def facts_of(call: Call) -> dict[str, Any]:
    """The properties that describe an uploaded file: name, size, type and hash."""
    files = sent_files(call)
    schema = call.resource.schema
    return _described(call.context, schema, files[0]) if files and schema is not None else {}


def _described(context: Context, schema: str, file: FilePart) -> dict[str, Any]:
    """What a schema shows of a file."""
    properties = context.schemas.flat_at(schema).properties
    called = {snake_case(name): name for name in reversed(properties)}
    found = {}
    for word, value in _facts(file, called.keys()):
        name = called.get(word)
        place = context.schemas.place(schema, name) if name is not None else None
        if name is not None and place is not None and name not in found:
            try:
                if context.values.check(place).is_valid(value):
                    found[name] = value
            except ContractError:
                continue
    return found


def _tell(call: Call, reply: Reply, file: FilePart) -> None:
    """Say in a response what it shows of the file that was sent, which the entity doesn't have."""
    media = media_of(call.operation, reply.status)
    if media is None or media.pointer is None or not isinstance(reply.body, dict):
        return
    own = call.context.flat(call.resource).properties if call.action.resource else {}
    facts = _described(call.context, media.pointer, file).items()
    reply.body = {**reply.body, **{name: value for name, value in facts if name not in own}}


def _facts(file: FilePart, words: Any) -> Iterator[tuple[str, Any]]:
    if file.name:
        yield from ((word, file.name) for word in _NAMES)
        if words.isdisjoint(_NAMES):
            yield from (("name", file.name), ("title", file.name))
        yield from ((word, file.name.rpartition(".")[2]) for word in ("extension", "ext"))
    yield from ((word, len(file.data)) for word in _SIZES)
    yield from ((word, type_of(file)) for word in _TYPES)
    if words.isdisjoint(_TYPES):
        yield "type", type_of(file)
    for word in words:
        known = next((name for name in _HASHES if name in word.replace("_", "")), None)
        if known is not None or word in ("checksum", "hash", "digest", "etag", "file_hash"):
            yield word, hashlib.new(known or "sha256", file.data, usedforsecurity=False).hexdigest()
        elif word in ("crc32", "crc"):
            yield word, f"{crc32(file.data):08x}"


def type_of(file: FilePart) -> str:
    """The media type of a file: as sent, else by its extension."""
    given = essence(file.media_type)
    if given and given != _UNKNOWN:
        return given
    return _BY_ENDING.get(file.name.rpartition(".")[2].lower(), given or _UNKNOWN)


# -- where the bytes are kept


def _of_path(call: Call) -> str:
    return f"path {call.path()}"


def _of_entity(resource: str, key: str) -> str:
    return f"of {resource} {key}"


def _put(call: Call, place: str, file: FilePart) -> None:
    row = {"id": place, "name": file.name, "type": type_of(file)}
    call.world[FILES.name].put({**row, "data": b64encode(file.data).decode()})


def keep_file(call: Call, entity: Entity) -> None:
    """Store the file of a new entity."""
    files = sent_files(call)
    if files:
        _put(call, _of_entity(call.resource.name, entity.key), files[0])


def drop_file(call: Call, resource: str, key: str) -> None:
    """Remove the file of a removed entity."""
    if FILES.name in call.world:
        call.world[FILES.name].remove(_of_entity(resource, key))


def storing(handler: CallHandler) -> CallHandler:
    """The handler; the file can be fetched from its path afterwards."""

    def handle(call: Call) -> Reply:
        reply = handler(call)
        files = sent_files(call)
        if files and reply.status < 300:
            _put(call, _of_path(call), files[0])
            _tell(call, reply, files[0])
        return reply

    return handle


def dropping(handler: CallHandler) -> CallHandler:
    """The handler of a DELETE; removes the file of the path too."""

    def handle(call: Call) -> Reply:
        reply = handler(call)
        call.world[FILES.name].remove(_of_path(call))
        return reply

    return handle


def giving(handler: CallHandler, *, stored: bool) -> CallHandler:
    """The handler of a download. With `stored`, clients upload to the same path: a file that was
    never uploaded is NotFound, where the document lists that."""

    def handle(call: Call) -> Reply:
        rows = call.world[FILES.name]
        held = (found for key in _keys(call) if (found := rows.get(key)) is not None)
        row = next((found for found in held if _is_shown(call, found)), None)
        if row is not None:
            call.check_parents()
            return _download(call, row)
        # An entity may have been created without bytes: its fetch knows whether it is there.
        created = call.action.kind == "fetch" and call.resource.creatable
        if stored and not created and 404 in call.operation.documented and call.request.path:
            call.check_parents()
            raise NotFound(f"There is no file at {call.path()}.")
        return handler(call)

    return handle


def _is_shown(call: Call, row: Mapping[str, Any]) -> bool:
    """Whether a path gives this file: below an entity there may be other forms of what was sent,
    such as a picture of it."""
    response = call.operation.response_for(call.operation.success)
    listed = [essence(name) for name in response.content] if response is not None else []
    below = call.action.item is None and row["id"] != _of_path(call)
    # What is said to be bytes may be of any type.
    return not below or _UNKNOWN in listed or any(covers(one, row["type"]) for one in listed)


def _keys(call: Call) -> Iterator[str]:
    """The keys under which the file of a path may be stored."""
    yield _of_path(call)
    action = call.action
    if action.item is not None and action.resource is not None:
        yield _of_entity(action.resource, call.key())
    if action.parents and action.parents[-1].resource is not None:
        yield _of_entity(action.parents[-1].resource, call.parent_key())


def _download(call: Call, row: Mapping[str, Any]) -> Reply:
    operation = call.operation
    response = operation.response_for(operation.success)
    assert response is not None
    headers = call.context.answers.headers.of(response, call.lasting(row["id"]))
    for name in headers:
        if name.lower() == "content-disposition" and row["name"]:
            headers[name] = f'attachment; filename="{row["name"]}"'
    usual = choose_media_type(response)
    kind = row["type"]
    ranges = [known for known in response.content if covers(essence(known), kind)]
    shown = kind if ranges or essence(usual) == _UNKNOWN or is_json(usual) else usual
    return Reply(operation.success, b64decode(row["data"]), headers, shown)


def with_files(
    context: Context, operation: Operation, action: Action, handler: CallHandler
) -> CallHandler:
    """The handler, with uploads and downloads."""
    if gives_file(context, operation):
        return giving(handler, stored=_is_stored(context, operation))
    if operation.method == "DELETE" and _is_stored(context, operation):
        return dropping(handler)
    if takes_files(operation) and action.kind != "create":
        return storing(handler)
    return handler


def _is_stored(context: Context, operation: Operation) -> bool:
    """Whether clients upload to the path of this operation."""
    return any(
        other.url_path == operation.url_path and takes_files(other)
        for other in context.contract.operations
        if other.method in ("PUT", "POST", "PATCH")
    )


def any_files(context: Context) -> bool:
    """Whether any operation takes or returns files."""
    return any(
        takes_files(operation) or gives_file(context, operation)
        for operation in context.contract.operations
    )
