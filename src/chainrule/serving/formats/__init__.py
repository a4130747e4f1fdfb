"""The forms of rows in a request, and of predictions in its answer."""
