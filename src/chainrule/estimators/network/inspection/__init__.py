"""Ways to look at a fitted NetworkClassifier or NetworkRegressor: summary, curves, importances, card, and report."""
