"""Columns of texts: what they stand for is recognised in the training rows, and new rows are read in the same way."""
