#include "random.hpp"

namespace chainrule {

void shuffle(Pcg64& stream, long t, std::uint32_t* order) {
  for (long i = 0; i < t; ++i) order[i] = static_cast<std::uint32_t>(i);
  fisher_yates(t, order, [&stream] { return stream.next(); });
}

}  // namespace chainrule
