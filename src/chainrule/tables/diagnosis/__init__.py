"""Common faults of table models and their tables, in the words of the table: columns, rows, classes."""
