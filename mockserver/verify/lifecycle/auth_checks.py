"""Access checks: nothing without a key, and no access to another user's entities."""

from __future__ import annotations

from mockserver.verify.lifecycle.crud_checks import changes, read
from mockserver.verify.lifecycle.list_checks import ALL, walk
from mockserver.verify.lifecycle.session import CannotTell, Entity, Session, wrapped
from mockserver.verify.target import credentials

REFUSED = (401, 403)


def anonymous(session: Session, operation_id: str, entity: Entity | None = None) -> None:
    """A missing key, a wrong key, and a key in the wrong place are all refused."""
    operation = session.operation(operation_id)
    contract = session.target.contract
    if not operation.security or not all(operation.security):
        # No key is required, or anonymous access is one of the alternatives.
        return
    where = entity.where if entity else {}
    wanted = [s for s in REFUSED if s in operation.documented] or list(REFUSED)
    exchange = session.call(operation_id, where, key=None)
    session.expect(exchange, wanted, "key_is_needed", "no key")
    exchange = session.call(operation_id, where, key="wrong-key-for-sure")
    session.expect(exchange, wanted, "key_is_needed", "an invalid key")
    if "authorization" not in credentials(contract, session.target.key):
        bearer = {"authorization": f"Bearer {session.target.key}"}
        exchange = session.call(operation_id, where, key=None, headers=bearer)
        session.expect(exchange, wanted, "key_has_its_place", "the key as a bearer token")


def foreign(session: Session, entity: Entity, also: tuple[str, ...] = ()) -> None:
    """Another user can't read, list, change, remove or move the entity, and it stays unchanged."""
    resource = entity.resource
    key = session.other
    for operation_id in filter(None, (resource.read, *also, resource.change, resource.remove)):
        if not session.operation(operation_id).security:
            continue
        body = _body(session, entity, operation_id)
        exchange = session.call(operation_id, entity.where, body=body, key=key)
        if exchange.status == 401:
            # The key is not valid here, so it can't show what another user sees.
            raise CannotTell(
                "the second key is refused with 401; give a valid one with --other-key"
            )
        session.not_found(exchange, "tenants_are_apart", "another user's key", [403])
    if resource.list and not resource.parents:
        rows = walk(session, resource, entity.path, limit=ALL, key=key)
        if any(resource.identity(row) == entity.id for row in rows):
            session.fail(
                "tenants_are_apart", f"another user's list has {resource.name} {entity.id}"
            )
    if resource.read:
        read(session, entity)


def _body(session: Session, entity: Entity, operation_id: str) -> object:
    """A body that would change something; other operations go without one."""
    if operation_id != entity.resource.change:
        return None
    return wrapped(changes(session, entity), entity.resource.sent_change)
