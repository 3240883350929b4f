"""Realistic values for the name of a property: texts, and numbers of the size that it suggests."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from mockserver.engine.randomness import Rng
from mockserver.engine.timestamps import SECOND, render
from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Flat

Make = Callable[[Rng], str]

_PEOPLE = bag(
    "user member customer contact person persona author owner patient employee client actor "
    "participant attendee guest driver student teacher agent reviewer assignee speaker"
)
_FIRMS = bag(
    "organization organisation company team vendor merchant supplier tenant account brand "
    "provider store workspace employer"
)
_SPOKEN = bag("message delta choice completion chunk")
_ADJECTIVES = bag("display full short preferred original new old current default friendly")


def sentence(rng: Rng) -> str:
    return rng.fake.sentence(nb_words=8)


def _title(rng: Rng) -> str:
    return rng.fake.catch_phrase()


def _key(rng: Rng) -> str:
    return "_".join(rng.fake.words(2)).lower()


def _slug(rng: Rng) -> str:
    return "-".join(rng.fake.words(2)).lower()


def _uuid(rng: Rng) -> str:
    return str(UUID(int=rng.random.getrandbits(128), version=4))


def _hex(rng: Rng) -> str:
    return f"{rng.random.getrandbits(160):040x}"


def _token(rng: Rng) -> str:
    return f"mock_{rng.random.getrandbits(96):024x}"


def _past(rng: Rng) -> str:
    return render(max(0, rng.now - int(rng.random.random() * 1_700_000 * SECOND)))


def _path(rng: Rng) -> str:
    return "/" + "/".join(rng.fake.words(2)).lower()


def _file(rng: Rng) -> str:
    return f"{_slug(rng)}.pdf"


def _url(rng: Rng) -> str:
    return f"https://{rng.fake.domain_word()}.example.com/{rng.fake.slug()}"


def _phone(rng: Rng) -> str:
    return f"+1202555{rng.random.randint(100, 9999):04d}"


def _version(rng: Rng) -> str:
    return f"{rng.random.randint(1, 4)}.{rng.random.randint(0, 20)}.{rng.random.randint(0, 9)}"


def _one(*of: str) -> Make:
    return lambda rng: rng.random.choice(of)


# By the whole name, then by its last word, then by any of its words.
_WHOLE: dict[str, Make] = {
    "first name": lambda rng: rng.fake.first_name(),
    "given name": lambda rng: rng.fake.first_name(),
    "last name": lambda rng: rng.fake.last_name(),
    "family name": lambda rng: rng.fake.last_name(),
    "full name": lambda rng: rng.fake.name(),
    "phone number": _phone,
    "mobile number": _phone,
    "line 1": lambda rng: rng.fake.street_address(),
    "street 1": lambda rng: rng.fake.street_address(),
    "address 1": lambda rng: rng.fake.street_address(),
    "address line 1": lambda rng: rng.fake.street_address(),
    "email address": lambda rng: f"{rng.fake.user_name()}@example.com",
    "ip address": lambda rng: f"192.0.2.{rng.random.randint(1, 254)}",
    "mac address": lambda rng: rng.fake.mac_address(),
    "user name": lambda rng: rng.fake.user_name(),
    "file name": _file,
    "country code": lambda rng: rng.fake.country_code(),
    "postal code": lambda rng: rng.fake.postcode(),
    "zip code": lambda rng: rng.fake.postcode(),
    "time zone": lambda rng: rng.fake.timezone(),
    "user agent": lambda rng: rng.fake.user_agent(),
    "job title": lambda rng: rng.fake.job(),
    "company name": lambda rng: rng.fake.company(),
    "created by": lambda rng: rng.fake.name(),
    "updated by": lambda rng: rng.fake.name(),
    "content type": lambda rng: "application/json",
    "mime type": lambda rng: "application/json",
    "media type": lambda rng: "application/json",
    "event type": lambda rng: ".".join(rng.fake.words(2)),
    "api key": _token,
    "to": _phone,
    "from": _phone,
    "type": lambda rng: rng.fake.word(),
}
_LAST: dict[str, Make] = {
    "id": _uuid,
    "uuid": _uuid,
    "guid": _uuid,
    "email": lambda rng: f"{rng.fake.user_name()}@example.com",
    "mail": lambda rng: f"{rng.fake.user_name()}@example.com",
    "phone": _phone,
    "mobile": _phone,
    "fax": _phone,
    "url": _url,
    "uri": _url,
    "link": _url,
    "href": _url,
    "website": _url,
    "webhook": _url,
    "callback": _url,
    "avatar": _url,
    "image": _url,
    "photo": _url,
    "logo": _url,
    "username": lambda rng: rng.fake.user_name(),
    "login": lambda rng: rng.fake.user_name(),
    "nickname": lambda rng: rng.fake.first_name(),
    "firstname": lambda rng: rng.fake.first_name(),
    "lastname": lambda rng: rng.fake.last_name(),
    "fullname": lambda rng: rng.fake.name(),
    "surname": lambda rng: rng.fake.last_name(),
    "author": lambda rng: rng.fake.name(),
    "owner": lambda rng: rng.fake.name(),
    "assignee": lambda rng: rng.fake.name(),
    "sender": lambda rng: rng.fake.name(),
    "recipient": lambda rng: rng.fake.name(),
    "by": lambda rng: rng.fake.name(),
    "company": lambda rng: rng.fake.company(),
    "organization": lambda rng: rng.fake.company(),
    "organisation": lambda rng: rng.fake.company(),
    "vendor": lambda rng: rng.fake.company(),
    "merchant": lambda rng: rng.fake.company(),
    "address": lambda rng: rng.fake.street_address(),
    "street": lambda rng: rng.fake.street_address(),
    "city": lambda rng: rng.fake.city(),
    "country": lambda rng: rng.fake.country(),
    "zip": lambda rng: rng.fake.postcode(),
    "postcode": lambda rng: rng.fake.postcode(),
    "timezone": lambda rng: rng.fake.timezone(),
    "currency": lambda rng: rng.random.choice(("USD", "EUR", "GBP")),
    "locale": lambda rng: rng.random.choice(("en-US", "en-GB", "de-DE")),
    "language": lambda rng: rng.random.choice(("en", "de", "es", "fr")),
    "lang": lambda rng: rng.random.choice(("en", "de", "es", "fr")),
    "color": lambda rng: rng.fake.hex_color(),
    "colour": lambda rng: rng.fake.hex_color(),
    "ip": lambda rng: f"192.0.2.{rng.random.randint(1, 254)}",
    "host": lambda rng: f"{rng.fake.domain_word()}.example.com",
    "hostname": lambda rng: f"{rng.fake.domain_word()}.example.com",
    "domain": lambda rng: f"{rng.fake.domain_word()}.example.com",
    "price": lambda rng: f"{rng.random.randint(500, 50000) / 100:.2f}",
    "amount": lambda rng: f"{rng.random.randint(500, 50000) / 100:.2f}",
    "slug": _slug,
    "handle": _slug,
    "key": _key,
    "code": lambda rng: rng.fake.word(),
    "token": _token,
    "secret": _token,
    "password": _token,
    "cursor": _token,
    "hash": _hex,
    "sha": _hex,
    "checksum": _hex,
    "digest": _hex,
    "etag": _hex,
    "version": _version,
    "filename": _file,
    "file": _file,
    "path": _path,
    "model": lambda rng: f"{rng.fake.word()}-{rng.random.randint(1, 5)}",
    "tag": lambda rng: rng.fake.word(),
    "tags": lambda rng: rng.fake.word(),
    "label": lambda rng: rng.fake.word(),
    "labels": lambda rng: rng.fake.word(),
    "category": lambda rng: rng.fake.word(),
    "kind": lambda rng: rng.fake.word(),
    "group": lambda rng: rng.fake.word(),
    "role": _one("member", "admin", "viewer"),
    "plan": _one("free", "team", "enterprise"),
    "tier": _one("free", "standard", "premium"),
    "severity": _one("low", "medium", "high"),
    "priority": _one("low", "normal", "high"),
    "level": _one("low", "medium", "high"),
    "effort": _one("low", "medium", "high"),
    "visibility": _one("public", "private"),
    "environment": _one("production", "staging"),
    "env": _one("production", "staging"),
    "method": _one("GET", "POST", "PUT"),
    "unit": _one("kg", "m", "s"),
    "region": _one("eu-central-1", "us-east-1"),
    "provider": lambda rng: rng.fake.domain_word(),
    "channel": _one("email", "voice", "sms"),
    "mode": _one("auto", "manual"),
    "theme": _one("light", "dark"),
    "format": _one("json", "csv"),
    "source": _one("api", "import", "web"),
    "status": lambda rng: "active",
    "state": lambda rng: "active",
    "title": _title,
    "subject": _title,
    "headline": _title,
    "job": lambda rng: rng.fake.job(),
    "location": lambda rng: rng.fake.city(),
    "province": lambda rng: rng.fake.state(),
    "county": lambda rng: f"{rng.fake.last_name()} County",
    "nationality": lambda rng: rng.fake.country_code(),
    "manufacturer": lambda rng: rng.fake.company(),
    "brand": lambda rng: rng.fake.company(),
    "branch": _one("main", "develop", "release"),
    "ref": _one("refs/heads/main", "refs/heads/develop"),
    "commit": _hex,
    "repository": _slug,
    "repo": _slug,
    "endpoint": _url,
    "homepage": _url,
    "protocol": _one("https", "http"),
    "scheme": _one("https", "http"),
    "platform": _one("web", "ios", "android"),
    "os": _one("linux", "macos", "windows"),
    "browser": _one("Chrome", "Firefox", "Safari"),
    "encoding": lambda rng: "utf-8",
    "charset": lambda rng: "utf-8",
    "extension": _one("pdf", "png", "csv"),
    "algorithm": _one("sha256", "sha512"),
    "size": _one("small", "medium", "large"),
    "frequency": _one("daily", "weekly", "monthly"),
    "interval": _one("day", "week", "month"),
    "schedule": lambda rng: "0 9 * * 1",
    "cron": lambda rng: "0 9 * * 1",
    "scope": _one("read", "write"),
    "permission": _one("read", "write", "admin"),
    "department": _one("Sales", "Finance", "Engineering"),
    "team": _one("Platform", "Growth", "Support"),
    "sku": lambda rng: f"SKU-{rng.random.randint(1000, 9999)}",
    "iban": lambda rng: rng.fake.iban(),
    "isbn": lambda rng: rng.fake.isbn13(),
    "gender": lambda rng: rng.random.choice(("female", "male", "other")),
    "timestamp": _past,
    "date": lambda rng: _past(rng)[:10],
    "at": _past,
    "description": sentence,
    "summary": sentence,
    "body": lambda rng: rng.fake.paragraph(nb_sentences=2),
    "content": lambda rng: rng.fake.paragraph(nb_sentences=2),
    "text": sentence,
    "message": sentence,
    "msg": sentence,
    "comment": sentence,
    "note": sentence,
    "notes": sentence,
    "reason": sentence,
    "prompt": sentence,
    "instructions": sentence,
    "detail": sentence,
    "details": sentence,
    "error": sentence,
    "bio": sentence,
    "query": lambda rng: " ".join(rng.fake.words(3)),
}


def is_known(name: str) -> bool:
    """Whether the name of a property says what texts it has."""
    words = tokens(name)
    return is_title(name) or " ".join(words) in _WHOLE or bool(_LAST.keys() & words[-1:])


def is_title(name: str) -> bool:
    """Whether people tell entities apart by this text."""
    return tokens(name)[-1:] in (("name",), ("title",), ("subject",), ("headline",))


def by_name(rng: Rng, name: str, owner: str = "") -> str:
    """A text for the property `name` of a resource `owner`."""
    words = tokens(name)
    make = _WHOLE.get(" ".join(words))
    if words == ("role",) and _SPOKEN & set(tokens(owner)):
        return "assistant"
    if words == ("state",) and "address" in tokens(owner):
        return rng.fake.state_abbr()
    if make is None and words:
        if words[-1] == "name":
            whose = tuple(word for word in words[:-1] if word not in _ADJECTIVES)
            return _name(rng, whose or tokens(owner))
        make = _LAST.get(words[-1])
    if make is not None:
        return make(rng)
    return " ".join(rng.fake.words(2))


def _name(rng: Rng, whose: tuple[str, ...]) -> str:
    if _PEOPLE & set(whose):
        return rng.fake.name()
    if _FIRMS & set(whose):
        return rng.fake.company()
    if "file" in whose:
        return _file(rng)
    return _title(rng)


_SIZES: dict[str, tuple[float, float]] = {
    "year": (2019, 2026), "month": (1, 12), "day": (1, 28), "hour": (0, 23), "minute": (0, 59),
    "age": (19, 78), "port": (1024, 9999), "percent": (0, 100), "percentage": (0, 100),
    "pct": (0, 100), "rate": (0, 1), "ratio": (0, 1), "score": (0, 1), "confidence": (0, 1),
    "probability": (0, 1), "temperature": (0, 1), "latitude": (-60, 70), "lat": (-60, 70),
    "longitude": (-180, 180), "lng": (-180, 180), "lon": (-180, 180), "price": (5, 500),
    "amount": (5, 2000), "total": (1, 40), "cost": (1, 200), "balance": (0, 5000),
    "quantity": (1, 12), "count": (0, 40), "limit": (20, 100), "offset": (0, 0), "page": (1, 1),
    "size": (100, 90_000), "bytes": (100, 90_000), "ms": (40, 2500), "seconds": (1, 900),
    "duration": (1, 900), "version": (1, 9), "priority": (1, 10), "order": (1, 20),
    "position": (1, 20), "index": (0, 20), "width": (320, 1920), "height": (240, 1080),
    "weight": (1, 90), "stars": (0, 900), "id": (1, 99_999), "number": (1, 999),
    "attempts": (1, 3), "retries": (0, 3), "tokens": (50, 4000), "code": (100, 999),
    "timestamp": (1_700_000_000, 1_790_000_000),
}  # fmt: skip
_UNIX_FORMATS = frozenset(("unixtime", "unixtimestamp", "unix", "epoch", "timestamp", "unixms"))
_UNIX = re.compile(r"\bunix\b|\bepoch\b|seconds since (?:1970|jan)", re.IGNORECASE)
_BITS = {"int32": 31, "int64": 63}
_DEFAULT = (1.0, 100.0)
_TRIES = 20


def is_unix(name: str, flat: Flat) -> bool:
    """Whether a number is a Unix time in seconds or milliseconds, by its format, description or
    name."""
    rules = flat.rules
    if str(rules.get("format")).replace("-", "").replace("_", "").lower() in _UNIX_FORMATS:
        return True
    if any(_UNIX.search(str(part.get("description") or "")) for part in flat.parts):
        return True
    return flat.types == ("integer",) and tokens(name)[-1:] == ("at",)


def in_millis(name: str, flat: Flat) -> bool:
    """Whether a Unix time is in milliseconds."""
    texts = (str(part.get("description") or "") for part in flat.parts)
    named = tokens(name)[-1:] in (("ms",), ("millis",))
    return named or any("millisecond" in text.lower() for text in texts)


def number(
    rng: Rng, name: str, rules: dict[str, Any], *, whole: bool, example: float | None = None
) -> int | float:
    """A number that fits `rules`, of the size of an example; a whole one for integers."""
    low, high = _bounds(rules, whole)
    step = rules.get("multipleOf")
    wanted_low, wanted_high = _wanted(name, example)
    start = max(low, wanted_low) if max(low, wanted_low) <= high else low
    end = min(high, wanted_high) if min(high, wanted_high) >= start else high
    if math.isinf(start):
        start = end - 100 if not math.isinf(end) else 0
    if math.isinf(end):
        end = start + 100
    if step:
        return _stepped(rng, start, low, high, end, step, whole)
    if whole:
        first = math.ceil(start)
        return rng.random.randint(first, max(first, math.floor(end)))
    found = round(rng.random.uniform(start, end), 2)
    if not low <= found <= high or (found == low and "exclusiveMinimum" in rules):
        found = (start + end) / 2
    return found


def _wanted(name: str, example: float | None = None) -> tuple[float, float]:
    """The usual bounds by a name; those around an example that lies outside them."""
    found = next((_SIZES[word] for word in reversed(tokens(name)) if word in _SIZES), _DEFAULT)
    if example is None or found[0] <= example <= found[1]:
        return found
    low, high = sorted((example / 2, example * 1.5))
    return low, high


def _bounds(rules: dict[str, Any], whole: bool) -> tuple[float, float]:
    low: float = rules.get("minimum", -math.inf)
    high: float = rules.get("maximum", math.inf)
    bits = _BITS.get(str(rules.get("format"))) if whole else None
    if bits is not None:
        low, high = max(low, -(1 << bits)), min(high, (1 << bits) - 1)
    above, below = rules.get("exclusiveMinimum"), rules.get("exclusiveMaximum")
    if isinstance(above, int | float) and above >= low:
        low = math.floor(above) + 1 if whole else math.nextafter(above, math.inf)
    if isinstance(below, int | float) and below <= high:
        high = math.ceil(below) - 1 if whole else math.nextafter(below, -math.inf)
    if low == -math.inf and high >= 0:
        # Non-negative unless the document allows less.
        return 0, high
    return low, high


def _stepped(
    rng: Rng, start: float, low: float, high: float, end: float, step: float, whole: bool
) -> int | float:
    from fractions import Fraction  # few starts need it

    exact = Fraction(str(step))
    if whole and exact.denominator != 1:
        exact = Fraction(exact.numerator)
    first = math.ceil(Fraction(start) / exact)
    last = math.floor(Fraction(end) / exact)
    if first > last:
        first = math.ceil(Fraction(low) / exact)
        last = first if math.isinf(high) else max(first, math.floor(Fraction(high) / exact))
    for _ in range(_TRIES):
        found = exact * rng.random.randint(first, last)
        if found.denominator == 1:
            return int(found)
        # Many validators divide floats: for them 0.3 is not a multiple of 0.1.
        if (float(found) / step).is_integer():
            break
    return float(found)
