// Says for each kernel set whether this CPU can run it. Only code compiled for any CPU may ask, which excludes simd/.
#pragma once

namespace chainrule {

namespace baseline {
inline bool runs_here() { return true; }
}  // namespace baseline

#ifdef __x86_64__
namespace avx2 {
inline bool runs_here() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
}  // namespace avx2

namespace avx512 {
inline bool runs_here() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && avx2::runs_here();
}
}  // namespace avx512
#else
namespace neon {
inline bool runs_here() { return true; }  // every 64-bit Arm
}  // namespace neon
#endif

}  // namespace chainrule
