// The steps that columns of W have missed because their gradient was 0.
#pragma once
#include "kernels.hpp"
#include "kernels/csr/gradient.hpp"
#include "kernels/formulas/optimizer.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The vectors of a column that catch up together: θ, moments and constants fit into the registers.
inline constexpr int vectors_catching_up = CHAINRULE_VECTOR_BYTES == 64 || CHAINRULE_VECTOR_BYTES == 16 ? 4 : 2;

// True if a step without a gradient changes nothing while the moments are 0, whatever its coefficients are.
constexpr bool rests_at_zero_moments(Optimizer optimizer) {
  return optimizer == Optimizer::momentum || optimizer == Optimizer::nesterov || optimizer == Optimizer::adam ||
         optimizer == Optimizer::rmsprop;
}

// `count` vectors from v0 on of column k make the steps of c[0] … c[missed − 1].
template <Optimizer optimizer, int count, class T>
CHAINRULE_WORD void catch_up_vectors(const CsrParameters<T>& W, long k, int v0, const StepConstants<T>* c, int missed) {
  constexpr int kept = moment_count(optimizer);
  V<T> theta[count], first[count] = {}, second[count] = {};
  Parameters<T> p[count];
  Int<V<T>> moves{};
#pragma GCC unroll 4
  for (int v = 0; v < count; ++v) {
    p[v] = parameters_at(W, k, v0 + v);
    theta[v] = load(p[v].theta);
    if constexpr (kept > 0) first[v] = load(p[v].moment[0]);
    if constexpr (kept > 1) second[v] = load(p[v].moment[1]);
    moves |= (as_int(first[v]) | as_int(second[v])) != 0;  // −0 moves: it becomes 0
  }
  if (rests_at_zero_moments(optimizer) && !any(moves)) return;
  for (int s = 0; s < missed; ++s) {
    const Coefficients<T>& of_step = c[s].coefficients[int(Part::W)];
    const bool is_frozen = of_step.alpha == T(0);
#pragma GCC unroll 4
    for (int v = 0; v < count; ++v) {
      if constexpr (optimizer == Optimizer::rmsprop) {  // θ stays
        first[v] = fma(broadcast(of_step.beta2), first[v], V<T>{});
      } else {
        V<T> moved = theta[v];
        update<optimizer>(moved, first[v], second[v], V<T>{}, of_step);
        if (!is_frozen) theta[v] = moved;
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < count; ++v) {
    store(p[v].theta, theta[v]);
    if constexpr (kept > 0) store(p[v].moment[0], first[v]);
    if constexpr (kept > 1) store(p[v].moment[1], second[v]);
  }
}

// CsrKernels::catch_up
template <class T> void csr_catch_up(const CsrCatchUp<T>& g) {
  const Optimizer kind = g.steps ? g.constants->optimizer : Optimizer::gradient_descent;
  if (kind == Optimizer::gradient_descent || kind == Optimizer::adagrad) return;  // a gradient of 0 changes nothing
  with(kind, [&]<Optimizer optimizer>() {
    for (long s = g.first; s < g.last; ++s) {
      const long k = g.columns ? g.columns[s] : s;
      if (g.columns && s + columns_ahead < g.last) prefetch_column(g.W, g.columns[s + columns_ahead]);
      const int done = g.done[k];
      if (done == g.steps) continue;
      g.done[k] = g.steps;
      int v = 0;
      for (; v + vectors_catching_up <= g.W.vectors; v += vectors_catching_up)
        catch_up_vectors<optimizer, vectors_catching_up>(g.W, k, v, g.constants + done, g.steps - done);
      for (; v < g.W.vectors; ++v) catch_up_vectors<optimizer, 1>(g.W, k, v, g.constants + done, g.steps - done);
    }
  });
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
