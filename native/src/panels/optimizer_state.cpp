#include "panels/optimizer_state.hpp"

#include <algorithm>
#include <limits>

namespace chainrule {

template <class T> double largest_magnitude(const Kernels<T>& kernels, const T* x, long count) {
  const T largest = kernels.shared.largest(x, count);
  return largest >= 0 ? double(largest) : std::numeric_limits<double>::infinity();  // it is NaN
}

template <class T> OptimizerState<T>::OptimizerState(const PanelNetwork<T>& network, Optimizer optimizer)
    : network_(network) {
  for (int k = 0; k < moment_count(optimizer); ++k) moments_.emplace_back(network.packed_size);
  const auto add = [&](T* numbers, long count, int moment) {
    if (numbers) arrays_.push_back({.numbers = numbers, .count = count, .moment = moment});
  };
  add(network.front.theta.get(), network.front.size(), -1);
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const PanelLayer<T>& layer = network.layers[l];
    T* const theta[parts] = {layer.stored_W(), layer.b.get(), layer.kappa.get()};
    for (int k = 0; k < parts; ++k) add(theta[k], network.size(layer, Part(k)), -1);
  }
  for (int i = 0; i < int(moments_.size()); ++i) add(moments_[i].get(), network.packed_size, i);
}

template <class T> void OptimizerState<T>::put(const std::array<const T*, 2>& moments) {
  for (std::size_t k = 0; k < moments_.size(); ++k)
    if (moments[k]) network_.pack(moments[k], moments_[k].get());
}

template <class T> void OptimizerState<T>::get(const std::array<T*, 2>& moments, int thread, int threads) const {
  for (std::size_t k = 0; k < moments_.size(); ++k)
    if (moments[k]) network_.unpack(moments_[k].get(), network_.packed_size, moments[k], thread, threads);
}

template <class T> Parameters<T> OptimizerState<T>::of_layer(std::size_t l, Part part, long offset) const {
  const PanelLayer<T>& layer = network_.layers[l];
  T* const theta[parts] = {layer.stored_W(), layer.b.get(), layer.kappa.get()};
  Parameters<T> parameters{.theta = theta[int(part)] + offset, .moment = {}};
  for (std::size_t k = 0; k < moments_.size(); ++k)
    parameters.moment[k] = moments_[k].get() + layer.packed_offset[int(part)] + offset;
  return parameters;
}

template <class T> Parameters<T> OptimizerState<T>::of_front(long offset) const {
  Parameters<T> parameters{.theta = network_.front.theta.get() + offset, .moment = {}};
  for (std::size_t k = 0; k < moments_.size(); ++k) parameters.moment[k] = moments_[k].get() + offset;
  return parameters;
}

template <class T> double OptimizerState<T>::largest(int moment) const {
  double most = 0;
  for (const Array& array : arrays_)
    if (array.moment == moment) most = std::max(most, largest_magnitude(network_.kernels, array.numbers, array.count));
  return most;
}

template <class T> bool OptimizerState<T>::is_finite() const {
  double most = 0;
  for (int moment = -1; moment < int(moments_.size()); ++moment) most = std::max(most, largest(moment));
  return most <= double(std::numeric_limits<T>::max());
}

template <class T> void OptimizerState<T>::save() {
  if (saved_.empty())
    for (const Array& array : arrays_) saved_.emplace_back(array.count);
  for (std::size_t k = 0; k < arrays_.size(); ++k) std::copy_n(arrays_[k].numbers, arrays_[k].count, saved_[k].get());
}

template <class T> void OptimizerState<T>::restore() {
  for (std::size_t k = 0; k < arrays_.size(); ++k) std::copy_n(saved_[k].get(), arrays_[k].count, arrays_[k].numbers);
}

template double largest_magnitude(const Kernels<float>&, const float*, long);
template double largest_magnitude(const Kernels<double>&, const double*, long);
template class OptimizerState<float>;
template class OptimizerState<double>;

}  // namespace chainrule
