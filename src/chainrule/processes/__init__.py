"""Other processes that share the work, started here or by a launcher such as torchrun."""
