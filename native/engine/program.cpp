#include "engine/program.hpp"

#include <algorithm>

namespace chainrule {

namespace {

// Gives a value to several readers: each reads it under a number of its own, and their gradients are added up.
template <class T>
class Fork : public Op<T> {
 public:
  explicit Fork(std::vector<int> readers, const std::vector<Value>* values)
      : readers_(std::move(readers)), values_(values) {}

  void forward(const Frame<T>&) const override {}

  void backward(const Frame<T>& frame) const override {
    T* sum = frame.gradients[this->inputs[0]];
    if (!sum) return;
    const int64_t n = frame.rows * (*values_)[this->inputs[0]].width;
    bool empty = true;
    for (const int reader : readers_) {
      const T* part = frame.gradients[reader];
      if (!part) continue;
      if (empty) {
        std::copy(part, part + n, sum);
      } else {
        frame.kernels->elements.add(part, sum, n);
      }
      empty = false;
    }
    if (empty) std::fill(sum, sum + n, T(0));
  }

  const std::vector<int>& readers() const { return readers_; }

 private:
  std::vector<int> readers_;
  const std::vector<Value>* values_;
};

}  // namespace

template <class T>
void Program<T>::insert_forks() {
  // Who reads each value: ops by (op, input), losses by -1 - number.
  std::vector<std::vector<int*>> readers(values.size());
  for (auto& op : ops) {
    for (int& input : op->inputs) readers[input].push_back(&input);
  }
  for (Loss<T>& loss : losses) readers[loss.prediction].push_back(&loss.prediction);
  const size_t n_values = values.size();
  std::vector<std::pair<int, std::unique_ptr<Op<T>>>> forks;  // by the value they divide
  for (size_t v = 0; v < n_values; ++v) {
    if (readers[v].size() < 2) continue;
    std::vector<int> names;
    for (int* reader : readers[v]) names.push_back(*reader = add_alias(static_cast<int>(v)));
    auto fork = std::make_unique<Fork<T>>(names, &values);
    fork->inputs = {static_cast<int>(v)};
    fork->output = names[0];
    forks.emplace_back(static_cast<int>(v), std::move(fork));
  }
  // A fork runs right after its value is made: backwards, after all its readers.
  std::vector<std::unique_ptr<Op<T>>> ordered;
  const auto place = [&](int value) {
    for (auto& [v, fork] : forks) {
      if (fork && v == value) ordered.push_back(std::move(fork));
    }
  };
  for (const Feed& feed : feeds) place(feed.value);
  for (auto& op : ops) {
    const int output = op->output;
    ordered.push_back(std::move(op));
    place(output);
  }
  ops = std::move(ordered);
}

template <class T>
void Program<T>::find_gradients() {
  std::vector<char> learns(values.size(), 0), matters(values.size(), 0);
  const auto outputs_of = [&](const Op<T>& op) {
    const auto* fork = dynamic_cast<const Fork<T>*>(&op);
    return fork ? fork->readers() : std::vector<int>{op.output};
  };
  for (auto& op : ops) {
    bool any = !op->parameters().empty();
    for (const int input : op->inputs) any = any || learns[input];
    for (const int output : outputs_of(*op)) learns[output] = any;
  }
  for (const Loss<T>& loss : losses) matters[loss.prediction] = 1;
  for (auto op = ops.rbegin(); op != ops.rend(); ++op) {
    bool any = (*op)->penalty_value() >= 0;
    for (const int output : outputs_of(**op)) any = any || matters[output];
    for (const int input : (*op)->inputs) matters[input] = matters[input] || any;
  }
  for (size_t v = 0; v < values.size(); ++v) values[v].wants_gradient = learns[v] && matters[v];
}

template <class T>
void Program<T>::finish() {
  insert_forks();
  find_gradients();
  for (size_t i = 0; i < ops.size(); ++i) {
    ops[i]->number = static_cast<int>(i);
    ops[i]->settle(values);
  }
}

template <class T>
std::vector<std::pair<int64_t, int64_t>> Program<T>::reached() const {
  std::vector<std::pair<int64_t, int64_t>> found;
  for (auto& op : ops) {
    if (!values[op->output].wants_gradient) continue;
    for (const Parameter& one : op->parameters()) found.emplace_back(one.begin, one.end);
  }
  return found;
}

template <class T>
bool Program<T>::whole_batch() const {
  for (auto& op : ops) {
    if (op->whole_batch()) return true;
  }
  for (const Loss<T>& loss : losses) {
    if (loss.kernel->whole_batch || loss.kernel->needs_all_rows) return true;
  }
  for (const Metric<T>& metric : metrics) {
    if (metric.kernel->needs_all_rows) return true;
  }
  return false;
}

template <class T>
double Program<T>::flops_per_row() const {
  double sum = 0;
  for (auto& op : ops) {
    bool input = false;
    for (const int v : op->inputs) input = input || values[v].wants_gradient;
    sum += op->flops_per_row() * (1 + (op->parameters().empty() ? 0 : 1) + (input ? 1 : 0));
  }
  return sum;
}

template class Program<float>;
template class Program<double>;

}  // namespace chainrule
