"""Time limits of training: a forecast of what fits into them, and a plan that ends when the time does."""
