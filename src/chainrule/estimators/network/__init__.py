"""NetworkClassifier and NetworkRegressor: estimators that train networks on tables."""
