// Losses and metrics of a batch: computed tile by tile into one place per row, then added up in the order of the rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/memory.hpp"
#include "engine/program.hpp"

namespace chainrule {

// What an epoch (or a part of it) adds up, for the loss tracker and the metrics.
struct Totals {
  double loss = 0, rows = 0;          // sum of each batch's loss times its rows; rows
  std::vector<double> output_losses;  // the same for each output's loss, before its weight
  std::vector<double> metric_totals, metric_counts;

  Totals(size_t losses, size_t metrics) : output_losses(losses), metric_totals(metrics), metric_counts(metrics) {}

  void clear() { *this = Totals(output_losses.size(), metric_totals.size()); }

  // Numbers in all.
  int64_t size() const { return static_cast<int64_t>(2 + output_losses.size() + 2 * metric_totals.size()); }
};

template <class T>
class Score {
 public:
  Score(const Program<T>& program, int64_t batch) : program_(&program) {
    for (const Loss<T>& loss : program.losses) {
      loss_rows_.emplace_back(batch * loss.inner);
      scales_.emplace_back(batch * loss.inner);
    }
    for (const Metric<T>& metric : program.metrics) metric_rows_.emplace_back(batch * metric.inner);
    for (const auto& op : program.ops) {
      if (op->penalty_value() >= 0) penalties_.push_back({op->penalty_value(), Buffer<T>(batch)});
    }
    divisors_.resize(program.losses.size());
  }

  // Settles by what the losses of this batch are divided. `whole` holds all its rows' targets and weights.
  void begin(const Frame<T>& whole) {
    for (size_t l = 0; l < program_->losses.size(); ++l) divisors_[l] = divisor(program_->losses[l], whole);
  }

  // Losses, and their gradients with respect to the predictions, of a frame's rows.
  void losses(const Frame<T>& frame, bool gradients) {
    for (size_t l = 0; l < program_->losses.size(); ++l) one_loss(l, frame, gradients);
    for (const Penalty& one : penalties_) {
      std::copy_n(frame.values[one.value], frame.rows, one.rows.data() + frame.first);
    }
  }

  // What the metrics make of a frame's rows.
  void metrics(const Frame<T>& frame) {
    for (size_t m = 0; m < program_->metrics.size(); ++m) {
      const Metric<T>& metric = program_->metrics[m];
      metric.kernel->run(frame.values[metric.target], frame.values[metric.prediction], frame.rows * metric.inner,
                         metric.width, metric.target_width, metric_rows_[m].data() + frame.first * metric.inner,
                         metric.options.data());
    }
  }

  // The batch's loss: the sum over outputs, and what layers add. (Penalties of parameters are not known here.)
  double total(const Frame<T>& whole) {
    double sum = 0;
    values_.clear();
    for (size_t l = 0; l < program_->losses.size(); ++l) {
      const Loss<T>& loss = program_->losses[l];
      values_.push_back(value(l, whole));
      sum += loss.factor * values_.back();
    }
    for (const Penalty& one : penalties_) {
      double penalty = 0;
      for (int64_t i = 0; i < whole.rows; ++i) penalty += static_cast<double>(one.rows[i]);
      sum += penalty / static_cast<double>(whole.rows);
    }
    return sum;
  }

  void add(const Frame<T>& whole, double loss, Totals& totals) const {
    const double rows = static_cast<double>(whole.rows);
    totals.loss += loss * rows;
    totals.rows += rows;
    for (size_t l = 0; l < values_.size(); ++l) totals.output_losses[l] += values_[l] * rows;
    for (size_t m = 0; m < program_->metrics.size(); ++m) add_metric(m, whole, totals);
  }

 private:
  static const T* weights(const Loss<T>& loss, const Frame<T>& frame) {
    return loss.weight >= 0 ? frame.values[loss.weight] : nullptr;
  }

  static bool counts(const Loss<T>& loss, const T* targets, int64_t row) {
    return !loss.ignores || static_cast<double>(targets[row * loss.target_width]) != loss.ignored;
  }

