#include "chainrule/kernel_set.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "cpu.hpp"

namespace chainrule {

namespace baseline {
extern const KernelSet set;
}
#ifdef CHAINRULE_HAS_AVX2
namespace avx2 {
extern const KernelSet set;
}
#endif
#ifdef CHAINRULE_HAS_AVX512
namespace avx512 {
extern const KernelSet set;
}
#endif
#ifdef CHAINRULE_HAS_NEON
namespace neon {
extern const KernelSet set;
}
#endif

namespace {

struct Choice {
  const KernelSet& set;
  bool (*runs_here)();
};
const Choice choices[] = {
// from the best one on
#ifdef CHAINRULE_HAS_AVX512
    {avx512::set, avx512::runs_here},
#endif
#ifdef CHAINRULE_HAS_AVX2
    {avx2::set, avx2::runs_here},
#endif
#ifdef CHAINRULE_HAS_NEON
    {neon::set, neon::runs_here},
#endif
    {baseline::set, baseline::runs_here},
};

const KernelSet& choose_set() {
  const char* const forced = std::getenv("CHAINRULE_KERNELS");
  std::string names;
  for (const auto& [set, runs_here] : choices) {
    if (!runs_here()) continue;
    if (!forced || !*forced || std::string(forced) == set.name) return set;
    names += (names.empty() ? "" : ", ") + std::string(set.name);
  }
  throw std::invalid_argument("CHAINRULE_KERNELS must name a kernel set that this CPU runs: " + names + "; got '" +
                              forced + "'. Unset it to take the best one.");
}

}  // namespace

const KernelSet& kernel_set() {
  static const KernelSet& chosen = choose_set();
  return chosen;
}

}  // namespace chainrule
