// Which instruction set runs: the best this machine has, or the one that CHAINRULE_ISA names.
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "kernels/table.hpp"

namespace chainrule {

#if defined(__x86_64__)
namespace avx512 {
extern const InstructionSet kSet;
}
namespace avx2 {
extern const InstructionSet kSet;
}
namespace baseline {
extern const InstructionSet kSet;
}
#elif defined(__ARM_NEON)
namespace neon {
extern const InstructionSet kSet;
}
#else
namespace baseline {
extern const InstructionSet kSet;
}
#endif

namespace {

struct Found {
  InstructionSet sets[3];
  int count = 0;

  void add(const InstructionSet& set) { sets[count++] = set; }

  Found() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    if (has_avx2 && has_avx512) add(avx512::kSet);
    if (has_avx2) add(avx2::kSet);
    add(baseline::kSet);
#elif defined(__ARM_NEON)
    add(neon::kSet);
#else
    add(baseline::kSet);
#endif
  }
};

const Found& found() {
  static const Found all;
  return all;
}

std::atomic<const InstructionSet*>& current() {
  static std::atomic<const InstructionSet*> one{[] {
    const char* wanted = std::getenv("CHAINRULE_ISA");
    for (int i = 0; wanted && i < found().count; ++i) {
      if (std::strcmp(found().sets[i].name, wanted) == 0) return &found().sets[i];
    }
    return &found().sets[0];
  }()};
  return one;
}

}  // namespace

const InstructionSet* available(int* count) {
  *count = found().count;
  return found().sets;
}

const InstructionSet& chosen() { return *current().load(std::memory_order_relaxed); }

bool choose(const char* name) {
  for (int i = 0; i < found().count; ++i) {
    if (std::strcmp(found().sets[i].name, name) == 0) {
      current() = &found().sets[i];
      return true;
    }
  }
  return false;
}

}  // namespace chainrule
