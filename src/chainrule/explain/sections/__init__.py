"""The sections of a page, in the lecture's order, one file for each."""
