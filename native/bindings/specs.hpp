// Converts plain Python values into the specs of the core. engines/native/ has checked the names and numbers.
#pragma once
#include <nanobind/nanobind.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "chainrule/spec.hpp"

namespace chainrule::bindings {

namespace nb = nanobind;

// The casters of nanobind that convert to std::vector and std::string may not throw, and so end the process where there
// is no memory. These functions convert the same values where an exception reaches Python as a MemoryError.

// The items of a tuple: numbers, Python objects, and texts that are valid as long as the tuple.
template <class... T> std::tuple<T...> items(nb::handle tuple) {
  const auto values = nb::cast<nb::tuple>(tuple);
  if (values.size() != sizeof...(T)) throw std::invalid_argument("a tuple has the wrong length");
  return [&]<std::size_t... k>(std::index_sequence<k...>) {
    return std::tuple<T...>(nb::cast<T>(nb::handle(values[k]))...);
  }(std::index_sequence_for<T...>{});
}

template <class T> std::vector<T> vector_of(nb::handle sequence) {
  std::vector<T> values;
  for (nb::handle value : nb::borrow(sequence)) values.push_back(nb::cast<T>(value));
  return values;
}

template <class Kind, std::size_t n> Kind kind(const char* const (&names)[n], std::string_view name) {
  for (std::size_t k = 0; k < n; ++k)
    if (name == names[k]) return static_cast<Kind>(k);
  throw std::invalid_argument("the native engine does not support '" + std::string(name) + "'");
}

inline ScheduleSpec schedule_spec(nb::handle args) {  // name, rate, the other settings
  const auto [name, rate, settings] = items<const char*, double, nb::handle>(args);
  ScheduleSpec spec{.schedule = kind<Schedule>(schedule_names, name), .rate = rate};
  const auto values = vector_of<double>(settings);
  std::copy_n(values.begin(), std::min<std::size_t>(values.size(), 3), spec.p);
  return spec;
}

// σ's name and parameter, dropout, the blocks of W as (count, p, q), true if there is a κ, rate, decay
inline LayerSpec layer_spec(nb::handle args) {
  const auto [sigma, parameter, dropout, runs, is_parametric, rate, decay] =
      items<const char*, double, nb::handle, nb::handle, bool, nb::handle, nb::handle>(args);
  LayerSpec layer{.sigma = kind<Sigma>(sigma_names, sigma), .parameter = parameter, .dropout = schedule_spec(dropout)};
  for (nb::handle run : nb::borrow(runs)) {
    const auto [count, p, q] = items<long, long, long>(run);
    layer.runs.push_back({count, p, q});
  }
  layer.is_parametric = is_parametric;
  std::tie(layer.rate[0], layer.rate[1], layer.rate[2]) = items<double, double, double>(rate);  // of W, b and κ
  std::tie(layer.decay[0], layer.decay[1], layer.decay[2]) = items<double, double, double>(decay);
  return layer;
}

inline NetworkSpec network_spec(nb::handle args) {  // m₀ … m_r, layers
  const auto [m, layers] = items<nb::handle, nb::handle>(args);
  NetworkSpec net{.m = vector_of<long>(m), .layers = {}};
  for (nb::handle layer : nb::borrow(layers)) net.layers.push_back(layer_spec(layer));
  if (net.m.size() != net.layers.size() + 1 || net.layers.empty())
    throw std::invalid_argument("sizes and layers do not match");
  for (int i = 1; i <= net.r(); ++i) {
    long n = 0, m = 0;
    for (const Run& run : net.layers[i - 1].runs) m += run.count * run.p, n += run.count * run.q;
    if (!net.layers[i - 1].is_dense() && (n != net.m[i - 1] || m != net.m[i]))
      throw std::invalid_argument("sizes and blocks do not match");
  }
  return net;
}

inline CostSpec cost_spec(nb::handle args) {  // name, parameter or a list of one for each output, mean (Mean), l1, l2
  const auto [name, parameters, mean, l1, l2] = items<const char*, nb::handle, int, double, double>(args);
  const bool are_several = nb::isinstance<nb::list>(parameters);
  std::vector<double> numbers =
      are_several ? vector_of<double>(parameters) : std::vector<double>{nb::cast<double>(parameters)};
  return {kind<Cost>(cost_names, name), std::move(numbers), static_cast<Mean>(mean), l1, l2};
}

inline OptimizerSpec optimizer_spec(nb::handle args) {  // name, hyper, clip_norm, α, λ
  const auto [name, hyper, clip_norm, alpha, lambda] =
      items<const char*, nb::handle, double, nb::handle, nb::handle>(args);
  OptimizerSpec spec;
  spec.optimizer = kind<Optimizer>(optimizer_names, name);
  const auto values = vector_of<double>(hyper);
  std::copy_n(values.begin(), std::min<std::size_t>(values.size(), 4), spec.hyper);
  spec.clip_norm = clip_norm;
  spec.schedule = schedule_spec(alpha);
  spec.weight_decay = schedule_spec(lambda);
  return spec;
}

}  // namespace chainrule::bindings
