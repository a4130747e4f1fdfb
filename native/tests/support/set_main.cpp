// The main of a test that is compiled for one kernel set; this file is compiled for any CPU.
#include "../check.hpp"
#include "cpu.hpp"

int main() {
  using namespace chainrule;
  return CHAINRULE_KERNEL_SET::runs_here() ? tests::run() : tests::skipped;
}
