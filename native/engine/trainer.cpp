#include "engine/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "engine/random.hpp"
#include "engine/team.hpp"

namespace chainrule {

namespace {

constexpr double kFlopsPerSecond = 1e11;      // of one core: what the cost model reckons with
constexpr double kSecondsPerWeight = 5e-10;   // of an optimizer's update
constexpr double kSecondsPerThread = 30e-6;   // of work that makes one more thread pay
constexpr int64_t kTileBytes = 96 << 10;      // of values and gradients of a tile that goes through a small network
constexpr int64_t kSmallWeights = 256 << 10;  // bytes of weights of which every chunk can have a gradient
constexpr int64_t kLargeWeights = 4 << 20;    // bytes of weights that do not stay in a core's own caches
constexpr int64_t kTileRows = 64;             // rows that go through a network together, if its weights are not large
constexpr int64_t kPieceBytes = 96 << 10;     // of weights whose gradient and update run together
constexpr int64_t kMostChunks = 16;
constexpr auto kAskEvery = std::chrono::milliseconds(20);
constexpr double kLongStep = 1e-5;  // seconds of a step that may ask the clock by itself

int64_t up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
int64_t cuts(int64_t n, int64_t size) { return (n + size - 1) / size; }

int threads_for(double seconds) { return static_cast<int>(std::clamp(seconds / kSecondsPerThread, 1.0, 64.0)); }

template <class T>
Layout choose_layout(const Program<T>& program, int64_t batch) {
  Layout layout;
  const double seconds = program.flops_per_row() * static_cast<double>(batch) / kFlopsPerSecond;
  const int64_t weights = program.n_trainable * static_cast<int64_t>(sizeof(T));
  layout.threads = threads_for(seconds);
  layout.weight_threads = threads_for(seconds / 3 + static_cast<double>(program.n_trainable) * kSecondsPerWeight);
  const int64_t in_cache =
      std::max<int64_t>(up(kTileBytes / std::max<int64_t>(bytes_per_row(program, true), 1), 16), 16);
  if (!program.whole_batch() && weights <= kSmallWeights && batch >= 2 * in_cache && batch >= 256) {
    layout.by_tiles = true;
    layout.tile_rows = std::min<int64_t>(in_cache, 512);
    const int64_t tiles = cuts(batch, layout.tile_rows);
    layout.chunk_tiles = cuts(tiles, kMostChunks);
    layout.chunks = cuts(tiles, layout.chunk_tiles);
    return layout;
  }
  // Here no bit depends on how rows are cut, so the cut may follow the threads: every tile reads all weights anew.
  const int threads = std::min(layout.threads, Team::instance().threads());
  const int64_t rows = weights > kLargeWeights ? up(cuts(batch, threads), 12) : kTileRows;
  const bool cut = layout.threads > 1 && batch >= 32;
  layout.tile_rows = cut ? std::clamp<int64_t>(rows, 12, up(cuts(batch, 2), 4)) : batch;
  layout.fused = weights > kSmallWeights;
  return layout;
}

// Who runs a trainer, for as long as it runs.
class Calling {
 public:
  explicit Calling(std::atomic<std::thread::id>& caller) : caller_(caller) { caller_ = std::this_thread::get_id(); }
  ~Calling() { caller_ = std::thread::id(); }
  Calling(const Calling&) = delete;
  Calling& operator=(const Calling&) = delete;

