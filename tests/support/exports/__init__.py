"""Models that have every part that an export must hold."""
