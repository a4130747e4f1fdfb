"""An estimator in a file, and in a pickle."""
