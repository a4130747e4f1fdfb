"""The speed of Chainrule beside its peers: training runs, predictions and whole processes."""