 private:
  std::atomic<std::thread::id>& caller_;
};

}  // namespace

template <class T>
Trainer<T>::Trainer(std::shared_ptr<const Program<T>> program, int64_t batch, T* params, Penalties<T> penalties)
    : program_(std::move(program)),
      kernels_(&kernels<T>()),
      params_(params),
      penalties_(std::move(penalties)),
      layout_(choose_layout(*program_, batch)),
      seconds_per_row_(program_->flops_per_row() / kFlopsPerSecond),
      score_(*program_, batch),
      intake_(*program_, batch) {
  const Program<T>& p = *program_;
  bool whole_loss = false;
  for (const Loss<T>& one : p.losses) whole_loss = whole_loss || one.kernel->whole_batch || one.kernel->needs_all_rows;
  for (const Metric<T>& one : p.metrics) whole_loss = whole_loss || one.kernel->needs_all_rows;
  for (auto& op : p.ops) actions_.push_back({Action::kForward, op.get(), op->whole_batch()});
  actions_.push_back({Action::kLosses, nullptr, whole_loss});
  for (auto op = p.ops.rbegin(); op != p.ops.rend(); ++op) {
    bool wanted = p.values[(*op)->output].wants_gradient || (*op)->penalty_value() >= 0;
    for (const int input : (*op)->inputs) wanted = wanted || p.values[input].wants_gradient;
    if (wanted) actions_.push_back({Action::kBackward, op->get(), (*op)->whole_batch()});
  }

  plan_pieces();
  const int threads = Team::instance().threads();
  if (layout_.by_tiles) {
    for (int t = 0; t < std::min<int>(threads, layout_.threads); ++t) {
      workspaces_.push_back(std::make_unique<Workspace<T>>(p, layout_.tile_rows, true));
      tables_.push_back(workspaces_.back()->tables());
    }
    whole_.values.assign(p.values.size(), nullptr);
    whole_.gradients.assign(p.values.size(), nullptr);
  } else {
    workspaces_.push_back(std::make_unique<Workspace<T>>(p, batch, true));
    for (int64_t first = 0; first < batch; first += layout_.tile_rows) tables_.push_back(workspaces_[0]->tables(first));
    whole_ = workspaces_[0]->tables();
  }
  for (int64_t c = 0; c < layout_.chunks; ++c) gradients_.emplace_back(p.n_trainable);
  int64_t largest = 0;
  for (const Piece& one : pieces_) largest = std::max(largest, one.end - one.begin);
  for (int t = 0; layout_.fused && t < threads; ++t) scratch_.emplace_back(largest);
  for (auto& op : p.ops) {
    prepared_.emplace_back(op->prepared_size());
    prepared_at_.push_back(prepared_.back().data());
  }
}

// Cuts the trainable parameters into pieces, in order and without gaps.
template <class T>
void Trainer<T>::plan_pieces() {
  const int64_t most = kPieceBytes / static_cast<int64_t>(sizeof(T));
  for (const auto& op : program_->ops) {
    const std::vector<Parameter> parameters = op->parameters();
    if (!program_->values[op->output].wants_gradient) continue;
    for (size_t which = 0; which < parameters.size(); ++which) {
      const Parameter& one = parameters[which];
      const int64_t rows = layout_.fused ? std::max<int64_t>(most / one.row / 12 * 12, 12) : (one.end - one.begin);
      for (int64_t begin = one.begin; begin < one.end; begin += rows * one.row) {
        auto same = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& q) { return q.begin == begin; });
        if (same == pieces_.end()) {
          same = pieces_.insert(same, {begin, std::min(one.end, begin + rows * one.row), {}});
        }
        same->makers.emplace_back(op.get(), static_cast<int>(which));
      }
    }
  }
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  std::vector<Piece> gaps;  // parameters without a gradient
  int64_t at = 0;
  for (const Piece& one : pieces_) {
    if (one.begin > at) gaps.push_back({at, one.begin, {}});
    at = one.end;
  }
  if (at < program_->n_trainable) gaps.push_back({at, program_->n_trainable, {}});
  pieces_.insert(pieces_.end(), gaps.begin(), gaps.end());
}

template <class T>
Frame<T> Trainer<T>::frame(const Tables<T>& tables, int64_t first, int64_t rows) const {
  return {kernels_,
          rows,
          first,
          rows_,
          tables.values.data(),
          tables.gradients.data(),
          params_,
          prepared_at_.data(),
          key_,
          loss_scale_,
          training_};
}

// -- rows -------------------------------------------------------------------------------------------------------------

template <class T>
void Trainer<T>::act(const Action& action, const Frame<T>& frame) {
  switch (action.kind) {
    case Action::kForward:
      return action.op->forward(frame);
    case Action::kBackward:
      return action.op->backward(frame);
    case Action::kLosses:
      score_.losses(frame, training_);
      score_.metrics(frame);
      return keep(frame);
  }
}

// Copies predictions to where the caller wants to see them.
template <class T>
void Trainer<T>::keep(const Frame<T>& frame) {
  for (size_t o = 0; o < steps_->records.size(); ++o) {
    if (!steps_->records[o]) continue;
    const int value = program_->outputs[o];
    const int64_t width = program_->values[value].width;
    std::memcpy(reinterpret_cast<T*>(steps_->records[o]) + (record_row_ + frame.first) * width, frame.values[value],
                static_cast<size_t>(frame.rows * width) * sizeof(T));
  }
}

