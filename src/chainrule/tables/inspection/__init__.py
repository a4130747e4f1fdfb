"""Inspection of a table model: which columns matter, and how predictions depend on them."""
