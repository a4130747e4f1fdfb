// Any CPU: 16-byte compiler vectors (SSE2 on x86-64).
#define CHAINRULE_KERNEL_SET baseline
#define CHAINRULE_VECTOR_BYTES 16
#include "kernels/table.hpp"
