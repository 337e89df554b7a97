// Where the numbers of a frame lie: `Intake` holds a batch of the user's rows, `Workspace` everything that ops make.
#pragma once

#include <utility>
#include <vector>

#include "engine/feed.hpp"
#include "engine/memory.hpp"
#include "engine/program.hpp"

namespace chainrule {

// By value number: where the first row of a frame begins.
template <class T>
struct Tables {
  std::vector<T*> values, gradients;
};

template <class T>
int root_of(const Program<T>& program, int value) {
  while (program.values[value].alias >= 0) value = program.values[value].alias;
  return value;
}

// Memory for the values and gradients of `rows` rows, but for those that come from outside.
template <class T>
class Workspace {
 public:
  Workspace(const Program<T>& program, int64_t rows, bool gradients) : program_(&program) {
    const size_t n = program.values.size();
    std::vector<char> outside(n, 0);
    for (const Feed& feed : program.feeds) outside[feed.value] = 1;
    int64_t size = 0;
    std::vector<int64_t> at(n, -1), gradient_at(n, -1);
    for (size_t v = 0; v < n; ++v) {
      const Value& value = program.values[v];
      const int64_t needed = padded<T>(rows * value.width);
      if (value.alias < 0 && !outside[v]) at[v] = std::exchange(size, size + needed);
      if (gradients && value.wants_gradient) gradient_at[v] = std::exchange(size, size + needed);
    }
    memory_ = Buffer<T>(size);
    base_.values.assign(n, nullptr);
    base_.gradients.assign(n, nullptr);
    for (size_t v = 0; v < n; ++v) {
      const int64_t own = at[root_of(program, static_cast<int>(v))];
      if (own >= 0) base_.values[v] = memory_.data() + own;
      if (gradient_at[v] >= 0) base_.gradients[v] = memory_.data() + gradient_at[v];
    }
  }

  // Where the values of rows first, first + 1, ... begin.
  Tables<T> tables(int64_t first = 0) const {
    Tables<T> t = base_;
    for (size_t v = 0; v < t.values.size(); ++v) {
      const int64_t offset = first * program_->values[v].width;
      if (t.values[v]) t.values[v] += offset;
      if (t.gradients[v]) t.gradients[v] += offset;
    }
    return t;
  }

 private:
  const Program<T>* program_;
  Buffer<T> memory_;
  Tables<T> base_;
};

// The rows of one batch: used where they lie if they are contiguous numbers of type T, else copied here.
template <class T>
class Intake {
 public:
  Intake(const Program<T>& program, int64_t batch) : program_(&program) {
    for (const Feed& feed : program.feeds) {
      memory_.emplace_back(batch * feed.width);
      std::vector<int> readers;
      for (size_t v = 0; v < program.values.size(); ++v) {
        if (root_of(program, static_cast<int>(v)) == feed.value) readers.push_back(static_cast<int>(v));
      }
      readers_.push_back(std::move(readers));
    }
    rows_.assign(program.feeds.size(), nullptr);
    copies_.assign(program.feeds.size(), 0);
  }

  // Turns to the batch that begins with row `row` of an epoch.
  void begin(const std::vector<Source>& sources, const int64_t* order, int64_t row) {
    sources_ = &sources, order_ = order, row_ = row;
    any_copies_ = false;
    for (size_t f = 0; f < sources.size(); ++f) {
      const bool in_place = !order && usable_in_place<T>(sources[f], program_->feeds[f].width);
      const bool missing = sources[f].kind == Kind::kNone;
      copies_[f] = !in_place && !missing;
      any_copies_ = any_copies_ || copies_[f];
      rows_[f] = missing    ? nullptr
                 : in_place ? reinterpret_cast<T*>(const_cast<char*>(sources[f].data) + row * sources[f].row_bytes)
                            : memory_[f].data();
    }
  }

  // Copies rows [first, first + rows) of the batch where that is needed.
  void copy(int64_t first, int64_t rows) const {
    if (!any_copies_) return;
    for (size_t f = 0; f < rows_.size(); ++f) {
      const int64_t width = program_->feeds[f].width;
      if (copies_[f]) copy_rows((*sources_)[f], order_, row_ + first, rows, width, rows_[f] + first * width);
    }
  }

  // Lets tables point at the batch's rows from `first` on.
  void point(Tables<T>& tables, int64_t first) const {
    for (size_t f = 0; f < rows_.size(); ++f) {
      T* begin = rows_[f] ? rows_[f] + first * program_->feeds[f].width : nullptr;
      for (const int v : readers_[f]) tables.values[v] = begin;
    }
  }

 private:
  const Program<T>* program_;
  std::vector<Buffer<T>> memory_;
  std::vector<std::vector<int>> readers_;  // by feed: the values that are read from it
  std::vector<T*> rows_;
  std::vector<char> copies_;
  const std::vector<Source>* sources_ = nullptr;
  const int64_t* order_ = nullptr;
  int64_t row_ = 0;
  bool any_copies_ = false;
};

}  // namespace chainrule
