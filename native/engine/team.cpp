#include "engine/team.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <exception>
#include <new>
#include <thread>

namespace chainrule {

namespace {

constexpr int kMostWorkers = 256;
constexpr int kSpins = 4000;  // some 50 us, the time between two phases of a step
constexpr int kSpinsAlone = 400;
constexpr int kYields = 1000;  // to others, by a caller whose worker may have lost its core; then it sleeps

inline void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

enum State : int { kIdle, kPosted, kRunning };

}  // namespace

struct Team::Job {
  Task task;
  void* context;
  int64_t tasks;
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure{};  // the first one, for the caller

  void work(int thread) {
    try {
      for (int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < tasks;
           i = next.fetch_add(1, std::memory_order_relaxed)) {
        task(context, i, thread);
      }
    } catch (...) {  // no memory: the tasks that are left do not begin
      next.store(tasks, std::memory_order_relaxed);
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }
};

struct alignas(64) Team::Worker {
  std::atomic<int> state{kIdle};
  std::atomic<bool> taken{false};  // by a caller, from before posting until it is idle again
  std::atomic<bool> asleep{false};
  std::atomic<bool> awaited{false};  // the caller sleeps until it is idle
  Job* job = nullptr;
  int thread = 0;

  // Returns when it has left its job. On a busy machine it may have lost its core in the middle of a task, so that
  // spinning would only keep it from getting one.
  void await() {
    for (int spin = 0; state.load(std::memory_order_acquire) != kIdle; ++spin) {
      pause_briefly();
      if (spin < kSpinsAlone) continue;
      if (spin < kSpinsAlone + kYields) {
        sched_yield();
        continue;
      }
      awaited.store(true, std::memory_order_seq_cst);
      const int seen = state.load(std::memory_order_seq_cst);
      if (seen != kIdle) state.wait(seen);
      awaited.store(false, std::memory_order_relaxed);
    }
  }
};

Team& Team::instance() {
  static Team* team = new Team;  // never destroyed: workers may outlive static objects
  return *team;
}

Team::Team() {
  for (auto& worker : workers_) worker = nullptr;
  pthread_atfork(nullptr, nullptr, after_fork);
}

// The child of a fork has no workers: forget them, and make new ones when they are needed.
void Team::after_fork() {
  Team& team = instance();
  new (&team.growing_) std::mutex;
  team.size_ = 0;
  team.callers_ = 0;
  for (auto& worker : team.workers_) worker = nullptr;
}

void Team::set_threads(int count) { limit_ = std::clamp(count, 1, kMostWorkers); }

Team::Worker* Team::worker(int index) {
  Worker* found = workers_[index].load(std::memory_order_acquire);
  if (found) return found;
  const std::lock_guard<std::mutex> lock(growing_);
  found = workers_[index].load(std::memory_order_acquire);
  if (found) return found;
  found = new Worker;
  try {
    std::thread([this, found] { work(*found); }).detach();
  } catch (...) {  // no more threads to be had: do without
    delete found;
    return nullptr;
  }
  workers_[index].store(found, std::memory_order_release);
  size_.fetch_add(1);
  return found;
}

void Team::work(Worker& me) {
  for (;;) {
    for (int spin = 0; me.state.load(std::memory_order_acquire) != kPosted; ++spin) {
      if (spin < kSpins) {
        pause_briefly();
        if (spin % 512 == 511) sched_yield();
        continue;
      }
      me.asleep.store(true, std::memory_order_seq_cst);
      const int seen = me.state.load(std::memory_order_seq_cst);
      if (seen != kPosted) me.state.wait(seen);
      me.asleep.store(false, std::memory_order_relaxed);
    }
    int posted = kPosted;
    if (!me.state.compare_exchange_strong(posted, kRunning, std::memory_order_acq_rel)) continue;
    me.job->work(me.thread);
    me.state.store(kIdle, std::memory_order_seq_cst);
    if (me.awaited.load(std::memory_order_seq_cst)) me.state.notify_one();
  }
}

void Team::run(int64_t tasks, int threads, Task task, void* context) {
  Job job{task, context, tasks};
  const int wanted = static_cast<int>(std::min<int64_t>(threads, tasks)) - 1;
  Worker* mine[kMostWorkers];
  int count = 0;
  for (int i = 0; count < wanted && i < helpers(); ++i) {
    Worker* one = worker(i);
    if (!one || one->taken.exchange(true, std::memory_order_acquire)) continue;
    mine[count] = one;
    one->job = &job;
    one->thread = ++count;
    one->state.store(kPosted, std::memory_order_seq_cst);
    if (one->asleep.load(std::memory_order_seq_cst)) one->state.notify_one();
  }
  job.work(0);
  for (int i = 0; i < count; ++i) {
    int posted = kPosted;
    if (!mine[i]->state.compare_exchange_strong(posted, kIdle, std::memory_order_acq_rel)) mine[i]->await();
    mine[i]->taken.store(false, std::memory_order_release);
  }
  if (job.failed) std::rethrow_exception(job.failure);
}

int Team::helpers() const {
  return limit_.load(std::memory_order_relaxed) - std::max(callers_.load(std::memory_order_relaxed), 1);
}

}  // namespace chainrule
