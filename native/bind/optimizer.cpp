#include "bind/optimizer.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/table.hpp"

namespace nb = nanobind;

namespace chainrule {

namespace {

template <class T>
using Numbers = nb::ndarray<T, nb::c_contig, nb::device::cpu>;

template <class V>
V get(nb::handle from, const char* key) {
  return nb::cast<V>(from[key]);
}

const InstructionSet& set_named(const std::string& name) {
  int count;
  const InstructionSet* sets = available(&count);
  for (int i = 0; i < count; ++i) {
    if (name == sets[i].name) return sets[i];
  }
  throw std::invalid_argument("There is no instruction set '" + name + "' here.");
}

std::vector<std::string> words(const char* text) {
  std::istringstream in(text);
  std::vector<std::string> found;
  for (std::string word; in >> word;) found.push_back(word);
  return found;
}

// The settings of an optimizer of the Python side that its kernel takes.
template <class T>
std::vector<double> settings_of(nb::handle object, const UpdateKernel<T>& kernel) {
  std::vector<double> values;
  for (const std::string& name : words(kernel.settings)) {
    values.push_back(nb::cast<double>(nb::float_(nb::getattr(object, name.c_str()))));
  }
  return values;
}

Clip clip_named(const std::string& name) {
  if (name == "clipvalue") return Clip::kValue;
  if (name == "clipnorm") return Clip::kNorm;
  if (name == "global_clipnorm") return Clip::kGlobalNorm;
  return Clip::kNone;
}

Constraint read_constraint(nb::handle from) {
  const std::string kind = get<std::string>(from, "kind");
  Constraint c{};
  c.kind = kind == "NonNeg"     ? Constraint::kNonNeg
           : kind == "MaxNorm"  ? Constraint::kMaxNorm
           : kind == "UnitNorm" ? Constraint::kUnitNorm
                                : Constraint::kMinMaxNorm;
  c.begin = get<int64_t>(from, "begin");
  c.shape = get<std::vector<int64_t>>(from, "shape");
  c.reduced = get<std::vector<bool>>(from, "reduced");
  c.minimum = get<double>(from, "min_value");
  c.maximum = get<double>(from, "max_value");
  c.rate = get<double>(from, "rate");
  c.epsilon = get<double>(from, "epsilon");
  if (c.shape.empty() || c.shape.size() != c.reduced.size()) throw std::invalid_argument("a constraint's axes");
  return c;
}

// An optimizer that is Python code: it gets the gradients.
template <class T>
Optimizer<T> read_handing_over(nb::dict from, const Kernels<T>& kernels) {
  auto parameters = get<Numbers<T>>(from, "parameters");
  auto gradient = get<Numbers<T>>(from, "gradient");
  if (gradient.size() != parameters.size()) throw std::invalid_argument("The gradient does not fit its parameters.");
  OptimizerMemory<T> memory{};
  memory.parameters = parameters.data();
  memory.rows = gradient.data();
  memory.n = static_cast<int64_t>(parameters.size());
  return Optimizer<T>({}, memory, kernels);
}

}  // namespace

template <class T>
Optimizer<T> read_optimizer(nb::dict from, const Kernels<T>& kernels) {
  OptimizerSettings s;
  s.name = get<std::string>(from, "name");
  if (s.name.empty()) return read_handing_over<T>(from, kernels);
  const UpdateKernel<T>* kernel = kernels.updates.find(s.name.c_str());
  if (!kernel) throw std::invalid_argument("There is no native optimizer '" + s.name + "'.");
  s.settings = settings_of(from["optimizer"], *kernel);
  for (nb::handle v : nb::list(from["variables"])) {
    s.variables.push_back(
        {nb::cast<int64_t>(v[0]), nb::cast<int64_t>(v[1]), nb::cast<bool>(v[2]), nb::cast<bool>(v[3])});
  }
  for (nb::handle c : nb::list(from["constraints"])) s.constraints.push_back(read_constraint(c));
  s.loss_scale = get<double>(from, "loss_scale");
  s.accumulation = get<int64_t>(from, "accumulation");
  s.clip = clip_named(get<std::string>(from, "clip"));
  s.limit = get<double>(from, "limit");
  s.weight_decay = get<double>(from, "weight_decay");
  s.average = get<bool>(from, "average");
  s.average_momentum = get<double>(from, "average_momentum");
  s.overwrite = get<int64_t>(from, "overwrite");

  auto parameters = get<Numbers<T>>(from, "parameters");
  auto rows = get<Numbers<T>>(from, "rows");
  auto state = get<Numbers<T>>(from, "state");
  auto iterations = get<Numbers<int32_t>>(from, "iterations");
  OptimizerMemory<T> memory{};
  memory.parameters = parameters.data();
  memory.rows = rows.data();
  memory.n = static_cast<int64_t>(parameters.size());
  memory.moments = get<int>(from, "moments");
  memory.state = state.data();
  memory.iterations = iterations.data();
  const int extra = (s.average ? 1 : 0) + (s.accumulation > 1 ? 1 : 0);
  if (static_cast<int64_t>(rows.size()) != (extra + memory.moments) * memory.n || memory.moments > kMaxMoments) {
    throw std::invalid_argument("The moments of the optimizer do not fit its parameters.");
  }
  for (const auto& v : s.variables) {
    if (v.begin < 0 || v.end < v.begin || v.end > memory.n) throw std::invalid_argument("A variable lies outside.");
  }
  return Optimizer<T>(std::move(s), memory, kernels);
}

template <class T>
Penalties<T> read_penalties(nb::dict from, const Kernels<T>& kernels) {
  Penalties<T> penalties(kernels);
  for (nb::handle p : nb::list(from["penalties"])) {
    const int64_t begin = get<int64_t>(p, "begin");
    if (get<std::string>(p, "kind") == "OrthogonalRegularizer") {
      penalties.add(OrthogonalPenalty{begin, get<int64_t>(p, "rows"), get<int64_t>(p, "columns"),
                                      get<double>(p, "factor"), get<bool>(p, "of_columns"), get<double>(p, "epsilon")});
    } else {
      penalties.add(NormPenalty{begin, get<int64_t>(p, "end"), get<double>(p, "l1"), get<double>(p, "l2")});
    }
  }
  return penalties;
}

template Optimizer<float> read_optimizer<float>(nb::dict, const Kernels<float>&);
template Optimizer<double> read_optimizer<double>(nb::dict, const Kernels<double>&);
template Penalties<float> read_penalties<float>(nb::dict, const Kernels<float>&);
template Penalties<double> read_penalties<double>(nb::dict, const Kernels<double>&);

// -- for tests --------------------------------------------------------------------------------------------------------

namespace {

// One update of `p` and its moments (rows of `m`) in place.
template <class T>
void update(const std::string& isa, const std::string& name, const std::vector<double>& settings, double rate,
            int64_t step, Numbers<T> p, Numbers<const T> g, Numbers<T> m, Numbers<T> state) {
  const UpdateKernel<T>* kernel = kernels_of<T>(set_named(isa)).updates.find(name.c_str());
  if (!kernel) throw std::invalid_argument("There is no kernel '" + name + "'.");
  const int64_t n = static_cast<int64_t>(p.size());
  T scalars[kMaxScalars] = {};
  kernel->prepare(settings.data(), rate, step, scalars, state.data());
  UpdateArgs<T> args{p.data(), g.data(), {}, n, scalars};
  for (int k = 0; k < kMaxMoments && (k + 1) * n <= static_cast<int64_t>(m.size()); ++k) args.m[k] = m.data() + k * n;
  kernel->run(args);
}

// A step of the optimizer that a dict describes; in pieces of `piece` parameters, last ones first, if that is not 0.
template <class T>
bool step(const std::string& isa, nb::dict from, Numbers<T> gradient, double rate, int64_t piece) {
  Optimizer<T> optimizer = read_optimizer<T>(from, kernels_of<T>(set_named(isa)));
  const int64_t n = static_cast<int64_t>(gradient.size());
  if (!piece) {
    optimizer.step(gradient.data(), rate);
    return optimizer.fusable();
  }
  optimizer.begin_step(rate);
  optimizer.condition(gradient.data());
  for (int64_t begin = (n - 1) / piece * piece; begin >= 0; begin -= piece) {
    optimizer.update_range(begin, std::min(n, begin + piece), gradient.data() + begin);
  }
  optimizer.end_step();
  return optimizer.fusable();
}

// Adds the gradient of the penalties, piece by piece, and returns their value.
template <class T>
double penalize(const std::string& isa, nb::dict from, Numbers<T> gradient, double scale, int64_t piece) {
  const Penalties<T> penalties = read_penalties<T>(from, kernels_of<T>(set_named(isa)));
  auto parameters = get<Numbers<T>>(from, "parameters");
  const int64_t n = static_cast<int64_t>(gradient.size());
  for (int64_t begin = 0; begin < n; begin += piece) {
    penalties.add_gradient(parameters.data(), begin, std::min(n, begin + piece), gradient.data() + begin,
                           static_cast<T>(scale));
  }
  return static_cast<double>(penalties.value(parameters.data()));
}

// One of `GradientKernels` on `a`, in place, or its number.
template <class T>
double gradients(const std::string& isa, const std::string& name, Numbers<T> a, Numbers<const T> b, double x,
                 double y) {
  const GradientKernels<T>& of = kernels_of<T>(set_named(isa)).gradients;
  const int64_t n = static_cast<int64_t>(a.size());
  const T s = static_cast<T>(x), t = static_cast<T>(y);
  if (name == "scale")
    of.scale(a.data(), n, s);
  else if (name == "divide")
    of.divide(a.data(), n, s);
  else if (name == "clip")
    of.clip(a.data(), n, s);
  else if (name == "decay")
    of.decay(a.data(), n, s, t);
  else if (name == "add")
    of.add(a.data(), b.data(), n);
  else if (name == "average")
    of.average(a.data(), b.data(), n, s);
  else if (name == "l1_l2")
    of.l1_l2(b.data(), a.data(), n, s, t);
  else if (name == "sum_squares")
    return of.sum_squares(a.data(), n);
  else if (name == "sum_abs")
    return of.sum_abs(a.data(), n);
  else if (name == "finite")
    return of.finite(a.data(), n);
  else
    throw std::invalid_argument("There is no kernel '" + name + "'.");
  return 0;
}

template <class T>
void bind_type(nb::module_& m, const char* suffix) {
  const std::string end(suffix);
  m.def(("update" + end).c_str(), &update<T>);
  m.def(("optimizer_step" + end).c_str(), &step<T>);
  m.def(("penalize" + end).c_str(), &penalize<T>);
  m.def(("gradients" + end).c_str(), &gradients<T>);
}

}  // namespace

void bind_optimizer(nb::module_& m) {
  nb::module_ tests = m.def_submodule("kernels");
  tests.def(
      "update_settings",
      [] {
        nb::dict found;
        for (int i = 0; i < kernels<float>().updates.count; ++i) {
          const UpdateKernel<float>& kernel = kernels<float>().updates.entries[i];
          nb::list names;
          for (const std::string& word : words(kernel.settings)) names.append(nb::str(word.c_str()));
          found[kernel.name] = names;
        }
        return found;
      },
      "The settings that the kernel of each optimizer takes, in order.");
  bind_type<float>(tests, "_f32");
  bind_type<double>(tests, "_f64");
}

}  // namespace chainrule
