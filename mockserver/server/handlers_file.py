"""`--handlers FILE`: a Python file with functions marked `@handles("operationId")`."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Collection, Mapping
from pathlib import Path
from types import ModuleType

from mockserver.engine.api import Handler, handlers_in
from mockserver.errors import MockServerError, PlanError, UsageError, did_you_mean

_NAME = "mockserver_handlers"


def load_handlers(path: Path) -> dict[str, Handler]:
    """The marked functions of a file, by operationId.

    Raises UsageError if it can't be run, PlanError with the line if a function is not a handler.
    """
    try:
        source = path.read_bytes()
        code = compile(source, str(path), "exec")
    except OSError as error:
        raise UsageError(f"--handlers {path}: {error.strerror or error}") from None
    except SyntaxError as error:
        place = f" line {error.lineno}" if error.lineno else ""
        raise UsageError(f"--handlers {path}{place}: {error.msg}") from None
    except ValueError as error:
        raise UsageError(f"--handlers {path}: {error}") from None
    module = ModuleType(_NAME)
    module.__file__ = str(path)
    sys.modules[_NAME] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        exec(code, module.__dict__)
    except MockServerError:
        raise
    except (Exception, SystemExit) as error:
        place = _place(error, path)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UsageError(f"--handlers {path}{place}: {reason}") from None
    found = handlers_in(module)
    if not found:
        raise PlanError(
            f'--handlers {path}: no function is marked; put @handles("operationId") above one'
        )
    for operation_id, function in found.items():
        _check(path, operation_id, function)
    return found


def _place(error: BaseException, path: Path) -> str:
    """The last line of the file itself in the error's traceback."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    return f" line {lines[-1]}" if lines else ""


def _check(path: Path, operation_id: str, function: Handler) -> None:
    name = getattr(function, "__name__", repr(function))
    code = getattr(function, "__code__", None)
    place = f" line {code.co_firstlineno}" if code is not None else ""
    if inspect.iscoroutinefunction(function):
        raise PlanError(
            f"--handlers {path}{place}: {name} is async; a handler must be a plain function: "
            "a mock never waits"
        )
    try:
        inspect.signature(function).bind(None, None)
    except (TypeError, ValueError):
        raise PlanError(
            f"--handlers {path}{place}: {name}, the handler of {operation_id}, "
            "must take (world, request)"
        ) from None


def handlers_of(handlers: Path | Mapping[str, Handler] | None) -> Mapping[str, Handler]:
    """The handlers of a file, or functions by operationId. Raises UsageError and PlanError."""
    if handlers is None:
        return {}
    if isinstance(handlers, Path):
        return load_handlers(handlers)
    for name, function in handlers.items():
        if not callable(function):
            raise UsageError(f"handlers[{name!r}]: {function!r} is not a function")
    return handlers


def check_known(where: str, handlers: Collection[str], operation_ids: Collection[str]) -> None:
    """Raises PlanError for a handler of an operation that the document does not have."""
    for operation_id in handlers:
        if operation_id not in operation_ids:
            hint = did_you_mean(operation_id, operation_ids)
            text = f"{where}: the document has no operation {operation_id!r}"
            raise PlanError(f"{text}; {hint}" if hint else text)
