// Evaluator32 and Evaluator64 (N(x) for the rows of a matrix), the same for sparse rows, and gradient32, gradient64.
#include "arrays.hpp"
#include "evaluation/evaluate.hpp"

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
          [](CsrEvaluator<T>& self, nb::handle theta, nb::handle X, nb::handle out, int threads) {
            const Vector<const T> parameters(theta);
            const CsrRows<T> rows(X);
            const Rows<T> outputs(out);
            nb::gil_scoped_release release;
            self.outputs(parameters.data(), rows.matrix(), outputs.length(), outputs.data(), threads);
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
          [](Evaluator<T>& self, nb::handle theta, nb::handle X, nb::handle out, int threads) {
            const Vector<const T> parameters(theta);
            const Rows<const T> rows(X);
            const Rows<T> outputs(out);
            nb::gil_scoped_release release;
            return self.outputs(parameters.data(), rows.data(), rows.length(), outputs.data(), threads);
          },
          nb::arg("theta"), nb::arg("X"), nb::arg("out"), nb::arg("threads"),
          "out := N(X). Returns False if X is not finite.");
  module.def(
      gradient_name,
      [](const nb::tuple& net, const nb::tuple& cost, nb::handle X, nb::handle Y, nb::handle weights, nb::handle theta,
         nb::handle out, const nb::list& deltas, int threads) {
        const NetworkSpec spec = network_spec(net);
        const CostSpec cost_args = cost_spec(cost);
        const Examples<T> examples(X, Y, weights);
        const TrainingSet<T> set = examples.set(spec);
        const Vector<const T> parameters(theta);
        const Vector<T> g(out);
        std::vector<Rows<T>> arrays;
        std::vector<T*> rows;
        for (nb::handle delta : deltas) rows.push_back(arrays.emplace_back(delta).data());
        nb::gil_scoped_release release;
        return gradient<T>(spec, cost_args, set, parameters.data(), g.data(), rows.data(), threads);
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
