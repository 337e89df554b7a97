// What tests call: one loss or metric of one instruction set, on arrays.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/table.hpp"

namespace nb = nanobind;

namespace chainrule {
namespace {

template <class T>
using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using Row = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

const InstructionSet& set_named(const std::string& name) {
  int count;
  const InstructionSet* sets = available(&count);
  for (int i = 0; i < count; ++i) {
    if (name == sets[i].name) return sets[i];
  }
  throw std::invalid_argument("There is no instruction set '" + name + "' here.");
}

template <class K>
const K& entry(const Family<K>& family, const std::string& name) {
  const K* kernel = family.find(name.c_str());
  if (!kernel) throw std::invalid_argument("There is no kernel '" + name + "'.");
  return *kernel;
}

// An array with numbers around it that must stay as they are.
template <class T>
class Guarded {
 public:
  explicit Guarded(size_t n) : n_(n), values_(n + 2 * kGuard, kMark) {}
  T* data() { return values_.data() + kGuard; }
  void check() const {
    for (size_t i = 0; i < kGuard; ++i) {
      if (values_[i] != kMark || values_[kGuard + n_ + i] != kMark) {
        throw std::runtime_error("The kernel wrote outside its array.");
      }
    }
  }
  nb::object array(std::vector<size_t> shape) {
    auto* kept = new std::vector<T>(data(), data() + n_);
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nb::cast(nb::ndarray<nb::numpy, T>(kept->data(), shape.size(), shape.data(), owner));
  }

 private:
  static constexpr size_t kGuard = 32;
  static constexpr T kMark = T(-12345.5);
  size_t n_;
  std::vector<T> values_;
};

template <class T>
nb::tuple loss(const std::string& isa, const std::string& name, Matrix<T> y, Matrix<T> p, std::optional<Row<T>> scale,
               const std::vector<double>& options) {
  const auto& kernel = entry(kernels_of<T>(set_named(isa)).losses, name);
  const size_t rows = p.shape(0), width = p.shape(1), values = kernel.whole_batch ? 1 : rows;
  if (y.shape(0) != rows || (scale && scale->shape(0) != (kernel.whole_batch ? 1 : rows))) {
    throw std::invalid_argument("y, p and scale need as many rows as each other.");
  }
  Guarded<T> losses(values), gradient(rows * width);
  kernel.run({y.data(), p.data(), int64_t(rows), int64_t(width), int64_t(y.shape(1)), scale ? scale->data() : nullptr,
              losses.data(), scale ? gradient.data() : nullptr, options.data()});
  losses.check(), gradient.check();
  return nb::make_tuple(losses.array({values}), scale ? gradient.array({rows, width}) : nb::none());
}

template <class T>
nb::object metric(const std::string& isa, const std::string& name, Matrix<T> y, Matrix<T> p,
                  const std::vector<double>& options) {
  const auto& kernel = entry(kernels_of<T>(set_named(isa)).metrics, name);
  const size_t rows = p.shape(0);
  if (y.shape(0) != rows) throw std::invalid_argument("y and p need as many rows as each other.");
  Guarded<T> values(rows);
  kernel.run(y.data(), p.data(), int64_t(rows), int64_t(p.shape(1)), int64_t(y.shape(1)), values.data(),
             options.data());
  values.check();
  return values.array({rows});
}

template <class K>
nb::list described(const Family<K>& family) {
  nb::list found;
  for (int i = 0; i < family.count; ++i) {
    found.append(nb::make_tuple(family.entries[i].name, family.entries[i].needs_all_rows));
  }
  return found;
}

template <class T>
void bind(nb::module_& m) {
  m.def("loss", &loss<T>, nb::arg("isa"), nb::arg("name"), nb::arg("y"), nb::arg("p"), nb::arg("scale").none(),
        nb::arg("options"), "(losses, gradient) of one loss; without `scale` the gradient is None.");
  m.def("metric", &metric<T>, nb::arg("isa"), nb::arg("name"), nb::arg("y"), nb::arg("p"), nb::arg("options"),
        "What one metric takes the mean of, for each row.");
}

}  // namespace

void bind_losses(nb::module_& m) {
  bind<float>(m);
  bind<double>(m);
  m.def("losses", [] { return described(chosen().f32->losses); }, "Names, and whether they need all rows at once.");
  m.def("metrics", [] { return described(chosen().f32->metrics); }, "Names, and whether they need all rows at once.");
}

}  // namespace chainrule
