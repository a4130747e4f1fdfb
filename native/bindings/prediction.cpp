// Predictor32 and Predictor64: net(x) with as little Python as possible. JointPredictor32 and JointPredictor64: the
// same for several networks at once.
#include <memory>

#include "arrays.hpp"
#include "evaluation/predictor.hpp"
#include "few_rows.hpp"

namespace chainrule::bindings {
namespace {

// Sparse rows that take more products with W[1] are left to CsrEvaluator, which releases the GIL: about 1 ms.
constexpr Py_ssize_t few_products = 1 << 18;

template <class T> T* numbers(nb::handle array) {
  return reinterpret_cast<T*>(reinterpret_cast<ArrayObject*>(array.ptr())->data);
}

template <class T> class RowPredictor {
 public:
  // With `reuse`, each call overwrites and returns the same array.
  RowPredictor(const nb::tuple& net, nb::object theta, bool reuse)
      : spec_(network_spec(net)), theta_(theta), reuse_(reuse) {
    m_ = nb::int_(m());
    const Vector<const T> given(theta);
    if (given.length() != spec_.d()) throw std::invalid_argument("theta has the wrong length");
    predictor_ = std::make_unique<Predictor<T>>(spec_, given.data());
    // If NumPy arranged an array in another way than ArrayObject says, no array would be read.
    knows_arrays_ = reader_.knows(theta, given.data(), spec_.d());
  }

  // N(x), or None if x is not read.
  nb::object operator()(nb::handle x) {
    FewRows<T> rows;
    if (!read(x, rows) || !takes(rows)) return nb::none();
    nb::object out = room(rows);
    compute(rows, numbers<T>(out));
    return out;
  }

  bool read(nb::handle x, FewRows<T>& rows) const { return knows_arrays_ && reader_.read(x, n(), rows); }

  // Returns true if rows that have been read are for this network.
  bool takes(const FewRows<T>& rows) const {
    return rows.X || (predictor_->takes_sparse() && rows.entries <= few_products / spec_.m[1]);
  }

  // out (t, m) := N(X)
  void compute(const FewRows<T>& rows, T* out) const {
    for (Py_ssize_t j = 0; j < rows.count; ++j, out += m())
      if (rows.X)
        predictor_->row(rows.X + j * n(), out);
      else
        predictor_->row(rows.sparse, j, out);
  }

  const RowReader<T>& reader() const { return reader_; }
  long n() const { return spec_.m.front(); }
  long m() const { return spec_.m.back(); }

 private:
  nb::object room(const FewRows<T>& rows) {
    if (reuse_ && kept_.is_valid() && fits(*reinterpret_cast<ArrayObject*>(kept_.ptr()), rows)) return kept_;
    nb::object out =
        reader_.new_array(rows.dimensions == 1 ? nb::object(m_) : nb::object(nb::make_tuple(rows.count, m_)));
    if (reuse_) kept_ = out;
    return out;
  }

  // True if the array of an earlier call, which the caller may have changed since then, can hold this answer.
  bool fits(const ArrayObject& array, const FewRows<T>& rows) const {
    return array.nd == rows.dimensions && array.dimensions[array.nd - 1] == m() &&
           (array.nd == 1 || array.dimensions[0] == rows.count) && same_dtype(array.descr, reader_.dtype()) &&
           (array.flags & own) == own;
  }

  NetworkSpec spec_;
  nb::object theta_;  // kept alive, since the predictor reads it
  bool reuse_, knows_arrays_;
  RowReader<T> reader_;
  nb::object m_, kept_;
  std::unique_ptr<Predictor<T>> predictor_;
};

// N₁(x), …, N_k(x) of networks with the same n and m; x is read once.
template <class T> class JointPredictor {
 public:
  explicit JointPredictor(nb::list predictors) : predictors_(predictors) {
    for (nb::handle one : predictors) all_.push_back(nb::cast<const RowPredictor<T>*>(one));
    if (all_.empty()) throw std::invalid_argument("there must be a predictor");
    for (const auto* one : all_)
      if (one->n() != all_[0]->n() || one->m() != all_[0]->m())
        throw std::invalid_argument("the networks must have the same inputs and outputs");
  }

  // (k, t, m), or None if x is not (t, n), or not read.
  nb::object operator()(nb::handle x) const {
    FewRows<T> rows;
    if (!all_[0]->read(x, rows) || rows.dimensions != 2) return nb::none();
    for (const auto* one : all_)
      if (!one->takes(rows)) return nb::none();
    const long m = all_[0]->m();
    nb::object out = all_[0]->reader().new_array(nb::make_tuple(all_.size(), rows.count, m));
    T* next = numbers<T>(out);
    for (const auto* one : all_) {
      one->compute(rows, next);
      next += rows.count * m;
    }
    return out;
  }

 private:
  nb::list predictors_;  // kept alive
  std::vector<const RowPredictor<T>*> all_;
};

template <class T> void bind(nb::module_& module, const char* one, const char* joint) {
  nb::class_<RowPredictor<T>>(module, one, "N(x) for one or a few rows, at the lowest latency.")
      .def(nb::init<const nb::tuple&, nb::object, bool>(), nb::arg("net"), nb::arg("theta"), nb::arg("reuse"))
      .def("__call__", &RowPredictor<T>::operator(), nb::arg("x"), nb::sig("def __call__(self, x: object) -> object"),
           "N(x), or None if x is no finite contiguous array (n,) or (t, n), t ≤ 3, of θ's own dtype, and no such rows "
           "in CSR.");
  nb::class_<JointPredictor<T>>(module, joint, "N₁(x), …, N_k(x) for one or a few rows, at the lowest latency.")
      .def(nb::init<nb::list>(), nb::arg("predictors"))
      .def("__call__", &JointPredictor<T>::operator(), nb::arg("x"), nb::sig("def __call__(self, x: object) -> object"),
           "(k, t, m), or None if a predictor would return None, or if x is (n,).");
}

}  // namespace

void bind_prediction(nb::module_& module) {
  bind<float>(module, "Predictor32", "JointPredictor32");
  bind<double>(module, "Predictor64", "JointPredictor64");
}

}  // namespace chainrule::bindings
