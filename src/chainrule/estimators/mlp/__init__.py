"""MLPClassifier and MLPRegressor: replacements for scikit-learn's, on Chainrule's engines."""
