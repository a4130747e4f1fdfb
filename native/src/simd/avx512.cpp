// x86-64 with AVX-512 (F, DQ, BW, VL): thirty-two registers of 64 bytes.
#define CHAINRULE_KERNEL_SET avx512
#define CHAINRULE_VECTOR_BYTES 64
#define CHAINRULE_SUPPORTED                                                                                        \
  __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && \
      __builtin_cpu_supports("avx512vl")
#include "kernels/table.hpp"
