#include "evaluation/predictor.hpp"

#include <algorithm>

namespace chainrule {

template <class T> Predictor<T>::Predictor(const NetworkSpec& net, const T* theta)
    : kernels_(kernel_set().kernels<T>()),
      theta_(theta),
      net_(net),
      layers_(predict_layers(net_, theta)),
      scratch_(2 * widest_vector_valued(net_) * kernels_.lanes) {
  const long widest = *std::max_element(net_.m.begin() + 1, net_.m.end()) + kernels_.lanes;
  buffer_ = Buffer<T>(widest);
  next_buffer_ = Buffer<T>(widest);
  if (!net_.layers.front().is_dense()) return;
  split_.emplace(net_);
  rest_ = split_->layers(theta);
  z_ = Buffer<T>(net_.m[1]);
}

template class Predictor<float>;
template class Predictor<double>;

}  // namespace chainrule
