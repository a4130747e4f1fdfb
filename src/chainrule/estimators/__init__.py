"""Tables in, models out: the encoder of tables, and estimators with scikit-learn's interface."""
