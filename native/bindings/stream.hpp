// The position of a random stream, as Python has it.
#pragma once
#include "random.hpp"
#include "specs.hpp"

namespace chainrule::bindings {

// The stream at a position, of which Python gives the upper and the lower 64 bits of both numbers.
inline Pcg64 stream(nb::handle halves) {
  const auto [s1, s0, i1, i0] = items<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>(halves);
  return {.state = (static_cast<unsigned __int128>(s1) << 64) | s0,
          .increment = (static_cast<unsigned __int128>(i1) << 64) | i0};
}

}  // namespace chainrule::bindings
