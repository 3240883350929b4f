"""A result, written down."""
