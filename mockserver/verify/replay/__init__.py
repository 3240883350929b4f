"""Replay a recorded failure against a server, to see whether it is fixed."""
