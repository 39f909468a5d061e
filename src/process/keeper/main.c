#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same number on every machine; older headers do not have it. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static _Noreturn void become_keeper(int ready_fd) {
    setsid();
    signal(SIGCHLD, SIG_DFL);
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd += 1) dup2(nothing, fd);
    if (ready_fd != 3) dup2(ready_fd, 3);
    fcntl(3, F_SETFD, FD_CLOEXEC);
    syscall(SYS_close_range, 4, ~0U, 0);
    _exit(keep(3));
}

/* Forks a keeper for the command whose intent lies in the working directory; answers its pid, or minus an errno. */
static long keeper_here(void) {
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) return -errno;
    pid_t pid = fork();
    if (pid == 0) {
        close(ready[0]);
        become_keeper(ready[1]);
    }
    int error = pid < 0 ? errno : 0;
    close(ready[1]);
    if (pid > 0) {
        ssize_t count;
        do count = read(ready[0], &error, sizeof error);
        while (count < 0 && errno == EINTR);
        /* It is gone without a word. */
        if (count != (ssize_t)sizeof error) error = ECHILD;
    }
    close(ready[0]);
    return error == 0 ? pid : -error;
}

/*
 * Reads folders, one a line, and answers for each, in order: the pid of its keeper, or minus an errno. It stays small,
 * so that a fork takes a tenth of a millisecond, whatever the heap of the daemon. It ends with its input; keepers go on.
 */
int main(void) {
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; (length = getline(&line, &room, stdin)) > 0;) {
        if (line[length - 1] == '\n') line[length - 1] = '\0';
        long answer = chdir(line) == 0 ? keeper_here() : -errno;
        if (chdir("/") != 0) return 1;
        if (printf("%ld\n", answer) < 0 || fflush(stdout) != 0) return 1;
    }
    return 0;
}
