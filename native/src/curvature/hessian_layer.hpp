// A layer's θ and v in panels (kernels.hpp), and its part of ∇²J(θ) v.
//
// R z = V a + W R a and R g = Wᵀ R δ + Vᵀ δ are one product each: of pairs of panels, a's and R a's, with the matching
// rows of V and of W, which alternate in VW and WVt panel by panel.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "chainrule/spec.hpp"
#include "kernels.hpp"

namespace chainrule {

template <class T> class HessianLayer {
 public:
  // L[i] of the network. With `columns` ≥ 0, X is sparse and only so many columns of W[1] matter to ∇²J(θ) v.
  HessianLayer(const NetworkSpec& net, int i, long columns, const Kernels<T>& kernels);

  // Writes the W and b of a vector in θ's order into panels: those of θ, or those of v. `begin` is called by one thread
  // before all others; piece k is one of pieces().
  void begin(const T* vector);
  int pieces() const { return panels_out + (Wt ? panels_in : 0); }
  void put_theta(const T* theta, int k, T* scratch) const { put(theta, k, /*is_theta=*/true, scratch); }
  void put_v(const T* v, int k, T* scratch) const { put(v, k, /*is_theta=*/false, scratch); }

  // Writes panel p of the sums of this layer into the product, and adds l2 v to the entries of W.
  void get(int p, const std::vector<int>& columns, const T* v, T l2, T* product) const;

  long stored_rows() const { return columns_ < 0 ? n : columns_; }  // of a panel of `sum`

  LayerSpec spec;
  long n, m;                  // m[i−1], m[i]
  int panels_in, panels_out;  // ⌈n/R⌉, ⌈m/R⌉
  int last_in, last_out;      // features in the last of them
  long K_in, K_out;           // rows of a panel of VW and of WVt
  Buffer<T> W;                // [panels_out][n][R], of θ
  Buffer<T> Wt;               // [panels_in][m][R], of θ; none if i = 1
  Buffer<T> VW;      // [panels_out][K_in][R]: R rows of V, R rows of W, …; if i = 1, V alone: [panels_out][n][R]
  Buffer<T> WVt;     // [panels_in][K_out][R]: R rows of Wᵀ, R rows of Vᵀ, …; none if i = 1
  Buffer<T> b, v_b;  // [panels_out][R]
  Buffer<T> kappa, v_kappa;    // the same; none without κ
  Buffer<T> sum;               // [panels_out][stored_rows()][R]: R ∂J/∂W
  Buffer<T> b_sum, kappa_sum;  // [panels_out][R]

 private:
  void put(const T* vector, int k, bool is_theta, T* scratch) const;
  void put_rows(const T* W, int p, bool is_theta, T* scratch) const;
  void put_columns(const T* W, int q, bool is_theta) const;

  const Kernels<T>& kernels_;
  const int R_;
  const long columns_;  // of a sparse X; −1 if it is dense
  const long offset_;   // of W[i] in θ
  const long entries_;  // of W[i] in θ
  Buffer<T> dense_;     // (m, n): a block-diagonal W with its zeros
};

extern template class HessianLayer<float>;
extern template class HessianLayer<double>;

}  // namespace chainrule
