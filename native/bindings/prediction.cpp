// Predictor32 and Predictor64: net(x) with as little Python as possible. Arrays are read through NumPy's own object
// structure, which its binary interface fixes (PyArrayObject_fields in numpy/ndarraytypes.h): this takes 5 ns, a buffer
// request 60 and a DLPack exchange 500. The structure is checked against NumPy's own description of θ; if they differ,
// every call returns None.
#include <algorithm>
#include <memory>

#include "evaluate.hpp"
#include "specs.hpp"

namespace chainrule::bindings {
namespace {

struct ArrayObject {
  PyObject ob_base;
  char* data;
  int nd;
  Py_ssize_t* dimensions;
  Py_ssize_t* strides;
  PyObject* base;
  PyObject* descr;
  int flags;
};
constexpr int plain = 0x0001 | 0x0100;        // C-contiguous and aligned
constexpr int own = plain | 0x0004 | 0x0400;  // and writeable, with memory of its own
// The most rows that are predicted one by one: three rows through 10-32-16-1 take 1.1 µs, four as a matrix 13.
constexpr Py_ssize_t few_rows = 3;

template <class T> class RowPredictor {
 public:
  // With `reuse`, each call overwrites and returns the same array.
  RowPredictor(const NetworkArgs& net, nb::object theta, bool reuse)
      : spec_(network_spec(net)), theta_(theta), reuse_(reuse) {
    const nb::module_ numpy = nb::module_::import_("numpy");
    empty_ = numpy.attr("empty");
    descr_ = numpy.attr("dtype")(sizeof(T) == 4 ? "float32" : "float64");
    ndarray_ = numpy.attr("ndarray");
    m_ = nb::int_(spec_.m.back());
    const auto numbers = nb::cast<Vector<const T>>(theta);
    if (static_cast<long>(numbers.size()) != spec_.d()) throw std::invalid_argument("theta has the wrong length");
    predictor_ = std::make_unique<Predictor<T>>(spec_, numbers.data());
    const ArrayObject* array = reinterpret_cast<ArrayObject*>(theta.ptr());
    known_ = Py_TYPE(theta.ptr()) == reinterpret_cast<PyTypeObject*>(ndarray_.ptr()) && array->nd == 1 &&
             array->dimensions[0] == spec_.d() && array->strides[0] == Py_ssize_t(sizeof(T)) &&
             array->descr == descr_.ptr() && array->data == reinterpret_cast<const char*>(numbers.data()) &&
             (array->flags & plain) == plain;
  }

  // N(x), or None if x is not a finite, contiguous array (n,) or (t, n), t ≤ 3, of θ's own dtype.
  nb::object operator()(nb::handle x) {
    const ArrayObject* in = array(x);
    if (!in || in->nd < 1 || in->nd > 2 || in->dimensions[in->nd - 1] != spec_.m.front()) return nb::none();
    const Py_ssize_t rows = in->nd == 1 ? 1 : in->dimensions[0], n = spec_.m.front(), m = spec_.m.back();
    if (rows < 1 || rows > few_rows) return nb::none();
    const T* X = reinterpret_cast<const T*>(in->data);
    if (!predictor_->finite(X, rows * n)) return nb::none();
    nb::object out = room(in->nd, rows);
    T* A = reinterpret_cast<T*>(reinterpret_cast<ArrayObject*>(out.ptr())->data);
    for (Py_ssize_t r = 0; r < rows; ++r) predictor_->row(X + r * n, A + r * m);
    return out;
  }

 private:
  const ArrayObject* array(nb::handle x) const {
    if (!known_ || Py_TYPE(x.ptr()) != reinterpret_cast<PyTypeObject*>(ndarray_.ptr())) return nullptr;
    const ArrayObject* in = reinterpret_cast<const ArrayObject*>(x.ptr());
    return in->descr == descr_.ptr() && (in->flags & plain) == plain ? in : nullptr;
  }

  nb::object room(int dimensions, Py_ssize_t rows) {
    if (reuse_ && kept_.is_valid() && fits(*reinterpret_cast<ArrayObject*>(kept_.ptr()), dimensions, rows))
      return kept_;
    const nb::object shape = dimensions == 1 ? nb::object(m_) : nb::object(nb::make_tuple(rows, m_));
    PyObject* const arguments[] = {shape.ptr(), descr_.ptr()};
    nb::object out = nb::steal(PyObject_Vectorcall(empty_.ptr(), arguments, 2, nullptr));
    if (!out.is_valid()) throw nb::python_error();
    if (reuse_) kept_ = out;
    return out;
  }

  // True if the array of an earlier call, which the caller may have changed since then, can hold this answer.
  bool fits(const ArrayObject& array, int dimensions, Py_ssize_t rows) const {
    const Py_ssize_t m = spec_.m.back();
    return array.nd == dimensions && array.dimensions[dimensions - 1] == m &&
           (dimensions == 1 || array.dimensions[0] == rows) && array.descr == descr_.ptr() &&
           (array.flags & own) == own;
  }

  NetworkSpec spec_;
  nb::object theta_;  // kept alive, since the predictor reads it
  bool reuse_, known_;
  nb::object empty_, descr_, ndarray_, m_, kept_;
  std::unique_ptr<Predictor<T>> predictor_;
};

template <class T> void bind(nb::module_& module, const char* name) {
  nb::class_<RowPredictor<T>>(module, name, "N(x) for one or a few rows, at the lowest latency.")
      .def(nb::init<const NetworkArgs&, nb::object, bool>(), nb::arg("net"), nb::arg("theta"), nb::arg("reuse"))
      .def("__call__", &RowPredictor<T>::operator(), nb::arg("x"), nb::sig("def __call__(self, x: object) -> object"),
           "N(x), or None if x is not a finite contiguous array (n,) or (t, n), t ≤ 3, of θ's own dtype.");
}

}  // namespace

void bind_prediction(nb::module_& module) {
  bind<float>(module, "Predictor32");
  bind<double>(module, "Predictor64");
}

}  // namespace chainrule::bindings
