// NormalEquations: AᵀA and Aᵀr of a sum of squares.
#include "curvature/normal_equations.hpp"
#include "specs.hpp"

namespace chainrule::bindings {

void bind_curvature(nb::module_& module) {
  nb::class_<NormalEquations>(module, "NormalEquations", "Sums of products of per-example Jacobians; keeps its memory.")
      .def(
          "__init__",
          [](NormalEquations* self, const nb::tuple& net, int threads) {
            new (self) NormalEquations(network_spec(net), threads);
          },
          nb::arg("net"), nb::arg("threads"))
      .def("begin", &NormalEquations::begin, "Begins with sums of 0.")
      .def(
          "add",
          [](NormalEquations& self, const Vector<const double>& theta, const Rows<const double>& X,
             const Rows<const double>& Y, const Vector<const double>& w) {
            nb::gil_scoped_release release;
            self.add(theta.data(), X.data(), Y.data(), w.data(), static_cast<long>(X.shape(0)));
          },
          nb::arg("theta"), nb::arg("X"), nb::arg("Y"), nb::arg("w"),
          "Adds examples at θ, with factors w of their residuals.")
      .def(
          "get",
          [](const NormalEquations& self, Rows<double> normal, Vector<double> gradient) {
            nb::gil_scoped_release release;
            self.get(normal.data(), gradient.data());
          },
          nb::arg("normal"), nb::arg("gradient"),
          "The lower triangle of normal := AᵀA, gradient := Aᵀr, A = ∂r/∂θ, r = w (N(x) − y).");
}

}  // namespace chainrule::bindings
