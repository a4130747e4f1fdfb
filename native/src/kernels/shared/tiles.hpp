// Register tiles, in which nearly all time is spent: a tile keeps `rows` × R sums in registers, R = 2 · lanes; or rows
// × lanes if the second half of its panel holds no feature: 100 units then take 112 lanes, not 128.
#pragma once
#include "kernels/layout/panel.hpp"

namespace chainrule::CHAINRULE_KERNEL_SET {

// The tallest tile: 2 · rows sums, two vectors of B and a broadcast must fit into the registers.
#if CHAINRULE_VECTOR_BYTES == 64 || defined(__aarch64__)
inline constexpr int tile_rows = 14;  // of 32 registers; 14 × 2 is within 3 % of 8 × 3 and 6 × 4
#else
inline constexpr int tile_rows = 6;  // of 16 registers
#endif

// `rows` rows cut into as few tiles as possible. Their heights differ by at most one; the first `taller` tiles have a
// row more.
struct TileCut {
  int tiles, least_height, taller;

  int height(int tile) const { return least_height + (tile < taller); }
};
CHAINRULE_WORD TileCut cut_into_tiles(int rows) {
  const int tiles = (rows + tile_rows - 1) / tile_rows;
  return {tiles, rows / tiles, rows % tiles};
}

// Calls Tile<rows>::run(arguments) for a number of rows that is known at run time, 1 … `rows`.
template <template <int> class Tile, int rows = tile_rows, class... Arguments>
CHAINRULE_WORD void call_tile(int wanted, const Arguments&... arguments) {
  if (wanted == rows)
    Tile<rows>::run(arguments...);
  else if constexpr (rows > 1)
    call_tile<Tile, rows - 1>(wanted, arguments...);
}

}  // namespace chainrule::CHAINRULE_KERNEL_SET
