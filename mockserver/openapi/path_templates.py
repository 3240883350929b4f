"""Path templates: `/agents/{id}/runs/{run_id}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

_PARAMETER = re.compile(r"\{([^{}]*)\}")


def parameters_of(template: str) -> list[str]:
    """The names of the parameters, in order."""
    return _PARAMETER.findall(template)


def shape(template: str) -> str:
    """The template without the names of parameters: equal for paths that match the same URLs."""
    return _PARAMETER.sub("{}", template)


def filled(template: str, values: Mapping[str, object]) -> str:
    """The path with these values, percent-encoded; parameters without a value stay."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", quote(str(value), safe=""))
    return template


def pattern_of(template: str) -> str:
    """A regular expression for the paths that fit, with a group for each parameter."""
    return "([^/]+)".join(map(re.escape, _PARAMETER.split(template)[::2]))


def values_in(template: str, path: str) -> dict[str, str] | None:
    """The decoded values of the parameters in a path, which may have a prefix; None if the path
    does not fit the template."""
    found = re.search(pattern_of(template) + "$", path)
    if found is None:
        return None
    return dict(zip(parameters_of(template), map(unquote, found.groups()), strict=True))
