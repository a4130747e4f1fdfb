// Memory for numbers: zeroed, aligned to cache lines, and in huge pages if it is large.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#ifdef __linux__
#  include <sys/mman.h>
#endif
#ifdef _WIN32
#  include <malloc.h>
#endif

namespace chainrule {

#ifdef _WIN32  // whose C library has no aligned_alloc
inline void* allocate_aligned(std::size_t alignment, std::size_t bytes) { return _aligned_malloc(bytes, alignment); }
inline void release_aligned(void* p) { _aligned_free(p); }
#else
inline void* allocate_aligned(std::size_t alignment, std::size_t bytes) { return std::aligned_alloc(alignment, bytes); }
inline void release_aligned(void* p) { std::free(p); }
#endif

template <class T> class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t count) {
    if (count == 0) return;
    constexpr std::size_t huge = std::size_t{2} << 20;
    const std::size_t bytes = count * sizeof(T) + 256;  // kernels may load a whole vector at the last number
    const std::size_t alignment = bytes >= huge ? huge : 64;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    data_ = static_cast<T*>(allocate_aligned(alignment, rounded));
    if (!data_) throw std::bad_alloc();
#ifdef __linux__
    // After MADV_DONTNEED the system zeroes a page when it is first touched: by the thread that works with it.
    if (bytes >= huge && madvise(data_, rounded, MADV_DONTNEED) == 0) {
      madvise(data_, rounded, MADV_HUGEPAGE);
      return;
    }
#endif
    std::memset(static_cast<void*>(data_), 0, rounded);
  }
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~Buffer() { release_aligned(data_); }

  T* get() const { return data_; }
  T& operator[](std::size_t i) const { return data_[i]; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  T* data_ = nullptr;
};

}  // namespace chainrule
