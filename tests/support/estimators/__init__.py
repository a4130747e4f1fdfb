"""Parts of the tests of estimators: data frames, problems for the MLP pair, a recorder of fits."""
