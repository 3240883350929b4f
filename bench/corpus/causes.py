"""Classify problems by cause, to count them."""

from __future__ import annotations

import re

_CAUSES: tuple[tuple[str, str], ...] = (
    (r"no request: .*no value fits", "no valid request: no value fits a schema"),
    (r"no request: .*too large", "no valid request: what is asked for is too large"),
    (r"no request: .*not a usable schema", "no valid request: a schema that can't be used"),
    (r"no request: ", "no valid request: a broken schema or reference"),
    (r"no reply: .*no value fits", "500: no value fits a schema"),
    (r"no reply: .*not a usable schema", "500: a schema that can't be used"),
    (r"no reply: .*leads nowhere|no reply: .*not bundled", "500: a broken reference"),
    (r"no reply: .*header .* is missing", "500: a required header"),
    (r"no reply: .*asks for a body", "500: a body is documented and none is made"),
    (r"no reply: ", "500: the reply breaks its schema"),
    (r"(\d+) the status \d+ is not documented", r"status \1 is not documented"),
    (r"\d+ the media type", "a media type that is not documented"),
    (r"\d+ the required header", "a required header is missing"),
    (r"\d+ the header", "a header breaks its schema"),
    (r"\d+ a body is documented", "a body is documented and none came"),
    (r"4\d\d ", "a refusal that breaks its schema"),
)


def cause_of(complaint: str) -> str:
    """The cause of a problem."""
    for pattern, cause in _CAUSES:
        match = re.match(pattern, complaint, re.DOTALL)
        if match:
            return match.expand(cause)
    return "the body breaks its schema, says the judge alone"
