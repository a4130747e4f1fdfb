// Training steps of narrow networks, whose examples lie across the lanes (kernels/narrow.hpp). A batch is cut into blocks that
// stay in cache and at most max_chunks chunks of blocks, by its size alone; each chunk has sums of its own, which are added in
// order. For 5-3-2-1 or 4-32-16-4: no packing, no padding of a handful of features to a panel of 32.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "chainrule/kernel_set.hpp"
#include "method.hpp"

namespace chainrule {

template <class T> class LaneMethod final : public Method<T> {
 public:
  // Is this way the faster one?
  static bool suits(const NetworkSpec& net);

  explicit LaneMethod(const ProblemSpec<T>& problem);

  const char* name() const override { return "lanes"; }
  void put(const T* theta, const std::array<const T*, 2>& moments) override;
  void get(T* theta, const std::array<T*, 2>& moments, int thread, int threads) const override;
  void finish() override;
  Outcome step(const Step<T>& step, Team& team, int thread) override;
  double losses(const TrainingSet<T>& set, double scale, Team& team, int thread) override;

 private:
  struct Workspace {  // of one thread
    std::vector<LaneLayer<T>> layers;
    std::vector<Buffer<T>> memory;
    Buffer<T> x, y, weights, scratch;  // of a block that is gathered
  };

  LaneGroup<T> block(Workspace& workspace, int vectors) const;
  void gather(const TrainingSet<T>& set, const std::uint32_t* order, long first, long rows, double scale, long row,
              int vectors, T* x, T* y, T* weights) const;
  Outcome move(const Step<T>& step);

  const Kernels<T>& kernels_;
  const int lanes_;
  const long d_, n_, m_;
  const CostSpec cost_;
  const bool keeps_batch_;
  int kept_;                                       // moments
  long padded_;                                    // d, rounded up to vectors
  Buffer<T> theta_, mask_, gradient_, moment_[2];  // [padded]; mask: 1 for entries of W, 0 for entries of b
  Buffer<T> theta_before_, moment_before_[2];
  std::vector<Workspace> workspaces_;
  Buffer<T> x_, y_, weights_;  // a full batch, if it is kept: [m₀ or m_r or 1][rows], block by block
  bool gathered_ = false;
  Buffer<T> sums_, chunk_losses_;          // [chunks][d][lanes], [chunks][lanes]
  std::vector<double> validation_losses_;  // of each block
  Outcome decision_ = Outcome::done;
};

extern template class LaneMethod<float>;
extern template class LaneMethod<double>;

}  // namespace chainrule
