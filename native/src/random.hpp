// The random stream of a training run: NumPy's PCG64, number for number.
#pragma once

#include <cstdint>
#include <utility>

namespace chainrule {

// PCG64 XSL-RR 128/64 (O'Neill 2014). next() returns what random_raw() of a numpy.random.PCG64 in the same state does.
struct Pcg64 {
  unsigned __int128 state = 0, increment = 1;

  std::uint64_t next() {
    state = state * ((static_cast<unsigned __int128>(0x2360ED051FC65DA4u) << 64) | 0x4385DF649FCCF645u) + increment;
    const std::uint64_t x = static_cast<std::uint64_t>(state >> 64) ^ static_cast<std::uint64_t>(state);
    const int turn = static_cast<int>(state >> 122);
    return (x >> turn) | (x << (-turn & 63));
  }
};

// Shuffles order[0] … order[t − 1] by Fisher and Yates with t − 1 numbers u = next(): for i = t − 1 … 1 entry i is
// swapped with entry ⌊u (i + 1) / 2⁶⁴⌋, as in engines/minibatches.py.
template <class Index, class Next> void fisher_yates(long t, Index* order, Next next) {
  for (long i = t - 1; i > 0; --i) {
    const auto j = static_cast<std::uint64_t>(static_cast<unsigned __int128>(next()) * (i + 1) >> 64);
    std::swap(order[i], order[j]);
  }
}

// Sets `order` to 0 … t − 1, shuffled with t − 1 numbers of the stream.
void shuffle(Pcg64& stream, long t, std::uint32_t* order);

}  // namespace chainrule
