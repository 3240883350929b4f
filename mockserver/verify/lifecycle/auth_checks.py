"""Access checks: nothing without a key, and no access to another user's entities."""

from __future__ import annotations

from mockserver.verify.lifecycle.crud_checks import changes, read
from mockserver.verify.lifecycle.list_checks import ALL, walk
from mockserver.verify.lifecycle.session import CannotTell, Session, Thing, wrapped
from mockserver.verify.target import credentials

REFUSED = (401, 403)


def anonymous(session: Session, operation_id: str, thing: Thing | None = None) -> None:
    """A missing key, a wrong key, and a key in the wrong place are all refused."""
    operation = session.operation(operation_id)
    contract = session.target.contract
    if not operation.security or not all(operation.security):
        # No key is required, or anonymous access is one of the alternatives.
        return
    where = thing.where if thing else {}
    wanted = [s for s in REFUSED if s in operation.documented] or list(REFUSED)
    exchange = session.call(operation_id, where, key=None)
    session.expect(exchange, wanted, "key_is_needed", "no key")
    exchange = session.call(operation_id, where, key="wrong-key-for-sure")
    session.expect(exchange, wanted, "key_is_needed", "an invalid key")
    if "authorization" not in credentials(contract, session.target.key):
        bearer = {"authorization": f"Bearer {session.target.key}"}
        exchange = session.call(operation_id, where, key=None, headers=bearer)
        session.expect(exchange, wanted, "key_has_its_place", "the key as a bearer token")


def foreign(session: Session, thing: Thing, also: tuple[str, ...] = ()) -> None:
    """Another user can't read, list, change, remove or move the entity, and it stays unchanged."""
    resource = thing.resource
    key = session.other
    for operation_id in filter(None, (resource.read, *also, resource.change, resource.remove)):
        if not session.operation(operation_id).security:
            continue
        body = _body(session, thing, operation_id)
        exchange = session.call(operation_id, thing.where, body=body, key=key)
        if exchange.status == 401:
            # The key is not valid here, so it can't show what another user sees.
            raise CannotTell(
                "the second key is refused with 401; give a valid one with --other-key"
            )
        session.not_found(exchange, "tenants_are_apart", "another user's key", [403])
    if resource.list and not resource.parents:
        rows = walk(session, resource, thing.path, limit=ALL, key=key)
        if any(resource.identity(row) == thing.id for row in rows):
            session.fail("tenants_are_apart", f"another user's list has {resource.name} {thing.id}")
    if resource.read:
        read(session, thing)


def _body(session: Session, thing: Thing, operation_id: str) -> object:
    """A body that would change something; other operations go without one."""
    if operation_id != thing.resource.change:
        return None
    return wrapped(changes(session, thing), thing.resource.sent_change)
