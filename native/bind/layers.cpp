// Methods that add the ops of layers other than Dense to a program. Shapes are those of observations.
#include <algorithm>
#include <stdexcept>

#include "bind/program.hpp"
#include "engine/ops/batch_normalize.hpp"
#include "engine/ops/disturb.hpp"
#include "engine/ops/embed.hpp"
#include "engine/ops/layer_normalize.hpp"
#include "engine/ops/merge.hpp"
#include "engine/ops/parametric_relu.hpp"
#include "engine/ops/pass.hpp"
#include "engine/ops/rescale.hpp"

namespace chainrule {
namespace {

template <class T>
int64_t width_of(const Program<T>& program, int value) {
  return program.values.at(static_cast<size_t>(value)).width;
}

void check(bool fits, const char* what) {
  if (!fits) throw std::invalid_argument(std::string("The numbers do not fit the width of the value: ") + what + ".");
}

template <class T>
std::vector<T> as(const std::vector<double>& numbers) {
  std::vector<T> converted(numbers.size());
  std::transform(numbers.begin(), numbers.end(), converted.begin(), [](double v) { return static_cast<T>(v); });
  return converted;
}

// -- ops that pass numbers on, or change their scale ------------------------------------------------------------------

template <class T>
int add_pass(Program<T>& program, int x) {
  const int y = program.add_alias(x);
  return program.add(std::make_unique<Pass<T>>(width_of(program, x)), {x}, y);
}

template <class T>
int add_penalty(Program<T>& program, int x, double l1, double l2) {
  const int y = program.add_alias(x), penalty = program.add_value(1);
  return program.add(std::make_unique<PenalizeActivity<T>>(l1, l2, width_of(program, x), penalty), {x}, y);
}

template <class T>
int add_rescale(Program<T>& program, int x, const std::vector<double>& scale, const std::vector<double>& offset) {
  const int64_t width = width_of(program, x);
  for (const auto* numbers : {&scale, &offset}) {
    check(numbers->size() == 1 || static_cast<int64_t>(numbers->size()) == width, "scale and offset");
  }
  const int y = program.add_value(width);
  return program.add(std::make_unique<Rescale<T>>(as<T>(scale), as<T>(offset), width), {x}, y);
}

template <class T>
int add_standardize(Program<T>& program, int x, const std::vector<double>& mean, const std::vector<double>& deviation,
                    bool invert) {
  const int64_t width = width_of(program, x);
  for (const auto* numbers : {&mean, &deviation}) {
    check(static_cast<int64_t>(numbers->size()) == width, "mean and deviation");
  }
  const int y = program.add_value(width);
  return program.add(std::make_unique<Standardize<T>>(as<T>(mean), as<T>(deviation), invert), {x}, y);
}

// -- random ops -------------------------------------------------------------------------------------------------------

template <class T>
int add_dropout(Program<T>& program, int x, double rate, uint64_t index, uint64_t seed, uint64_t count,
                const Shape& shape, const Shape& noise, bool noise_per_row) {
  check(size_of(shape) == width_of(program, x) && noise.size() == shape.size(), "shape and noise");
  for (size_t a = 0; a < shape.size(); ++a) check(noise[a] == shape[a] || noise[a] == 1, "noise");
  const int y = program.add_value(width_of(program, x)), mask = program.add_value(size_of(noise));
  const DropoutShape shapes{shape, noise, noise_per_row};
  return program.add(std::make_unique<Dropout<T>>(rate, DrawPath{index, seed, count}, shapes, mask), {x}, y);
}

template <class T>
int add_noise(Program<T>& program, int x, double stddev, uint64_t index, uint64_t seed, uint64_t count) {
  const int64_t width = width_of(program, x);
  const int y = program.add_value(width);
  return program.add(std::make_unique<Noise<T>>(stddev, DrawPath{index, seed, count}, width), {x}, y);
}

// -- normalisation ----------------------------------------------------------------------------------------------------

template <class T>
int add_batch_normalize(Program<T>& program, int x, int64_t outer, int64_t channels, double epsilon, double momentum,
                        int64_t gamma, int64_t beta, int64_t moving_mean, int64_t moving_variance, bool trains_gamma,
                        bool trains_beta, bool frozen) {
  const int64_t width = width_of(program, x), inner = width / (outer * channels);
  check(inner * outer * channels == width, "outer and channels");
  const int y = program.add_value(width), statistics = program.add_value(4 * channels);
  const BatchNormalizeShape shape{outer,       channels,        inner,
                                  gamma,       beta,            moving_mean,
                                  moving_variance, trains_gamma && gamma >= 0, trains_beta && beta >= 0,
                                  frozen};
  return program.add(std::make_unique<BatchNormalize<T>>(shape, epsilon, momentum, statistics), {x}, y);
}

template <class T>
int add_layer_normalize(Program<T>& program, int x, const Shape& value, const std::vector<int64_t>& axes,
                        double epsilon, int64_t gamma, int64_t beta, bool trains_gamma, bool trains_beta) {
  const int64_t width = width_of(program, x);
  check(size_of(value) == width, "shape");
  std::vector<bool> normalised(value.size(), false);
  for (const int64_t axis : axes) normalised.at(static_cast<size_t>(axis)) = true;
  const LayerNormalizeShape shape{value, normalised, gamma, beta, trains_gamma && gamma >= 0, trains_beta && beta >= 0};
  const int y = program.add_value(width);
  LayerNormalizeValues values{};
  values.mean = program.add_value(width / shape.group());
  values.rstd = program.add_value(width / shape.group());
  values.slopes = shape.trains_gamma ? program.add_value(width) : -1;
  values.moved = shape.moves() ? program.add_value(width) : -1;
  values.moved_result = shape.moves() ? program.add_value(width) : -1;
  return program.add(std::make_unique<LayerNormalize<T>>(shape, epsilon, values), {x}, y);
}

// -- tables, slopes, several inputs -----------------------------------------------------------------------------------

template <class T>
int add_embed(Program<T>& program, int x, int64_t table, int64_t count, int64_t dim, bool trains) {
  const int64_t width = width_of(program, x);
  const int y = program.add_value(width * dim);
  return program.add(std::make_unique<Embed<T>>(width, table, count, dim, trains), {x}, y);
}

template <class T>
int add_parametric_relu(Program<T>& program, int x, const Shape& shape, const Shape& of_alpha, int64_t alpha,
                        bool trains) {
  check(size_of(shape) == width_of(program, x) && of_alpha.size() == shape.size(), "shape");
  const int y = program.add_value(width_of(program, x));
  return program.add(std::make_unique<ParametricRelu<T>>(shape, of_alpha, alpha, trains), {x}, y);
}

Combining combining_named(const std::string& kind) {
  if (kind == "add") return Combining::kAdd;
  if (kind == "subtract") return Combining::kSubtract;
  if (kind == "multiply") return Combining::kMultiply;
  if (kind == "average") return Combining::kAverage;
  if (kind == "maximum") return Combining::kMaximum;
  if (kind == "minimum") return Combining::kMinimum;
  throw std::invalid_argument("There is no way of merging called '" + kind + "'.");
}

template <class T>
int add_merge(Program<T>& program, std::vector<int> inputs, const std::string& kind, const std::vector<Shape>& from,
              const Shape& to) {
  check(!inputs.empty() && inputs.size() == from.size(), "one shape for each input");
  for (size_t k = 0; k < inputs.size(); ++k) {
    check(size_of(from[k]) == width_of(program, inputs[k]) && from[k].size() <= to.size(), "shapes");
  }
  const int y = program.add_value(size_of(to));
  return program.add(std::make_unique<Merge<T>>(combining_named(kind), from, to), std::move(inputs), y);
}

template <class T>
int add_concatenate(Program<T>& program, std::vector<int> inputs, int64_t outer) {
  std::vector<int64_t> parts;
  int64_t width = 0;
  for (const int input : inputs) {
    parts.push_back(width_of(program, input) / outer);
    check(parts.back() * outer == width_of(program, input), "outer");
    width += width_of(program, input);
  }
  const int y = program.add_value(width);
  return program.add(std::make_unique<Concatenate<T>>(outer, std::move(parts)), std::move(inputs), y);
}

}  // namespace

template <class T>
void bind_layers(ProgramClass<T>& c) {
  const auto arg = [](const char* name) { return nb::arg(name); };
  c.def("pass_on", &add_pass<T>, arg("x"), "The same numbers under another shape.");
  c.def("penalize_activity", &add_penalty<T>, arg("x"), arg("l1"), arg("l2"));
  c.def("rescale", &add_rescale<T>, arg("x"), arg("scale"), arg("offset"), "One number each, or one per place.");
  c.def("standardize", &add_standardize<T>, arg("x"), arg("mean"), arg("deviation"), arg("invert"));
  c.def("dropout", &add_dropout<T>, arg("x"), arg("rate"), arg("index"), arg("seed"), arg("count"), arg("shape"),
        arg("noise"), arg("noise_per_row"), "The mask has the shape `noise`, for each row or for all together.");
  c.def("noise", &add_noise<T>, arg("x"), arg("stddev"), arg("index"), arg("seed"), arg("count"));
  c.def("batch_normalize", &add_batch_normalize<T>, arg("x"), arg("outer"), arg("channels"), arg("epsilon"),
        arg("momentum"), arg("gamma"), arg("beta"), arg("moving_mean"), arg("moving_variance"), arg("trains_gamma"),
        arg("trains_beta"), arg("frozen"), "`outer`: how many places lie before the axis of the channels.");
  c.def("layer_normalize", &add_layer_normalize<T>, arg("x"), arg("shape"), arg("axes"), arg("epsilon"), arg("gamma"),
        arg("beta"), arg("trains_gamma"), arg("trains_beta"), "`axes` count from 0, without the batch axis.");
  c.def("embed", &add_embed<T>, arg("x"), arg("table"), arg("count"), arg("dim"), arg("trains"));
  c.def("parametric_relu", &add_parametric_relu<T>, arg("x"), arg("shape"), arg("alpha_shape"), arg("alpha"),
        arg("trains"));
  c.def("merge", &add_merge<T>, arg("inputs"), arg("kind"), arg("shapes"), arg("shape"));
  c.def("concatenate", &add_concatenate<T>, arg("inputs"), arg("outer"), "`outer`: places before the axis.");
}

template void bind_layers<float>(ProgramClass<float>& c);
template void bind_layers<double>(ProgramClass<double>& c);

}  // namespace chainrule
