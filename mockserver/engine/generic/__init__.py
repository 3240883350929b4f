"""The engine that serves what is inferred."""

from mockserver.engine.generic.assemble import assemble

__all__ = ["assemble"]
