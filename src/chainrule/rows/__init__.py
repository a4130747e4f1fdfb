"""Rows that are larger than memory: files of examples, and the windows and the order in which training reads them."""
