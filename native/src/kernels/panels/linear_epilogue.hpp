// The epilogue of a product, out := σ(z) or z · mask ⊙ σ′(saved), on rows of one panel. ReLU alone is made by the
// tiles.
#pragma once
#include "kernels.hpp"
#include "kernels/panels/linear_tile.hpp"
#include "kernels/shared/entrywise.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// True if the tiles make the whole epilogue: that of ReLU, which saves nothing and knows no mask.
template <class T> CHAINRULE_WORD bool is_relu_in_tiles(const Linear<T>& g) {
  const Activation<T>& f = g.activation;
  return g.epilogue != LinearEpilogue::none && f.sigma == Sigma::relu && !f.mask && !f.kappa &&
         (g.epilogue == LinearEpilogue::derivative || !f.saved);
}

// The tile's part of it, for sums from out[at] on.
template <class T> CHAINRULE_WORD ReluEpilogue<T> relu_epilogue(const Linear<T>& g, bool is_relu, long at) {
  return {is_relu, g.epilogue == LinearEpilogue::derivative ? g.activation.saved + at : nullptr};
}

// out := (1 − κ) z + κ σ(z), or its adjoint, for `count` numbers of panel p from out[at] on, half of the lanes at a
// time.
template <class T> void parametric_epilogue(const Linear<T>& g, int p, long at, long count) {
  const Activation<T>& f = g.activation;
  for (int half = 0; half < R<T>; half += lanes<T>) {
    const V<T> kappa = load(f.kappa + long(p) * R<T> + half);
    const Activation<T> part = activation_at(f, at + half);
    if (g.epilogue == LinearEpilogue::activation)
      activate_parametric(g.out + at + half, count, R<T>, kappa, part);
    else
      differentiate_parametric(g.out + at + half, count, R<T>, kappa, part);
  }
}

// The epilogue of `count` numbers of panel p from out[at] on.
template <class T> CHAINRULE_WORD void apply_epilogue(const Linear<T>& g, int p, long at, long count) {
  if (g.epilogue == LinearEpilogue::none) return;
  if (g.activation.kappa)
    parametric_epilogue(g, p, at, count);
  else if (g.epilogue == LinearEpilogue::activation)
    activate(g.out + at, count, activation_at(g.activation, at));
  else
    differentiate(g.out + at, count, activation_at(g.activation, at));
}

// Sets the lanes from `first` on to zero in each of the rows [count][R].
template <class T> CHAINRULE_WORD void clear_lanes(T* rows, long count, int first) {
  const int half = first < lanes<T> ? 0 : lanes<T>;
  for (long r = 0; r < count; ++r) {
    T* const row = rows + r * R<T>;
    store(row + half, load_first(row + half, first - half));
    if (half == 0) store(row + lanes<T>, V<T>{});
  }
}

// Sets the lanes past the last feature to zero, in `count` rows of panel p from out[at] on.
template <class T> CHAINRULE_WORD void clear_padding(const Linear<T>& g, int p, long at, long count) {
  if (p + 1 < g.panels || g.last_lanes == R<T>) return;
  clear_lanes(g.out + at, count, g.last_lanes);
  if (g.activation.kappa_delta) clear_lanes(g.activation.kappa_delta + at, count, g.last_lanes);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
