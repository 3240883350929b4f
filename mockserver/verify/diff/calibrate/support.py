"""Ask all exchanges of a run what they say about a rule that one difference suggests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.verify.diff.calibrate.answers import Rules, deciding, named_nulls, pair_of
from mockserver.verify.diff.runner import at

_CHECKED = ("statuses", "bodies", "defaults", "extra", "absent", "nulls")
"""Tables whose rules an exchange can contradict."""
_WRONG = 0.1
"""The share of exchanges in which a rule may be wrong."""
_DIFFERENT = 3
"""The minimum number of different requests that show a constant body."""
Sample = Mapping[str, Json]


class Exchanges:
    """The samples of a run, by operation. `rules` decide some of them, whatever else the mock
    does; `own_status` is the mock's status without a calibration file."""

    def __init__(
        self, samples: Sequence[Sample], rules: Rules, own_status: Callable[[str, int], str]
    ) -> None:
        self._own_status = own_status
        self._samples: dict[str, list[tuple[Sample, bool]]] = {}
        for one in samples:
            decided = deciding(rules, pair_of(one)) is not None
            self._samples.setdefault(one["operation"], []).append((one, decided))

    def contradict(self, operation: str, table: str, name: str, value: Json) -> bool:
        """Whether a rule of a calibration file is wrong too often where it applies."""
        if table not in _CHECKED:
            return False
        verdicts = [
            verdict
            for one, decided in self._samples.get(operation, ())
            if (verdict := self._verdict(one, decided, table, name, value)) is not None
        ]
        return verdicts.count(False) > (0 if table == "absent" else _WRONG * len(verdicts))

    def _verdict(
        self, one: Sample, decided: bool, table: str, name: str, value: Json
    ) -> bool | None:
        """Whether the rule is right in an exchange; None if it does not apply."""
        real, mock = one["real"], one["mock"]
        done = real["status"] < 300
        if table in ("statuses", "bodies"):
            own = self._own_status(one["operation"], mock["status"])
            if decided or own != name or done != (mock["status"] < 300):
                return None
            if table == "statuses":
                return bool(real["status"] == value)
            return bool(named_nulls(templated(real["body"], one["path"])) == value)
        found = first(real["body"], name) if done else MISSING
        sent = one["body"] if isinstance(one["body"], dict) else {}
        if table == "defaults" and name.partition(".")[0] in sent:
            return None
        if not done or (found is MISSING and (table != "extra" or "*" in name)):
            return None
        if table == "absent":
            return False
        return bool(found == value)

    def always(self, operation: str, real: Mapping[str, Json]) -> bool:
        """Whether every success, of different requests, has had this body."""
        done = list(self._done(operation))
        asked = {json.dumps([one["path"], one["query"], one["body"]]) for one in done}
        same = all(one["real"]["body"] == real["body"] for one in done)
        return real["status"] < 300 and same and len(asked) >= _DIFFERENT

    def constant(self, operation: str, place: str) -> bool:
        """Whether every success has the same there, if it has anything."""
        values = (first(one["real"]["body"], place) for one in self._done(operation))
        return len({json.dumps(value) for value in values if value is not MISSING}) == 1

    def _done(self, operation: str) -> Iterator[Sample]:
        for one, _ in self._samples.get(operation, ()):
            if one["real"]["status"] < 300:
                yield one


def first(value: Json, place: str) -> Json:
    """The value at a dotted path, through the first elements of lists that have it."""
    name, _, rest = place.partition(".")
    if name == "*":
        inner = [first(item, rest) if rest else item for item in value or ()]
        return next((one for one in inner if one is not MISSING), MISSING)
    found = at(value, name)
    return first(found, rest) if rest and found is not MISSING else found


def templated(value: Json, path: Mapping[str, str]) -> Json:
    """An error body with "{name}" in place of path parameter values."""
    if isinstance(value, str):
        # Of two equal ones the last: it is the subject of the request.
        for name, given in reversed(list(path.items())):
            value = value.replace(given, "{" + name + "}") if len(given) > 3 else value
        return value
    if isinstance(value, list):
        return [templated(item, path) for item in value]
    if isinstance(value, dict):
        return {name: templated(item, path) for name, item in value.items()}
    return value
