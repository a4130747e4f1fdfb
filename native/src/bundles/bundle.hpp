// A slice of training of several networks at once, one in each lane of the vectors. A tiny network with small
// minibatches fills few lanes with its examples, and most of its step is the same overhead for one lane as for all.
// Each network ends with the bits that it has alone in lanes: what is summed over lanes of examples there is summed here
// in the same order (kernels/lanes/trees.hpp). Between slices all numbers are with the networks' own trainers.
#pragma once

#include <vector>

#include "trainer.hpp"

namespace chainrule {

template <class T> class Bundle {
 public:
  static constexpr long most_rows = max_group_vectors;  // of a minibatch
  static int most_networks();

  static bool suits(const NetworkSpec& net);

  // True if these are one to most_networks() trainers of suitable networks of one shape, with such minibatches, the same
  // cost but for penalties and mean, and the same optimizer.
  static bool fit(const std::vector<Trainer<T>*>& trainers);

  // Borrows the trainers, which fit together.
  explicit Bundle(std::vector<Trainer<T>*> trainers);

  // Trains all of them as Trainer::advance does; the slice ends for all as soon as it ends for one of them.
  void advance(long epochs, double seconds, const std::function<bool()>& interrupted);

 private:
  struct Moments {
    Buffer<T> now[2], before[2];  // this step
  };

  void take_numbers();
  void return_numbers(int k, bool are_before_step);
  void gather();
  void sum_gradient();
  void update();
  const T* column(const Buffer<T>& numbers, int k, int array = 0);

  const Kernels<T>& kernels_;
  const int lanes_;
  const std::vector<Trainer<T>*> trainers_;
  const ProblemSpec<T>& first_;
  const long n_, m_, d_;
  const std::vector<T> cost_parameters_;  // [m_r]
  const int moment_count_;
  std::vector<LaneLayer<T>> layers_;
  std::vector<Buffer<T>> memory_;              // of the layers
  Buffer<T> theta_, theta_before_, gradient_;  // [d][lanes]
  Moments moments_;                            // [d][lanes]
  Buffer<T> mask_;                             // (d,): 1 for entries of W, 0 for entries of b
  Buffer<T> x_, y_, example_weights_;          // [m₀ or m_r or 1][rows][lanes]
  Buffer<T> losses_;                           // [loss_sums][lanes]
  Buffer<T> scratch_, columns_;
  BundleUpdate<T> constants_{};
  BundlePenalties<T> penalties_{};
  std::vector<Outcome> outcomes_;
  std::vector<Measured> measured_;
  long rows_ = 0;  // of the longest minibatch
};

extern template class Bundle<float>;
extern template class Bundle<double>;

}  // namespace chainrule
