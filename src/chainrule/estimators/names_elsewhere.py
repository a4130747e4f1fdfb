"""The names that other libraries give to parameters, and what stands for those that have no counterpart here."""

from __future__ import annotations

ELSEWHERE = {  # the names of other libraries for each parameter, of which an estimator may have one itself
    "activation": ("nonlinearity", "act", "sigma", "activation_function", "activation_fn", "hidden_activation"),
    "batch_size": ("batch", "minibatch_size", "mini_batch_size", "batchsize", "bs"),
    "callbacks": ("callback",),
    "categories": (
        "cat_features", "categorical_features", "categorical_feature", "categorical_columns", "cat_cols", "cat_columns",
        "cat_idxs",
    ),
    "checkpoint": ("model_dir", "checkpoint_dir", "checkpoint_path", "ckpt_path", "snapshot_file", "train_dir"),
    "class_weight": ("class_weights", "auto_class_weights", "scale_pos_weight", "is_unbalance"),
    "cost": (
        "loss", "loss_function", "criterion", "objective", "loss_fn", "loss_func", "cost_function", "cost_fn",
        "objective_function",
    ),
    "dropout": ("dropout_rate", "dropout_p", "dropout_prob", "drop_rate", "p_dropout"),
    "dtype": ("precision", "float_precision"),
    "embedding": ("num_emb_type", "numerical_embeddings", "num_embeddings"),
    "engine": (
        "device", "devices", "backend", "task_type", "accelerator", "gpu", "gpus", "n_gpus", "use_gpu", "gpu_id",
        "cuda",
    ),
    "epochs": (
        "max_iter", "n_epochs", "num_epochs", "max_epochs", "nb_epoch", "nb_epochs", "train_epochs", "epoch",
        "iterations", "n_iter", "n_iters", "max_iters", "num_iterations", "num_boost_round",
    ),
    "groups": ("group", "group_id", "group_ids"),
    "hidden_layer_sizes": (
        "hidden_layers", "hidden_sizes", "hidden_size", "hidden_units", "hidden_dim", "hidden_dims", "layer_sizes",
        "layers", "n_layers", "num_layers", "n_blocks", "n_hidden", "n_units", "num_units", "units", "neurons",
        "n_neurons", "width", "d_hidden", "d_block", "d_layers",
    ),
    "initial": ("init", "initializer", "initialization", "kernel_initializer", "weight_init", "init_method"),
    "learning_rate": ("lr", "eta", "learning_rate_init", "step_size"),
    "missing": ("na_values", "missing_values"),
    "n_networks": (
        "n_estimators", "num_estimators", "n_ens", "ensemble_size", "n_ensemble", "n_models", "num_models", "n_members",
        "n_bags",
    ),
    "numbers": ("scaler", "scaling", "normalize", "standardize", "preprocessing"),
    "optimizer": ("solver", "optimiser", "optim", "opt"),
    "patience": (
        "n_iter_no_change", "early_stopping", "early_stopping_rounds", "early_stopping_round", "stopping_rounds",
        "early_stopping_patience", "od_wait",
    ),
    "quantiles": ("quantile", "quantile_alpha", "taus"),
    "random_state": ("seed", "random_seed", "manual_seed", "rng"),
    "resume": ("resume_from_checkpoint", "load_checkpoint"),
    "sample_weight": ("weight", "weights", "sample_weights"),
    "sample_weight_val": ("eval_sample_weight", "sample_weight_eval_set"),
    "scoring": ("eval_metric", "metric", "metrics", "custom_metric", "stopping_metric"),
    "threads": ("n_jobs", "num_threads", "n_threads", "nthread", "nthreads", "thread_count"),
    "time_limit": ("max_time", "time_budget", "timeout", "max_runtime_secs"),
    "validation_fraction": (
        "validation_split", "test_size", "val_fraction", "val_size", "val_split", "validation_size", "validation_ratio",
        "valid_size", "eval_fraction", "holdout_frac",
    ),
    "verbose": (
        "verbosity", "verbose_eval", "silent", "quiet", "logging_level", "log_level", "show_progress", "progress_bar",
        "disp",
    ),
    "warm_start": ("warmstart", "init_model", "xgb_model", "continue_training"),
    "weight_decay": (
        "alpha", "l2", "wd", "reg_lambda", "lambda_l2", "l2_regularization", "l2_leaf_reg", "l2_reg", "l2_penalty",
        "kernel_regularizer",
    ),
    "workers": ("num_workers", "n_workers", "n_processes"),
    "X_val": ("eval_set", "validation_data", "validation_set", "val_data", "eval_data", "valid_sets", "X_valid"),
    "y_val": ("y_valid",),
}  # fmt: skip

