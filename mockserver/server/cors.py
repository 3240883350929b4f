"""`--cors`: allow web pages of other origins to use the API.

The admin API is excluded: its guard refuses other origins, and they can't read its responses.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockserver.errors import UsageError
from mockserver.server.admin.app import PREFIX

ANY = "*"
_SECONDS = 600


def check_origins(origins: tuple[str, ...]) -> None:
    """Raises UsageError for an invalid origin."""
    for origin in origins:
        if origin == ANY:
            continue
        try:
            parts = urlsplit(origin)
            fits = parts.scheme in ("http", "https") and parts.netloc and not parts.username
        except ValueError:
            fits = False
        if not fits or origin != f"{parts.scheme}://{parts.netloc}".lower():
            raise UsageError(
                f"--cors {origin}: an origin is a scheme, a host and an optional port, such as "
                "http://localhost:3000; * is any"
            )


def with_cors(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """The application, open to pages of these origins.

    Pages of a named origin may send credentials (cookies, `credentials: "include"`). With `*` they
    may not, as browsers refuse it.
    """
    any_page = ANY in origins
    opened = CORSMiddleware(
        app if any_page else _exposing(app),
        allow_origins=[ANY] if any_page else list(origins),
        allow_methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        allow_headers=["*"],
        allow_credentials=not any_page,
        expose_headers=["*"] if any_page else [],
        max_age=_SECONDS,
    )

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        closed = path == PREFIX or path.startswith(f"{PREFIX}/")
        await (app if closed else opened)(scope, receive, send)

    return choose


def _exposing(app: ASGIApp) -> ASGIApp:
    """The application, with the names of all its headers in `Access-Control-Expose-Headers`: where
    credentials are allowed, `*` stands for none."""

    async def exposing(scope: Scope, receive: Receive, send: Send) -> None:
        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                names = b", ".join(dict.fromkeys(name.lower() for name, _ in headers))
                headers.append((b"access-control-expose-headers", names))
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, named)

    return exposing
