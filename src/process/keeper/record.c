#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The name beside `name` under which a file is written before it is whole. */
static void pending_name(char *pending, size_t size, const char *name) {
    snprintf(pending, size, "%s.%ld", name, (long)getpid());
}

static int write_pending(const char *pending, const char *text) {
    int fd = open(pending, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    size_t length = strlen(text);
    ssize_t count = write(fd, text, length);
    int error = count < 0 ? errno : ENOSPC;
    /* No sync: what a record tells of ends with the machine, and a killed process takes nothing from the page cache. */
    if (close(fd) == 0 && count == (ssize_t)length) return 0;
    unlink(pending);
    errno = error;
    return -1;
}

int write_record(const char *name, const char *text) {
    char pending[64];
    pending_name(pending, sizeof pending, name);
    if (write_pending(pending, text) != 0) return -1;
    return rename(pending, name);
}

int claim_record(const char *name, const char *text) {
    char pending[64];
    pending_name(pending, sizeof pending, name);
    if (write_pending(pending, text) != 0) return -1;
    /* link(2) is the one call that both makes a whole file and fails where there is one. */
    int result = link(pending, name);
    int error = errno;
    unlink(pending);
    errno = error;
    return result;
}
