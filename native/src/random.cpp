#include "random.hpp"

#include <utility>

namespace chainrule {

void shuffle(Pcg64& stream, long t, std::vector<std::uint32_t>& order) {
  for (long i = 0; i < t; ++i) order[i] = static_cast<std::uint32_t>(i);
  for (long i = t - 1; i > 0; --i) {
    const auto j = static_cast<std::uint64_t>(static_cast<unsigned __int128>(stream.next()) * (i + 1) >> 64);
    std::swap(order[i], order[j]);
  }
}

}  // namespace chainrule
