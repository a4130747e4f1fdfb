// The gradient with a network in each lane: its sums over the examples run in the order of a network alone.
#pragma once
#include "kernels/lanes/contract.hpp"
#include "kernels/lanes/tiles.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// Alone, example v of a group lies in lane v mod L. Each lane sums its own examples; these sums are the leaves of a
// tree, by which lane_sums adds halves of the lanes to halves: leaf i + L/2 to i for i < L/2, then i + L/4 to i, ….
template <class T> inline constexpr int tree_leaves = lanes<T> < max_group_vectors ? lanes<T> : max_group_vectors;

inline constexpr int tree_rows = registers == 32 ? 2 : 1, tree_columns = 4;  // log₂ L + 1 tiles are alive at a time

enum class Columns { of_a, of_ones };  // of the products of ∂J/∂W, and of ∂J/∂b

// G[j][k] := Σ_v δ[j][v] a[k][v] for j < rows, k < columns, with the lanes apart; a is null if its columns hold ones.
// The rows of G lie n vectors apart.
template <class T, Columns kind> struct OuterTrees {
  template <int rows> struct Rows {
    template <int columns> struct Tile {
      using Sums = V<T>[rows][columns];

      // c := the sum over the leaves first, first + stride, …; a leaf without examples would add 0.
      template <int first, int stride>
      static CHAINRULE_WORD void sum(const T* delta, const T* a, int vectors, Sums& c) {
        if constexpr (stride >= lanes<T>) {
          leaf(delta + first * lanes<T>, a + (kind == Columns::of_a ? first * lanes<T> : 0), vectors, first, c);
        } else {
          sum<first, 2 * stride>(delta, a, vectors, c);
          if constexpr (first + stride < max_group_vectors)
            if (first + stride < vectors) {
              Sums other;
              sum<first + stride, 2 * stride>(delta, a, vectors, other);
#pragma GCC unroll 4
              for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
                for (int k = 0; k < columns; ++k) c[j][k] += other[j][k];
            }
        }
      }

      // c := 0 + Σ δ a over v = first, first + L, …, where delta and a begin at `first`
      static CHAINRULE_WORD void leaf(const T* delta, const T* a, int vectors, int first, Sums& c) {
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) c[j][k] = V<T>{};
        constexpr long row = long(lanes<T>) * lanes<T>;
        for (int v = first; v < vectors; v += lanes<T>, delta += row, a += kind == Columns::of_a ? row : 0) {
          V<T> x[columns];
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k)
            x[k] = kind == Columns::of_a ? load(a + long(k) * vectors * lanes<T>) : broadcast(T(1));
#pragma GCC unroll 4
          for (int j = 0; j < rows; ++j) {
            const V<T> d = load(delta + long(j) * vectors * lanes<T>);
#pragma GCC unroll 4
            for (int k = 0; k < columns; ++k) c[j][k] = fma(d, x[k], c[j][k]);
          }
          if constexpr (lanes<T> >= max_group_vectors) break;  // a leaf has one example
        }
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) c[j][k] = V<T>{} + c[j][k];  // −0 becomes 0, as in lane_reduce
      }

      static void run(const T* delta, const T* a, int vectors, T* G, long n) {
        Sums c;
        sum<0, 1>(delta, a, vectors, c);
#pragma GCC unroll 4
        for (int j = 0; j < rows; ++j)
#pragma GCC unroll 4
          for (int k = 0; k < columns; ++k) store(G + (j * n + k) * lanes<T>, c[j][k]);
      }
    };
    static void run(const T* delta, const T* a, int vectors, T* G, int count, long n) {
      if constexpr (kind == Columns::of_ones)
        Tile<1>::run(delta, nullptr, vectors, G, n);
      else
        for (int k = 0; k < count; k += tree_columns)
          call_tile<Tile, tree_columns>(count - k < tree_columns ? count - k : tree_columns, delta,
                                        a + long(k) * vectors * lanes<T>, vectors, G + long(k) * lanes<T>, n);
    }
  };
};

}  // namespace chainrule::CHAINRULE_KERNEL_SET
