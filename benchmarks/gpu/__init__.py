"""The time of a training step on a GPU, by the engine torch and by its peers: ``python -m benchmarks.gpu``."""
