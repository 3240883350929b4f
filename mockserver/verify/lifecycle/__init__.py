"""Lifecycle checks: what an API must remember about entities as they are created, changed and
removed."""
