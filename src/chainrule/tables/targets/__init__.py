"""Targets of several columns, and what all kinds of targets have in common."""
