#include "bind/program.hpp"

#include <cmath>
#include <limits>

#include "engine/ops/activate.hpp"
#include "engine/ops/affine.hpp"

namespace chainrule {
namespace {

template <class T>
int add_feed(Program<T>& program, int64_t width) {
  const int value = program.add_value(width);
  program.feeds.push_back({value, width});
  return value;
}

template <class T>
int add_affine(Program<T>& program, int x, int64_t in, int64_t units, int64_t kernel, int64_t bias, bool trains_kernel,
               bool trains_bias, const std::string& activation, std::vector<double> options, bool plain_relu) {
  ActivationOf<T> f;
  const int64_t inner = program.values.at(x).width / in;
  const int y = program.add_value(inner * units);
  if (!activation.empty()) {
    f.kernel = &activation_named<T>(activation);
    f.options = std::move(options);
    f.plain_relu = plain_relu;
    if (f.kernel->needs_input) f.hidden = program.add_value(inner * units);
  }
  const AffineShape shape{in, units, inner, kernel, bias, trains_kernel, trains_bias && bias >= 0};
  return program.add(std::make_unique<Affine<T>>(shape, std::move(f)), {x}, y);
}

template <class T>
int add_activation(Program<T>& program, int x, const std::string& name, std::vector<double> options, int64_t width,
                   int64_t width_out) {
  const int64_t inner = program.values.at(x).width / width;
  const int y = program.add_value(inner * width_out);
  return program.add(std::make_unique<Activate<T>>(&activation_named<T>(name), std::move(options), width, inner), {x},
                     y);
}

template <class T>
void add_loss(Program<T>& program, const std::string& name, std::vector<double> options, int prediction, int target,
              int weight, int64_t width, int64_t target_width, const std::string& reduction, double factor,
              double ignored) {
  Loss<T> loss{};
  loss.kernel = kernels<T>().losses.find(name.c_str());
  if (!loss.kernel) throw std::invalid_argument("There is no loss '" + name + "'.");
  loss.options = std::move(options);
  loss.prediction = prediction, loss.target = target, loss.weight = weight;
  loss.width = width, loss.target_width = target_width;
  loss.inner = program.values.at(prediction).width / width;
  loss.weight_inner = program.values.at(weight).width;
  loss.reduction = reduction == "sum"                       ? Reduction::kSum
                   : reduction == "mean_with_sample_weight" ? Reduction::kMeanBySampleWeight
                                                            : Reduction::kMean;
  loss.factor = factor;
  loss.ignores = !std::isnan(ignored);
  loss.ignored = ignored;
  program.losses.push_back(std::move(loss));
}

template <class T>
void add_metric(Program<T>& program, const std::string& name, std::vector<double> options, int prediction, int target,
                int weight, int64_t width, int64_t target_width) {
  Metric<T> metric{};
  metric.kernel = kernels<T>().metrics.find(name.c_str());
  if (!metric.kernel) throw std::invalid_argument("There is no metric '" + name + "'.");
  metric.options = std::move(options);
  metric.prediction = prediction, metric.target = target, metric.weight = weight;
  metric.width = width, metric.target_width = target_width;
  metric.inner = program.values.at(prediction).width / width;
  program.metrics.push_back(std::move(metric));
}

template <class T>
void bind(nb::module_& m, const char* name) {
  ProgramClass<T> c(m, name, "What a model computes, built value by value; see native/engine/program.hpp.");
  c.def(
      "__init__",
      [](Program<T>* at, int64_t n_params, int64_t n_trainable) {
        new (at) Program<T>;
        at->n_params = n_params, at->n_trainable = n_trainable;
      },
      nb::arg("n_params"), nb::arg("n_trainable"));
  c.def("feed", &add_feed<T>, nb::arg("width"), "Add a value whose rows come from outside.");
  c.def("width", [](const Program<T>& p, int value) { return p.values.at(value).width; }, nb::arg("value"));
  c.def("affine", &add_affine<T>, nb::arg("x"), nb::arg("inputs"), nb::arg("units"), nb::arg("kernel"), nb::arg("bias"),
        nb::arg("trains_kernel"), nb::arg("trains_bias"), nb::arg("activation"), nb::arg("options"),
        nb::arg("plain_relu"));
  c.def("activate", &add_activation<T>, nb::arg("x"), nb::arg("name"), nb::arg("options"), nb::arg("width"),
        nb::arg("width_out"));
  c.def("output", [](Program<T>& p, int value) { p.outputs.push_back(value); }, nb::arg("value"));
  c.def("loss", &add_loss<T>, nb::arg("name"), nb::arg("options"), nb::arg("prediction"), nb::arg("target"),
        nb::arg("weight"), nb::arg("width"), nb::arg("target_width"), nb::arg("reduction"), nb::arg("factor"),
        nb::arg("ignored"));
  c.def("metric", &add_metric<T>, nb::arg("name"), nb::arg("options"), nb::arg("prediction"), nb::arg("target"),
        nb::arg("weight"), nb::arg("width"), nb::arg("target_width"));
  c.def("finish", &Program<T>::finish, "Settle which gradients are needed; nothing may be added afterwards.");
  c.def("reached", &Program<T>::reached, "Ranges of the trainable parameters that have a gradient.");
  c.def("flops_per_row", &Program<T>::flops_per_row, "Arithmetic of a training step per row.");
  bind_layers<T>(c);
}

}  // namespace

void bind_program(nb::module_& m) {
  bind<float>(m, "Program32");
  bind<double>(m, "Program64");
}

}  // namespace chainrule
