"""Input tables: files, standard input, and the data sets bundled with scikit-learn; and the names of columns."""
