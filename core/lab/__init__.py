"""Carrying out runs: the client that asks, the worker that does."""
