#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Our end of the FIFO: as long as somebody has one, whoever reads it waits for more. */
static int held_fd = -1;

static void hold(int fd) {
    if (held_fd >= 0) close(held_fd);
    held_fd = fd;
}

int open_input(const char *path) {
    if (mkfifo(path, 0600) != 0 && errno != EEXIST) return -1;
    /* Both ways, so that neither we nor the command wait for the other end. */
    hold(open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK));
    return held_fd < 0 ? -1 : 0;
}

void hand_over_input(const char *path) {
    /* Fails where the command has closed it already: then there is nothing to hold. */
    hold(open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK));
}

void end_input(void) {
    hold(-1);
}
