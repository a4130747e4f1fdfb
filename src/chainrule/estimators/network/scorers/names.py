"""The names of metrics: scikit-learn's scorers, and what others call them."""

from __future__ import annotations

from sklearn.metrics import get_scorer_names

from chainrule._internal.naming import resolve

SCORERS: list[str] = get_scorer_names()

MEANT = {  # short names, names of other libraries, and those of scikit-learn's functions
    "acc": "accuracy", "accuracy_score": "accuracy", "categorical_accuracy": "accuracy", "binary_accuracy": "accuracy",
    "balanced_acc": "balanced_accuracy", "bacc": "balanced_accuracy",
    "auc": "roc_auc", "auroc": "roc_auc", "roc": "roc_auc", "rocauc": "roc_auc", "roc_auc_score": "roc_auc",
    "auc_mu": "roc_auc_ovo",
    "ap": "average_precision", "pr_auc": "average_precision", "prauc": "average_precision",
    "aucpr": "average_precision", "auprc": "average_precision", "auc_pr": "average_precision",
    "logloss": "neg_log_loss", "log_loss": "neg_log_loss", "mlogloss": "neg_log_loss", "nll": "neg_log_loss",
    "binary_logloss": "neg_log_loss", "multi_logloss": "neg_log_loss", "multiclass": "neg_log_loss",
    "cross_entropy": "neg_log_loss", "crossentropy": "neg_log_loss", "log_likelihood": "neg_log_loss",
    "binary_crossentropy": "neg_log_loss", "categorical_crossentropy": "neg_log_loss",
    "sparse_categorical_crossentropy": "neg_log_loss",
    "brier": "neg_brier_score", "brier_loss": "neg_brier_score", "brier_score_loss": "neg_brier_score",
    "f1_score": "f1", "fscore": "f1", "f_score": "f1", "fmeasure": "f1", "macro_f1": "f1_macro", "micro_f1": "f1_micro",
    "totalf1": "f1_weighted",
    "sensitivity": "recall", "tpr": "recall", "ppv": "precision", "iou": "jaccard", "mcc": "matthews_corrcoef",
    "mae": "neg_mean_absolute_error", "l1": "neg_mean_absolute_error", "absolute_error": "neg_mean_absolute_error",
    "mean_absolute_error": "neg_mean_absolute_error", "medae": "neg_median_absolute_error",
    "mse": "neg_mean_squared_error", "l2": "neg_mean_squared_error", "squared_error": "neg_mean_squared_error",
    "mean_squared_error": "neg_mean_squared_error", "sum_of_squares": "neg_mean_squared_error",
    "rmse": "neg_root_mean_squared_error", "root_mean_squared_error": "neg_root_mean_squared_error",
    "mape": "neg_mean_absolute_percentage_error", "msle": "neg_mean_squared_log_error",
    "rmsle": "neg_root_mean_squared_log_error", "poisson": "neg_mean_poisson_deviance",
    "gamma": "neg_mean_gamma_deviance", "gamma_deviance": "neg_mean_gamma_deviance",
    "r2_score": "r2", "r_squared": "r2", "rsquared": "r2", "coefficient_of_determination": "r2",
}  # fmt: skip


def require_scorer(name: str) -> None:
    """Raises UnknownName unless scikit-learn has a scorer of this name.

    >>> require_scorer("auc")
    Traceback (most recent call last):
    chainrule.errors.UnknownName: unknown scoring 'auc'; did you mean 'roc_auc'? Known: accuracy, ...
    """
    resolve("scoring", name, dict.fromkeys(SCORERS), MEANT)
