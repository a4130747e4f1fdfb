"""Other processes that do parts of the work, started here or by a launcher such as torchrun."""
