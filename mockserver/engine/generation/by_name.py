"""Realistic text for a property name."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from mockserver.engine.randomness import Dice
from mockserver.engine.timestamps import SECOND, render
from mockserver.inference.words import bag, tokens

Make = Callable[[Dice], str]

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


def sentence(dice: Dice) -> str:
    return dice.fake.sentence(nb_words=8)


def _title(dice: Dice) -> str:
    return dice.fake.catch_phrase()


def _key(dice: Dice) -> str:
    return "_".join(dice.fake.words(2)).lower()


def _slug(dice: Dice) -> str:
    return "-".join(dice.fake.words(2)).lower()


def _uuid(dice: Dice) -> str:
    return str(UUID(int=dice.random.getrandbits(128), version=4))


def _hex(dice: Dice) -> str:
    return f"{dice.random.getrandbits(160):040x}"


def _token(dice: Dice) -> str:
    return f"mock_{dice.random.getrandbits(96):024x}"


def _past(dice: Dice) -> str:
    return render(max(0, dice.now - int(dice.random.random() * 1_700_000 * SECOND)))


def _path(dice: Dice) -> str:
    return "/" + "/".join(dice.fake.words(2)).lower()


def _file(dice: Dice) -> str:
    return f"{_slug(dice)}.pdf"


def _url(dice: Dice) -> str:
    return f"https://{dice.fake.domain_word()}.example.com/{dice.fake.slug()}"


def _phone(dice: Dice) -> str:
    return f"+1202555{dice.random.randint(100, 9999):04d}"


def _version(dice: Dice) -> str:
    return f"{dice.random.randint(1, 4)}.{dice.random.randint(0, 20)}.{dice.random.randint(0, 9)}"


def _one(*of: str) -> Make:
    return lambda dice: dice.random.choice(of)


# By the whole name, then by its last word, then by any of its words.
_WHOLE: dict[str, Make] = {
    "first name": lambda dice: dice.fake.first_name(),
    "given name": lambda dice: dice.fake.first_name(),
    "last name": lambda dice: dice.fake.last_name(),
    "family name": lambda dice: dice.fake.last_name(),
    "full name": lambda dice: dice.fake.name(),
    "phone number": _phone,
    "mobile number": _phone,
    "line 1": lambda dice: dice.fake.street_address(),
    "street 1": lambda dice: dice.fake.street_address(),
    "address 1": lambda dice: dice.fake.street_address(),
    "address line 1": lambda dice: dice.fake.street_address(),
    "email address": lambda dice: f"{dice.fake.user_name()}@example.com",
    "ip address": lambda dice: f"192.0.2.{dice.random.randint(1, 254)}",
    "mac address": lambda dice: dice.fake.mac_address(),
    "user name": lambda dice: dice.fake.user_name(),
    "file name": _file,
    "country code": lambda dice: dice.fake.country_code(),
    "postal code": lambda dice: dice.fake.postcode(),
    "zip code": lambda dice: dice.fake.postcode(),
    "time zone": lambda dice: dice.fake.timezone(),
    "user agent": lambda dice: dice.fake.user_agent(),
    "job title": lambda dice: dice.fake.job(),
    "company name": lambda dice: dice.fake.company(),
    "created by": lambda dice: dice.fake.name(),
    "updated by": lambda dice: dice.fake.name(),
    "content type": lambda dice: "application/json",
    "mime type": lambda dice: "application/json",
    "media type": lambda dice: "application/json",
    "event type": lambda dice: ".".join(dice.fake.words(2)),
    "api key": _token,
    "to": _phone,
    "from": _phone,
    "type": lambda dice: dice.fake.word(),
}
_LAST: dict[str, Make] = {
    "id": _uuid,
    "uuid": _uuid,
    "guid": _uuid,
    "email": lambda dice: f"{dice.fake.user_name()}@example.com",
    "mail": lambda dice: f"{dice.fake.user_name()}@example.com",
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
    "username": lambda dice: dice.fake.user_name(),
    "login": lambda dice: dice.fake.user_name(),
    "nickname": lambda dice: dice.fake.first_name(),
    "firstname": lambda dice: dice.fake.first_name(),
    "lastname": lambda dice: dice.fake.last_name(),
    "fullname": lambda dice: dice.fake.name(),
    "surname": lambda dice: dice.fake.last_name(),
    "author": lambda dice: dice.fake.name(),
    "owner": lambda dice: dice.fake.name(),
    "assignee": lambda dice: dice.fake.name(),
    "sender": lambda dice: dice.fake.name(),
    "recipient": lambda dice: dice.fake.name(),
    "by": lambda dice: dice.fake.name(),
    "company": lambda dice: dice.fake.company(),
    "organization": lambda dice: dice.fake.company(),
    "organisation": lambda dice: dice.fake.company(),
    "vendor": lambda dice: dice.fake.company(),
    "merchant": lambda dice: dice.fake.company(),
    "address": lambda dice: dice.fake.street_address(),
    "street": lambda dice: dice.fake.street_address(),
    "city": lambda dice: dice.fake.city(),
    "country": lambda dice: dice.fake.country(),
    "zip": lambda dice: dice.fake.postcode(),
    "postcode": lambda dice: dice.fake.postcode(),
    "timezone": lambda dice: dice.fake.timezone(),
    "currency": lambda dice: dice.random.choice(("USD", "EUR", "GBP")),
    "locale": lambda dice: dice.random.choice(("en-US", "en-GB", "de-DE")),
    "language": lambda dice: dice.random.choice(("en", "de", "es", "fr")),
    "lang": lambda dice: dice.random.choice(("en", "de", "es", "fr")),
    "color": lambda dice: dice.fake.hex_color(),
    "colour": lambda dice: dice.fake.hex_color(),
    "ip": lambda dice: f"192.0.2.{dice.random.randint(1, 254)}",
    "host": lambda dice: f"{dice.fake.domain_word()}.example.com",
    "hostname": lambda dice: f"{dice.fake.domain_word()}.example.com",
    "domain": lambda dice: f"{dice.fake.domain_word()}.example.com",
    "price": lambda dice: f"{dice.random.randint(500, 50000) / 100:.2f}",
    "amount": lambda dice: f"{dice.random.randint(500, 50000) / 100:.2f}",
    "slug": _slug,
    "handle": _slug,
    "key": _key,
    "code": lambda dice: dice.fake.word(),
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
    "model": lambda dice: f"{dice.fake.word()}-{dice.random.randint(1, 5)}",
    "tag": lambda dice: dice.fake.word(),
    "tags": lambda dice: dice.fake.word(),
    "label": lambda dice: dice.fake.word(),
    "labels": lambda dice: dice.fake.word(),
    "category": lambda dice: dice.fake.word(),
    "kind": lambda dice: dice.fake.word(),
    "group": lambda dice: dice.fake.word(),
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
    "provider": lambda dice: dice.fake.domain_word(),
    "channel": _one("email", "voice", "sms"),
    "mode": _one("auto", "manual"),
    "theme": _one("light", "dark"),
    "format": _one("json", "csv"),
    "source": _one("api", "import", "web"),
    "status": lambda dice: "active",
    "state": lambda dice: "active",
    "title": _title,
    "subject": _title,
    "headline": _title,
    "job": lambda dice: dice.fake.job(),
    "gender": lambda dice: dice.random.choice(("female", "male", "other")),
    "timestamp": _past,
    "date": lambda dice: _past(dice)[:10],
    "at": _past,
    "description": sentence,
    "summary": sentence,
    "body": lambda dice: dice.fake.paragraph(nb_sentences=2),
    "content": lambda dice: dice.fake.paragraph(nb_sentences=2),
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
    "query": lambda dice: " ".join(dice.fake.words(3)),
}


def by_name(dice: Dice, name: str, owner: str = "") -> str:
    """A text for the property `name` of a resource `owner`."""
    words = tokens(name)
    make = _WHOLE.get(" ".join(words))
    if words == ("role",) and _SPOKEN & set(tokens(owner)):
        return "assistant"
    if words == ("state",) and "address" in tokens(owner):
        return dice.fake.state_abbr()
    if make is None and words:
        if words[-1] == "name":
            whose = tuple(word for word in words[:-1] if word not in _ADJECTIVES)
            return _name(dice, whose or tokens(owner))
        make = _LAST.get(words[-1])
    if make is not None:
        return make(dice)
    return " ".join(dice.fake.words(2))


def _name(dice: Dice, whose: tuple[str, ...]) -> str:
    if _PEOPLE & set(whose):
        return dice.fake.name()
    if _FIRMS & set(whose):
        return dice.fake.company()
    if "file" in whose:
        return _file(dice)
    return _title(dice)
