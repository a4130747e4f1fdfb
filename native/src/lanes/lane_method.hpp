// Training steps in lanes, for narrow networks: the examples lie across the lanes (kernels/lanes/contract.hpp).
// Networks such as 5-3-2-1 or 4-32-16-4 need no packing then, and no padding of a handful of features to a panel of 32.
// A batch is divided into groups that stay in cache, and the groups into at most max_chunks chunks, by the batch's size
// alone; each chunk has sums of its own, which are added in order.
#pragma once

#include <vector>

#include "chainrule/kernel_set.hpp"
#include "lanes/lane_parameters.hpp"

namespace chainrule {

template <class T> class LaneMethod final : public Method<T> {
 public:
  // True if lanes are faster than panels for this network
  static bool suits(const NetworkSpec& net);

  explicit LaneMethod(const ProblemSpec<T>& problem);

  const char* name() const override { return "lanes"; }
  void put(const T* theta, const std::array<const T*, 2>& moments) override;
  void get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const override;
  void finish() override;
  Outcome step(const Step<T>& step, Team& team, int thread) override;
  double losses(const TrainingSet<T>& set, double scale, Team& team, int thread) override;

 private:
  struct Batch {  // rows of a training set
    const TrainingSet<T>* set;
    const std::uint32_t* order;  // null: first, first + 1, …
    long first;                  // see `order`
    long rows;
    long known;    // entries of `order` that are worth a prefetch
    double scale;  // of the examples' weights
  };
  struct Division {  // of a batch
    long vectors, groups, chunks;
  };
  struct Examples {  // across the lanes, group by group: [m₀ or m_r or 1][vectors][lanes]
    T *x, *y, *example_weights;
  };
  struct ExampleBuffers {
    Buffer<T> x, y, example_weights;
    Examples from(long row, long n, long m) const {
      return {.x = x.get() + row * n, .y = y.get() + row * m, .example_weights = example_weights.get() + row};
    }
  };
  struct Workspace {  // of one thread
    std::vector<LaneLayer<T>> layers;
    std::vector<Buffer<T>> memory;  // of the layers
    ExampleBuffers examples;        // of a group
    Buffer<T> scratch;
  };

  void add_workspace(const NetworkSpec& net);
  void gather(const Batch& batch, long first_row, int vectors, const Examples& to) const;
  LaneGroup<T> group(const Workspace& workspace, const Examples& examples, int vectors) const;
  void sum_chunk(const Step<T>& step, const Division& of, long chunk, Team& team, int thread);

  const Kernels<T>& kernels_;
  const int lanes_;
  const long n_, m_;  // m₀, m_r
  const Cost cost_;
  const std::vector<T> cost_parameters_;  // [m_r]
  LaneParameters<T> parameters_;
  std::vector<Workspace> workspaces_;
  const bool keeps_batch_;  // a full batch is gathered once
  bool has_gathered_batch_ = false;
  ExampleBuffers batch_;                   // if it is kept
  Buffer<T> sums_;                         // [chunks][d][lanes]
  Buffer<T> chunk_losses_;                 // [chunks][lanes]
  std::vector<double> validation_losses_;  // of each group
  Outcome decision_ = Outcome::done;
};

extern template class LaneMethod<float>;
extern template class LaneMethod<double>;

}  // namespace chainrule
