"""Helpers without mathematics: input checks, name lookup, value objects, sequences indexed by layer, the version."""
