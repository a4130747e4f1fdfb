"""Incremental training: the rows that each call of ``partial_fit`` holds out, and what is known from them."""
