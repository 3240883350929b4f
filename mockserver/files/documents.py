"""Find and read the document given as SPEC: a name, a path or a URL."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from mockserver.errors import ContractError, DanglingReference, UsageError
from mockserver.files.cache import Cache
from mockserver.files.reading import (
    MAX_DOCUMENT,
    contract_file,
    fetch,
    read_file,
    reason_of,
    without_secrets,
)
from mockserver.openapi.document import as_json, lookup, parse_document, tokens, walk
from mockserver.openapi.media_types import is_json, is_text
from mockserver.openapi.model import EXTERNAL
from mockserver.openapi.references import bundled, foreign_references
from mockserver.records import dataclass

if TYPE_CHECKING:
    from mockserver.openapi.model import Contract

BUILT_IN_NAMES = ("feather", "speechify", "truestate")
NAMES = ("feather", "speechify", "speechify-legacy", "truestate")
"""Names that SPEC can be: the APIs, and a variant of one."""
DEFAULT_SPEC = "feather"
_MAY_BE_FOREIGN = re.compile(r"""\$ref["']?\s*:\s*["']?[^"'#\s]|\\u0024""")
_ENDINGS = {".json", ".yaml", ".yml"}
_ENCODINGS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


@dataclass(frozen=True)
class Source:
    """Location of a document. `path` is None for a URL; `name` is the user's name for it."""

    name: str
    path: Path | None = None
    url: str = ""


def find_document(spec: str) -> Source:
    """Locate SPEC. Raises UsageError, with a suggestion for a misspelt name."""
    if spec.lower().startswith(("http://", "https://")):
        if not urlsplit(spec).hostname:
            raise UsageError(f"{spec}: this URL has no host")
        return Source(without_secrets(spec), url=spec)
    built_in = contract_file(spec) if spec in NAMES else None
    if built_in is not None:
        return Source(spec, built_in)
    path = Path(spec)
    if _is_file(path):
        return Source(spec, path)
    if "://" in spec:
        raise UsageError(f"{spec}: only http and https URLs are read")
    if spec in NAMES:
        raise UsageError(f"{spec}: this API is not available yet; {_names()}")
    raise UsageError(_not_found(spec, path))


def _is_file(path: Path) -> bool:
    try:
        if path.is_dir():
            raise UsageError(_is_directory(path))
        return path.exists()
    except (OSError, ValueError) as error:
        # The name is too long or has a NUL, or the directory is not searchable.
        raise UsageError(f"{path}: {reason_of(error)}") from None


def _not_found(spec: str, path: Path) -> str:
    # Endings are left out of the comparison: all documents have one of a few.
    nearby = {name: name for name in available_names()}
    if path.parent.is_dir():
        nearby |= {
            other.stem: str(path.parent / other.name)
            for other in path.parent.iterdir()
            if other.suffix.lower() in _ENDINGS
        }
    close = get_close_matches(path.stem, nearby, n=1, cutoff=0.6)
    hint = f"did you mean {nearby[close[0]]}?" if close else _names()
    return f"{spec}: no such file and no built-in API; {hint}"


def available_names() -> list[str]:
    """The built-in APIs."""
    return [name for name in NAMES if contract_file(name) is not None]


def _names() -> str:
    return f"give a path, a URL or one of: {', '.join(available_names())}"


def _is_directory(path: Path) -> str:
    inside = sorted(p.name for p in path.iterdir() if p.suffix.lower() in _ENDINGS)[:3]
    hint = f"such as {path / inside[0]}" if inside else "a JSON or YAML file"
    return f"{path}: this is a directory; give the document itself, {hint}"


def read_document(
    source: Source, slips: list[str] | None = None, cache: Cache | None = None
) -> dict[str, Any]:
    """The parsed document, with referenced files bundled. `slips` receives notes on parts of the
    first file that are lost, `cache` keeps what took long to parse.

    Raises UsageError if a file can't be read, ContractError if it is not an OpenAPI document.
    """
    return _whole(source, slips, set(), cache)


def other_files(source: Source) -> set[Path]:
    """The known files of a document other than the first; missing or broken ones are included,
    because they may reappear."""
    requested: set[str] = set()
    with suppress(UsageError, ContractError):
        _whole(source, None, requested)
    return {_path_of(uri) for uri in requested if uri.startswith("file:")}


def parsed(
    text: bytes, name: str, slips: list[str] | None = None, cache: Cache | None = None
) -> dict[str, Any]:
    """The tree of a JSON or YAML text, the latter from the cache if it is there. Raises
    ContractError as `parse_document`."""
    if cache is None or text.lstrip()[:1] == b"{":  # JSON is read faster than it is found
        return parse_document(text, name, slips)
    key = cache.key("tree", text)
    found = cache.get(key)
    if not (isinstance(found, dict) and isinstance(found.get("tree"), dict)):
        lost: list[str] = []
        found = {"tree": parse_document(text, name, lost), "slips": lost}
        cache.put(key, found)
    if slips is not None:
        slips.extend(found["slips"])
    tree: dict[str, Any] = found["tree"]
    return tree


def _whole(
    source: Source, slips: list[str] | None, requested: set[str], cache: Cache | None = None
) -> dict[str, Any]:
    """The document with all its files bundled; `requested` receives the URIs of the others."""
    if source.path is not None:
        raw, location = read_file(source.path, source.name), ""
    else:
        raw, location = fetch(source.url)
    text = decode(raw, source.name)
    if not text.strip():
        raise ContractError(f"{source.name}: the file is empty")
    document = parsed(text.encode(), source.name, slips, cache)
    if "externalValue" in text:
        place = source.path.resolve().as_uri() if source.path is not None else location
        _take_in_examples(document, Reader(place, requested), place)
    # Walking a large document takes longer than parsing it.
    if not _MAY_BE_FOREIGN.search(text) or next(foreign_references(document), None) is None:
        return document
    if source.path is not None:
        location = source.path.resolve().as_uri()
    try:
        return bundled(document, location, Reader(location, requested, cache))[0]
    except ContractError as error:
        words = str(error).removesuffix(f" (at {error.where})")
        raise ContractError(f"{source.name}: {words}", error.where) from None


def _take_in_examples(document: dict[str, Any], reader: Reader, location: str) -> None:
    """Inline the `externalValue` of examples where it can be read: JSON and text as a value, else
    bytes."""
    for pointer, node in walk(document):
        name, path = node.get("externalValue"), tokens(pointer)
        if not isinstance(name, str) or "value" in node or path[-2:-1] != ["examples"]:
            continue
        try:
            raw = reader.read(urljoin(location, name))
        except UsageError:
            continue  # the contract reports that it is missing
        media_type = path[-3] if len(path) > 2 else ""
        try:
            node["value"] = _as_value(raw, media_type)
        except ValueError:
            node[EXTERNAL] = b64encode(raw).decode()


def _as_value(raw: bytes, media_type: str) -> Any:
    """The content as a JSON value or text. Raises ValueError for other bytes."""
    if is_json(media_type):
        return json.loads(raw)
    if not is_text(media_type):
        raise ValueError(media_type)
    return raw.decode()


class Reader:
    """Reads the other files of a document, from the same origin as the first, within limits."""

    def __init__(self, location: str, requested: set[str], cache: Cache | None = None) -> None:
        self._requested = requested
        self._cache = cache
        self._origin = urlsplit(location)[:2]
        self._left = MAX_DOCUMENT

    def __call__(self, uri: str) -> Any:
        """Read and parse. Raises UsageError if unreadable, ContractError if not JSON or YAML."""
        raw = self.read(uri)
        name = str(_path_of(uri)) if uri.startswith("file:") else without_secrets(uri)
        return parsed(decode(raw, name).encode(), name, cache=self._cache)

    def read(self, uri: str) -> bytes:
        """The file's bytes. Raises UsageError if it can't be read."""
        if urlsplit(uri)[:2] != self._origin:
            raise UsageError(
                f"{without_secrets(uri)}: files are fetched only from the document's own server"
            )
        self._requested.add(uri)
        if uri.startswith("file:"):
            path = _path_of(uri)
            name, raw = str(path), read_file(path, str(path))
        else:
            name, raw = without_secrets(uri), fetch(uri, only_host=urlsplit(uri).hostname).raw
        self._left -= len(raw)
        if self._left < 0:
            raise UsageError(f"{name}: larger than {MAX_DOCUMENT} bytes, the limit for a document")
        return raw


def _path_of(uri: str) -> Path:
    from urllib.request import url2pathname  # an HTTP client, too

    return Path(url2pathname(urlsplit(uri).path))


def decode(raw: bytes, name: str) -> str:
    """Decode text in any Unicode encoding. Raises ContractError with the position."""
    encoding = next((found for mark, found in _ENCODINGS if raw.startswith(mark)), "utf-8")
    if encoding == "utf-8" and raw[:4].count(0):
        # JSON starts with two ASCII characters: the position of the zeros shows the encoding.
        encoding = json.detect_encoding(raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ContractError(
            f"{name}: not {encoding.upper()} text: byte 0x{raw[error.start]:02x} in line {line}; "
            "save the document as UTF-8"
        ) from None


def as_document(
    spec: str | Path | Mapping[str, Any],
    slips: list[str] | None = None,
    cache: Cache | None = None,
) -> dict[str, Any]:
    """The document for a name, path or URL, or one already parsed. Raises as `read_document`.

    One that was parsed by a reader of YAML 1.1 has the status 200 as a number and dates as dates:
    it gets the keys and values that JSON would have.
    """
    if isinstance(spec, Mapping):
        return as_json(dict(spec))
    return read_document(find_document(str(spec)), slips, cache)


def read_contract(spec: str) -> tuple[dict[str, Any], Contract]:
    """Read SPEC, convert Swagger 2.0 if necessary, and build its contract."""
    from mockserver.openapi.build import build_contract  # `--help` needs no schemas

    document = as_document(spec)
    with naming(spec, document):
        contract = build_contract(document)
    return dict(contract.document), contract


@contextmanager
def naming(name: str, document: Mapping[str, Any]) -> Iterator[None]:
    """Prefix document errors with its name; for a dangling reference add its place and a
    suggestion."""
    try:
        yield
    except ContractError as error:
        words = str(error).removesuffix(f" (at {error.where})")
        if isinstance(error, DanglingReference):
            words += _about(error.reference, document)
        raise ContractError(f"{name}: {words}", error.where) from None


def _about(reference: str, document: Mapping[str, Any]) -> str:
    uses = (here for here, node in walk(document) if unquote(node.get("$ref") or "") == reference)
    place = next(uses, "")
    parent, _, token = reference.rpartition("/")
    try:
        beside = lookup(document, parent)
    except ContractError:
        beside = {}
    near = get_close_matches(token, list(beside)[:2000], 1) if isinstance(beside, Mapping) else []
    hint = f"did you mean {parent}/{near[0]}?" if near else "add it, or fix the reference"
    return f"; the reference is at {place}; {hint}" if place else f"; {hint}"
