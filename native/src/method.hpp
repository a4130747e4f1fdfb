// The computation of training steps. There are two methods: panels (panels/panel_method.hpp) and, for narrow networks,
// lanes (lanes/lane_method.hpp). Each sums every parameter's gradient in one fixed order, for any number of threads.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "chainrule/spec.hpp"
#include "kernels.hpp"
#include "threads/team.hpp"

namespace chainrule {

template <class T> struct Step {
  const TrainingSet<T>* set;
  const std::uint32_t* order;         // the minibatch's examples; null: first, first + 1, …
  long first;                         // see `order`
  long rows;                          // of the minibatch
  long known;                         // entries of `order`, of this and later minibatches, that are worth a prefetch
  double scale;                       // of the examples' weights: 1, or 1 / Σw for a mean
  const StepConstants<T>* constants;  // [r], of each layer
  double l1, l2;                      // the factors of this minibatch's penalties
  double clip_norm;                   // infinite: no clipping
  bool measures_gradient_norm;        // the last step of an epoch does
  std::uint64_t key;                  // of the dropout masks
  const double* dropout;              // [r]: p of each layer
  double J_before, J_share;           // the epoch's J is J_before before the step, and grows by J_share J

  double J_after(double J) const { return J_before + J_share * J; }
  bool keeps_J_finite(double J) const { return std::isfinite(J) && std::isfinite(J_after(J)); }
  bool clips() const { return clip_norm < std::numeric_limits<double>::infinity(); }
  // False if c/‖g‖ is below the normal numbers of T, as where ‖g‖ of a finite g overflows.
  bool can_clip(double norm) const { return norm <= clip_norm || clip_norm / norm >= std::numeric_limits<T>::min(); }
};

enum class Outcome { done, diverged, aborted };

struct Measured {  // by the last step whose outcome is `done`
  double J = 0;
  double gradient_norm = 0;
};

inline constexpr long least_parallel_copy = 1 << 20;  // fewer numbers are moved by one thread

// A member that takes a thread number is called by all threads of the team at once, with otherwise equal arguments.
template <class T> class Method {
 public:
  virtual ~Method() = default;

  virtual const char* name() const = 0;

  // put copies θ in, and those moments that are not null; get copies this thread's part of them out, to those arrays
  // that are not null.
  virtual void put(const T* theta, const std::array<const T*, 2>& moments) = 0;
  virtual void get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const = 0;

  // Learns of the examples that later steps may use. Called between two calls of Trainer::advance.
  virtual void set_examples(const TrainingSet<T>& /*set*/) {}

  // Divides the work of later steps among `threads` threads. Called by one thread between two steps.
  virtual void set_thread_count(int /*threads*/) {}

  // Makes what steps have put off, so that `get` shows it. A barrier must follow.
  virtual void settle(int /*thread*/, int /*threads*/) {}

  // Frees all memory but that of θ and the moments: no step follows.
  virtual void finish() = 0;

  // Makes one step. All threads return the same outcome; unless it is `done`, θ and the moments are as before.
  virtual Outcome step(const Step<T>& step, Team& team, int thread) = 0;

  // Returns Σ weight · ℓ over a set, without penalties, on thread 0. The team must not stop meanwhile.
  virtual double losses(const TrainingSet<T>& set, double scale, Team& team, int thread) = 0;

  Measured measured;  // written by thread 0
};

// Returns λ₁ Σ|w| + λ₂/2 Σw²; a penalty that is off adds nothing, even if its sum has overflowed.
inline double penalty_of(double lambda1, double sum_of_magnitudes, double lambda2, double sum_of_squares) {
  return (lambda1 != 0 ? lambda1 * sum_of_magnitudes : 0) + (lambda2 != 0 ? 0.5 * lambda2 * sum_of_squares : 0);
}

// Returns Σ x in one fixed order.
inline double ordered_sum(const double* x, long count) {
  double s[4] = {};
  long k = 0;
  for (; k + 4 <= count; k += 4)
    for (int i = 0; i < 4; ++i) s[i] += x[k + i];
  for (; k < count; ++k) s[0] += x[k];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

}  // namespace chainrule
