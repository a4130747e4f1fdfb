// NormalEquations: AᵀA and Aᵀr of a sum of squares.
#include "arrays.hpp"
#include "curvature/normal_equations.hpp"

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
          [](NormalEquations& self, nb::handle theta, nb::handle X, nb::handle Y, nb::handle w) {
            const Vector<const double> parameters(theta), factors(w);
            const Rows<const double> rows(X), labels(Y);
            nb::gil_scoped_release release;
            self.add(parameters.data(), rows.data(), labels.data(), factors.data(), rows.length());
          },
          nb::arg("theta"), nb::arg("X"), nb::arg("Y"), nb::arg("w"),
          "Adds examples at θ, with factors w of their residuals.")
      .def(
          "get",
          [](const NormalEquations& self, nb::handle normal, nb::handle gradient) {
            const Rows<double> N(normal);
            const Vector<double> g(gradient);
            nb::gil_scoped_release release;
            self.get(N.data(), g.data());
          },
          nb::arg("normal"), nb::arg("gradient"),
          "The lower triangle of normal := AᵀA, gradient := Aᵀr, A = ∂r/∂θ, r = w (N(x) − y).");
}

}  // namespace chainrule::bindings
