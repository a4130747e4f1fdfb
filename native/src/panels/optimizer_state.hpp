// θ of a network in panels with the optimizer's moments, and a copy of them to return to.
#pragma once

#include <vector>

#include "panels/panel_network.hpp"

namespace chainrule {

template <class T> class OptimizerState {
 public:
  OptimizerState(const PanelNetwork<T>& network, Optimizer optimizer);

  // Copies moments that are not null in; copies this thread's part of them out.
  void put(const std::array<const T*, 2>& moments);
  void get(const std::array<T*, 2>& moments, int thread, int threads) const;

  // Numbers of a layer above the front, and of the front, from the offset-th on, with their moments
  Parameters<T> of_layer(std::size_t l, Part part, long offset) const;
  Parameters<T> of_front(long offset) const;

  // max |θ|, and max |first moment|; infinite if a number is NaN
  double largest_theta() const { return largest(-1); }
  double largest_first_moment() const { return largest(0); }

  // Returns true if θ and all moments are finite.
  bool is_finite() const;

  // Keeps a copy of θ and the moments; restores them, except Wt.
  void save();
  void restore();
  void forget_saved() { saved_.clear(); }

 private:
  struct Array {
    T* numbers;
    long count;
    int moment;  // −1: θ
  };

  double largest(int moment) const;

  const PanelNetwork<T>& network_;
  std::vector<Buffer<T>> moments_;  // packed; as many as the optimizer keeps
  std::vector<Array> arrays_;       // all that there are
  std::vector<Buffer<T>> saved_;    // a copy of each; empty before the first save()
};

// max |x|; infinite if one of the numbers is NaN
template <class T> double largest_magnitude(const Kernels<T>& kernels, const T* x, long count);

extern template class OptimizerState<float>;
extern template class OptimizerState<double>;

}  // namespace chainrule
