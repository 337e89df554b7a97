#include "engine/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace chainrule {

namespace {

std::vector<OptimizerSettings::Variable> merged(const std::vector<OptimizerSettings::Variable>& variables) {
  std::vector<OptimizerSettings::Variable> spans;
  for (const auto& v : variables) {
    if (!spans.empty() && spans.back().end == v.begin && spans.back().decays == v.decays &&
        spans.back().trained == v.trained) {
      spans.back().end = v.end;
    } else {
      spans.push_back(v);
    }
  }
  return spans;
}

}  // namespace

template <class T>
Optimizer<T>::Optimizer(OptimizerSettings settings, const OptimizerMemory<T>& memory, const Kernels<T>& kernels)
    : settings_(std::move(settings)),
      memory_(memory),
      kernels_(&kernels),
      kernel_(settings_.name.empty() ? nullptr : kernels.updates.find(settings_.name.c_str())),
      spans_(merged(settings_.variables)),
      first_moment_((settings_.average ? 1 : 0) + (settings_.accumulation > 1 ? 1 : 0)) {
  if (!kernel_ && !settings_.name.empty()) {
    throw std::invalid_argument("no native optimizer '" + settings_.name + "'");
  }
  fusable_ =
      kernel_ && settings_.accumulation <= 1 && settings_.clip != Clip::kNorm && settings_.clip != Clip::kGlobalNorm;
}

template <class T>
void Optimizer<T>::begin_step(double rate) {
  if (hands_over()) return;
  const int64_t calls = *memory_.iterations, every = std::max<int64_t>(settings_.accumulation, 1);
  const int64_t updates = calls / every;
  due_ = (calls + 1) % every == 0;
  rate_ = static_cast<T>(rate);
  average_momentum_ = updates ? static_cast<T>(settings_.average_momentum) : T(0);
  overwrite_ = settings_.overwrite > 0 && (updates + 1) % settings_.overwrite == 0;
  if (due_) kernel_->prepare(settings_.settings.data(), rate, updates + 1, scalars_, memory_.state);
}

// -- the gradient -----------------------------------------------------------------------------------------------------

template <class T>
void Optimizer<T>::condition(T* gradient) {
  if (fusable_) return;
  if (hands_over()) {
    std::memcpy(memory_.rows, gradient, static_cast<size_t>(memory_.n) * sizeof(T));
    return;
  }
  const GradientKernels<T>& of = kernels_->gradients;
  for (const auto& span : spans_) {
    if (!span.trained) continue;
    T* g = gradient + span.begin;
    const int64_t n = span.end - span.begin;
    if (settings_.loss_scale != 1) of.divide(g, n, loss_scale());
    if (settings_.accumulation > 1) accumulate(g, span.begin, n);
    if (due_ && settings_.clip == Clip::kValue) of.clip(g, n, static_cast<T>(settings_.limit));
  }
  if (due_) clip_norms(gradient);
}

// Stores the gradient, or makes it the average of what is stored and itself.
template <class T>
void Optimizer<T>::accumulate(T* g, int64_t begin, int64_t n) const {
  T* stored = row(settings_.average ? 1 : 0) + begin;
  if (due_) {
    kernels_->gradients.add(g, stored, n);
    kernels_->gradients.divide(g, n, static_cast<T>(settings_.accumulation));
    std::fill(stored, stored + n, T(0));
  } else {
    kernels_->gradients.add(stored, g, n);
  }
}

template <class T>
void Optimizer<T>::clip_norms(T* gradient) const {
  const GradientKernels<T>& of = kernels_->gradients;
  const T limit = static_cast<T>(settings_.limit);
  if (settings_.clip == Clip::kNorm) {
    for (const auto& v : settings_.variables) {
      if (!v.trained) continue;
      T* g = gradient + v.begin;
      const T norm = std::sqrt(of.sum_squares(g, v.end - v.begin));
      of.scale(g, v.end - v.begin, limit);
      of.divide(g, v.end - v.begin, norm < limit ? limit : norm);
    }
  } else if (settings_.clip == Clip::kGlobalNorm) {
    T squares = 0;
    for (const auto& v : settings_.variables) {
      if (v.trained) squares += of.sum_squares(gradient + v.begin, v.end - v.begin);
    }
    const T norm = std::sqrt(squares), inverse = 1 / norm, most = 1 / limit;
    const T factor = limit * (inverse > most ? most : inverse) + (norm - norm);  // NaN if the norm is no number
    for (const auto& span : spans_) {
      if (span.trained) of.scale(gradient + span.begin, span.end - span.begin, factor);
    }
  }
}

// -- the parameters ---------------------------------------------------------------------------------------------------

template <class T>
void Optimizer<T>::update_range(int64_t begin, int64_t end, const T* g) const {
  if (hands_over()) return;
  auto span =
      std::upper_bound(spans_.begin(), spans_.end(), begin, [](int64_t at, const auto& s) { return at < s.end; });
  for (; span != spans_.end() && span->begin < end; ++span) {
    const int64_t first = std::max(begin, span->begin), last = std::min(end, span->end);
    const bool in_one = !settings_.average && !span->decays && !conditions();
    const int64_t length = in_one ? last - first : kChunk;
    for (int64_t i = first; i < last; i += length) update_chunk(*span, i, std::min(length, last - i), g + (i - begin));
  }
}

// The gradient of a chunk as the update wants it: in `buffer` if it must be changed first.
template <class T>
const T* Optimizer<T>::conditioned(const T* g, int64_t n, T* buffer) const {
  if (!conditions()) return g;
  std::memcpy(buffer, g, static_cast<size_t>(n) * sizeof(T));
  if (settings_.loss_scale != 1) kernels_->gradients.divide(buffer, n, loss_scale());
  if (settings_.clip == Clip::kValue) kernels_->gradients.clip(buffer, n, static_cast<T>(settings_.limit));
  return buffer;
}

template <class T>
void Optimizer<T>::update_chunk(const OptimizerSettings::Variable& span, int64_t begin, int64_t n, const T* g) const {
  const GradientKernels<T>& of = kernels_->gradients;
  T* p = memory_.parameters + begin;
  T buffer[kChunk];
  if (due_ && span.trained) {
    UpdateArgs<T> args{p, conditioned(g, n, buffer), {}, n, scalars_};
    for (int k = 0; k < memory_.moments; ++k) args.m[k] = row(first_moment_ + k) + begin;
    if (span.decays) of.decay(p, n, static_cast<T>(settings_.weight_decay), rate_);
    kernel_->run(args);
  }
  if (settings_.average) {
    T* average = row(0) + begin;
    of.average(average, p, n, average_momentum_);
    if (overwrite_) std::memcpy(p, average, static_cast<size_t>(n) * sizeof(T));
  }
}

template <class T>
void Optimizer<T>::end_step() {
  if (hands_over()) return;
  for (const Constraint& c : settings_.constraints) c.apply(memory_.parameters, *kernels_);
  *memory_.iterations = static_cast<int32_t>(static_cast<uint32_t>(*memory_.iterations) + 1);
}

template <class T>
void Optimizer<T>::step(T* gradient, double rate) {
  begin_step(rate);
  condition(gradient);
  update_range(0, memory_.n, gradient);
  end_step();
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace chainrule