  static double divisor(const Loss<T>& loss, const Frame<T>& whole) {
    const int64_t n = whole.rows * loss.inner;
    const T* weight = weights(loss, whole);
    if (loss.kernel->whole_batch) return divisor_of_batch(loss, weight, whole.rows * loss.weight_inner);
    if (loss.reduction == Reduction::kSum) return 1;
    if (loss.reduction == Reduction::kMeanBySampleWeight && (weight || loss.ignores)) {
      double sum = 0;
      if (!loss.ignores) {
        for (int64_t i = 0; i < whole.rows * loss.weight_inner; ++i) sum += static_cast<double>(weight[i]);
      } else {
        const T* targets = whole.values[loss.target];
        for (int64_t i = 0; i < n; ++i) {
          if (counts(loss, targets, i)) sum += weight ? static_cast<double>(weight_of(loss, weight, i)) : 1.0;
        }
      }
      return sum;
    }
    int64_t counted = n;
    if (loss.ignores) {
      counted = 0;
      for (int64_t i = 0; i < n; ++i) counted += counts(loss, whole.values[loss.target], i);
      if (counted == 0) counted = n;
    }
    return static_cast<double>(counted > 0 ? counted : 1);
  }

  // One loss for all rows is multiplied by each row's weight, and these products are reduced.
  static double divisor_of_batch(const Loss<T>& loss, const T* weight, int64_t n) {
    if (!weight || loss.reduction == Reduction::kMeanBySampleWeight) return 1;
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(weight[i]);
    return (loss.reduction == Reduction::kSum ? 1 : static_cast<double>(n)) / sum;
  }

  static T weight_of(const Loss<T>& loss, const T* weight, int64_t row) {
    return weight ? weight[loss.weight_inner == loss.inner ? row : row / loss.inner] : T(1);
  }

  void one_loss(size_t l, const Frame<T>& frame, bool gradients) {
    const Loss<T>& loss = program_->losses[l];
    const int64_t at = frame.first * loss.inner, n = frame.rows * loss.inner;
    const T* weight = weights(loss, frame);
    T* scale = scales_[l].data() + at;
    const T base = divisors_[l] == 0 ? T(0) : static_cast<T>(loss.factor / divisors_[l]) * frame.loss_scale;
    if ((!weight && !loss.ignores) || loss.kernel->whole_batch) {
      for (int64_t i = 0; i < n; ++i) scale[i] = base;
    } else {
      const T* targets = frame.values[loss.target];
      for (int64_t i = 0; i < n; ++i) scale[i] = counts(loss, targets, i) ? base * weight_of(loss, weight, i) : T(0);
    }
    LossArgs<T> args{};
    args.y = frame.values[loss.target], args.p = frame.values[loss.prediction];
    args.rows = n, args.width = loss.width, args.y_width = loss.target_width;
    args.scale = scale;
    args.losses = loss_rows_[l].data() + at;
    args.gradient = gradients ? frame.gradients[loss.prediction] : nullptr;
    args.options = loss.options.data();
    loss.kernel->run(args);
  }

  double value(size_t l, const Frame<T>& whole) const {
    const Loss<T>& loss = program_->losses[l];
    const T* rows = loss_rows_[l].data();
    if (divisors_[l] == 0) return 0;
    if (loss.kernel->whole_batch) return static_cast<double>(rows[0]) / divisors_[l];
    const T* weight = weights(loss, whole);
    const T* targets = whole.values[loss.target];
    double sum = 0;
    if (!weight && !loss.ignores) {
      for (int64_t i = 0; i < whole.rows * loss.inner; ++i) sum += static_cast<double>(rows[i]);
    } else {
      for (int64_t i = 0; i < whole.rows * loss.inner; ++i) {
        if (counts(loss, targets, i)) sum += static_cast<double>(rows[i] * weight_of(loss, weight, i));
      }
    }
    return sum / divisors_[l];
  }

  // Keras's Mean: each observation counts once, with the mean of its values.
  void add_metric(size_t m, const Frame<T>& whole, Totals& totals) const {
    const Metric<T>& metric = program_->metrics[m];
    const T* rows = metric_rows_[m].data();
    const T* weight = metric.weight >= 0 ? whole.values[metric.weight] : nullptr;
    double total = 0, count = 0;
    for (int64_t i = 0; i < whole.rows; ++i) {
      double of_row = 0;
      for (int64_t j = 0; j < metric.inner; ++j) of_row += static_cast<double>(rows[i * metric.inner + j]);
      const double w = weight ? static_cast<double>(weight[i]) : 1.0;
      total += of_row / static_cast<double>(metric.inner) * w;
      count += w;
    }
    totals.metric_totals[m] += total;
    totals.metric_counts[m] += count;
  }

  struct Penalty {
    int value;
    Buffer<T> rows;
  };

  const Program<T>* program_;
  std::vector<Penalty> penalties_;
  std::vector<Buffer<T>> loss_rows_, scales_, metric_rows_;
  std::vector<double> divisors_, values_;
};

}  // namespace chainrule
