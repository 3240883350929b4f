"""The Feather API: simulation suites, their runs, evaluators and release checks."""
