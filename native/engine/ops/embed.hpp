// Embed: rows of a table by whole numbers.
#pragma once

#include <algorithm>
#include <limits>

#include "engine/program.hpp"

namespace chainrule {

template <class T>
class Embed : public Op<T> {
 public:
  // `numbers`: per observation. `table`: offset in the flat array of (count, dim) numbers.
  Embed(int64_t numbers, int64_t table, int64_t count, int64_t dim, bool trains)
      : numbers_(numbers), table_(table), count_(count), dim_(dim), trains_(trains) {}

  // A number that is not in the table gives NaN: who feeds the program has to check, as messages are for Python.
  void forward(const Frame<T>& frame) const override {
    const T* x = frame.values[this->inputs[0]];
    T* y = frame.values[this->output];
    const T* table = frame.params + table_;
    for (int64_t i = 0; i < frame.rows * numbers_; ++i, y += dim_) {
      const int64_t row = place(x[i]);
      if (row >= 0) {
        std::copy(table + row * dim_, table + (row + 1) * dim_, y);
      } else {
        std::fill(y, y + dim_, std::numeric_limits<T>::quiet_NaN());
      }
    }
  }

  void backward(const Frame<T>&) const override {}  // whole numbers have no gradient

  std::vector<Parameter> parameters() const override {
    if (!trains_) return {};
    return {{table_, table_ + count_ * dim_, dim_}};
  }

  void gradient(const Frame<T>& frame, int, int64_t begin, int64_t end, T* out, bool accumulate) const override {
    if (!accumulate) std::fill(out, out + (end - begin), T(0));
    const T* x = frame.values[this->inputs[0]];
    const T* gy = frame.gradients[this->output];
    const int64_t first = (begin - table_) / dim_, last = (end - table_) / dim_;
    for (int64_t i = 0; i < frame.rows * numbers_; ++i, gy += dim_) {
      const int64_t row = place(x[i]);
      if (row >= first && row < last) frame.kernels->elements.add(gy, out + (row - first) * dim_, dim_);
    }
  }

 private:
  int64_t place(T x) const { return x >= 0 && x < static_cast<T>(count_) ? static_cast<int64_t>(x) : -1; }

  int64_t numbers_, table_, count_, dim_;
  bool trains_;
};

}  // namespace chainrule
