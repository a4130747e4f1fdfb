// The layers of a network as the kernels of prediction take them.
#pragma once

#include <algorithm>
#include <vector>

#include "chainrule/spec.hpp"
#include "kernels/predict/contract.hpp"

namespace chainrule {

// The layers of N_θ, which point to θ and to `net`
template <class T> std::vector<PredictLayer<T>> predict_layers(const NetworkSpec& net, const T* theta) {
  std::vector<PredictLayer<T>> layers;
  for (int i = 1; i <= net.r(); ++i) {
    const long m = net.m[i];
    const LayerSpec& spec = net.layers[i - 1];
    const T* const b = theta + net.entries(i);
    layers.push_back({.n = net.m[i - 1],
                      .m = m,
                      .sigma = spec.sigma,
                      .parameter = static_cast<T>(spec.parameter),
                      .W = theta,
                      .b = b,
                      .kappa = spec.is_parametric ? b + m : nullptr,
                      .runs = spec.runs.data(),
                      .run_count = static_cast<int>(spec.runs.size())});
    theta += net.size(i);
  }
  return layers;
}

inline long widest_vector_valued(const NetworkSpec& net) {
  long widest = 0;
  for (int i = 1; i <= net.r(); ++i)
    if (!is_entrywise(net.layers[i - 1].sigma)) widest = std::max(widest, net.m[i]);
  return widest;
}

}  // namespace chainrule
