// ∇²J(θ) v by the R-operator (B. A. Pearlmutter, Fast exact multiplication by the Hessian, 1994), in panels.
//
// Threads divide the rows of a micro-batch for both passes, then the blocks of
//
//   R ∂J/∂W[i] = Σ R δ[i] a[i−1]ᵀ + δ[i] R a[i−1]ᵀ,
//
// each of which is one sum over twice the rows. What depends on θ alone is kept from the second product at a θ on, and
// from the first on where the θ before had several, unless it is too much.
#pragma once

#include <functional>
#include <vector>

#include "chainrule/kernel_set.hpp"
#include "curvature/hessian_pass.hpp"
#include "threads/team.hpp"

namespace chainrule {

template <class T> class Hessian {
 public:
  // Over a training set whose arrays the caller keeps. J has λ₂ alone: the derivative of λ₁|W| is constant between kinks.
  Hessian(const NetworkSpec& net, const CostSpec& cost, const TrainingSet<T>& set, int threads);

  // Takes θ (d,), at which products are computed from now on.
  void put(const T* theta);
  // product (d,) := ∇²J(θ) v for v (d,), in one order of the sums for any number of threads. Returns false if
  // `interrupted`, which is asked now and then, returned true.
  bool multiply(const T* v, T* product, const std::function<bool()>& interrupted);

 private:
  enum class Sums { block, columns, units };
  struct Piece {  // of the sums, which one thread computes
    Sums sums;    // a block of W; columns_of_piece columns of W[1] for a sparse X; b and κ of a panel
    int layer;    // layers_[layer]
    int p, q;     // the panels of outputs and inputs; the first of the columns; the panel
  };

  void by_columns(const CsrMatrix<T>& X, long n, long t);
  long divided_rows(long d);
  long capacity() const;
  void keep(bool all);
  void make_pieces();
  void place(HessianRows<T>& rows, long micro_batch) const;
  void put_panels(const T* vector, bool is_theta, int thread);
  void multiply_on(const T* v, T* product, int thread);
  void pass(const HessianRows<T>& rows, int thread);
  void sum(const HessianRows<T>& rows, bool is_first, int thread);
  GradientBlock<T> block(const Piece& piece, const HessianRows<T>& rows) const;
  void sum_columns(const Piece& piece, const HessianRows<T>& rows, const GradientEpilogue<T>& epilogue);
  void sum_units(const Piece& piece, const HessianRows<T>& rows, const GradientEpilogue<T>& epilogue) const;
  void get(const T* v, T* product, int thread);

  const Kernels<T>& kernels_;
  const CostSpec cost_;
  const TrainingSet<T> set_;
  const int R_;
  std::vector<int> columns_;         // of a sparse X: those that have an entry
  std::vector<long> column_starts_;  // of their entries, which are numbered column by column
  std::vector<int> entry_rows_;
  std::vector<T> entry_values_;
  std::vector<long> next_entries_;  // of each column: the first entry that is not in a sum yet
  std::vector<HessianLayer<T>> layers_;
  bool can_keep_all_ = false, keeps_all_ = false;
  long micro_batches_;
  HessianPass<T> pass_;
  std::vector<HessianRows<T>> rows_;  // of each micro-batch if keeps_all_; else the first one is for all in turn
  long products_ = 0;                 // at this θ
  std::vector<Piece> pieces_;
  std::vector<Buffer<T>> scratch_;  // of each thread: a panel of the largest W
  StepConstants<T> constants_{};    // no penalties
  Team team_;
  bool is_stopped_ = false;  // as thread 0 has seen it
};

extern template class Hessian<float>;
extern template class Hessian<double>;

}  // namespace chainrule
