// A network's θ in the packed layout (kernels.hpp). The leading block-diagonal layers are the front's
// (block_diagonal.hpp); a block-diagonal layer elsewhere is stored as a dense W with zeros.
//
// A packed array has one number for each parameter, laid out like the parameters: a moment of the optimizer, or a
// gradient. It begins with the front; the parts of the layers follow, with zeros in the lanes past the last feature. It
// depends on the kernel set and the network alone.
#pragma once

#include <array>
#include <vector>

#include "buffer.hpp"
#include "chainrule/kernel_set.hpp"
#include "chainrule/spec.hpp"
#include "kernels.hpp"
#include "panels/block_diagonal.hpp"

namespace chainrule {

template <class T> struct PanelLayer {
  long n, m;                  // m[i−1], m[i]
  int panels_in, panels_out;  // ⌈n/R⌉, ⌈m/R⌉
  bool is_thin;               // the last layer, if m ≤ R: stored as Wt alone
  bool is_csr;                // the first layer, if X is sparse: its W is csr_layer.hpp's
  LayerSpec spec;
  long theta_offset;          // of W[i] in θ
  long entries;               // of W[i] in θ
  long packed_offset[parts];  // of W, b and κ in a packed array
  Buffer<T> W;                // [panels_out][n][R]; none if thin
  Buffer<T> Wt;               // [panels_in][m][R]; none if i = 1, unless thin
  Buffer<T> b, kappa;         // [panels_out][R]
  Buffer<T> parameter_mask;   // like stored_W(): 1 where W has a parameter, else 0; none if W is dense
  Buffer<T> dense_W;          // (m, n): scratch for a W that is not

  T* stored_W() const { return is_thin ? Wt.get() : W.get(); }
  long stored_rows() const { return is_thin ? panels_in * m : panels_out * n; }     // of R numbers, in stored_W()
  int full_panels() const { return spec.is_dense() && !is_thin ? panels_out : 0; }  // that are packed one by one
};

template <class T> class PanelNetwork {
 public:
  using Layer = PanelLayer<T>;

  // With a front that has room for the activations of `rows` examples.
  PanelNetwork(const NetworkSpec& net, long rows, bool is_input_sparse);

  // put copies θ in, with at most `threads` threads of its own; get copies this thread's part of it out.
  void put(const T* theta, int threads);
  void get(T* theta, int thread, int threads) const;

  long size(const Layer& layer, Part part) const;  // of a part of a packed array
  // A vector in θ's order ↔ a packed array; unpack copies this thread's part of its first `count` numbers.
  void pack(const T* from, T* to) const;
  void unpack(const T* from, long count, T* to, int thread, int threads) const;

  // Frees all memory but what get() reads.
  void keep_theta_alone();

  const Kernels<T>& kernels;
  const int R;
  const int lanes;
  const long capacity;  // of the activations in examples: a multiple of lanes
  BlockDiagonalFront<T> front;
  std::vector<Layer>
      layers;  // layers[k − 1] is L[front.count() + k]; functions count the layers above the front from 1
  const bool splits_columns;  // threads divide a layer's columns, instead of the batch's rows
  long packed_size;           // numbers of a packed array
  long gradient_size;         // those before the W of a sparse X, which comes last, and is not in gradients

 private:
  void mark_parameters(Layer& layer);
  void place_parts();
  void put_panel(const T* theta, long panel);
  void put_small(const T* theta);
  const T* as_dense(const Layer& layer, const T* W) const;
  void unpack(const Layer& layer, const T* stored_W, const T* Wt, const T* b, const T* kappa, T* theta, int thread,
              int threads) const;
};

extern template class PanelNetwork<float>;
extern template class PanelNetwork<double>;

}  // namespace chainrule
