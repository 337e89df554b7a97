// `Buffer<T>`: uninitialised numbers on a cache line's boundary.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace chainrule {

constexpr int64_t kCacheLine = 64;

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t size) : size_(size) {
    const size_t bytes = (static_cast<size_t>(size) * sizeof(T) + kCacheLine) / kCacheLine * kCacheLine;
    data_.reset(static_cast<T*>(std::aligned_alloc(kCacheLine, bytes)));
    if (!data_) throw std::bad_alloc();
  }

  T* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
  int64_t size_ = 0;
};

// Numbers that a matrix of this size occupies, so that the next one begins on a cache line of its own.
template <class T>
constexpr int64_t padded(int64_t size) {
  constexpr int64_t line = kCacheLine / static_cast<int64_t>(sizeof(T));
  return (size + line - 1) / line * line + line;
}

}  // namespace chainrule
