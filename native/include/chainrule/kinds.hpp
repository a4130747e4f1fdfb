// The kinds of activation, cost, optimizer and schedule that the native engine supports, with their Python names.
// An enumerator's value is its place in the table of names below it: bindings translate by name, kernels by value.
#pragma once

namespace chainrule {

// Def. 4.1. Entrywise ones first; those from `softmax` on are vector-valued: an output depends on its whole row.
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
constexpr bool is_entrywise(Sigma sigma) { return sigma < Sigma::softmax; }
// True if σ′ needs z. Otherwise it follows from a, up to u (1 + |σ′|) in absolute terms: sigmoid′ = a (1 − a), for
// example.
constexpr bool derivative_needs_z(Sigma sigma, double parameter) {
  switch (sigma) {
    case Sigma::leaky_relu:
    case Sigma::elu:
      return parameter < 0;  // if not, a has the sign of z
    case Sigma::gelu:
    case Sigma::silu:
    case Sigma::mish:
    case Sigma::gaussian:
    case Sigma::sine:
      return true;
    default:
      return false;
  }
}

// False if σ″ is 0 everywhere.
constexpr bool has_bend(Sigma sigma) {
  switch (sigma) {
    case Sigma::identity:
    case Sigma::relu:
    case Sigma::leaky_relu:
    case Sigma::hard_tanh:
      return false;
    default:
      return true;
  }
}

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
// The σ[r] for which ℓ∘σ[r] has a closed form; identity for costs without one.
constexpr Sigma canonical_sigma(Cost cost) {
  if (cost == Cost::log_likelihood) return Sigma::sigmoid;
  if (cost == Cost::cross_entropy) return Sigma::softmax;
  if (cost == Cost::poisson) return Sigma::exp;
  return Sigma::identity;
}

// The terms of J that are divided by the sum of the examples' weights.
enum class Mean : int { none, losses, losses_and_penalties };

enum class Optimizer : int { gradient_descent, momentum, nesterov, adagrad, rmsprop, adam, adamw, rprop };
inline constexpr const char* optimizer_names[] = {
    "gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "rprop",
};
// The numbers that an optimizer keeps for each parameter, in the order of the Python class's `moments`:
// v | ν | μ, ν | step size, previous g.
constexpr int moment_count(Optimizer optimizer) {
  if (optimizer == Optimizer::gradient_descent) return 0;
  return optimizer < Optimizer::adam ? 1 : 2;
}

// The parts of a layer's entries in θ, in their order there.
enum class Part : int { W, b, kappa };
inline constexpr int parts = 3;

enum class Schedule : int { constant, step, exponential, inverse_time, cosine, one_cycle, coslog4, flat_cosine };
inline constexpr const char* schedule_names[] = {
    "constant", "step", "exponential", "inverse_time", "cosine", "one_cycle", "coslog4", "flat_cosine",
};

}  // namespace chainrule
