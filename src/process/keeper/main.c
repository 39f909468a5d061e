#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Listens on "socket" in the working directory, so that its path may be as long as it likes. -1 with errno. */
static int listen_here(void) {
    /* Of a keeper that came no further than this; one that did has claimed the command. */
    unlink("socket");
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 8) == 0) return listener;
    int error = errno;
    close(listener);
    errno = error;
    return -1;
}

static _Noreturn void become_keeper(int listener) {
    setsid();
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd += 1) dup2(nothing, fd);
    dup2(listener, 3);
    syscall(SYS_close_range, 4, ~0U, 0);
    fcntl(3, F_SETFD, FD_CLOEXEC);
    _exit(keep(3));
}

/* Forks a keeper for the command whose intent lies in a folder; answers its pid, or minus an errno. */
static long keeper_of(const char *folder) {
    if (chdir(folder) != 0) return -errno;
    if (access("claim", F_OK) == 0) return -EEXIST;
    int listener = listen_here();
    if (listener < 0) return -errno;
    pid_t pid = fork();
    if (pid == 0) become_keeper(listener);
    long answer = pid < 0 ? -errno : pid;
    close(listener);
    return answer;
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
        long answer = keeper_of(line);
        if (chdir("/") != 0) return 1;
        if (printf("%ld\n", answer) < 0 || fflush(stdout) != 0) return 1;
    }
    return 0;
}
