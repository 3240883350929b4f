"""What each vendor's API adds to inference."""

from mockserver.engine.api import Api
from mockserver.vendors.feather import FEATHER
from mockserver.vendors.speechify import SPEECHIFY
from mockserver.vendors.truestate import TRUESTATE

BUILT_IN: tuple[Api, ...] = (FEATHER, SPEECHIFY, TRUESTATE)
