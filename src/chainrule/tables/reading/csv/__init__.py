"""Reading CSV files: the dialect, the names of the columns, and what is wrong with a file that cannot be read."""
