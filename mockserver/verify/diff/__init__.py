"""The same sequences on a mock and on the real thing, and where the two part."""