L1 = ("lambda_l1", "reg_alpha", "l1", "l1_reg", "l1_regularization", "l1_ratio")

INSTEAD = (  # names without a counterpart, a parameter of the estimators that the sentence is for, and the sentence
    (
        ("max_depth", "depth", "num_leaves", "max_leaves", "max_leaf_nodes", "min_child_weight", "min_child_samples",
         "min_data_in_leaf", "min_samples_leaf", "min_samples_split", "min_split_gain", "min_split_loss", "gamma",
         "grow_policy", "boosting_type", "booster", "tree_method", "subsample", "subsample_freq", "bagging_fraction",
         "bagging_freq", "feature_fraction", "colsample_bytree", "colsample_bylevel", "colsample_bynode", "rsm",
         "max_features", "max_bin", "max_bins", "border_count"),
        "hidden_layer_sizes", "it is for decision trees; the size of a network is hidden_layer_sizes",
    ),
    (
        ("momentum", "nesterovs_momentum", "nesterov", "beta1", "beta2", "beta_1", "beta_2", "betas", "rho", "eps",
         "epsilon", "clip_norm", "clipnorm", "grad_clip", "gradient_clip", "gradient_clipping", "gradient_clip_val",
         "max_grad_norm"),
        "optimizer", "it belongs to the optimizer, such as optimizer=cr.AdamW(0.01, beta1=0.95, clip_norm=1.0)",
    ),
    (
        ("scheduler", "lr_scheduler", "learning_rate_schedule", "lr_schedule", "schedule", "warmup", "lr_decay",
         "lr_decay_rate", "power_t"),
        "optimizer", "learning_rate takes a schedule, such as learning_rate=cr.Cosine(0.01)",
    ),
    (
        ("scheduler", "lr_scheduler", "learning_rate_schedule", "lr_schedule", "schedule", "lr_decay"),
        "solver", "with solver='sgd', learning_rate is 'constant', 'invscaling' or 'adaptive'",
    ),
    (L1, "calibrate", "it belongs to the cost, such as cost=cr.CrossEntropy(l1=0.001, mean=True)"),
    (L1, "quantiles", "it belongs to the cost, such as cost=cr.SumOfSquares(l1=0.001, mean=True)"),
    (
        ("cost", *ELSEWHERE["cost"]),
        "solver", "the cost is the cross-entropy, as scikit-learn's is; NetworkClassifier has cost",
    ),
    (("tol",), "patience", "training ends after epochs, patience or time_limit"),
    (("max_steps", "n_steps", "steps", "steps_per_epoch"), "epochs", "training is counted in epochs"),
    (
        ("train_size", "train_fraction", "train_split"),
        "validation_fraction", "give the share that is held out, validation_fraction; the other rows are trained on",
    ),
    (
        ("X_val", "y_val", *ELSEWHERE["X_val"], *ELSEWHERE["y_val"]),
        "early_stopping", "early_stopping=True holds out some of the rows, the share validation_fraction",
    ),
    (
        ("shuffle",),
        "validation_order", "each epoch has a random order of its own; validation_order='last' holds out the last rows",
    ),
    (
        ("use_best_model", "restore_best_weights", "save_best", "keep_best"),
        "patience", "the best epoch on held-out rows is kept in any case",
    ),
    (
        ("module", "model", "network", "net", "estimator"),
        "hidden_layer_sizes", "the layers are given by hidden_layer_sizes; cr.train trains a network of your own",
    ),
    (
        ("input_shape", "input_dim", "input_size", "in_features", "n_features", "output_dim", "output_size",
         "out_features", "num_class", "num_classes", "n_classes", "classes_count", "output_activation",
         "out_activation"),
        "hidden_layer_sizes", "inputs and outputs follow from the rows and y",
    ),
    (
        ("batch_norm", "batchnorm", "batch_normalization", "use_bn", "layer_norm", "layernorm", "normalization"),
        "hidden_layer_sizes", "there are no layers that normalize",
    ),
    (
        ("categories", *ELSEWHERE["categories"]),
        "solver", "X holds numbers alone; NetworkClassifier and NetworkRegressor take tables with categories",
    ),
    (
        ("numbers", *ELSEWHERE["numbers"]),
        "solver", "X is used as it is; scale it before, such as with scikit-learn's StandardScaler in a pipeline",
    ),
    (
        ("quantiles", *ELSEWHERE["quantiles"]),
        "calibrate", "quantiles are those of numbers; NetworkRegressor has them",
    ),
)  # fmt: skip
