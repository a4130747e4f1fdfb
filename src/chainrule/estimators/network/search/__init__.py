"""preset="tuned": a search over recipes by successive halving, and the choice of those that are best together."""
