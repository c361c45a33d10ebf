// A mutex whose use clang checks (-Wthread-safety), and the words to annotate with.
//
// Why not absl's: its library is built without thread-sanitizer hooks, so TSan would not see
// who waits for whom; std::mutex it knows.
#pragma once

#include <mutex>

#if defined(__clang__)
#define VIPD_ANNOTATE(x) __attribute__((x))
#else
#define VIPD_ANNOTATE(x)
#endif

#define VIPD_GUARDED_BY(mutex) VIPD_ANNOTATE(guarded_by(mutex))
#define VIPD_REQUIRES(mutex) VIPD_ANNOTATE(requires_capability(mutex))
#define VIPD_EXCLUDES(mutex) VIPD_ANNOTATE(locks_excluded(mutex))

namespace vipd::base {

class VIPD_ANNOTATE(capability("mutex")) Mutex {
 public:
  void lock() VIPD_ANNOTATE(acquire_capability()) { mutex_.lock(); }
  void unlock() VIPD_ANNOTATE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class VIPD_ANNOTATE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) VIPD_ANNOTATE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() VIPD_ANNOTATE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace vipd::base
