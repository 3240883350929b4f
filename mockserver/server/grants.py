"""Find the world that issued a credential."""

from __future__ import annotations

from collections import OrderedDict

from mockserver.engine.credentials import ISSUED, Issued, issued_in, name_of
from mockserver.store.base import Store

_KEPT = 10_000


class Grants:
    """Finds issued credentials in any world."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tenants: OrderedDict[str, str] = OrderedDict()

    def __call__(self, credential: str) -> Issued | None:
        """The data of a credential; None if no world issued it."""
        name = name_of(credential)
        tenant = self._tenants.get(name)
        found = self._in(tenant, credential) if tenant is not None else None
        if found is None:
            tenant = self._store.holder(ISSUED.name, name)
            found = self._in(tenant, credential) if tenant is not None else None
            if found is not None and tenant is not None:
                self._tenants[name] = tenant
                if len(self._tenants) > _KEPT:
                    self._tenants.popitem(last=False)
        return found

    def _in(self, tenant: str, credential: str) -> Issued | None:
        with self._store.begin(tenant) as world:
            return issued_in(world, credential)
