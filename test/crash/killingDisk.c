/*
 * Stands between a process and the disk (LD_PRELOAD): ends the process by SIGKILL at the n-th call that changes
 * something below the folder SESSIOND_KILL_UNDER. The file SESSIOND_KILL_CONTROL says which one that is, two numbers of
 * 64 bits that are shared by memory: how many calls are left, 0 for never, and whether a write is to be cut in half
 * first. So the count begins when somebody sets it, and not with the process. See killingDisk.ts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

struct control {
  atomic_long left;
  atomic_long cuts_writes;
};

static struct control *control;

__attribute__((constructor)) static void share_control(void) {
  const char *path = getenv("SESSIOND_KILL_CONTROL");
  if (path == NULL || getenv("SESSIOND_KILL_UNDER") == NULL) return;
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (shared != MAP_FAILED) control = shared;
}

static int is_armed(void) { return control != NULL && atomic_load(&control->left) > 0; }

static void end(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int is_below(const char *path) {
  const char *folder = getenv("SESSIOND_KILL_UNDER");
  size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/* Lines of logs are none of the steps of anything. */
static int is_log(const char *path) {
  size_t length = strlen(path);
  return length > 4 && strcmp(path + length - 4, ".log") == 0;
}

/* Whether this is the call; answered once. */
static int strikes(const char *path) {
  if (!is_below(path) || is_log(path)) return 0;
  return atomic_fetch_sub(&control->left, 1) == 1;
}

static int strikes_fd(int fd) {
  char link[64], path[4096];
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length <= 0) return 0;
  path[length] = '\0';
  return strikes(path);
}

static void at_path(const char *path) {
  if (is_armed() && strikes(path)) end();
}

static void at_fd(int fd) {
  if (is_armed() && strikes_fd(fd)) end();
}

/* Answers how much of a write is done before the end comes; 0 where it does not come. */
static size_t cut(int fd, size_t count) {
  if (!is_armed() || !strikes_fd(fd)) return 0;
  if (!atomic_load(&control->cuts_writes) || count < 2) end();
  return count / 2;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  size_t half = cut(fd, count);
  if (half == 0) return REAL(write)(fd, bytes, count);
  REAL(write)(fd, bytes, half);
  end();
  return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  size_t half = cut(fd, count);
  if (half == 0) return REAL(pwrite64)(fd, bytes, count, offset);
  REAL(pwrite64)(fd, bytes, half, offset);
  end();
  return -1;
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  at_fd(fd);
  return REAL(writev)(fd, pieces, count);
}
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) {
  at_fd(fd);
  return REAL(pwritev64)(fd, pieces, count, offset);
}
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) {
  return pwritev64(fd, pieces, count, offset);
}

int fsync(int fd) {
  at_fd(fd);
  return REAL(fsync)(fd);
}
int fdatasync(int fd) {
  at_fd(fd);
  return REAL(fdatasync)(fd);
}
int ftruncate64(int fd, off64_t length) {
  at_fd(fd);
  return REAL(ftruncate64)(fd, length);
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *from, const char *to) {
  at_path(to);
  return REAL(rename)(from, to);
}
int link(const char *from, const char *to) {
  at_path(to);
  return REAL(link)(from, to);
}
int symlink(const char *target, const char *path) {
  at_path(path);
  return REAL(symlink)(target, path);
}
int unlink(const char *path) {
  at_path(path);
  return REAL(unlink)(path);
}
int remove(const char *path) {
  at_path(path);
  return REAL(remove)(path);
}
int rmdir(const char *path) {
  at_path(path);
  return REAL(rmdir)(path);
}
int mkdir(const char *path, mode_t mode) {
  at_path(path);
  return REAL(mkdir)(path, mode);
}

/* An opening counts where it may make a file, or empty one. */
int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (flags & (O_CREAT | O_TRUNC)) at_path(path);
  return REAL(open64)(path, flags, mode);
}
