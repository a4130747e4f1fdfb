"""The recipes from which an estimator chooses: those of the presets, and that of Levenberg–Marquardt."""
