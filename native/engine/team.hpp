// Threads that help: one pool for the process, whose idle workers join whoever has tasks.
//
// Tasks are numbered and independent; what they compute must not depend on which thread runs them, so the result is the
// same for every number of threads. A worker waits by spinning for a moment and then sleeps. One that has not begun
// when the caller has finished all tasks is not waited for.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace chainrule {

class Team {
 public:
  static Team& instance();

  // How many threads the process may use in all, callers included; at least 1.
  void set_threads(int count);
  int threads() const { return limit_.load(std::memory_order_relaxed); }

  // Runs task(context, number, thread) for each number in [0, tasks) on up to `threads` threads; `thread` is 0 for the
  // caller and at most threads() - 1. What a task throws is thrown here, once all have left. Several callers share the
  // workers: with as many callers as threads each runs alone.
  using Task = void (*)(void* context, int64_t number, int thread);
  void run(int64_t tasks, int threads, Task task, void* context);

  template <class F>
  void run(int64_t tasks, int threads, F&& f) {
    run(tasks, threads, [](void* c, int64_t number, int thread) { (*static_cast<F*>(c))(number, thread); }, &f);
  }

  // While one exists, its thread counts as busy, so that others leave it its core.
  class Busy {
   public:
    Busy() { instance().callers_.fetch_add(1, std::memory_order_relaxed); }
    ~Busy() { instance().callers_.fetch_sub(1, std::memory_order_relaxed); }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
  };

 private:
  struct Job;
  struct Worker;

  Team();
  void work(Worker& worker);
  Worker* worker(int index);
  int helpers() const;  // workers beside all callers, so that together they are no more than the limit
  static void after_fork();

  std::atomic<int> limit_{1}, callers_{0};
  std::mutex growing_;
  std::atomic<int> size_{0};
  std::atomic<Worker*> workers_[256];
};

}  // namespace chainrule
