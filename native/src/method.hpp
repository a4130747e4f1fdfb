// How a training step is computed. There are two ways: in panels (panels/panel_method.hpp) and, for narrow networks, with the examples
// across the lanes (lanes/lane_method.hpp). Each sums every parameter's gradient in one fixed order, whatever the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "chainrule/spec.hpp"
#include "kernels.hpp"
#include "threads/team.hpp"

namespace chainrule {

template <class T> struct Step {
  const TrainingSet<T>* set;
  const std::uint32_t* order;  // the minibatch's examples; null: first, first + 1, …
  long first;
  long rows;
  double scale;                       // of the examples' weights: 1, or 1 / Σw for a mean
  const StepConstants<T>* constants;  // [r], of each layer
  double l1, l2;                      // this minibatch's share of the penalties
  double clip_norm;
  bool measure;           // is ‖∇J‖ asked for?
  std::uint64_t key;      // of the dropout masks
  const double* dropout;  // [r]: p of each layer
};

enum class Outcome { done, diverged, aborted };

struct Measured {  // by the last step that was done
  double J = 0;
  double gradient_norm = 0;
};

inline constexpr long many_numbers = 1 << 20;  // so many are worth several threads just to be moved

// Functions that take a thread number are called by all threads of the team at once, with the same arguments.
template <class T> class Method {
 public:
  virtual ~Method() = default;

  // θ and the moments := …; and back, where not null, this thread's part of it.
  virtual void put(const T* theta, const std::array<const T*, 2>& moments) = 0;
  virtual void get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const = 0;

  // The work is for so many threads from now on, at most those of the problem. Called by one thread between two steps.
  virtual void share_out(int) {}

  // No step follows: all memory but that of θ and the moments is given back.
  virtual void finish() = 0;

  // One step. All threads get the same outcome; unless it is `done`, θ and the moments are untouched.
  virtual Outcome step(const Step<T>& step, Team& team, int thread) = 0;

  // Σ weight · ℓ over a set, without penalties; the answer is thread 0's. NaN if the team is told to stop.
  virtual double losses(const TrainingSet<T>& set, double scale, Team& team, int thread) = 0;

  Measured measured;  // written by thread 0
};

// Σ x, in one order
inline double ordered_sum(const double* x, long count) {
  double s[4] = {};
  long k = 0;
  for (; k + 4 <= count; k += 4)
    for (int i = 0; i < 4; ++i) s[i] += x[k + i];
  for (; k < count; ++k) s[0] += x[k];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

}  // namespace chainrule
