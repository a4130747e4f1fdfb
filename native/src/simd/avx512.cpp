// x86-64 with AVX-512 (F, DQ, BW, VL): thirty-two registers of 64 bytes.
#define CHAINRULE_KERNEL_SET avx512
#define CHAINRULE_VECTOR_BYTES 64
#include "kernels/table.hpp"
