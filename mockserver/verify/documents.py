"""The document to judge by: a built-in name, a path or an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mockserver.errors import ContractError, UsageError
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document
from mockserver.openapi.model import Contract
from mockserver.openapi.references import bundled, foreign_references

_PACKAGE = Path(__file__).resolve().parent.parent
_DATA = _PACKAGE / "_data"
_ROOT = _DATA if _DATA.is_dir() else _PACKAGE.parent


def read_document(spec: str, timeout: float = 10) -> dict[str, Any]:
    """Raises UsageError if there is no such document, ContractError if it can't be used."""
    document = parse_document(_read(spec, timeout), spec)
    if next(foreign_references(document), None) is None:
        return document
    location = spec if spec.startswith(("http://", "https://")) else Path(spec).resolve().as_uri()

    def read(uri: str) -> Any:
        if urlsplit(uri)[:2] != urlsplit(location)[:2]:
            raise UsageError(f"{uri}: only the document's own server is asked")
        path = url2pathname(urlsplit(uri).path) if uri.startswith("file:") else uri
        return parse_document(_read(path, timeout), path)

    return bundled(document, location, read)[0]


def read_contract(spec: str, timeout: float = 10) -> tuple[dict[str, Any], Contract]:
    """The document to judge by (a Swagger 2.0 one as it is served: converted), understood."""
    document = read_document(spec, timeout)
    try:
        contract = build_contract(document)
    except ContractError as error:
        words = str(error).removesuffix(f" (at {error.where})")
        raise ContractError(f"{spec}: {words}", error.where) from None
    return dict(contract.document), contract


def _read(spec: str, timeout: float) -> bytes:
    if spec.startswith(("http://", "https://")):
        return _fetch(spec, timeout)
    built_in = _ROOT / ("openapi.json" if spec == "feather" else f"contracts/{spec}.json")
    path = built_in if built_in.is_file() and not Path(spec).is_file() else Path(spec)
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{spec}: {error.strerror or error}; SPEC is "
            "feather, speechify, speechify-legacy, truestate, a path or an address"
        ) from None


def _fetch(spec: str, timeout: float) -> bytes:
    import httpx

    try:
        reply = httpx.get(spec, timeout=timeout, follow_redirects=True)
        reply.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise UsageError(f"{spec}: the server answered {error.response.status_code}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UsageError(f"{spec}: can't be fetched: {error or type(error).__name__}") from None
    return reply.content
