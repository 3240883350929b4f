"""How much of what a client of the real API would see holds on the mock (docs/inference.md)."""
