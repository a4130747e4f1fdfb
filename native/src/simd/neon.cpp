// 64-bit Arm: thirty-two registers of 16 bytes; every such CPU has them.
#define CHAINRULE_KERNEL_SET neon
#define CHAINRULE_VECTOR_BYTES 16
#include "kernels/table.hpp"
