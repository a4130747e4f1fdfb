"""The exports of a model to every target: sizes, times and deviations."""
