"""Columns of categories as features: their levels, and the targets that each level has on average."""
