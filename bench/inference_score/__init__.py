"""How much of the real APIs' behaviour holds on their inferred mocks (docs/inference.md)."""
