// The kinds of activation, cost, optimizer and schedule that the native engine knows, each beside its Python name.
// An enumerator's value is its place in the table of names below it: bindings translate by name, kernels by value.
#pragma once

namespace chainrule {

// Def. 4.1. Entrywise ones first; from `softmax` on, an output depends on its whole row (vector-valued).
enum class Sigma : int {
  identity,
  relu,
  leaky_relu,  // parameter: slope
  elu,         // parameter: alpha
  selu,
  sigmoid,
  tanh,
  softplus,
  softsign,
  gelu,
  silu,
  mish,
  hard_tanh,
  gaussian,
  sine,
  exp,
  softmax,
  log_softmax,
  layer_norm,  // parameter: epsilon
};
inline constexpr const char* sigma_names[] = {
    "identity", "relu", "leaky_relu", "elu",      "selu", "sigmoid", "tanh",    "softplus",    "softsign",   "gelu",
    "silu",     "mish", "hard_tanh",  "gaussian", "sine", "exp",     "softmax", "log_softmax", "layer_norm",
};
constexpr bool entrywise(Sigma sigma) { return sigma < Sigma::softmax; }

enum class Cost : int {
  sum_of_squares,
  log_likelihood,
  cross_entropy,  // parameter: label_smoothing
  absolute_error,
  huber,     // parameter: threshold
  quantile,  // parameter: q
  poisson,
};
inline constexpr const char* cost_names[] = {
    "sum_of_squares", "log_likelihood", "cross_entropy", "absolute_error", "huber", "quantile", "poisson",
};

enum class Optimizer : int { gradient_descent, momentum, nesterov, adagrad, rmsprop, adam, adamw, rprop };
inline constexpr const char* optimizer_names[] = {
    "gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "rprop",
};

enum class Schedule : int { constant, step, exponential, inverse_time, cosine, one_cycle, cos_log4 };
inline constexpr const char* schedule_names[] = {
    "constant", "step", "exponential", "inverse_time", "cosine", "one_cycle", "cos_log4",
};

}  // namespace chainrule
