"""Run the same requests against a mock and the real API, and report where they differ."""
