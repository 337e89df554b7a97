#include "engine/epochs.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "engine/random.hpp"
#include "engine/watch.hpp"

namespace chainrule {

namespace {

void write(const Totals& totals, double* out) {
  *out++ = totals.loss;
  *out++ = totals.rows;
  out = std::copy(totals.output_losses.begin(), totals.output_losses.end(), out);
  out = std::copy(totals.metric_totals.begin(), totals.metric_totals.end(), out);
  std::copy(totals.metric_counts.begin(), totals.metric_counts.end(), out);
}

// Says when to ask whether to stop: about every 10 ms, since an epoch may take less than asking does.
class Interval {
 public:
  bool over() {
    if (++epochs_ < stride_) return false;
    epochs_ = 0;
    const auto now = std::chrono::steady_clock::now();
    const auto took = now - began_;
    began_ = now;
    if (took < std::chrono::milliseconds(5)) stride_ *= 2;
    if (took > std::chrono::milliseconds(20)) stride_ = std::max<int64_t>(stride_ / 4, 1);
    return true;
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  int64_t epochs_ = 0, stride_ = 1;
};

}  // namespace

Snapshot::Snapshot(std::vector<std::pair<char*, int64_t>> state) : state_(std::move(state)) {
  int64_t size = 0;
  for (const auto& [at, bytes] : state_) size += bytes;
  copy_.resize(static_cast<size_t>(size));
}

void Snapshot::take() {
  char* to = copy_.data();
  for (const auto& [at, bytes] : state_) to = std::copy(at, at + bytes, to);
}

void Snapshot::restore() const {
  const char* from = copy_.data();
  for (const auto& [at, bytes] : state_) {
    std::memcpy(at, from, static_cast<size_t>(bytes));
    from += bytes;
  }
}

template <class T>
EpochsDone train_epochs(Trainer<T>& trainer, Optimizer<T>& optimizer, const Epochs& epochs, double* totals) {
  EpochsDone done{.begin = Snapshot(epochs.state)};
  PermutationScratch scratch;
  std::vector<int64_t> order(epochs.shuffled ? static_cast<size_t>(epochs.steps.rows) : 0);
  std::vector<double> losses(static_cast<size_t>(epochs.steps.last - epochs.steps.first));
  Totals sums = trainer.totals();
  Steps steps = epochs.steps;
  const double* rates = steps.rates;
  std::vector<double> same;
  if (epochs.rates == 1) {
    same.assign(losses.size(), *rates);
    rates = same.data();
  }
  Interval interval;
  for (; done.epochs < epochs.count; ++done.epochs) {
    if (steps.stop && interval.over() && steps.stop()) {
      done.stopped = true;
      return done;
    }
    done.begin.take();
    steps.key = fold_in(epochs.model_key, static_cast<uint64_t>(epochs.first + done.epochs));
    if (epochs.shuffled) {
      permutation(steps.key, steps.rows, order.data(), scratch);
      steps.order = order.data();
    }
    steps.rates = epochs.rates == 1 ? rates : rates + done.epochs * static_cast<int64_t>(losses.size());
    sums.clear();
    const int64_t ran = trainer.train(steps, optimizer, losses.data(), sums);
    const double last = ran ? losses[static_cast<size_t>(ran - 1)] : 0;
    if (ran && !std::isfinite(last)) {
      done.failed = true, done.step = ran - 1, done.loss = last;
      if (ran > 1) done.has_before = true, done.before = losses[static_cast<size_t>(ran - 2)];
      return done;
    }
    done.stopped = ran < static_cast<int64_t>(losses.size());
    if (done.stopped) return done;
    if (!trainer.finite()) {
      done.failed = true;
      done.has_before = ran > 0, done.before = last;
      return done;
    }
    if (ran) done.has_before = true, done.before = last;
    write(sums, totals + done.epochs * sums.size());
    if (Watch* watch = Watch::mine()) watch->epochs.fetch_add(1, std::memory_order_relaxed);
  }
  return done;
}

template EpochsDone train_epochs(Trainer<float>&, Optimizer<float>&, const Epochs&, double*);
template EpochsDone train_epochs(Trainer<double>&, Optimizer<double>&, const Epochs&, double*);

}  // namespace chainrule
