"""Folders of tests: a flat list with parent ids (rules 29, 30)."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.engine.api import handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Listing, PageNames
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest
from mockserver.vendors.speechify.common import created, dated, find, find_named, updated
from mockserver.vendors.speechify.tables import DEEPEST_FOLDER

FOLDERS = Listing("folders", envelope=PageNames("folders"))


@handles("listTestFolders")
def list_folders(world: World, request: Request) -> Reply:
    return Reply(200, FOLDERS.page(world, request.query, lambda world, row: dated(row)))


@handles("createTestFolder")
def create_folder(world: World, request: Request) -> Reply:
    body = request.body
    return Reply(201, dated(make_folder(world, body["name"], body.get("parent_folder_id"))))


def make_folder(world: World, name: str, parent_folder_id: str | None = None) -> Row:
    """Store a new folder. Raises BadRequest if it would be nested too deeply."""
    if parent_folder_id is not None:
        find_named(world, "folders", parent_folder_id)
        _check_depth(_depth(world, parent_folder_id) + 1)
    fields = {"parent_folder_id": parent_folder_id, "name": name}
    row = created(world, "folders", fields)
    world["folders"].put(row)
    return row


@handles("updateTestFolder")
def update_folder(world: World, request: Request) -> Reply:
    row = find(world, "folders", request.path["test_folder_id"])
    parent_id = request.body.get("parent_folder_id")
    if parent_id is not None:
        find_named(world, "folders", parent_id)
        if row["id"] in _chain(world, parent_id):
            raise BadRequest("A folder can't be moved into itself or into a folder inside it.")
        _check_depth(_depth(world, parent_id) + _height(world, row["id"]))
    row = updated(world, row, request.body, ("name", "parent_folder_id"))
    world["folders"].put(row)
    return Reply(200, dated(row))


@handles("deleteTestFolder")
def delete_folder(world: World, request: Request) -> Reply:
    """Remove the folder and move its content to the root (rule 30)."""
    row = find(world, "folders", request.path["test_folder_id"])
    for test in list(world["tests"].scan(folder_id=row["id"])):
        world["tests"].put({**test, "folder_id": None})
    for inner in list(world["folders"].scan(parent_folder_id=row["id"])):
        world["folders"].put({**inner, "parent_folder_id": None})
    world["folders"].remove(row["id"])
    return Reply(204, NO_BODY)


def _chain(world: World, folder_id: str | None) -> Iterator[str]:
    """The folder and its ancestors, up to the root."""
    while folder_id is not None:
        yield folder_id
        folder_id = find(world, "folders", folder_id)["parent_folder_id"]


def _depth(world: World, folder_id: str) -> int:
    return sum(1 for _ in _chain(world, folder_id))


def _height(world: World, folder_id: str) -> int:
    """The number of levels in the folder, itself included."""
    inside = world["folders"].scan(parent_folder_id=folder_id)
    return 1 + max((_height(world, inner["id"]) for inner in inside), default=0)


def _check_depth(depth: int) -> None:
    if depth > DEEPEST_FOLDER:
        raise BadRequest(f"Folders nest at most {DEEPEST_FOLDER} deep.")
