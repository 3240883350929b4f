"""What lines cost together: the `total_amount` of an order, the `amount` of a line by its quantity
and price. What a client may send is never computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from mockserver.engine.inferred.repository import OwnRepository
from mockserver.engine.inferred.tallies import flat_of
from mockserver.inference.resource_model import Resource
from mockserver.inference.words import bag, listed, noun, snake_case, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

_PRICES = listed("unit_price price_per_unit unit_amount unit_cost base_price price_per_item price")
_QUANTITIES = listed("quantity qty units")
_AMOUNTS = listed("total line_total total_price total_amount subtotal amount cost")
_TOTALS = bag("total amount_total total_amount total_price total_cost total_value grand_total")
_BARE = bag("subtotal sub_total subtotal_price subtotal_amount amount_subtotal total_net net_total")
"""Totals before taxes and discounts."""
_MORE = bag("tax taxes vat shipping delivery fee fees tip tips gratuity duty")
_LESS = bag("discount discounts rebate")
_KINDS = frozenset(("number", "integer", "string"))
_LARGEST = Decimal(2**53)
"""Beyond it, not every whole number is one for JavaScript. A text of a few letters (`1e999999`) can
say a number that takes all memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A property that is computed, with its types."""

    name: str
    types: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Where one line has its price and quantity, or what both come to; `total` is computed of
    them, if no client may send it."""

    price: str | None
    quantity: str | None
    amount: str | None
    total: Target | None = None

    def cost(self, line: Mapping[str, Any]) -> Decimal | None:
        """What a line costs; None if nothing says it."""
        price = _number(line.get(self.price or "")) if self.price is not None else None
        if price is not None:
            number = _number(line.get(self.quantity)) if self.quantity is not None else None
            return price * (Decimal(1) if number is None else number)
        return _number(line.get(self.amount)) if self.amount is not None else None

    def told(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """What a line says of itself by its quantity and price."""
        if self.total is None or (cost := self.cost(line)) is None:
            return {}
        return _written(self.total, cost, line, line.get(self.price or ""))


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A property that is what the lines in `array`, or those of `below`, cost together, with what
    the entity adds to it and takes off."""

    target: Target
    line: Line
    array: str | None = None
    below: OwnRepository | None = None
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()

    def of(self, data: Mapping[str, Any], lines: Iterable[Any]) -> dict[str, Any]:
        """The property with its value, as it was written before; nothing if a line has no price."""
        there = [one for one in lines if isinstance(one, Mapping)]
        known = [cost for one in there if (cost := self.line.cost(one)) is not None]
        if len(known) < len(there):
            return {}
        total = sum(known, Decimal(0))
        total += sum((_number(data.get(name)) or Decimal(0) for name in self.more), Decimal(0))
        total -= sum((_number(data.get(name)) or Decimal(0) for name in self.less), Decimal(0))
        like = next((one.get(self.line.price or self.line.amount or "") for one in there), None)
        return _written(self.target, total, data, like)


def line_of(schemas: Schemas, flat: Flat, sent: Iterable[str]) -> Line | None:
    """How a schema says what one line costs; None if it does not. `sent` is what clients may send
    of it."""
    own = _money(schemas, flat)
    price, amount = _first(_PRICES, own), _first(_AMOUNTS, own)
    quantity = _first(_QUANTITIES, {snake_case(name): name for name in flat.properties})
    if price is None and amount is None:
        return None
    product = price is not None and quantity is not None and amount not in set(sent)
    told = _target(schemas, flat, amount) if product and amount is not None else None
    return Line(price, quantity, amount, told)


def _target(schemas: Schemas, flat: Flat, name: str) -> Target:
    return Target(name, frozenset(schemas.types(flat.properties[name])) - {"null"})


def told_by(schemas: Schemas, resource: Resource) -> Line | None:
    """How an entity says what it comes to itself, by its quantity and price."""
    line = line_of(schemas, flat_of(schemas, resource), _sent(schemas, resource))
    return line if line is not None and line.total is not None else None


def _sent(schemas: Schemas, resource: Resource) -> Mapping[str, Any]:
    return schemas.flat_at(resource.request).properties if resource.request else {}


def sums_of(schemas: Schemas, resource: Resource, below: Sequence[Below]) -> Iterator[Sum]:
    """The properties of a resource that are sums of its lines: of an array of its own, or of what
    lies `below` it."""
    flat, sent = flat_of(schemas, resource), _sent(schemas, resource)
    own = {word: name for word, name in _money(schemas, flat).items() if name not in sent}
    heads = (f"{noun(resource.noun)}_total", *_TOTALS, *_BARE)
    wanted = [(word, own[word]) for word in heads if word in own]
    lines = list(_lines(schemas, resource, below)) if wanted else []
    priced = [one for one in lines if one[2].price is not None] or lines
    if len(priced) != 1:
        return
    ((array, repository, line),) = priced
    numbers = _money(schemas, flat).values()
    for word, name in wanted:
        beside = [one for one in numbers if one != name and "total" not in _plain(one)]
        more = tuple(
            one for one in beside if word not in _BARE and not _MORE.isdisjoint(_plain(one))
        )
        less = tuple(
            one for one in beside if word not in _BARE and not _LESS.isdisjoint(_plain(one))
        )
        yield Sum(_target(schemas, flat, name), line, array, repository, more, less)


Below = tuple[str | None, OwnRepository]
"""Entities below one, with the array that shows them, if one does."""


def _lines(
    schemas: Schemas, resource: Resource, below: Sequence[Below]
) -> Iterator[tuple[str | None, OwnRepository | None, Line]]:
    shown = {name for name, _ in below}
    for name, repository in below:
        child = repository.resource
        line = line_of(schemas, repository.flat, _sent(schemas, child))
        if line is not None and _OTHERS.isdisjoint(tokens(child.noun)):
            yield name, repository, line
    for name, place in schemas.arrays(resource.schema).items() if resource.schema else ():
        line = line_of(schemas, schemas.flat_at(schemas.canonical(place)), ())
        if line is not None and name not in shown and _OTHERS.isdisjoint(map(noun, tokens(name))):
            yield name, None, line


_OTHERS = bag(
    "payment refund transaction fee tax vat duty discount coupon shipping shipment fulfillment "
    "adjustment credit note history event option rate quote"
)
"""What lies below an order and costs something, but is no line of it."""


def _plain(name: str) -> set[str]:
    words = set(tokens(name))
    return words if _RATES.isdisjoint(words) else set()


_RATES = bag("rate percent percentage id code type included")


def _money(schemas: Schemas, flat: Flat) -> dict[str, str]:
    """The properties that hold a number, a number as text, or an amount with its currency."""
    found: dict[str, str] = {}
    for name, schema in flat.properties.items():
        types = set(schemas.types(schema)) - {"null"}
        inner = {snake_case(one) for one in schemas.flat(schema).properties} if types else set()
        if (types and types <= _KINDS) or {"amount", "currency"} <= inner:
            found.setdefault(snake_case(name).removesuffix("_money"), name)
    return found


def _first(wanted: Iterable[str], own: Mapping[str, str]) -> str | None:
    return next((own[word] for word in wanted if word in own), None)


def _number(value: Any) -> Decimal | None:
    """The number that a value is, says or has as its amount."""
    if isinstance(value, Mapping):
        value = value.get("amount")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found.copy_abs() <= _LARGEST else None


def _written(target: Target, total: Decimal, data: Mapping[str, Any], like: Any) -> dict[str, Any]:
    """A property with a sum, in the form of its schema; an amount in the currency of a price.
    Nothing if it is too large for a number."""
    if abs(total) > _LARGEST:
        return {}
    before = data.get(target.name)
    if "string" in target.types:
        return {target.name: f"{total:.2f}"}
    whole = "number" not in target.types or total == total.to_integral_value()
    if target.types & {"number", "integer"}:
        return {target.name: int(total) if whole else float(total)}
    money = dict(like) if isinstance(like, Mapping) else {}
    money |= before if isinstance(before, Mapping) else {}
    amount = money.get("amount")
    text = isinstance(amount, str)
    money["amount"] = f"{total:.2f}" if text else float(total) if total % 1 else int(total)
    return {target.name: money} if "currency" in money else {}
