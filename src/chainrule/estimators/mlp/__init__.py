"""MLPClassifier and MLPRegressor: scikit-learn's estimators of these names, on Chainrule's engines."""
