// Reads one to three rows from a Python object with as little Python as possible. Arrays are read through NumPy's own
// object structure, which its binary interface fixes (PyArrayObject_fields in numpy/ndarraytypes.h): this takes 5 ns, a
// buffer request 60 and a DLPack exchange 500.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "chainrule/csr_matrix.hpp"
#include "chainrule/kernel_set.hpp"
#include "kernels.hpp"
#include "specs.hpp"

namespace chainrule::bindings {

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
struct DtypeObject {  // its first fields, which are those of NumPy 1 and 2
  PyObject ob_base;
  PyTypeObject* typeobj;
  char kind, type, byteorder;
};
constexpr int plain = 0x0001 | 0x0100;        // C-contiguous and aligned
constexpr int own = plain | 0x0004 | 0x0400;  // and writeable, with memory of its own

// The most rows that are predicted one by one: three rows through 10-32-16-1 take 1.1 µs, four as a matrix 13.
constexpr Py_ssize_t few_rows = 3;

// An array that was pickled has a dtype object of its own.
inline bool same_dtype(nb::handle one, nb::handle other) {
  const auto* a = reinterpret_cast<const DtypeObject*>(one.ptr());
  const auto* b = reinterpret_cast<const DtypeObject*>(other.ptr());
  return a == b || (a->kind == b->kind && a->type == b->type && a->byteorder == b->byteorder);
}

// Rows that have been read, valid until their object changes.
template <class T> struct FewRows {
  int dimensions = 0;    // 1 for x (n,), 2 for (t, n)
  Py_ssize_t count = 0;  // t
  const T* X = nullptr;  // (t, n), or null if they are sparse
  CsrMatrix<T> sparse = {};
  Py_ssize_t entries = 0;  // of a sparse X

  std::int64_t starts[few_rows + 1] = {};
  std::vector<T> converted;          // values of another type
  nb::object indptr, indices, data;  // kept alive
};

// Reads x as a contiguous array (n,) or (t, n) of T, or as an array (t, n) in compressed rows whose columns rise; t ≤ 3.
template <class T> class RowReader {
 public:
  RowReader() {
    const nb::module_ numpy = nb::module_::import_("numpy");
    const auto dtype = [&](const char* name) { return numpy.attr("dtype")(name); };
    ndarray_ = numpy.attr("ndarray");
    empty_ = numpy.attr("empty");
    float_ = dtype(sizeof(T) == 4 ? "float32" : "float64");
    other_float_ = dtype(sizeof(T) == 4 ? "float64" : "float32");
    int32_ = dtype("int32");
    int64_ = dtype("int64");
  }

  // Returns false if x is anything else, or not finite.
  bool read(nb::handle x, Py_ssize_t n, FewRows<T>& rows) const {
    if (!is_array(x)) return read_sparse(x, n, rows);
    const ArrayObject* in = array(x, float_);
    if (!in || in->nd < 1 || in->nd > 2 || in->dimensions[in->nd - 1] != n) return false;
    rows.dimensions = in->nd;
    rows.count = in->nd == 1 ? 1 : in->dimensions[0];
    if (rows.count < 1 || rows.count > few_rows) return false;
    rows.X = reinterpret_cast<const T*>(in->data);
    return is_finite(rows.X, rows.count * n);
  }

  // Returns true if this array of T has the structure that is read here.
  bool knows(nb::handle vector, const T* numbers, Py_ssize_t length) const {
    const ArrayObject* in = array(vector, float_);
    const auto* const dtype = reinterpret_cast<const DtypeObject*>(float_.ptr());
    return dtype->kind == 'f' && dtype->type == (sizeof(T) == 4 ? 'f' : 'd') && dtype->byteorder == '=' && in &&
           in->nd == 1 && in->dimensions[0] == length && in->strides[0] == Py_ssize_t(sizeof(T)) &&
           in->data == reinterpret_cast<const char*>(numbers);
  }

  nb::object new_array(const nb::object& shape) const {
    PyObject* const arguments[] = {shape.ptr(), float_.ptr()};
    nb::object out = nb::steal(PyObject_Vectorcall(empty_.ptr(), arguments, 2, nullptr));
    if (!out.is_valid()) throw nb::python_error();
    return out;
  }

  nb::handle dtype() const { return float_; }

 private:
  bool is_array(nb::handle x) const { return Py_TYPE(x.ptr()) == reinterpret_cast<PyTypeObject*>(ndarray_.ptr()); }

  // Returns the structure of a contiguous array of this type, or null for any other object.
  const ArrayObject* array(nb::handle x, nb::handle descr) const {
    if (!is_array(x)) return nullptr;
    const ArrayObject* in = reinterpret_cast<const ArrayObject*>(x.ptr());
    return same_dtype(in->descr, descr) && (in->flags & plain) == plain ? in : nullptr;
  }

  // The same for one dimension and at least so many numbers.
  const ArrayObject* vector(nb::handle x, nb::handle descr, Py_ssize_t length) const {
    const ArrayObject* in = array(x, descr);
    return in && in->nd == 1 && in->dimensions[0] >= length ? in : nullptr;
  }

  bool read_sparse(nb::handle x, Py_ssize_t n, FewRows<T>& rows) const {
    if (PyList_CheckExact(x.ptr())) return false;  // common, and an attribute that is absent takes long
    // `format` tells compressed rows from other sparse arrays, which have attributes of the same names.
    const nb::object format = attribute(x, "format");
    if (!format.is_valid() || !PyUnicode_CheckExact(format.ptr()) ||
        PyUnicode_CompareWithASCIIString(format.ptr(), "csr") != 0)
      return false;
    const nb::object shape = attribute(x, "shape");
    if (!shape.is_valid() || !PyTuple_CheckExact(shape.ptr()) || PyTuple_GET_SIZE(shape.ptr()) != 2) return false;
    const auto size = [&](int k) {
      PyObject* const item = PyTuple_GET_ITEM(shape.ptr(), k);
      return PyLong_CheckExact(item) ? PyLong_AsSsize_t(item) : -1;
    };
    rows.dimensions = 2;
    rows.count = size(0);
    if (rows.count < 1 || rows.count > few_rows || size(1) != n) return false;
    rows.indptr = attribute(x, "indptr");
    rows.indices = attribute(x, "indices");
    rows.data = attribute(x, "data");
    // From here on no Python code runs that could change the arrays.
    return rows.indptr.is_valid() && rows.indices.is_valid() && rows.data.is_valid() && read_starts(rows) &&
           read_columns(rows, n) && read_values(rows);
  }

  // Returns an attribute, or no object if there is none.
  static nb::object attribute(nb::handle x, const char* name) {
    PyObject* const found = PyObject_GetAttrString(x.ptr(), name);
    if (!found) {
      if (!PyErr_ExceptionMatches(PyExc_AttributeError)) throw nb::python_error();
      PyErr_Clear();
    }
    return nb::steal(found);
  }

  bool read_starts(FewRows<T>& rows) const {
    const auto take = [&](const auto* starts) {
      std::copy_n(starts, rows.count + 1, rows.starts);
      rows.sparse.starts = rows.starts;
      rows.entries = rows.starts[rows.count];
      return rows.starts[0] == 0 && std::is_sorted(rows.starts, rows.starts + rows.count + 1);
    };
    if (const ArrayObject* in = vector(rows.indptr, int32_, rows.count + 1))
      return take(reinterpret_cast<const std::int32_t*>(in->data));
    if (const ArrayObject* in = vector(rows.indptr, int64_, rows.count + 1))
      return take(reinterpret_cast<const std::int64_t*>(in->data));
    return false;
  }

  bool read_columns(FewRows<T>& rows, Py_ssize_t n) const {
    const auto rise = [&](const auto* columns) {
      for (Py_ssize_t j = 0; j < rows.count; ++j) {
        std::int64_t last = -1;
        for (Py_ssize_t e = rows.starts[j]; e < rows.starts[j + 1]; ++e) {
          if (columns[e] <= last) return false;
          last = columns[e];
        }
        if (last >= n) return false;
      }
      return true;
    };
    if (const ArrayObject* in = vector(rows.indices, int32_, rows.entries))
      return rise(rows.sparse.columns32 = reinterpret_cast<const std::int32_t*>(in->data));
    if (const ArrayObject* in = vector(rows.indices, int64_, rows.entries))
      return rise(rows.sparse.columns64 = reinterpret_cast<const std::int64_t*>(in->data));
    return false;
  }

  bool read_values(FewRows<T>& rows) const {
    using Other = std::conditional_t<sizeof(T) == 4, double, float>;
    if (const ArrayObject* in = vector(rows.data, float_, rows.entries)) {
      rows.sparse.values = reinterpret_cast<const T*>(in->data);
    } else if (const ArrayObject* other = vector(rows.data, other_float_, rows.entries)) {
      const Other* const values = reinterpret_cast<const Other*>(other->data);
      rows.converted.assign(values, values + rows.entries);
      rows.sparse.values = rows.converted.data();
    } else {
      return false;
    }
    return is_finite(rows.sparse.values, rows.entries);
  }

  static bool is_finite(const T* x, Py_ssize_t length) {
    return kernel_set().kernels<T>().shared.largest(x, length) <= std::numeric_limits<T>::max();
  }

  nb::object ndarray_, empty_, float_, other_float_, int32_, int64_;
};

}  // namespace chainrule::bindings
