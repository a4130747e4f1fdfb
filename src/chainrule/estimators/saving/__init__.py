"""Parts of the files of both pairs of estimators: settings as JSON, and the state of training."""
