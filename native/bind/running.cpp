// Running programs from Python: trainers and predictors.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bind/buffers.hpp"
#include "bind/optimizer.hpp"
#include "engine/epochs.hpp"
#include "engine/predictor.hpp"
#include "engine/team.hpp"
#include "engine/trainer.hpp"
#include "engine/watch.hpp"

namespace chainrule {
namespace {

// Whether a signal (Ctrl-C) wants Python's attention; the exception stays set for the caller to raise. No signal
// reaches a watched thread: whoever watches it says when to stop.
bool interrupted() {
  if (const Watch* watch = Watch::mine()) return watch->stopped;
  const nb::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}

// Whether something wants to interrupt this thread: then its exception is set.
bool interrupting() {
  const Watch* watch = Watch::mine();
  if (watch && watch->stopped && !PyErr_Occurred()) PyErr_SetNone(PyExc_KeyboardInterrupt);
  return PyErr_Occurred() != nullptr;
}

void raise_if_interrupted() {
  if (interrupting()) throw nb::python_error();
}

using KeyWords = std::pair<uint32_t, uint32_t>;

// The arrays of a call, kept alive while it runs.
struct Given {
  Views sources;
  std::optional<View> order;
  Steps steps;

  Given(const nb::list& arrays, nb::handle rows_in_order, int64_t rows, int64_t batch_size, int64_t first, int64_t last)
      : sources(arrays) {
    if (!rows_in_order.is_none()) order.emplace(rows_in_order);
    steps.sources = sources.sources();
    steps.order = order ? order->data<int64_t>() : nullptr;
    steps.rows = rows, steps.batch_size = batch_size, steps.first = first, steps.last = last;
    steps.stop = interrupted;
  }
};

void read(const Totals& totals, double* out) {
  *out++ += totals.loss;
  *out++ += totals.rows;
  for (const double x : totals.output_losses) *out++ += x;
  for (const double x : totals.metric_totals) *out++ += x;
  for (const double x : totals.metric_counts) *out++ += x;
}

template <class T>
int64_t run_steps(Trainer<T>& trainer, Optimizer<T>* optimizer, const nb::list& arrays, nb::handle order, int64_t rows,
                  int64_t batch_size, int64_t first, int64_t last, int64_t origin, KeyWords key, nb::handle rates,
                  nb::handle losses, nb::handle totals, const nb::list& records) {
  raise_if_interrupted();
  Given given(arrays, order, rows, batch_size, first, last);
  given.steps.origin = origin;
  const Views kept(records, true);
  const View losses_view(losses, true), totals_view(totals, true);
  std::optional<View> rates_view;
  if (optimizer) rates_view.emplace(rates);
  given.steps.key = {key.first, key.second};
  given.steps.rates = rates_view ? rates_view->data<double>() : nullptr;
  for (const auto& record : kept.all()) given.steps.records.push_back(record ? record->bytes() : nullptr);
  Totals sums = trainer.totals();
  if (losses_view.size() < last - first || totals_view.size() < sums.size() ||
      (rates_view && rates_view->size() < last - first)) {
    throw std::invalid_argument("an array is too short for these steps");
  }
  double* to = losses_view.data<double>();
  int64_t ran;
  {
    const nb::gil_scoped_release free;
    ran = optimizer ? trainer.train(given.steps, *optimizer, to, sums) : trainer.test(given.steps, to, sums);
  }
  read(sums, totals_view.data<double>());
  raise_if_interrupted();
  return ran;
}

// What `epochs` returns: the state it keeps copies of stays alive with it; an exception of a signal's handler waits.
struct Outcome {
  EpochsDone done;
  std::shared_ptr<Views> state;
  std::shared_ptr<nb::python_error> pending;
};

template <class T>
Outcome run_epochs(Trainer<T>& trainer, Optimizer<T>& optimizer, const nb::list& arrays, int64_t rows,
                   int64_t batch_size, int64_t steps, bool shuffled, KeyWords model_key, int64_t first, int64_t count,
                   nb::handle rates, nb::handle totals, const nb::list& state) {
  raise_if_interrupted();
  Given given(arrays, nb::none(), rows, batch_size, 0, steps);
  const auto kept = std::make_shared<Views>(state, true);
  const View rates_view(rates), totals_view(totals, true);
  given.steps.rates = rates_view.data<double>();
  Epochs epochs{given.steps, shuffled, {model_key.first, model_key.second}, first, count, rates_view.size(), {}};
  for (const auto& one : kept->all()) epochs.state.emplace_back(one->bytes(), one->n_bytes());
  if (totals_view.size() < count * trainer.totals().size() || (epochs.rates != 1 && epochs.rates < count * steps)) {
    throw std::invalid_argument("an array is too short for these epochs");
  }
  double* to = totals_view.data<double>();
  std::optional<EpochsDone> done;
  {
    const nb::gil_scoped_release free;
    done.emplace(train_epochs(trainer, optimizer, epochs, to));
  }
  Outcome outcome{std::move(*done), kept, nullptr};
  if (interrupting()) outcome.pending = std::make_shared<nb::python_error>();
  return outcome;
}

template <class T>
void predict(Predictor<T>& predictor, const nb::list& arrays, int64_t rows, const nb::list& outputs) {
  const Views inputs(arrays), results(outputs, true);
  std::vector<T*> to;
  for (const auto& result : results.all()) to.push_back(result->template data<T>());
  const nb::gil_scoped_release free;
  predictor.predict(inputs.sources(), rows, to);
}

// The shortest way: one input, one output, few rows.
template <class T>
void predict_one(Predictor<T>& predictor, nb::handle x, nb::handle y) {
  constexpr int64_t few = 64;  // rows for which letting other threads run costs more than it gives
  const View in(x), out(y, true);
  T* to = out.data<T>();
  std::optional<nb::gil_scoped_release> free;
  if (in.rows() > few) free.emplace();
  predictor.predict({in.source()}, in.rows(), {to});
}

template <class T>
void bind_optimizers(nb::module_& m, const char* optimizer, const char* penalties) {
  nb::class_<Optimizer<T>>(m, optimizer, "One step from gradients to parameters; see native/engine/optimizer.hpp.")
      .def("__init__", [](Optimizer<T>* at, nb::dict from) { new (at) Optimizer<T>(read_optimizer<T>(from)); });
  nb::class_<Penalties<T>>(m, penalties, "Penalties of parameters; see native/engine/penalties.hpp.")
      .def("__init__", [](Penalties<T>* at, nb::dict from) { new (at) Penalties<T>(read_penalties<T>(from)); });
}

template <class T>
void bind(nb::module_& m, const char* trainer, const char* predictor) {
  using P = std::shared_ptr<Program<T>>;
  nb::class_<Trainer<T>>(m, trainer, "Runs the steps of epochs; see native/engine/trainer.hpp.")
      .def(
          "__init__",
          [](Trainer<T>* at, P program, int64_t batch, nb::handle params, const Penalties<T>& penalties) {
            const View flat(params, true);
            if (flat.size() != program->n_params) throw std::invalid_argument("the flat array has another size");
            new (at) Trainer<T>(std::move(program), batch, flat.data<T>(), penalties);
          },
          nb::arg("program"), nb::arg("batch"), nb::arg("params"), nb::arg("penalties"), nb::keep_alive<1, 4>())
      .def("run", &run_steps<T>, nb::arg("optimizer").none(), nb::arg("sources"), nb::arg("order").none(),
           nb::arg("rows"), nb::arg("batch_size"), nb::arg("first"), nb::arg("last"), nb::arg("origin"), nb::arg("key"),
           nb::arg("rates").none(), nb::arg("losses"), nb::arg("totals"), nb::arg("records"),
           "Run steps first to last; without an optimizer nothing is learnt. Returns how many ran.")
      .def("epochs", &run_epochs<T>, nb::arg("optimizer"), nb::arg("sources"), nb::arg("rows"), nb::arg("batch_size"),
           nb::arg("steps"), nb::arg("shuffled"), nb::arg("model_key"), nb::arg("first"), nb::arg("count"),
           nb::arg("rates"), nb::arg("totals"), nb::arg("state"), "Train whole epochs; see native/engine/epochs.hpp.")
      .def("n_totals", [](const Trainer<T>& t) { return t.totals().size(); })
      .def(
          "layout",
          [](const Trainer<T>& t) {
            nb::dict d;
            d["by_tiles"] = t.layout().by_tiles;
            d["tile_rows"] = t.layout().tile_rows;
            d["chunks"] = t.layout().chunks;
            d["fused"] = t.layout().fused;
            d["threads"] = t.layout().threads;
            d["weight_threads"] = t.layout().weight_threads;
            return d;
          },
          "How the work is cut, for the curious.");
  nb::class_<Predictor<T>>(m, predictor, "The forward pass alone; see native/engine/predictor.hpp.")
      .def(
          "__init__",
          [](Predictor<T>* at, P program, nb::handle params) {
            const View flat(params);
            if (flat.size() != program->n_params) throw std::invalid_argument("the flat array has another size");
            new (at) Predictor<T>(std::move(program), flat.data<T>());
          },
          nb::arg("program"), nb::arg("params"), nb::keep_alive<1, 3>())
      .def("predict", &predict<T>, nb::arg("inputs"), nb::arg("rows"), nb::arg("outputs"))
      .def("predict_one", &predict_one<T>, nb::arg("x"), nb::arg("y"));
}

}  // namespace

void bind_running(nb::module_& m) {
  nb::class_<Watch>(m, "Watch", "Stops the training of a thread and tells how far it is; see native/engine/watch.hpp.")
      .def(nb::init<>())
      .def(
          "begin", [](Watch& watch) { Watch::mine() = &watch; }, "Watch the calling thread from now on.")
      .def(
          "end", [](Watch&) { Watch::mine() = nullptr; }, "Leave the calling thread alone again.")
      .def(
          "stop", [](Watch& watch) { watch.stopped = true; }, "Make its training raise KeyboardInterrupt.")
      .def_prop_rw(
          "epochs", [](const Watch& watch) { return watch.epochs.load(); },
          [](Watch& watch, int64_t epochs) { watch.epochs = epochs; });
  nb::class_<Outcome>(m, "Outcome", "What many epochs came to; see native/engine/epochs.hpp.")
      .def_prop_ro("epochs", [](const Outcome& o) { return o.done.epochs; })
      .def_prop_ro("failed", [](const Outcome& o) { return o.done.failed; })
      .def_prop_ro("step", [](const Outcome& o) { return o.done.step; })
      .def_prop_ro("loss", [](const Outcome& o) { return o.done.loss; })
      .def_prop_ro(
          "before",
          [](const Outcome& o) -> nb::object { return o.done.has_before ? nb::cast(o.done.before) : nb::none(); })
      .def(
          "restore", [](const Outcome& o) { o.done.begin.restore(); }, "Put the state of the last epoch's start back.")
      .def(
          "raise_pending",
          [](const Outcome& o) {
            if (o.pending) throw nb::python_error(*o.pending);
          },
          "Raise what interrupted the training, if something did.");
  bind_optimizers<float>(m, "Optimizer32", "Penalties32");
  bind_optimizers<double>(m, "Optimizer64", "Penalties64");
  bind<float>(m, "Trainer32", "Predictor32");
  bind<double>(m, "Trainer64", "Predictor64");
  m.def("set_threads", [](int n) { Team::instance().set_threads(n); }, nb::arg("count"));
  m.def("threads", [] { return Team::instance().threads(); });
}

}  // namespace chainrule
