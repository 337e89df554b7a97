// Watched threads: one that trains on behalf of another thread can be told to stop, and tells how far it is.
#pragma once

#include <atomic>
#include <cstdint>

namespace chainrule {

struct Watch {
  std::atomic<bool> stopped{false};
  std::atomic<int64_t> epochs{0};  // that ended, in calls for several epochs

  // The watch over the calling thread, or null.
  static Watch*& mine() {
    static thread_local Watch* one = nullptr;
    return one;
  }
};

}  // namespace chainrule
