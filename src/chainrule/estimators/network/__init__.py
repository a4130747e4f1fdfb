"""NetworkClassifier and NetworkRegressor: a table in, a good model out."""