template <class T>
void Trainer<T>::rows_by_layers(int64_t rows) {
  const int64_t tiles = cuts(rows, layout_.tile_rows);
  const auto of_tile = [&](int64_t tile) {
    const int64_t first = tile * layout_.tile_rows;
    return frame(tables_[tile], first, std::min(layout_.tile_rows, rows - first));
  };
  const size_t end = training_ ? actions_.size() : program_->ops.size() + 1;
  for (size_t from = 0; from < end;) {
    if (actions_[from].whole && tiles > 1 && (training_ || actions_[from].kind == Action::kLosses)) {
      act(actions_[from++], frame(whole_, 0, rows));
      continue;
    }
    size_t to = from + 1;
    while (to < end && !(actions_[to].whole && tiles > 1)) ++to;
    Team::instance().run(tiles, layout_.threads, [&](int64_t tile, int) {
      const Frame<T> mine = of_tile(tile);
      for (size_t i = from; i < to; ++i) act(actions_[i], mine);
    });
    from = to;
  }
}

template <class T>
void Trainer<T>::rows_by_tiles(int64_t rows) {
  const int64_t chunk_rows = layout_.chunk_tiles * layout_.tile_rows;
  const size_t end = training_ ? actions_.size() : program_->ops.size() + 1;
  const int threads = std::min<int>(layout_.threads, static_cast<int>(workspaces_.size()));
  Team::instance().run(cuts(rows, chunk_rows), threads, [&](int64_t chunk, int thread) {
    const int64_t stop = std::min(rows, (chunk + 1) * chunk_rows);
    for (int64_t first = chunk * chunk_rows; first < stop; first += layout_.tile_rows) {
      intake_.point(tables_[thread], first);
      const Frame<T> mine = frame(tables_[thread], first, std::min(layout_.tile_rows, stop - first));
      for (size_t i = 0; i < end; ++i) act(actions_[i], mine);
      if (!training_) continue;
      for (const Piece& one : pieces_) {
        piece_gradient(one, mine, gradients_[chunk].data() + one.begin, first > chunk * chunk_rows);
      }
    }
  });
}

template <class T>
double Trainer<T>::run_batch(const Steps& steps, int64_t step) {
  const int64_t row = (step - steps.origin) * steps.batch_size;
  rows_ = std::min(steps.batch_size, steps.rows - row);
  record_row_ = (step - steps.first) * steps.batch_size;
  key_ = fold_in(steps.key, static_cast<uint64_t>(step));
  intake_.begin(steps.sources, steps.order, row);
  const int64_t tiles = cuts(rows_, layout_.tile_rows);
  Team::instance().run(tiles, layout_.threads, [&](int64_t tile, int) {
    const int64_t first = tile * layout_.tile_rows;
    intake_.copy(first, std::min(layout_.tile_rows, rows_ - first));
  });
  intake_.point(whole_, 0);
  const Frame<T> whole = frame(whole_, 0, rows_);
  score_.begin(whole);
  if (layout_.by_tiles) {
    rows_by_tiles(rows_);
  } else {
    for (int64_t tile = 0; tile < tiles; ++tile) intake_.point(tables_[tile], tile * layout_.tile_rows);
    rows_by_layers(rows_);
  }
  return score_.total(whole);
}

// -- weights ----------------------------------------------------------------------------------------------------------

template <class T>
void Trainer<T>::piece_gradient(const Piece& piece, const Frame<T>& frame, T* out, bool accumulate) const {
  for (const auto& [op, which] : piece.makers) {
    op->gradient(frame, which, piece.begin, piece.end, out, accumulate);
    accumulate = true;
  }
}

template <class T>
void Trainer<T>::prepare(int64_t begin, int64_t end) {
  for (size_t i = 0; i < program_->ops.size(); ++i) {
    if (prepared_[i].size()) program_->ops[i]->prepare(params_, begin, end, prepared_[i].data());
  }
}

