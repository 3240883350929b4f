"""A small real FastAPI application, shaped like the Feather API."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Body, FastAPI, File, Form, Header, Query
from pydantic import AnyUrl, BaseModel, ConfigDict, Field

app = FastAPI()


class Channel(StrEnum):
    VOICE = "voice"
    TEXT = "text"
    EMAIL = "email"


class CutIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    min_words: int = Field(3, ge=0, le=50)
    chance: float = Field(0.5, ge=0, le=1)


class Behavior(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first_speaker: Literal["agent", "persona"] = "agent"
    cut_in: CutIn | None = None
    max_turns: int | None = Field(None, gt=0, lt=100, multiple_of=2)


class PersonaCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=255)
    description: str | None = Field(None, max_length=20)
    is_active: bool = True
    body: str = Field(min_length=1)
    traits: dict[str, Any] = {}
    behavior_config: Behavior = Behavior()  # type: ignore[call-arg]


class Item(BaseModel):
    persona_id: UUID
    scenario_id: UUID


class SuiteCreate(BaseModel):
    name: str = Field(min_length=1, max_length=255)
    description: str | None = Field(None, max_length=2000)
    is_active: bool = True
    items: list[Item] = []


class EvaluatorCreate(BaseModel):
    name: str = Field(max_length=200, pattern="^[a-z ]*$")
    kind: Literal["model_judge", "code"] = "model_judge"
    only: Literal["always"] = "always"
    channel: Channel = Channel.VOICE
    channels: list[Channel] = Field([], min_length=0, max_length=2)
    tags: list[Annotated[str, Field(min_length=1)]] = Field([], max_length=3)
    steps: list[int] = Field([1], min_length=1)
    threshold: float | None = Field(None, ge=0, le=1)
    weights: dict[str, float] = {}
    labels: dict[Annotated[str, Field(max_length=3)], int] = {}
    unique: set[int] = set()
    since: datetime | None = None
    day: date | None = None
    at: time | None = None
    link: AnyUrl | None = None
    either: int | str | None = None
    mixed: list[int] | Item | None = None
    parent: EvaluatorCreate | None = None


@app.get("/suites/{suite_id}/runs/{run_id}")
def read(suite_id: UUID, run_id: UUID) -> None: ...


@app.get("/counts/{count}")
def count(count: int, channel: Channel, kind: Literal["a", "b"] = "a") -> None: ...


@app.get("/suites")
def listing(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ratio: Annotated[float | None, Query(gt=0)] = None,
    is_active: bool | None = None,
    agent_id: UUID | None = None,
    status: Channel | None = None,
    name: Annotated[str | None, Query(max_length=5)] = None,
    tags: Annotated[list[int] | None, Query(max_length=2)] = None,
    created_from: datetime | None = None,
    x_trace: Annotated[int | None, Header()] = None,
) -> None: ...


@app.get("/needed")
def needed(first: int, second: str, x_third: Annotated[int, Header()]) -> None: ...


@app.post("/personas")
def persona(body: PersonaCreate) -> None: ...


@app.post("/suites/{suite_id}")
def suite(suite_id: UUID, body: SuiteCreate, limit: Annotated[int, Query(ge=1)] = 1) -> None: ...


@app.post("/evaluators")
def evaluator(body: EvaluatorCreate) -> None: ...


@app.post("/optional")
def optional(body: SuiteCreate | None = None) -> None: ...


@app.post("/numbers")
def numbers(body: list[int]) -> None: ...


@app.post("/several")
def several(
    ids: Annotated[list[int], Body()],
    suite: SuiteCreate,
    limit: Annotated[int, Body(le=5)] = 3,
) -> None: ...


@app.post("/form")
def form(
    name: Annotated[str, Form(max_length=3)],
    size: Annotated[int, Form(le=5)],
    flag: Annotated[bool | None, Form()] = None,
    tags: Annotated[list[int] | None, Form()] = None,
    kind: Annotated[Channel | None, Form()] = None,
) -> None: ...


@app.post("/upload")
def upload(file: Annotated[bytes, File()], size: Annotated[int, Form(le=5)]) -> None: ...
