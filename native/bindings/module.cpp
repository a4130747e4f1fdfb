// The module chainrule._native: it converts arguments, releases the GIL and calls the core.
#include <nanobind/nanobind.h>

#include "chainrule/kernel_set.hpp"

namespace nb = nanobind;

namespace chainrule::bindings {
void bind_training(nb::module_& module);
void bind_evaluation(nb::module_& module);
void bind_prediction(nb::module_& module);
void bind_curvature(nb::module_& module);
void bind_hessian(nb::module_& module);
void bind_random(nb::module_& module);
void bind_columns(nb::module_& module);
}  // namespace chainrule::bindings

NB_MODULE(_native, module) {
  nb::set_leak_warnings(false);  // a network may live until the interpreter ends
  module.doc() = "The compiled core of the native engine.";
  module.attr("__version__") = CHAINRULE_VERSION;
  module.def(
      "kernel_set", [] { return chainrule::kernel_set().name; },
      "The kernel set in use: baseline, avx2, avx512 or neon; CHAINRULE_KERNELS forces one (ValueError if it cannot "
      "run).");
  chainrule::bindings::bind_training(module);
  chainrule::bindings::bind_evaluation(module);
  chainrule::bindings::bind_prediction(module);
  chainrule::bindings::bind_curvature(module);
  chainrule::bindings::bind_hessian(module);
  chainrule::bindings::bind_random(module);
  chainrule::bindings::bind_columns(module);
}