// Makes the gradient of all parameters, in one place.
template <class T>
void Trainer<T>::whole_gradient() {
  T* gradient = gradients_[0].data();
  const int64_t n = program_->n_trainable;
  if (layout_.by_tiles) {
    const int64_t chunks = cuts(rows_, layout_.chunk_tiles * layout_.tile_rows);
    for (int64_t c = 1; c < chunks; ++c) kernels_->elements.add(gradients_[c].data(), gradient, n);
  } else {
    const Frame<T> whole = frame(whole_, 0, rows_);
    Team::instance().run(static_cast<int64_t>(pieces_.size()), layout_.weight_threads, [&](int64_t i, int) {
      piece_gradient(pieces_[i], whole, gradient + pieces_[i].begin, false);
    });
  }
  if (!penalties_.empty()) penalties_.add_gradient(params_, 0, n, gradient, loss_scale_);
}

// Each piece of the parameters gets its gradient and is updated while that is in cache.
template <class T>
void Trainer<T>::learn_fused(Optimizer<T>& optimizer) {
  const Frame<T> whole = frame(whole_, 0, rows_);
  const int threads = std::min<int>(layout_.weight_threads, static_cast<int>(scratch_.size()));
  Team::instance().run(static_cast<int64_t>(pieces_.size()), threads, [&](int64_t i, int thread) {
    const Piece& one = pieces_[i];
    T* gradient = scratch_[thread].data();
    piece_gradient(one, whole, gradient, false);
    if (!penalties_.empty()) penalties_.add_gradient(params_, one.begin, one.end, gradient, loss_scale_);
    optimizer.update_range(one.begin, one.end, gradient);
    if (!optimizer.constrains()) prepare(one.begin, one.end);
  });
}

template <class T>
void Trainer<T>::learn(Optimizer<T>& optimizer) {
  if (layout_.fused && optimizer.fusable() && penalties_.elementwise()) {
    learn_fused(optimizer);
    optimizer.end_step();
    if (optimizer.constrains()) prepare(0, program_->n_trainable);
    return;
  }
  whole_gradient();
  optimizer.condition(gradients_[0].data());
  optimizer.update_range(0, program_->n_trainable, gradients_[0].data());
  optimizer.end_step();
  prepare(0, program_->n_trainable);
}

// -- steps ------------------------------------------------------------------------------------------------------------

template <class T>
int64_t Trainer<T>::run(const Steps& steps, Optimizer<T>* optimizer, double* losses, Totals& totals) {
  if (caller_ == std::this_thread::get_id()) {
    throw std::logic_error("A signal handler must not train or evaluate the model that it has interrupted.");
  }
  const std::lock_guard<std::mutex> lock(one_at_a_time_);
  const Calling calling(caller_);
  const Team::Busy busy;
  training_ = optimizer != nullptr;
  steps_ = &steps;
  loss_scale_ = optimizer ? optimizer->loss_scale() : T(1);
  if (training_) prepare(0, program_->n_params);
  const double seconds = seconds_per_row_ * static_cast<double>(steps.batch_size);
  const int64_t ask_every = seconds > kLongStep ? 1 : 16;
  auto asked = std::chrono::steady_clock::now();
  for (int64_t step = steps.first; step < steps.last; ++step) {
    double loss = run_batch(steps, step);
    const Frame<T> whole = frame(whole_, 0, rows_);
    if (!penalties_.empty()) loss += static_cast<double>(penalties_.value(params_));
    losses[step - steps.first] = loss;
    if (training_ && !std::isfinite(loss)) {  // the metrics see it, nothing learns from it
      score_.add(whole, loss, totals);
      return step - steps.first + 1;
    }
    if (optimizer) {
      optimizer->begin_step(steps.rates[step - steps.first]);
      learn(*optimizer);
    }
    score_.add(whole, loss, totals);
    if (!steps.stop || step % ask_every != 0) continue;
    const auto now = std::chrono::steady_clock::now();
    if (now - asked < kAskEvery) continue;
    asked = now;
    if (steps.stop()) return step - steps.first + 1;
  }
  return steps.last - steps.first;
}

template <class T>
int64_t Trainer<T>::train(const Steps& steps, Optimizer<T>& optimizer, double* losses, Totals& totals) {
  return run(steps, &optimizer, losses, totals);
}

template <class T>
int64_t Trainer<T>::test(const Steps& steps, double* losses, Totals& totals) {
  return run(steps, nullptr, losses, totals);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace chainrule
