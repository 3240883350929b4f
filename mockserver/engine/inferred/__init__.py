"""The engine that serves what is inferred."""

from mockserver.engine.inferred.build import assemble

__all__ = ["assemble"]
