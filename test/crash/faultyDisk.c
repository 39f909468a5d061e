/*
 * Stands between a process and the disk (LD_PRELOAD): lets a call on a file of the journal fail while a file of the
 * call's name lies in the folder SESSIOND_FAULTS. That file holds the error, EIO or ENOSPC or SHORT, and behind it
 * `once` where the fault is to strike one call alone. See faultyDisk.ts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* What a write that is cut short takes: fewer bytes than any record has. */
#define SHORT_BYTES 10
#define SHORT (-1)

/* A sync that fails does so late: by then others wait for the next one. */
#define SYNC_FAILS_AFTER_US 100000

static int is_journal(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = '\0';
  return strstr(path, "/journal/") != NULL;
}

/* Answers 0 where the call is to work, else the error that it is to fail with. */
static int fault(const char *call, int fd) {
  const char *folder = getenv("SESSIOND_FAULTS");
  char path[4096], text[64] = "";
  int before = errno;
  if (folder == NULL) return 0;
  snprintf(path, sizeof path, "%s/%s", folder, call);
  int trigger = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (trigger < 0) {
    errno = before;
    return 0;
  }
  ssize_t length = syscall(SYS_read, trigger, text, sizeof text - 1);
  syscall(SYS_close, trigger);
  errno = before;
  if (length <= 0 || !is_journal(fd)) return 0;
  if (strstr(text, "once") != NULL && unlink(path) != 0) return 0;
  if (strstr(text, "SHORT") != NULL) return SHORT;
  return strstr(text, "ENOSPC") != NULL ? ENOSPC : EIO;
}

static int sync_or_fail(long number, int fd) {
  int error = fault("sync", fd);
  if (error == 0) return syscall(number, fd);
  usleep(SYNC_FAILS_AFTER_US);
  errno = error;
  return -1;
}

int fsync(int fd) { return sync_or_fail(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_or_fail(SYS_fdatasync, fd); }

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  int error = fault("write", fd);
  if (error == SHORT && count > SHORT_BYTES) count = SHORT_BYTES;
  if (error <= 0) return syscall(SYS_pwrite64, fd, bytes, count, offset);
  errno = error;
  return -1;
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

int ftruncate64(int fd, off64_t length) {
  int error = fault("truncate", fd);
  if (error == 0) return syscall(SYS_ftruncate, fd, length);
  errno = error;
  return -1;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
