// What tests call of the random numbers: words and masks of one instruction set, and what the engine draws from them.
#include "engine/random.hpp"

#include "bind/arrays.hpp"

namespace chainrule {
namespace {

using namespace binding;

Key key_of(const std::pair<uint32_t, uint32_t>& pair) { return {pair.first, pair.second}; }

nb::object bits(const std::string& isa, std::pair<uint32_t, uint32_t> key, uint64_t first, int64_t n) {
  Result<uint32_t> words(static_cast<size_t>(n));
  set_named(isa).f32->random.bits(key_of(key), first, n, words.data());
  return words.array();
}

template <class T>
nb::object keep(const std::string& isa, std::pair<uint32_t, uint32_t> key, uint64_t first, int64_t n,
                uint32_t threshold, T scale) {
  Result<T> mask(static_cast<size_t>(n));
  kernels_of<T>(set_named(isa)).random.keep(key_of(key), first, n, threshold, scale, mask.data());
  return mask.array();
}

nb::object permuted(std::pair<uint32_t, uint32_t> key, int64_t n) {
  Result<int64_t> order(static_cast<size_t>(n));
  PermutationScratch scratch;
  permutation(key_of(key), n, order.data(), scratch);
  return order.array();
}

template <class T>
nb::object uniform_numbers(std::pair<uint32_t, uint32_t> key, uint64_t first, int64_t n) {
  Result<T> numbers(static_cast<size_t>(n));
  uniform(key_of(key), first, n, numbers.data());
  return numbers.array();
}

template <class T>
nb::object normal_numbers(std::pair<uint32_t, uint32_t> key, uint64_t first, int64_t n, T stddev, T mean) {
  Result<T> numbers(static_cast<size_t>(n));
  normal(key_of(key), first, n, numbers.data(), stddev, mean);
  return numbers.array();
}

std::pair<uint32_t, uint32_t> pair_of(Key key) { return {key.a, key.b}; }

}  // namespace

void bind_random(nb::module_& m) {
  m.def("bits", &bits, "Words first, ..., first + n - 1 of a key.");
  m.def("keep32", &keep<float>, "The mask of dropout.");
  m.def("keep64", &keep<double>, "The mask of dropout.");
  m.def("permutation", &permuted, "As random.threefry.permutation.");
  m.def("uniform32", &uniform_numbers<float>, "As random.threefry.uniform.");
  m.def("uniform64", &uniform_numbers<double>, "As random.threefry.uniform.");
  m.def("normal32", &normal_numbers<float>, "As random.threefry.normal.");
  m.def("normal64", &normal_numbers<double>, "As random.threefry.normal.");
  m.def("key_from_seed", [](uint64_t seed) { return pair_of(key_from_seed(seed)); }, "As random.threefry.");
  m.def(
      "fold_in", [](std::pair<uint32_t, uint32_t> key, uint64_t data) { return pair_of(fold_in(key_of(key), data)); },
      "As random.threefry.");
}

}  // namespace chainrule
