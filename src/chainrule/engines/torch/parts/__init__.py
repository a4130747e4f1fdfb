"""The parts of a step in PyTorch: activations, costs, optimizers, dropout, and the products with W."""
