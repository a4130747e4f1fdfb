// The kernels of prediction, which read θ in the lecture's order.
#pragma once

#include "chainrule/kinds.hpp"
#include "chainrule/run.hpp"

namespace chainrule {

template <class T> struct PredictLayer {
  long n, m;
  Sigma sigma;
  T parameter;
  const T *W, *b;   // (m, n) or the entries of its blocks, (m,)
  const T* kappa;   // (m,); null: 1
  const Run* runs;  // [run_count]
  int run_count;    // 0: W is dense
};

// N(x) for some rows, with the examples across the lanes.
template <class T> struct PredictRows {
  const PredictLayer<T>* layers;
  int r;
  const T* X;  // (count, m₀)
  int count;
  const T* prefetch_X;  // (prefetch_count, m₀): the rows after them
  long prefetch_count;
  T* out;                   // (count, m_r)
  T *buffer, *next_buffer;  // panels [panel_stride / R][R] of the examples: a layer's input, its output
  long panel_stride;
  T* scratch;  // [2][widest vector-valued layer][lanes]
};

template <class T> struct PredictKernels {
  // out (m_r,) := N(x). Buffers: the widest layer rounded up to vectors; scratch: [2][widest vector-valued
  // layer][lanes]
  void (*row)(const PredictLayer<T>* layers, int r, const T* x, T* buffer, T* next_buffer, T* scratch, T* out);
  void (*rows)(const PredictRows<T>&);
};

}  // namespace chainrule
