// Arrays of Python as pointers and lengths, and the examples that are made of them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "specs.hpp"

namespace chainrule::bindings {

// A contiguous array of T that Python lends, by its buffer protocol, for the life of this object. It is made and ended
// with the GIL. nanobind's own arrays are made where no exception may pass, so that too little memory ends the process.
template <class T, int dimensions> class Array {
 public:
  Array() = default;  // no array
  explicit Array(nb::handle array) {
    const int access = std::is_const_v<T> ? PyBUF_SIMPLE : PyBUF_WRITABLE;
    if (PyObject_GetBuffer(array.ptr(), &lent_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | access)) throw nb::python_error();
    if (lent_.ndim != dimensions || !holds_T()) {
      PyBuffer_Release(&lent_);
      throw std::invalid_argument("an array has the wrong type or number of dimensions");
    }
    data_ = static_cast<T*>(lent_.buf);
    std::copy_n(lent_.shape, dimensions, shape_);
  }
  Array(Array&& other) noexcept { *this = std::move(other); }
  Array& operator=(Array&& other) noexcept {
    std::swap(lent_, other.lent_), std::swap(data_, other.data_), std::swap(shape_, other.shape_);
    return *this;
  }
  ~Array() { PyBuffer_Release(&lent_); }  // does nothing for no array

  T* data() const { return data_; }
  long length() const { return static_cast<long>(shape_[0]); }  // of a vector; the number of rows
  long width() const { return static_cast<long>(shape_[1]); }   // of rows

 private:
  bool holds_T() const {
    const char kind = lent_.format[0] && !lent_.format[1] ? lent_.format[0] : 0;  // one letter: in the native order
    const bool is_kind = std::is_floating_point_v<T>                  ? kind == 'f' || kind == 'd'
                         : std::is_unsigned_v<std::remove_const_t<T>> ? kind == 'I' || kind == 'L' || kind == 'Q'
                                                                      : kind == 'i' || kind == 'l' || kind == 'q';
    return is_kind && lent_.itemsize == sizeof(T);
  }

  Py_buffer lent_{};
  T* data_ = nullptr;
  Py_ssize_t shape_[dimensions] = {};
};

template <class T> using Vector = Array<T, 1>;
template <class T> using Rows = Array<T, 2>;

// indptr, indices of 32 or of 64 bits, data; chainrule/_internal/sparse_rows.py has checked them
template <class T> struct CsrRows {
  Vector<const std::int64_t> starts;
  Vector<const std::int32_t> columns32;
  Vector<const std::int64_t> columns64;
  Vector<const T> values;

  CsrRows() = default;  // no rows
  explicit CsrRows(nb::handle args) {
    const auto [indptr, indices32, indices64, data] = items<nb::handle, nb::handle, nb::handle, nb::handle>(args);
    starts = Vector<const std::int64_t>(indptr);
    if (!indices32.is_none()) columns32 = Vector<const std::int32_t>(indices32);
    if (!indices64.is_none()) columns64 = Vector<const std::int64_t>(indices64);
    values = Vector<const T>(data);
  }

  CsrMatrix<T> matrix() const {
    return {
        .starts = starts.data(), .columns32 = columns32.data(), .columns64 = columns64.data(), .values = values.data()};
  }
};

// X, dense or sparse, Y, and the weights of examples, or None; and the rows in which they lie, or None for all rows
template <class T> class Examples {
 public:
  Examples() = default;  // no examples
  Examples(nb::handle X, nb::handle Y, nb::handle weights, nb::handle places = nb::none()) : Y_(Y) {
    if (nb::isinstance<nb::tuple>(X))
      sparse_X_ = CsrRows<T>(X);
    else
      X_ = Rows<const T>(X);
    if (!weights.is_none()) weights_ = Vector<const T>(weights);
    if (places.is_none()) return;
    places_ = Vector<const std::uint32_t>(places);
    const std::uint32_t* const first = places_.data();
    if (sparse_X_.starts.data()) throw std::invalid_argument("the examples of a sparse X must be all its rows");
    if (!std::all_of(first, first + places_.length(), [&](std::uint32_t row) { return row < Y_.length(); }))
      throw std::invalid_argument("an example lies beyond the last row");
  }

  TrainingSet<T> set(const NetworkSpec& net) const {
    if (sparse_X_.starts.data() && !net.layers.front().is_dense())
      throw std::invalid_argument("a sparse X needs a full W[1]");
    return {.X = X_.data(),
            .Y = Y_.data(),
            .weights = weights_.data(),
            .t = places_.data() ? places_.length() : Y_.length(),
            .sparse_X = sparse_X_.matrix(),
            .places = places_.data()};
  }

 private:
  Rows<const T> X_, Y_;
  Vector<const T> weights_;
  CsrRows<T> sparse_X_;
  Vector<const std::uint32_t> places_;
};

}  // namespace chainrule::bindings
