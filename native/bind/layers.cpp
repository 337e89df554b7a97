// The ops of layers other than Dense, as methods of a program.
#include <map>

#include "bind/program.hpp"
#include "engine/ops/batch_normalize.hpp"
#include "engine/ops/disturb.hpp"
#include "engine/ops/dot.hpp"
#include "engine/ops/embed.hpp"
#include "engine/ops/gather.hpp"
#include "engine/ops/layer_normalize.hpp"
#include "engine/ops/merge.hpp"
#include "engine/ops/parametric_relu.hpp"
#include "engine/ops/pass.hpp"
#include "engine/ops/pool.hpp"
#include "engine/ops/rescale.hpp"
#include "engine/ops/root_normalize.hpp"
#include "engine/ops/scale_channels.hpp"

namespace chainrule {
namespace {

template <class T>
int64_t width_of(const Program<T>& program, int value) {
  return program.values.at(value).width;
}

template <class T>
std::vector<T> rounded(const std::vector<double>& numbers) {
  return {numbers.begin(), numbers.end()};
}

template <class T>
int add_dropout(Program<T>& p, int x, double rate, uint64_t index, uint64_t seed, uint64_t count, const Shape& shape,
                const Shape& noise, bool noise_per_row) {
  const int mask = p.add_value(size_of(noise)), y = p.add_value(width_of(p, x));
  const DropoutShape shapes{shape, noise, noise_per_row};
  return p.add(std::make_unique<Dropout<T>>(rate, DrawPath{index, seed, count}, shapes, mask), {x}, y);
}

template <class T>
int add_noise(Program<T>& p, int x, double stddev, uint64_t index, uint64_t seed, uint64_t count) {
  const int64_t width = width_of(p, x);
  return p.add(std::make_unique<Noise<T>>(stddev, DrawPath{index, seed, count}, width), {x}, p.add_value(width));
}

template <class T>
int add_alpha_dropout(Program<T>& p, int x, double rate, double scale, double low, double offset, uint64_t index,
                      uint64_t seed, uint64_t count, const Shape& shape, const Shape& noise, bool noise_per_row) {
  const int mask = p.add_value(size_of(noise)), y = p.add_value(width_of(p, x));
  const DropoutShape shapes{shape, noise, noise_per_row};
  const DrawPath path{index, seed, count};
  return p.add(std::make_unique<AlphaDropout<T>>(rate, scale, low, offset, path, shapes, mask), {x}, y);
}

template <class T>
int add_multiply_noise(Program<T>& p, int x, double stddev, uint64_t index, uint64_t seed, uint64_t count) {
  const int64_t width = width_of(p, x);
  const int factors = p.add_value(width), y = p.add_value(width);
  return p.add(std::make_unique<MultiplyNoise<T>>(stddev, DrawPath{index, seed, count}, width, factors), {x}, y);
}

template <class T>
int add_batch_normalize(Program<T>& p, int x, int64_t outer, int64_t channels, int64_t inner, double epsilon,
                        double momentum, int64_t gamma, int64_t beta, int64_t moving_mean, int64_t moving_variance,
                        bool trains_gamma, bool trains_beta, bool frozen) {
  const int statistics = p.add_value(4 * channels), y = p.add_value(width_of(p, x));
  const BatchNormalizeShape shape{outer,       channels,        inner,        gamma,       beta,
                                  moving_mean, moving_variance, trains_gamma, trains_beta, frozen};
  return p.add(std::make_unique<BatchNormalize<T>>(shape, epsilon, momentum, statistics), {x}, y);
}

template <class T>
int add_layer_normalize(Program<T>& p, int x, const Shape& value, const std::vector<bool>& normalised, double epsilon,
                        int64_t gamma, int64_t beta, bool trains_gamma, bool trains_beta) {
  const LayerNormalizeShape shape{value, normalised, gamma, beta, trains_gamma, trains_beta};
  const int64_t width = width_of(p, x), groups = width / shape.group();
  LayerNormalizeValues values{p.add_value(groups), p.add_value(groups), p.add_value(width), -1, -1};
  if (shape.moves()) values.moved = p.add_value(width), values.moved_result = p.add_value(width);
  return p.add(std::make_unique<LayerNormalize<T>>(shape, epsilon, values), {x}, p.add_value(width));
}

template <class T>
int add_root_normalize(Program<T>& p, int x, int64_t group, double divisor, double epsilon, double floor, int64_t scale,
                       bool trains_scale) {
  const int64_t width = width_of(p, x);
  const int factors = p.add_value(width / group), slopes = trains_scale ? p.add_value(width) : -1;
  const RootNormalizeShape shape{width, group, scale, trains_scale};
  auto op = std::make_unique<RootNormalize<T>>(shape, divisor, epsilon, floor, factors, slopes);
  return p.add(std::move(op), {x}, p.add_value(width));
}

template <class T>
int add_scale_channels(Program<T>& p, int x, int64_t outer, int64_t channels, int64_t inner, int64_t gamma,
                       int64_t beta, bool trains_gamma, bool trains_beta) {
  const ScaleChannelsShape shape{outer, channels, inner, gamma, beta, trains_gamma, trains_beta};
  return p.add(std::make_unique<ScaleChannels<T>>(shape), {x}, p.add_value(width_of(p, x)));
}

template <class T>
int add_gather(Program<T>& p, int x, const std::vector<int64_t>& places) {
  const int y = p.add_value(static_cast<int64_t>(places.size()));
  return p.add(std::make_unique<Gather<T>>(places, width_of(p, x)), {x}, y);
}

template <class T>
int add_pool(Program<T>& p, int x, bool largest, int64_t outer, int64_t steps, int64_t inner) {
  return p.add(std::make_unique<Pool<T>>(largest, outer, steps, inner), {x}, p.add_value(outer * inner));
}

template <class T>
int add_dot(Program<T>& p, int x1, int x2, int64_t m, int64_t n, int64_t k) {
  return p.add(std::make_unique<Dot<T>>(m, n, k), {x1, x2}, p.add_value(m * n));
}

template <class T>
int add_merge(Program<T>& p, const std::vector<int>& inputs, const std::string& kind, const std::vector<Shape>& from,
              const Shape& to) {
  static const std::map<std::string, Combining> kinds = {
      {"add", Combining::kAdd},         {"subtract", Combining::kSubtract}, {"multiply", Combining::kMultiply},
      {"average", Combining::kAverage}, {"maximum", Combining::kMaximum},   {"minimum", Combining::kMinimum}};
  return p.add(std::make_unique<Merge<T>>(kinds.at(kind), from, to), inputs, p.add_value(size_of(to)));
}

template <class T>
int add_concatenate(Program<T>& p, const std::vector<int>& inputs, int64_t outer, const std::vector<int64_t>& parts) {
  int64_t width = 0;
  for (const int64_t part : parts) width += outer * part;
  return p.add(std::make_unique<Concatenate<T>>(outer, parts), inputs, p.add_value(width));
}

template <class T>
int add_embed(Program<T>& p, int x, int64_t table, int64_t count, int64_t dim, bool trains) {
  const int64_t numbers = width_of(p, x);
  return p.add(std::make_unique<Embed<T>>(numbers, table, count, dim, trains), {x}, p.add_value(numbers * dim));
}

template <class T>
int add_prelu(Program<T>& p, int x, const Shape& value, const Shape& of_alpha, int64_t alpha, bool trains) {
  return p.add(std::make_unique<ParametricRelu<T>>(value, of_alpha, alpha, trains), {x}, p.add_value(width_of(p, x)));
}

template <class T>
int add_rescale(Program<T>& p, int x, const std::vector<double>& scale, const std::vector<double>& offset) {
  const int64_t width = width_of(p, x);
  return p.add(std::make_unique<Rescale<T>>(rounded<T>(scale), rounded<T>(offset), width), {x}, p.add_value(width));
}

template <class T>
int add_standardize(Program<T>& p, int x, const std::vector<double>& mean, const std::vector<double>& deviation,
                    bool invert) {
  return p.add(std::make_unique<Standardize<T>>(rounded<T>(mean), rounded<T>(deviation), invert), {x},
               p.add_value(width_of(p, x)));
}

template <class T>
int add_pass(Program<T>& p, int x) {
  return p.add(std::make_unique<Pass<T>>(width_of(p, x)), {x}, p.add_alias(x));
}

template <class T>
int add_activity_penalty(Program<T>& p, int x, double l1, double l2) {
  const int penalty = p.add_value(1);
  return p.add(std::make_unique<PenalizeActivity<T>>(l1, l2, width_of(p, x), penalty), {x}, p.add_alias(x));
}

}  // namespace

template <class T>
void bind_layers(ProgramClass<T>& c) {
  using nb::arg;
  c.def("dropout", &add_dropout<T>, arg("x"), arg("rate"), arg("index"), arg("seed"), arg("count"), arg("shape"),
        arg("noise"), arg("noise_per_row"));
  c.def("noise", &add_noise<T>, arg("x"), arg("stddev"), arg("index"), arg("seed"), arg("count"));
  c.def("alpha_dropout", &add_alpha_dropout<T>, arg("x"), arg("rate"), arg("scale"), arg("low"), arg("offset"),
        arg("index"), arg("seed"), arg("count"), arg("shape"), arg("noise"), arg("noise_per_row"));
  c.def("multiply_noise", &add_multiply_noise<T>, arg("x"), arg("stddev"), arg("index"), arg("seed"), arg("count"));
  c.def("batch_normalize", &add_batch_normalize<T>, arg("x"), arg("outer"), arg("channels"), arg("inner"),
        arg("epsilon"), arg("momentum"), arg("gamma"), arg("beta"), arg("moving_mean"), arg("moving_variance"),
        arg("trains_gamma"), arg("trains_beta"), arg("frozen"));
  c.def("layer_normalize", &add_layer_normalize<T>, arg("x"), arg("shape"), arg("normalised"), arg("epsilon"),
        arg("gamma"), arg("beta"), arg("trains_gamma"), arg("trains_beta"));
  c.def("root_normalize", &add_root_normalize<T>, arg("x"), arg("group"), arg("divisor"), arg("epsilon"), arg("floor"),
        arg("scale"), arg("trains_scale"));
  c.def("scale_channels", &add_scale_channels<T>, arg("x"), arg("outer"), arg("channels"), arg("inner"), arg("gamma"),
        arg("beta"), arg("trains_gamma"), arg("trains_beta"));
  c.def("gather", &add_gather<T>, arg("x"), arg("places"));
  c.def("pool", &add_pool<T>, arg("x"), arg("largest"), arg("outer"), arg("steps"), arg("inner"));
  c.def("dot", &add_dot<T>, arg("x1"), arg("x2"), arg("m"), arg("n"), arg("k"));
  c.def("merge", &add_merge<T>, arg("inputs"), arg("kind"), arg("shapes"), arg("shape"));
  c.def("concatenate", &add_concatenate<T>, arg("inputs"), arg("outer"), arg("parts"));
  c.def("embed", &add_embed<T>, arg("x"), arg("table"), arg("count"), arg("dim"), arg("trains"));
  c.def("parametric_relu", &add_prelu<T>, arg("x"), arg("shape"), arg("alpha_shape"), arg("alpha"), arg("trains"));
  c.def("rescale", &add_rescale<T>, arg("x"), arg("scale"), arg("offset"));
  c.def("standardize", &add_standardize<T>, arg("x"), arg("mean"), arg("deviation"), arg("invert"));
  c.def("same", &add_pass<T>, arg("x"));
  c.def("penalize_activity", &add_activity_penalty<T>, arg("x"), arg("l1"), arg("l2"));
}

template void bind_layers<float>(ProgramClass<float>&);
template void bind_layers<double>(ProgramClass<double>&);

}  // namespace chainrule
