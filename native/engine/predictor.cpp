#include "engine/predictor.hpp"

#include <algorithm>
#include <cstring>

#include "engine/team.hpp"

namespace chainrule {

namespace {

constexpr int64_t kTileBytes = 192 << 10;  // of values of a tile: they stay in the second-level cache
constexpr double kFlopsPerThread = 3e6;    // that make one more thread pay

}  // namespace

template <class T>
struct Predictor<T>::Desk {
  Desk(const Program<T>& program, int64_t rows)
      : rows(rows), workspace(program, rows, false), intake(program, rows), tables(workspace.tables()) {}

  int64_t rows;
  Workspace<T> workspace;
  Intake<T> intake;
  Tables<T> tables;
};

template <class T>
Predictor<T>::Predictor(std::shared_ptr<const Program<T>> program, const T* params)
    : program_(std::move(program)), kernels_(&kernels<T>()), params_(const_cast<T*>(params)) {
  const int64_t fitting = kTileBytes / std::max<int64_t>(bytes_per_row(*program_, false), 1) / 12 * 12;
  tile_rows_ = std::clamp<int64_t>(fitting, 48, 480);
}

template <class T>
Predictor<T>::~Predictor() = default;

template <class T>
std::unique_ptr<typename Predictor<T>::Desk> Predictor<T>::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (free_.empty()) return std::make_unique<Desk>(*program_, tile_rows_);
  auto desk = std::move(free_.back());
  free_.pop_back();
  return desk;
}

template <class T>
void Predictor<T>::give_back(std::unique_ptr<Desk> desk) {
  const std::lock_guard<std::mutex> lock(mutex_);
  free_.push_back(std::move(desk));
}

template <class T>
void Predictor<T>::predict_tile(Desk& desk, const std::vector<Source>& sources, int64_t first, int64_t rows,
                                const std::vector<T*>& outputs) {
  desk.intake.begin(sources, nullptr, first);
  desk.intake.copy(0, rows);
  desk.intake.point(desk.tables, 0);
  const Frame<T> frame{kernels_, rows,  first, rows, desk.tables.values.data(), desk.tables.gradients.data(), params_,
                       nullptr,  Key{}, T(1),  false};
  for (const auto& op : program_->ops) op->forward(frame);
  for (size_t o = 0; o < outputs.size(); ++o) {
    const int64_t width = program_->values[program_->outputs[o]].width;
    std::memcpy(outputs[o] + first * width, frame.values[program_->outputs[o]],
                static_cast<size_t>(rows * width) * sizeof(T));
  }
}

template <class T>
void Predictor<T>::predict(const std::vector<Source>& sources, int64_t rows, const std::vector<T*>& outputs) {
  const int64_t tiles = (rows + tile_rows_ - 1) / tile_rows_;
  double flops = 1e3;
  for (const auto& op : program_->ops) flops += op->flops_per_row();
  const double threads = std::clamp(flops * static_cast<double>(rows) / kFlopsPerThread, 1.0, 64.0);
  if (tiles <= 1 || threads < 2) {
    auto desk = take();
    for (int64_t first = 0; first < rows; first += tile_rows_) {
      predict_tile(*desk, sources, first, std::min(tile_rows_, rows - first), outputs);
    }
    return give_back(std::move(desk));
  }
  const Team::Busy busy;
  constexpr int64_t per_task = 4;
  Team::instance().run((tiles + per_task - 1) / per_task, static_cast<int>(threads), [&](int64_t task, int) {
    auto desk = take();
    for (int64_t tile = task * per_task; tile < std::min(tiles, (task + 1) * per_task); ++tile) {
      predict_tile(*desk, sources, tile * tile_rows_, std::min(tile_rows_, rows - tile * tile_rows_), outputs);
    }
    give_back(std::move(desk));
  });
}

template class Predictor<float>;
template class Predictor<double>;

}  // namespace chainrule
