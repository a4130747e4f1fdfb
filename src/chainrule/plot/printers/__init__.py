"""One file for each form of a picture."""
