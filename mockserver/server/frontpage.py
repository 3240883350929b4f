"""`GET /__mock__/`: what is served here, as one page without assets from elsewhere."""

from __future__ import annotations

from html import escape

from mockserver.engine.negotiate import Sent
from mockserver.server.mock import DEFAULT_KEY, Mock
from mockserver.store.addresses import MEMORY

_STYLE = """
:root{color-scheme:light dark;--line:#8884}
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
code{font:.9em ui-monospace,monospace}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.5rem}
dd{margin:0}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid var(--line);padding:.25rem .75rem .25rem 0;text-align:left}
nav a{margin-right:1rem}
.wide{overflow-x:auto}
"""
_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
        b"base-uri 'none'; form-action 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
]
_LINKS = ("health", "clock", "state", "journal", "plan")


def front_page(mock: Mock, source: str, state_file: bool = False) -> Sent:
    """The page. `state_file`: the worlds are kept in a file."""
    contract = mock.contract
    rows = "".join(
        f"<tr><td><code>{escape(operation.method)}</code></td>"
        f"<td><code>{escape(operation.path)}</code></td>"
        f"<td><code>{escape(operation.id)}</code></td></tr>"
        for operation in contract.operations
    )
    links = " ".join(f'<a href="../__mock__/{name}">{name}</a>' for name in _LINKS)
    body = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{escape(contract.title)} · mockserver</title><style>{_STYLE}</style></head>
<body><main>
<h1>{escape(contract.title)}</h1>
<p>A mock of this API runs here. It remembers what it is told {_memory(mock, state_file)}.</p>
<dl>
<dt>Document</dt><dd><code>{escape(source)}</code>, OpenAPI {escape(contract.version)}</dd>
<dt>Behaviour</dt><dd><code>{escape(mock.api.name)}</code></dd>
<dt>Operations</dt><dd>{len(contract.operations)}</dd>
<dt>Worlds</dt><dd>{len(mock.store.tenants())}, one for each credential</dd>
<dt>Credential</dt><dd><code>{DEFAULT_KEY}</code>, or any other that begins with
<code>{escape(mock.api.prefix)}</code></dd>
<dt>Seed</dt><dd>{mock.options.seed}</dd>
</dl>
<h2>Control plane</h2><nav aria-label="Control plane">{links}</nav>
<h2>Operations</h2>
<div class="wide"><table><thead><tr><th>Method</th><th>Path</th><th>Operation</th></tr></thead>
<tbody>{rows}</tbody></table></div>
</main></body></html>
"""
    return Sent(200, list(_HEADERS), body.encode("utf-8", "replace"))


def _memory(mock: Mock, state_file: bool) -> str:
    if mock.options.store != MEMORY:
        return "and keeps it in Redis when it stops"
    if state_file:
        return "and keeps it in its state file when it stops"
    return "and forgets it when it stops"
