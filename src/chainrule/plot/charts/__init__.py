"""Charts of networks and of their training, one file for each, as figures of Matplotlib."""
