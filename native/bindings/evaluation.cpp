// Evaluator32 and Evaluator64 (N(x) for the rows of a matrix), the same for sparse rows, and gradient32, gradient64.
#include "evaluation/evaluate.hpp"
#include "specs.hpp"

namespace chainrule::bindings {
namespace {

template <class T> void bind_csr(nb::module_& module, const char* name) {
  nb::class_<CsrEvaluator<T>>(module, name, "Evaluates one network for sparse rows repeatedly.")
      .def(
          "__init__",
          [](CsrEvaluator<T>* self, const nb::tuple& net) { new (self) CsrEvaluator<T>(network_spec(net)); },
          nb::arg("net"))
      .def(
          "outputs",
          [](CsrEvaluator<T>& self, const Vector<const T>& theta, const CsrArgs<T>& X, Rows<T> out, int threads) {
            nb::gil_scoped_release release;
            self.outputs(theta.data(), csr_matrix<T>(X), static_cast<long>(out.shape(0)), out.data(), threads);
          },
          nb::arg("theta"), nb::arg("X"), nb::arg("out"), nb::arg("threads"), "out := N(X), for finite X.");
}

template <class T> void bind(nb::module_& module, const char* evaluator, const char* gradient_name) {
  nb::class_<Evaluator<T>>(module, evaluator, "Evaluates one network repeatedly; reuses its memory.")
      .def(
          "__init__", [](Evaluator<T>* self, const nb::tuple& net) { new (self) Evaluator<T>(network_spec(net)); },
          nb::arg("net"))
      .def(
          "outputs",
          [](Evaluator<T>& self, const Vector<const T>& theta, const Rows<const T>& X, Rows<T> out, int threads) {
            nb::gil_scoped_release release;
            return self.outputs(theta.data(), X.data(), static_cast<long>(X.shape(0)), out.data(), threads);
          },
          nb::arg("theta"), nb::arg("X"), nb::arg("out"), nb::arg("threads"),
          "out := N(X). Returns False if X is not finite.");
  module.def(
      gradient_name,
      [](const nb::tuple& net, const nb::tuple& cost, const RowArgs<T>& X, const Rows<const T>& Y,
         const std::optional<Vector<const T>>& weights, const Vector<const T>& theta, Vector<T> out,
         const nb::list& deltas, int threads) {
        const NetworkSpec spec = network_spec(net);
        const CostSpec cost_args = cost_spec(cost);
        std::vector<T*> rows;
        for (nb::handle delta : deltas) rows.push_back(nb::cast<Rows<T>>(delta, false).data());
        nb::gil_scoped_release release;
        return gradient<T>(spec, cost_args, training_set<T>(spec, X, Y, weights), theta.data(), out.data(), rows.data(),
                           threads);
      },
      nb::arg("net"), nb::arg("cost"), nb::arg("X"), nb::arg("Y"), nb::arg("weights").none(), nb::arg("theta"),
      nb::arg("gradient"), nb::arg("deltas"), nb::arg("threads"),
      "gradient := ∇J(θ), deltas[i − 1] := δ[i]; returns J(θ).");
}

}  // namespace

void bind_evaluation(nb::module_& module) {
  bind_csr<float>(module, "CsrEvaluator32");
  bind_csr<double>(module, "CsrEvaluator64");
  bind<float>(module, "Evaluator32", "gradient32");
  bind<double>(module, "Evaluator64", "gradient64");
}

}  // namespace chainrule::bindings
