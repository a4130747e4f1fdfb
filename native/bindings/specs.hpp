// Converts plain Python values into the specs of the core. native.py has checked the names and numbers.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "chainrule/spec.hpp"

namespace chainrule::bindings {

namespace nb = nanobind;

template <class T> using Vector = nb::ndarray<T, nb::numpy, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T> using Rows = nb::ndarray<T, nb::numpy, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

using ScheduleArgs = std::tuple<std::string, double, std::vector<double>>;  // name, rate, the other settings
using PartArgs = std::tuple<double, double, double>;                        // of W, b and κ
using RunArgs = std::vector<std::tuple<long, long, long>>;                  // count, p, q
// σ's name and parameter, dropout, the blocks of W, true if there is a κ, rate, decay
using LayerArgs = std::tuple<std::string, double, ScheduleArgs, RunArgs, bool, PartArgs, PartArgs>;
using NetworkArgs = std::tuple<std::vector<long>, std::vector<LayerArgs>>;  // m₀ … m_r, layers
using CostArgs = std::tuple<std::string, double, int, double, double>;      // name, parameter, mean (Mean), l1, l2
using OptimizerArgs =
    std::tuple<std::string, std::vector<double>, double, ScheduleArgs, ScheduleArgs>;  // name, hyper, clip_norm, α, λ

template <class Kind, std::size_t n> Kind kind(const char* const (&names)[n], const std::string& name) {
  for (std::size_t k = 0; k < n; ++k)
    if (name == names[k]) return static_cast<Kind>(k);
  throw std::invalid_argument("the native engine does not support '" + name + "'");
}

inline ScheduleSpec schedule_spec(const ScheduleArgs& args) {
  ScheduleSpec spec;
  spec.schedule = kind<Schedule>(schedule_names, std::get<0>(args));
  spec.rate = std::get<1>(args);
  const auto& settings = std::get<2>(args);
  std::copy_n(settings.begin(), std::min<std::size_t>(settings.size(), 3), spec.p);
  return spec;
}

inline NetworkSpec network_spec(const NetworkArgs& args) {
  NetworkSpec net;
  net.m = std::get<0>(args);
  for (const auto& [sigma, parameter, dropout, runs, parametric, rate, decay] : std::get<1>(args)) {
    LayerSpec layer{kind<Sigma>(sigma_names, sigma), parameter, schedule_spec(dropout)};
    for (const auto& [count, p, q] : runs) layer.runs.push_back({count, p, q});
    layer.is_parametric = parametric;
    std::tie(layer.rate[0], layer.rate[1], layer.rate[2]) = rate;
    std::tie(layer.decay[0], layer.decay[1], layer.decay[2]) = decay;
    net.layers.push_back(layer);
  }
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

inline CostSpec cost_spec(const CostArgs& args) {
  const auto& [name, parameter, mean, l1, l2] = args;
  return {kind<Cost>(cost_names, name), parameter, static_cast<Mean>(mean), l1, l2};
}

inline OptimizerSpec optimizer_spec(const OptimizerArgs& args) {
  const auto& [name, hyper, clip_norm, alpha, lambda] = args;
  OptimizerSpec spec;
  spec.optimizer = kind<Optimizer>(optimizer_names, name);
  std::copy_n(hyper.begin(), std::min<std::size_t>(hyper.size(), 4), spec.hyper);
  spec.clip_norm = clip_norm;
  spec.schedule = schedule_spec(alpha);
  spec.weight_decay = schedule_spec(lambda);
  return spec;
}

// indptr, indices of 32 or of 64 bits, data; chainrule/_internal/sparse_rows.py has checked them
template <class T> using CsrArgs = std::tuple<Vector<const std::int64_t>, std::optional<Vector<const std::int32_t>>,
                                              std::optional<Vector<const std::int64_t>>, Vector<const T>>;
template <class T> using RowArgs = std::variant<Rows<const T>, CsrArgs<T>>;
template <class T> using SetArgs = std::tuple<RowArgs<T>, Rows<const T>, std::optional<Vector<const T>>>;

template <class T> CsrMatrix<T> csr_matrix(const CsrArgs<T>& args) {
  const auto& [starts, columns32, columns64, values] = args;
  return {.starts = starts.data(),
          .columns32 = columns32 ? columns32->data() : nullptr,
          .columns64 = columns64 ? columns64->data() : nullptr,
          .values = values.data()};
}

template <class T> TrainingSet<T> training_set(const NetworkSpec& net, const RowArgs<T>& X, const Rows<const T>& Y,
                                               const std::optional<Vector<const T>>& weights) {
  TrainingSet<T> set{.Y = Y.data(), .weights = weights ? weights->data() : nullptr, .t = static_cast<long>(Y.shape(0))};
  if (const auto* dense = std::get_if<Rows<const T>>(&X)) {
    set.X = dense->data();
  } else {
    if (!net.layers.front().is_dense()) throw std::invalid_argument("a sparse X needs a full W[1]");
    set.sparse_X = csr_matrix<T>(std::get<CsrArgs<T>>(X));
  }
  return set;
}

}  // namespace chainrule::bindings
