"""Fitting to packed rows, which carry their encoder and target, and need not fit into memory."""
