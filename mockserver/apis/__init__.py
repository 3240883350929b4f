"""What each vendor's API adds to inference."""

from mockserver.apis.feather import FEATHER
from mockserver.apis.speechify import SPEECHIFY
from mockserver.apis.truestate import TRUESTATE
from mockserver.engine.api import Api

BUILT_IN: tuple[Api, ...] = (FEATHER, SPEECHIFY, TRUESTATE)
