// The main of a test of the core as a whole, with the kernel set that CHAINRULE_KERNELS names.
#include <stdexcept>

#include "../check.hpp"
#include "chainrule/kernel_set.hpp"

int main() {
  using namespace chainrule;
  try {
    kernel_set();
  } catch (const std::invalid_argument&) {
    return tests::skipped;
  }
  return tests::run();
}
