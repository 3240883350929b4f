"""Who may do what: without a key nothing, with another user's key nothing to one's own things."""

from __future__ import annotations

from mockserver.verify.lifecycle.crud_checks import changes, read
from mockserver.verify.lifecycle.list_checks import ALL, walk
from mockserver.verify.lifecycle.session import CannotTell, Session, Thing, wrapped
from mockserver.verify.target import credentials

REFUSED = (401, 403)


def anonymous(session: Session, operation_id: str, thing: Thing | None = None) -> None:
    """No key, a wrong key, and the key in the wrong place are all refused."""
    operation = session.operation(operation_id)
    contract = session.target.contract
    if not operation.security or not all(operation.security):
        # No key is needed, or one of the ways to be let in is to have none.
        return
    where = thing.where if thing else {}
    wanted = [s for s in REFUSED if s in operation.documented] or list(REFUSED)
    exchange = session.call(operation_id, where, key=None)
    session.expect(exchange, wanted, "key_is_needed", "no key")
    exchange = session.call(operation_id, where, key="wrong-key-for-sure")
    session.expect(exchange, wanted, "key_is_needed", "a key that is none")
    if "authorization" not in credentials(contract, session.target.key):
        bearer = {"authorization": f"Bearer {session.target.key}"}
        exchange = session.call(operation_id, where, key=None, headers=bearer)
        session.expect(exchange, wanted, "key_has_its_place", "the key as a bearer token")


def foreign(session: Session, thing: Thing, also: tuple[str, ...] = ()) -> None:
    """Another user neither reads, lists, changes, removes nor moves it, and it stays as it is."""
    resource = thing.resource
    key = session.other
    for operation_id in filter(None, (resource.read, *also, resource.change, resource.remove)):
        if not session.operation(operation_id).security:
            continue
        body = _body(session, thing, operation_id)
        exchange = session.call(operation_id, thing.where, body=body, key=key)
        if exchange.status == 401:
            # It is nobody's key here; what another user sees can't be told with it.
            raise CannotTell("the second key is refused with 401; give another with --other-key")
        session.not_found(exchange, "tenants_are_apart", "another user's key", [403])
    if resource.list and not resource.parents:
        rows = walk(session, resource, thing.path, limit=ALL, key=key)
        if any(resource.identity(row) == thing.id for row in rows):
            session.fail("tenants_are_apart", f"another user's list has {resource.name} {thing.id}")
    if resource.read:
        read(session, thing)


def _body(session: Session, thing: Thing, operation_id: str) -> object:
    """A change that would be one; other operations go without a body."""
    if operation_id != thing.resource.change:
        return None
    return wrapped(changes(session, thing), thing.resource.sent_change)
