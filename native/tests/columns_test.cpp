// Compares the encoding and the scan of columns with their definitions, bit by bit.
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "check.hpp"
#include "kernels/columns/encode.hpp"
#include "kernels/columns/scan.hpp"
#include "support/ulp.hpp"

namespace {

using namespace chainrule;
using namespace chainrule::CHAINRULE_KERNEL_SET;

std::mt19937_64& generator() {
  static std::mt19937_64 random{1};
  return random;
}
constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

template <class T> std::vector<T> numbers(long t) {
  std::vector<T> x;
  for (long i = 0; i < t; ++i) x.push_back(static_cast<T>(std::normal_distribution<double>()(generator())));
  for (long i = 3; i < t; i += 17) x[i] = static_cast<T>(nan);
  for (long i = 5; i < t; i += 29) x[i] = T(-0.0);
  return x;
}

std::vector<std::int64_t> chosen(long t, long count) {
  std::vector<std::int64_t> rows;
  for (long i = 0; i < count; ++i) rows.push_back(static_cast<std::int64_t>(generator()() % static_cast<unsigned>(t)));
  return rows;
}

double encoded(double x, const ColumnScale& scale, double limit) {
  const double z = (0.5 * (std::isnan(x) ? scale.fill : x) - 0.5 * scale.center) * (2.0 * scale.factor);
  if (!(limit > 0.0)) return z;
  const double y = std::fmin(std::fmax(z / limit, -1e9), 1e9);
  return y / std::sqrt(y * y + 1.0) * limit;
}

template <class T> void encodes(long rows, int n, double limit, bool is_whole) {
  const long t = rows + 9, stride = n + 2;
  std::vector<std::vector<double>> columns;
  std::vector<ColumnPart<double>> parts;
  std::vector<ColumnScale> scales;
  const std::vector<std::int64_t> places = chosen(t, rows);
  for (int k = 0; k < n; ++k) columns.push_back(numbers<double>(t));
  for (int k = 0; k < n; ++k) {
    parts.push_back({columns[k].data(), t, is_whole ? nullptr : places.data()});
    scales.push_back({0.25 * k, 0.125 - k, 1.0 / (k + 3)});
  }
  std::vector<T> out(static_cast<std::size_t>(rows * stride), T(7));
  encode_columns(parts.data(), scales.data(), n, rows, limit, out.data(), stride);
  for (long i = 0; i < rows; ++i)
    for (int j = 0; j < stride; ++j) {
      const double x = j < n ? columns[j][static_cast<std::size_t>(is_whole ? i : places[i])] : 0.0;
      const T sought = j < n ? static_cast<T>(encoded(x, scales[j], limit)) : T(7), got = out[i * stride + j];
      CHECK(got == sought && std::signbit(got) == std::signbit(sought), "row %ld, column %d of %d: %g, not %g", i, j, n,
            double(got), double(sought));
    }
}

void flags() {
  double x[] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0};
  const std::int64_t rows[] = {0, 11}, before[] = {-1, 0};
  const ColumnScale scale{0.0, 0.0, 1.0};
  float out[11];
  const auto of = [&](const std::int64_t* places, long count) {
    const ColumnPart<double> part{x, 11, places};
    return encode_columns(&part, &scale, 1, count, 3.0, out, 1);
  };
  CHECK(of(nullptr, 11) == 0, "no flag");
  CHECK(of(rows, 2) == has_no_such_row && of(before, 2) == has_no_such_row, "a row that is not there");
  x[10] = nan;
  CHECK(of(nullptr, 11) == has_gap, "a gap");
  x[2] = -infinity;
  CHECK(of(nullptr, 11) == (has_gap | has_infinite), "a gap and an infinite number");
}

template <class T> void scans(long rows, bool is_whole) {
  const std::vector<T> column = numbers<T>(rows + 4);
  const std::vector<std::int64_t> places = chosen(rows + 4, rows);
  const T ends[brackets][2] = {{T(-1), T(-0.5)}, {T(0), T(0)}, {T(0.5), std::numeric_limits<T>::infinity()}};
  std::vector<T> kept[brackets];
  ColumnScan<T> found{.smallest = std::numeric_limits<T>::infinity(), .largest = -std::numeric_limits<T>::infinity()};
  for (int q = 0; q < brackets; ++q) {
    kept[q].resize(static_cast<std::size_t>(rows + 1));
    found.bracket[q] = {.low = ends[q][0], .high = ends[q][1], .kept = kept[q].data()};
  }
  CHECK(scan_column({column.data(), rows + 4, is_whole ? nullptr : places.data()}, rows, found) == 0, "no flag");
  T smallest = found.smallest, largest = found.largest;
  long missing = 0, not_below[brackets] = {}, inside[brackets] = {};
  std::vector<T> sought[brackets];
  for (long i = 0; i < rows; ++i) {
    const T x = column[static_cast<std::size_t>(is_whole ? i : places[i])];
    missing += std::isnan(x);
    if (!(x >= found.smallest) && !std::isnan(x)) smallest = x;
    if (!(x <= found.largest) && !std::isnan(x)) largest = x;
    for (int q = 0; q < brackets; ++q) {
      const bool is_inside = x >= ends[q][0] && x <= ends[q][1];
      not_below[q] += x >= ends[q][0], inside[q] += is_inside;
      if (is_inside && ends[q][0] < ends[q][1]) sought[q].push_back(x);
    }
  }
  CHECK(found.missing == missing && found.smallest == smallest && found.largest == largest, "%ld rows", rows);
  for (int q = 0; q < brackets; ++q) {
    const Bracket<T>& bracket = found.bracket[q];
    CHECK(bracket.not_below == not_below[q] && bracket.inside == inside[q], "counts of bracket %d", q);
    kept[q].resize(static_cast<std::size_t>(bracket.kept_count));
    CHECK(kept[q] == sought[q], "numbers of bracket %d of %ld rows", q, rows);
  }
}

}  // namespace

int chainrule::tests::run() {
  for (const bool is_whole : {true, false}) {
    for (const double limit : {0.0, 3.0})
      for (const int n : {1, 7, 40})
        for (const long rows : {1L, 3L, 64L, 131L}) {
          encodes<float>(rows, n, limit, is_whole);
          encodes<double>(rows, n, limit, is_whole);
        }
    for (const long rows : {1L, 7L, 512L, 1500L}) {
      scans<float>(rows, is_whole);
      scans<double>(rows, is_whole);
    }
  }
  flags();
  return tests::failures();
}
