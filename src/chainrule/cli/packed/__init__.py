"""Commands for tables that are larger than memory."""
