"""A plan that a child process infers while this process imports the server.

Both take about as long, and neither needs the other. The child reads the document by itself and
says what it has read; the plan counts only for exactly that document. If anything is different, or
goes wrong, nothing is lost: the plan is inferred as if there were no child.
"""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class Ahead:
    """A child process that infers a plan. `pid` is 0 if there is none any more."""

    def __init__(self, pid: int, reading: int) -> None:
        self.pid = pid
        self._reading = reading

    def plan(self, inputs: bytes) -> Any:
        """The plain form of the plan with these inputs (`digest_of`); None if the child has none,
        or that of others. Waits for the child. It can be asked once."""
        if not self.pid:
            return None
        with open(self._reading, "rb", closefd=False) as pipe:
            found = pipe.read()
        self.close()
        if not inputs or not found.startswith(inputs):
            return None
        import orjson

        with suppress(orjson.JSONDecodeError):  # the child ended while it wrote
            return orjson.loads(found[len(inputs) :])
        return None

    def close(self) -> None:
        """End the child if it still runs."""
        if self.pid:
            pid, self.pid = self.pid, 0
            os.close(self._reading)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@contextmanager
def inferred_ahead(spec: str | None, config: Path | None, cached: bool) -> Iterator[Ahead | None]:
    """Infer the plan of `serve`'s document in a child, on Linux and with a second processor.

    With `cached` there is nothing to infer if the cache has it. Must be called before there are
    threads: a child has only the one that forked.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        yield None
        return
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _infer(writing, spec, config, cached)
    os.close(writing)
    ahead = Ahead(pid, reading)
    try:
        yield ahead
    finally:
        ahead.close()


def _infer(writing: int, spec: str | None, config: Path | None, cached: bool) -> None:
    """In the child: write the key and the plan, and exit. Errors are the parent's to report."""
    with suppress(BaseException):
        gc.disable()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        found = _plan(spec, config, cached)
        if found is not None:
            with open(writing, "wb") as pipe:
                pipe.write(found)
    os._exit(0)


def _plan(spec: str | None, path: Path | None, cached: bool) -> bytes | None:
    import orjson

    from mockserver.files.cache import user_cache
    from mockserver.files.documents import DEFAULT_SPEC, find_document, read_document
    from mockserver.openapi.example_schemas import with_example_schemas
    from mockserver.server.config_file import read_config

    config = read_config(path, spec)
    source = find_document(spec or config.spec or DEFAULT_SPEC)
    if source.path is None or not source.path.is_file():
        return None  # what is fetched or read from a pipe must be read once only
    cache = user_cache() if cached else None
    document = with_example_schemas(read_document(source, None, cache))
    inputs = digest_of(document, config.overrides)
    if cache is not None and cache.has(cache.key("plan", inputs)):
        return None
    from mockserver.inference.build import build_plan
    from mockserver.inference.stored import stored
    from mockserver.openapi.build import build_contract

    plan = build_plan(build_contract(document), config.overrides)
    return inputs + orjson.dumps(stored(plan))


def digest_of(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> bytes:
    """What a plan depends on, beside the code. Raises TypeError if it is not JSON."""
    import orjson

    return hashlib.sha256(orjson.dumps([document, overrides])).digest()
