"""Helpers without mathematics: checks of input, names, value objects, sequences numbered by layer, the version."""
