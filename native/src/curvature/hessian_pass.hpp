// Both passes of the R-operator over some examples: from x to z[r], and back to δ[1], with their derivatives along v.
#pragma once

#include <vector>

#include "curvature/hessian_rows.hpp"

namespace chainrule {

template <class T> class HessianPass {
 public:
  // For micro-batches of at most `capacity` rows
  HessianPass(const std::vector<HessianLayer<T>>& layers, const CostSpec& cost, const TrainingSet<T>& set,
              const Kernels<T>& kernels, long capacity, int threads);

  // Gathers rows first_row … last_row − 1, multiples of `lanes`, and computes a[i], δ[i] and the slopes there.
  void theta_part(const HessianRows<T>& rows, int first_row, int last_row, int thread) const;
  // Computes R a[i] and R δ[i] there.
  void v_part(const HessianRows<T>& rows, int first_row, int last_row, int thread) const;

  long most_rows() const { return most_rows_; }  // that should be computed at a time, for the cache

  double scale = 1;  // of the examples' weights

 private:
  struct Region {
    const HessianRows<T>& rows;
    int first_row, last_row;
    int thread;

    long half(const Kernels<T>& kernels) const { return long(rows.rows) * 2 * kernels.lanes; }
  };

  void gather(const Region& region) const;
  void output(const Region& region) const;
  Linear<T> product(const Region& region, int panels, int last_lanes, T* out, long out_stride) const;
  void forward_product(const Region& region, int l, bool is_of_v) const;
  T* backward_product(const Region& region, int l, bool is_of_v) const;
  EntrywiseBend<T> bend(const Region& region, int l, int p) const;
  VectorBend<T> vector_bend(const Region& region, int l) const;
  template <class F> void each_panel(const Region& region, int l, F f) const;

  const std::vector<HessianLayer<T>>& layers_;
  const Cost cost_;
  const std::vector<T> cost_parameters_;  // [m_r]
  const TrainingSet<T> set_;
  const Kernels<T>& kernels_;
  const int R_;
  long most_rows_;
  std::vector<Buffer<T>> Rg_;       // of each thread: panels of most_rows_ rows, R ∂J/∂a[i]
  std::vector<Buffer<T>> scratch_;  // of each thread: [8][widest layer of those across lanes][lanes]
};

extern template class HessianPass<float>;
extern template class HessianPass<double>;

}  // namespace chainrule
