#include "curvature/hessian_layer.hpp"

#include <algorithm>

namespace chainrule {
namespace {

long offset_of(const NetworkSpec& net, int i) {
  long offset = 0;
  for (int k = 1; k < i; ++k) offset += net.size(k);
  return offset;
}

int panels(long features, int R) { return static_cast<int>((features + R - 1) / R); }

}  // namespace

template <class T> HessianLayer<T>::HessianLayer(const NetworkSpec& net, int i, long columns, const Kernels<T>& kernels)
    : spec(net.layers[i - 1]),
      n(net.m[i - 1]),
      m(net.m[i]),
      panels_in(panels(n, 2 * kernels.lanes)),
      panels_out(panels(m, 2 * kernels.lanes)),
      last_in(static_cast<int>(n - (panels_in - 1L) * 2 * kernels.lanes)),
      last_out(static_cast<int>(m - (panels_out - 1L) * 2 * kernels.lanes)),
      kernels_(kernels),
      R_(2 * kernels.lanes),
      columns_(columns),
      offset_(offset_of(net, i)),
      entries_(net.entries(i)) {
  const bool is_first = i == 1;
  K_in = is_first ? n : (2L * panels_in - 1) * R_ + last_in;
  K_out = (2L * panels_out - 1) * R_ + last_out;
  W = Buffer<T>(panels_out * n * R_);
  VW = Buffer<T>(panels_out * K_in * R_);
  if (!is_first) {
    Wt = Buffer<T>(panels_in * m * R_);
    WVt = Buffer<T>(panels_in * K_out * R_);
  }
  const long units = long(panels_out) * R_;
  for (Buffer<T>* array : {&b, &v_b, &b_sum}) *array = Buffer<T>(units);
  if (spec.is_parametric)
    for (Buffer<T>* array : {&kappa, &v_kappa, &kappa_sum}) *array = Buffer<T>(units);
  sum = Buffer<T>(panels_out * stored_rows() * R_);
  if (!spec.is_dense()) dense_ = Buffer<T>(m * n);
}

template <class T> void HessianLayer<T>::begin(const T* vector) {
  if (!dense_) return;
  for_each_row(spec.runs, [&](long j, long k, long q, long e) {
    std::copy_n(vector + offset_ + e, q, dense_.get() + j * n + k);  // the other entries remain zero
  });
}

template <class T> void HessianLayer<T>::put(const T* vector, int k, bool is_theta, T* scratch) const {
  const T* const entries = vector + offset_;
  const T* const dense = dense_ ? dense_.get() : entries;
  if (k >= panels_out) return put_columns(dense, k - panels_out, is_theta);
  put_rows(dense, k, is_theta, scratch);
  const long j = long(k) * R_, count = std::min<long>(R_, m - j);
  std::copy_n(entries + entries_ + j, count, (is_theta ? b : v_b).get() + j);
  if (kappa) std::copy_n(entries + entries_ + m + j, count, (is_theta ? kappa : v_kappa).get() + j);
}

// Panel p of W, and its rows in VW; scratch [n][R]
template <class T> void HessianLayer<T>::put_rows(const T* dense, int p, bool is_theta, T* scratch) const {
  const long j = long(p) * R_, rows = std::min<long>(R_, m - j);
  const bool is_first = !Wt;
  T* const plain = is_theta ? W.get() + p * n * R_ : is_first ? VW.get() + p * n * R_ : scratch;
  kernels_.layout.pack(dense + j * n, rows, n, plain);
  if (is_first) return;
  T* const pairs = VW.get() + p * K_in * R_ + (is_theta ? R_ * R_ : 0);
  for (long k = 0; k < n; k += R_) std::copy_n(plain + k * R_, std::min<long>(R_, n - k) * R_, pairs + 2 * k * R_);
}

// Panel q of Wᵀ, and its rows in WVt
template <class T> void HessianLayer<T>::put_columns(const T* dense, int q, bool is_theta) const {
  const long k = long(q) * R_, width = std::min<long>(R_, n - k);
  T* const pairs = WVt.get() + q * K_out * R_ + (is_theta ? 0 : R_ * R_);
  for (long j = 0; j < m; ++j) {
    const T* const from = dense + j * n + k;
    if (is_theta) std::copy_n(from, width, Wt.get() + (q * m + j) * R_);
    std::copy_n(from, width, pairs + (j + j / R_ * R_) * R_);
  }
}

template <class T>
void HessianLayer<T>::get(int p, const std::vector<int>& columns, const T* v, T l2, T* product) const {
  const long j0 = long(p) * R_, rows = std::min<long>(R_, m - j0), stored = stored_rows();
  T* const entries = product + offset_;
  const T* const panel = sum.get() + p * stored * R_;
  std::vector<T> dense(dense_ ? rows * n : 0);
  if (columns_ < 0) {
    kernels_.layout.unpack(panel, rows, n, dense_ ? dense.data() : entries + j0 * n);
  } else {
    std::fill_n(entries + j0 * n, rows * n, T(0));
    for (long s = 0; s < stored; ++s)
      for (long j = 0; j < rows; ++j) entries[(j0 + j) * n + columns[s]] = panel[s * R_ + j];
  }
  const auto add_penalty = [&](long first, long count) {
    if (l2 != T(0))
      for (long e = first; e < first + count; ++e) entries[e] += l2 * v[offset_ + e];
  };
  if (!dense_) add_penalty(j0 * n, rows * n);
  for_each_row(spec.runs, [&](long j, long k, long q, long e) {
    if (j < j0 || j >= j0 + rows) return;
    std::copy_n(dense.data() + (j - j0) * n + k, q, entries + e);
    add_penalty(e, q);
  });
  std::copy_n(b_sum.get() + j0, rows, entries + entries_ + j0);
  if (kappa) std::copy_n(kappa_sum.get() + j0, rows, entries + entries_ + m + j0);
}

template class HessianLayer<float>;
template class HessianLayer<double>;

}  // namespace chainrule
