// A network in the packed layout (kernels.hpp) with room for the activations and deltas of `capacity` examples. Leading
// block-diagonal layers are the front's (panels/block_diagonal.hpp); a block-diagonal layer elsewhere is kept as a dense W with zeros.
#pragma once

#include <cmath>
#include <vector>

#include "buffer.hpp"
#include "chainrule/kernel_set.hpp"
#include "chainrule/spec.hpp"
#include "kernels.hpp"
#include "panels/block_diagonal.hpp"
#include "threads/team.hpp"

namespace chainrule {

// Rows of a training set as they are gathered into the first rows of the activations, and what is wanted of them.
template <class T> struct Block {
  const TrainingSet<T>* set;
  const std::uint32_t* order;  // null: first, first + 1, …
  long first;
  int rows;               // ≤ capacity
  double scale;           // of the weights
  bool training;          // dropout, and the deltas are wanted
  std::uint64_t key;      // dropout's; the block's rows are rows `offset` … of a step of `step_rows` rows
  const double* dropout;  // [r]: p of each layer
  long offset, step_rows;
  bool moderate = false;  // it is known beforehand that all numbers will be: run() need not look
};

template <class T> class PanelNetwork {
 public:
  struct Layer {
    long n, m;                  // m[i−1], m[i]
    int panels_in, panels_out;  // ⌈n/R⌉, ⌈m/R⌉
    bool thin;
    LayerSpec spec;
    long theta;                                     // where W[i] begins in θ
    long entries;                                   // of W[i] in θ
    Buffer<T> keep;                                 // like weights(): 1 where W has a parameter; a dense layer has none
    Buffer<T> dense;                                // (m, n): room for W as a dense matrix, if it is not
    Buffer<T> W;                                    // [panels_out][n][R]; a thin layer has Wt alone
    Buffer<T> Wt;                                   // [panels_in][m][R]; for i = 1: none, unless thin
    Buffer<T> b, kappa;                             // [panels_out][R]
    Buffer<T> a, source, mask, delta, kappa_delta;  // [panels_out][capacity][R]
    bool keeps_source;
    bool sparse_input = false, sparse_delta = false;  // are many of a[i−1], of δ[i] zero?

    T* weights() const { return thin ? Wt.get() : W.get(); }
    int panels_of_W() const { return W && spec.is_dense() ? panels_out : 0; }
    long packed() const { return thin ? panels_in * m : panels_out * n; }  // numbers of weights(), in units of R
  };

  PanelNetwork(const NetworkSpec& net, const CostSpec& cost, long capacity, int threads);

  long put_pieces() const;  // θ is taken over in so many pieces, 0, 1, …, in any order and by any threads
  void put(const T* theta, long piece);
  void get(T* theta, int thread, int threads) const;  // this thread's part
  // Numbers packed like a layer's weights() (and, if at hand, like Wt), b and κ → their place in a vector like θ; this thread's part.
  void unpack(const Layer& layer, const T* weights, const T* transposed, const T* b, const T* kappa, T* theta,
              int thread, int threads) const;
  // and back, of all: W in the lecture's order (dense) from a vector like θ
  const T* matrix(const Layer& layer, const T* theta) const;

  // Gives back all memory but what get() reads: no pass follows.
  void keep_theta_alone();

  // The forward pass over a block, the losses, and the backward pass if block.training. Returns whether this thread saw
  // only moderate numbers (or block.moderate says so): losses, activations and deltas so small that no sum over
  // `capacity` rows can overflow.
  // Ends before a barrier: other threads may still be at work. `stop` of the team may cut it short.
  bool run(const Block<T>& block, Team& team, int thread);

  // Looks for zeros in some of the first `rows` rows, which a pass for training has computed, between two passes. Where there are many, the
  // next ones pass over them; the numbers stay the same.
  void look_for_zeros(long rows);

  // Numbers up to the limit are moderate: no entry of a gradient over `capacity` rows of them is above moderate_gradient().
  T moderate_limit() const { return static_cast<T>(std::sqrt(moderate_gradient() / double(capacity))); }
  static double moderate_gradient() { return sizeof(T) == 4 ? 1e18 : 1e140; }

  const Kernels<T>& kernels;
  const int R;
  const int lanes;
  const long capacity;          // a multiple of lanes
  BlockDiagonalFront<T> front;  // L[1] … L[f], f = front.count() ≥ 0
  std::vector<Layer>
      layers;         // layers[k − 1] is L[f + k]; below, and in the functions, the layers above the front count from 1
  Buffer<T> x;        // a[f]: [⌈m/R⌉][capacity][R]
  Buffer<T> x_delta;  // ∂J/∂a[f], where there is a front
  Buffer<double> losses;  // [capacity]

  // From a panel to the next. No power of two: a few rows of many panels would meet in the same sets of the cache.
  long stride() const { return (capacity + lanes) * R; }
  bool by_columns() const { return by_columns_; }
  // Of so many rows, by rows: those before this one are for the first half of the threads.
  long half_of(long rows) const { return (rows + lanes - 1) / lanes / 2 * lanes; }
  const T* input_of(int i) const { return i == 1 ? x.get() : layers[i - 2].a.get(); }

 private:
  void mark_blocks(Layer& layer);
  void put_small(const T* theta);

  // panels/forward_backward.cpp. The answer of each: were all numbers moderate?
  struct Area {  // rows [first, last) and panels [p0, p1) of a layer, which a thread computes at a time
    int first, last, p0, p1;
    int share = 0, shares = 1;  // it begins with those of this share
    bool fetch = false;         // other threads have just written what it reads

    int start(int panels) const { return share == 0 ? 0 : static_cast<int>(long(panels) * share / shares); }
  };
  bool run_by_rows(const Block<T>& block, Team& team, int thread);
  bool run_by_columns(const Block<T>& block, Team& team, int thread);
  long chunks_of(int rows, int threads) const;
  bool prepare(const Block<T>& block, int first, int last);
  void gather(const Block<T>& block, int first, int last);
  void draw_masks(const Block<T>& block, int first, int last) const;
  bool forward(const Block<T>& block, int i, const Area& area, int thread);
  bool output(const Block<T>& block, int first, int last, int thread);
  bool backward(const Block<T>& block, int i, const Area& area, int thread);
  bool moderate(const Block<T>& block, const Buffer<T>& numbers, const Area& area) const;
  const T* begin(const Area& area, const Buffer<T>& W, long K, int panels) const;
  Linear<T> linear(const Area& area, const Buffer<T>& W, long K, int panels, const T* then) const;
  int wide_layers() const { return static_cast<int>(layers.size()) - layers.back().thin; }  // all but a thin last one
  int lowest() const { return front.count() ? 0 : 1; }  // the backward pass goes down to layer lowest() + 1

  CostSpec cost_;
  bool by_columns_;                 // threads share layers by their columns, not by the batch's rows
  Buffer<T> z_, y_, weights_;       // across lanes: z[r] of a thin layer, and Y; [capacity]
  std::vector<Buffer<T>> scratch_;  // per thread, [3][widest vector-valued layer][lanes]
};

extern template class PanelNetwork<float>;
extern template class PanelNetwork<double>;

}  // namespace chainrule
