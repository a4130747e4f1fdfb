"""Charts of fitted models: estimators, `TableModel`, and the estimators of scikit-learn."""
