// How the numbers of one observation of a smaller shape are spread over a larger one.
#pragma once

#include <cstdint>
#include <vector>

namespace chainrule {

using Shape = std::vector<int64_t>;  // of an observation, without the batch axis

inline int64_t size_of(const Shape& shape) {
  int64_t n = 1;
  for (const int64_t length : shape) n *= length;
  return n;
}

// For each number of `to`, in order, the place of its number in `from`, as NumPy broadcasts: axes of `from` may be 1,
// and the first ones missing. Empty if nothing is spread.
inline std::vector<int64_t> spread(const Shape& from, const Shape& to) {
  if (size_of(from) == size_of(to)) return {};
  const size_t missing = to.size() - from.size();
  std::vector<int64_t> places(static_cast<size_t>(size_of(to)));
  for (size_t i = 0; i < places.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), place = 0, stride = 1;
    for (size_t axis = to.size(); axis-- > 0;) {
      const int64_t at = rest % to[axis];
      rest /= to[axis];
      if (axis < missing) continue;
      const int64_t length = from[axis - missing];
      if (length != 1) place += at * stride;
      stride *= length;
    }
    places[i] = place;
  }
  return places;
}

// The places of an array of this shape in the order in which its axes would lie if `last` came behind all others.
inline std::vector<int64_t> moved_last(const Shape& shape, const std::vector<bool>& last) {
  std::vector<size_t> order;
  for (const bool behind : {false, true}) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (last[axis] == behind) order.push_back(axis);
    }
  }
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  std::vector<int64_t> places(static_cast<size_t>(size_of(shape)));
  for (size_t i = 0; i < places.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), place = 0;
    for (size_t k = order.size(); k-- > 0;) {
      place += rest % shape[order[k]] * strides[order[k]];
      rest /= shape[order[k]];
    }
    places[i] = place;
  }
  return places;
}

}  // namespace chainrule
