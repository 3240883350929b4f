"""The engine that serves an inferred API."""

from mockserver.engine.inferred.build import assemble

__all__ = ["assemble"]
