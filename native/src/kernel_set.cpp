#include "chainrule/kernel_set.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

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

const KernelSet* const sets[] = {
// from the best one on
#ifdef CHAINRULE_HAS_AVX512
    &avx512::set,
#endif
#ifdef CHAINRULE_HAS_AVX2
    &avx2::set,
#endif
#ifdef CHAINRULE_HAS_NEON
    &neon::set,
#endif
    &baseline::set,
};

const KernelSet& choose_set() {
  const char* const forced = std::getenv("CHAINRULE_KERNELS");
  std::string choices;
  for (const KernelSet* set : sets) {
    if (!set->supported()) continue;
    if (!forced || !*forced || std::string(forced) == set->name) return *set;
    choices += (choices.empty() ? "" : ", ") + std::string(set->name);
  }
  throw std::invalid_argument("CHAINRULE_KERNELS must name a kernel set that this CPU runs: " + choices + "; got '" +
                              forced + "'. Unset it to take the best one.");
}

}  // namespace

const KernelSet& kernel_set() {
  static const KernelSet& chosen = choose_set();
  return chosen;
}

}  // namespace chainrule
