// encode_columns and scan_column: the columns of a table.
#include <limits>
#include <vector>

#include "arrays.hpp"
#include "chainrule/kernel_set.hpp"
#include "kernels.hpp"

namespace chainrule::bindings {
namespace {

// Keeps the arrays of some columns alive, from a certain row on.
template <class T> class Columns {
 public:
  // each: the values, and the rows that are meant or None
  Columns(nb::handle columns, long first, long rows) {
    if (first < 0) throw std::invalid_argument("the first row is negative");
    for (nb::handle column : nb::borrow(columns)) {
      const auto [values, places] = items<nb::handle, nb::handle>(column);
      const Vector<const T>& x = values_.emplace_back(values);
      const bool is_whole = places.is_none();
      const std::int64_t* const listed = is_whole ? nullptr : places_.emplace_back(places).data() + first;
      if (first + rows > (is_whole ? x.length() : places_.back().length()))
        throw std::invalid_argument("a column has too few rows");
      parts_.push_back({.values = x.data() + (is_whole ? first : 0), .t = x.length(), .rows = listed});
    }
  }

  const std::vector<ColumnPart<T>>& parts() const { return parts_; }

 private:
  std::vector<Vector<const T>> values_;
  std::vector<Vector<const std::int64_t>> places_;
  std::vector<ColumnPart<T>> parts_;
};

template <class T> int encode(nb::handle columns, long first, nb::handle fill, nb::handle center, nb::handle factor,
                              double limit, nb::handle out) {
  const Rows<T> z(out);
  const Columns<double> given(columns, first, z.length());
  const Vector<const double> fills(fill), centers(center), factors(factor);
  const long n = static_cast<long>(given.parts().size());
  if (fills.length() != n || centers.length() != n || factors.length() != n || z.width() < n)
    throw std::invalid_argument("the numbers of columns differ");
  std::vector<ColumnScale> scales;
  for (long k = 0; k < n; ++k) scales.push_back({fills.data()[k], centers.data()[k], factors.data()[k]});
  nb::gil_scoped_release release;
  const ColumnKernels& kernels = kernel_set().columns;
  if constexpr (sizeof(T) == 4)
    return kernels.encode32(given.parts().data(), scales.data(), static_cast<int>(n), z.length(), limit, z.data(),
                            z.width());
  else
    return kernels.encode64(given.parts().data(), scales.data(), static_cast<int>(n), z.length(), limit, z.data(),
                            z.width());
}

template <class T> nb::tuple scan(nb::handle column, long first, long rows, nb::handle ends, nb::handle kept) {
  const Columns<T> given(nb::make_tuple(column), first, rows);
  const Rows<const T> low_and_high(ends);
  const Rows<T> room(kept);
  if (low_and_high.length() != brackets || low_and_high.width() != 2 || room.length() != brackets ||
      room.width() <= rows || rows < 0)
    throw std::invalid_argument("a scan has three brackets, and room for all numbers and one more in each");
  constexpr T infinity = std::numeric_limits<T>::infinity();
  ColumnScan<T> found{.smallest = infinity, .largest = -infinity};
  for (int q = 0; q < brackets; ++q)
    found.bracket[q] = {.low = low_and_high.data()[2 * q],
                        .high = low_and_high.data()[2 * q + 1],
                        .kept = room.data() + q * room.width()};
  int flags = 0;
  {
    nb::gil_scoped_release release;
    const ColumnKernels& kernels = kernel_set().columns;
    if constexpr (sizeof(T) == 4)
      flags = kernels.scan32(given.parts().front(), rows, found);
    else
      flags = kernels.scan64(given.parts().front(), rows, found);
  }
  if (flags & has_no_such_row) throw nb::index_error("a column has no such row");
  nb::list counts;
  for (const Bracket<T>& bracket : found.bracket)
    counts.append(nb::make_tuple(bracket.not_below, bracket.inside, bracket.kept_count));
  return nb::make_tuple(static_cast<double>(found.smallest), static_cast<double>(found.largest), found.missing, counts);
}

template <class T> void bind(nb::module_& module, const char* encode_name, const char* scan_name) {
  module.def(encode_name, &encode<T>, nb::arg("columns"), nb::arg("first"), nb::arg("fill"), nb::arg("center"),
             nb::arg("factor"), nb::arg("limit"), nb::arg("out"),
             "Fills, scales and clips columns into the first ones of ``out``; 1: some are missing, 2: some infinite, "
             "4: a row is not there.");
  module.def(scan_name, &scan<T>, nb::arg("column"), nb::arg("first"), nb::arg("rows"), nb::arg("ends"),
             nb::arg("kept"),
             "Returns the range of some numbers, how many are missing, and of each bracket how many are not below it, "
             "inside, and kept.");
}

}  // namespace

void bind_columns(nb::module_& module) {
  bind<float>(module, "encode_columns32", "scan_column32");
  bind<double>(module, "encode_columns64", "scan_column64");
}

}  // namespace chainrule::bindings
