"""Agents. The rules say little about them: a plain resource with merge-patch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Listing, PageNames
from mockserver.engine.world import Row, World, random_for
from mockserver.vendors.speechify.agent_tests import remove_test
from mockserver.vendors.speechify.common import ALPHABET, created, dated, fault, find, refused

AGENTS = Listing("agents", envelope=PageNames("agents"))

# Nested settings: sent values override these, and a patch is merged into them.
PARTS: dict[str, dict[str, Any]] = {
    "llm": {
        "provider": None,
        "model": None,
        "base_url": None,
        "credential_id": None,
        "extra_body": None,
        "temperature": 0.5,
    },
    "tts": {"speed": None},
    "stt": {"override": None},
    "turn_handling": {"response_delay_seconds": None, "inactivity_timeout_seconds": None},
    "memory": {"enabled": False, "retention_days": 90},
    "navigator": {"enabled": False, "ivr_cache_enabled": True},
    "background_noise": {"preset": None, "volume": None},
    "widget_config": {},
}
DEFAULTS: dict[str, Any] = {
    "prompt": "",
    "first_message": "",
    "language": "en",
    "additional_languages": [],
    "is_public": False,
    "allowed_origins": [],
    "hostname_allowlist": None,
    "webhook_url": "",
    "amd": {
        "enabled": False,
        "on_voicemail": {"action": "hangup"},
        "on_ivr": {"action": "hangup"},
        "on_unavailable": {"action": "hangup"},
    },
    "max_call_duration_seconds": None,
    "save_audio_recording": False,
}


@handles("listAgents")
def list_agents(world: World, request: Request) -> Reply:
    return Reply(200, AGENTS.page(world, request.query, lambda world, row: dated(row)))


@handles("createAgent")
def create_agent(world: World, request: Request) -> Reply:
    return Reply(201, dated(make_agent(world, request.body)))


def make_agent(world: World, body: Mapping[str, Any]) -> Row:
    """Store a new agent. Raises Invalid for a slug in use."""
    slug = body.get("slug")
    if not slug:
        slug = _slug(world, body["name"])
    elif world["agents"].count(slug=slug):
        raise refused(fault(("slug",), "is taken", slug))
    known = {"slug": slug, "name": body["name"]}
    known |= {name: body.get(name, default) for name, default in DEFAULTS.items()}
    known |= {name: {**default, **body.get(name, {})} for name, default in PARTS.items()}
    known["webhook_secret_set"] = bool(body.get("webhook_secret"))
    row = created(world, "agents", known)
    world["agents"].put(row)
    return row


@handles("getAgent")
def get_agent(world: World, request: Request) -> Reply:
    return Reply(200, dated(find(world, "agents", request.path["agent_id"])))


@handles("updateAgent")
def update_agent(world: World, request: Request) -> Reply:
    row = find(world, "agents", request.path["agent_id"])
    body = request.body
    changes = {name: body[name] for name in ("name", *DEFAULTS) if name in body}
    changes |= {name: merged(row[name], body[name]) for name in PARTS if name in body}
    if "webhook_secret" in body:
        changes["webhook_secret_set"] = bool(body["webhook_secret"])
    if changes:
        row = {**row, **changes, "updated_at": world.now}
        world["agents"].put(row)
    return Reply(200, dated(row))


@handles("deleteAgent")
def delete_agent(world: World, request: Request) -> Reply:
    """Remove the agent and its tests; their runs stay (rule 26)."""
    row = find(world, "agents", request.path["agent_id"])
    for test in list(world["tests"].scan(agent_id=row["id"])):
        remove_test(world, test)
    for link in list(world["attachments"].scan(agent_id=row["id"])):
        world["attachments"].remove(link["id"])
    world["agents"].remove(row["id"])
    return Reply(204, NO_BODY)


def merged(old: Any, patch: Any) -> Any:
    """A merge patch: objects are merged, other values are replaced."""
    if not isinstance(patch, Mapping) or not isinstance(old, Mapping):
        return patch
    return {**old, **{name: merged(old.get(name), part) for name, part in patch.items()}}


def _slug(world: World, name: str) -> str:
    """A slug from the name, with a suffix that makes it unique."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "agent"
    random = random_for(world, "slug", name, world.ordinal("slug"))
    while True:
        slug = f"{stem}-{''.join(random.choices(ALPHABET.lower(), k=6))}"
        if not world["agents"].count(slug=slug):
            return slug
