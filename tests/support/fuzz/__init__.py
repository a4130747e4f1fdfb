"""Harnesses with planted failures."""
