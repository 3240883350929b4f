"""Results of steps by type, or errors, as texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.engine.randomness import Dice
from mockserver.engine.serialization import dump
from mockserver.engine.timestamps import render


def result_of(step_type: str, dice: Dice) -> str | None:
    """The result of a step; None for a type without one (rule 19)."""
    make = _RESULTS.get(step_type)
    return None if make is None else make(dice)


def error_of(step_type: str, name: str, dice: Dice) -> str:
    """Why a step failed."""
    return f"{name}: {dice.random.choice(_ERRORS.get(step_type, _ERRORS['START']))}"


def _json(value: Any) -> str:
    return dump(value).decode()


def _answer(dice: Dice) -> str:
    return str(dice.fake.paragraph(nb_sentences=4))


def _passages(dice: Dice) -> str:
    count = dice.random.randint(2, 5)
    scores = sorted((round(dice.random.uniform(0.55, 0.97), 4) for _ in range(count)), reverse=True)
    return _json([{"text": dice.fake.sentence(nb_words=14), "score": score} for score in scores])


def _response(dice: Dice) -> str:
    body = {"id": dice.random.randint(1000, 99999), "customer": dice.fake.name()}
    return _json({"status_code": 200, "body": {**body, "city": dice.fake.city()}})


def _page(dice: Dice) -> str:
    return "\n\n".join((f"# {dice.fake.catch_phrase()}", *dice.fake.paragraphs(nb=3)))


def _output(dice: Dice) -> str:
    rows = dice.random.randint(3, 400)
    return _json({"rows": rows, "total": round(dice.random.uniform(10, 9000), 2)})


def _extracted(dice: Dice) -> str:
    name, company = dice.fake.name(), dice.fake.company()
    when = render(dice.now + dice.random.randint(1, 30) * 86_400_000_000)[:10]
    return _json({"name": name, "company": company, "date": when})


def _rows(dice: Dice) -> str:
    return _json(
        [
            {"product": dice.fake.word(), "quantity": dice.random.randint(1, 40)}
            for _ in range(dice.random.randint(2, 4))
        ]
    )


_RESULTS: Mapping[str, Callable[[Dice], str]] = {
    "LLM_CALL": _answer,
    "EMBEDDING_SEARCH": _passages,
    "REST_API": _response,
    "WEB_SCRAPE": _page,
    "PYTHON": _output,
    "TEXT_TO_JSON": _extracted,
    "DATA_TRANSFORM": _rows,
}

_ERRORS: Mapping[str, tuple[str, ...]] = {
    "START": ("the session could not be started",),
    "LLM_CALL": (
        "the model provider returned 529 overloaded three times in a row",
        "the prompt has 131402 tokens, the model takes 128000",
    ),
    "GET_USER_INPUT": ("the input could not be read",),
    "LOGIC_DECISION": ("the model's response is none of the labels",),
    "EMBEDDING_SEARCH": ("the index is being rebuilt", "there is no dataset of this name"),
    "REST_API": ("503 Service Unavailable from the remote server", "no response within 30 s"),
    "WEB_SCRAPE": ("the page returned 403 Forbidden", "the page has a redirect loop"),
    "PYTHON": ("KeyError: 'amount' (line 12)", "ZeroDivisionError: division by zero (line 4)"),
    "TEXT_TO_JSON": ("the model's response is not JSON: unexpected end of input",),
    "DATA_TRANSFORM": ("column 'quantity' is not numeric",),
}
