// Hessian32 and Hessian64: ∇²J(θ) v over a training set.
#include "curvature/hessian.hpp"

#include "arrays.hpp"

namespace chainrule::bindings {
namespace {

// Keeps the arrays alive that the core borrows.
template <class T> class Products {
 public:
  Products(const nb::tuple& net, const nb::tuple& cost, nb::handle X, nb::handle Y, nb::handle weights, int threads)
      : examples_(X, Y, weights),
        hessian_(network_spec(net), cost_spec(cost), examples_.set(network_spec(net)), threads) {}

  void put(nb::handle theta) {
    const Vector<const T> parameters(theta);
    nb::gil_scoped_release release;
    hessian_.put(parameters.data());
  }

  void multiply(nb::handle v, nb::handle product, const nb::callable& check) {
    const Vector<const T> along(v);
    const Vector<T> out(product);
    bool is_complete = false;
    {
      nb::gil_scoped_release release;
      is_complete = hessian_.multiply(along.data(), out.data(), [&] {
        nb::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) return true;  // lets Python run the handlers of pending signals
        PyObject* const answer = PyObject_CallNoArgs(check.ptr());
        Py_XDECREF(answer);
        return answer == nullptr;  // what it raised is raised by this call
      });
    }
    if (!is_complete) throw nb::python_error();
  }

 private:
  Examples<T> examples_;
  Hessian<T> hessian_;
};

template <class T> void bind(nb::module_& module, const char* name) {
  nb::class_<Products<T>>(module, name, "Products ∇²J(θ) v over one training set; keeps its memory.")
      .def(nb::init<const nb::tuple&, const nb::tuple&, nb::handle, nb::handle, nb::handle, int>(), nb::arg("net"),
           nb::arg("cost"), nb::arg("X"), nb::arg("Y"), nb::arg("weights").none(), nb::arg("threads"))
      .def("put", &Products<T>::put, nb::arg("theta"), "Takes θ, at which products are computed from now on.")
      .def("multiply", &Products<T>::multiply, nb::arg("v"), nb::arg("product"), nb::arg("check"),
           "product := ∇²J(θ) v, without the GIL but for `check`, which is called several times a second and may "
           "raise.");
}

}  // namespace

void bind_hessian(nb::module_& module) {
  bind<float>(module, "Hessian32");
  bind<double>(module, "Hessian64");
}

}  // namespace chainrule::bindings
