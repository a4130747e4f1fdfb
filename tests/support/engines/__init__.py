"""Training runs and gradients of the native engine beside the reference engine."""
