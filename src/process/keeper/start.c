#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

static _Noreturn void give_up(int failure_fd, char stage) {
    struct failure failure = {.stage = stage, .error = errno};
    ssize_t ignored = write(failure_fd, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

static void open_as(int target, const char *path, int flags, int failure_fd, char stage) {
    int fd = open(path, flags, 0600);
    if (fd < 0 || dup2(fd, target) < 0) give_up(failure_fd, stage);
    if (fd != target) close(fd);
}

static _Noreturn void become(const struct intent *intent, int release_fd, int failure_fd) {
    char byte;
    ssize_t count;
    do count = read(release_fd, &byte, 1);
    while (count < 0 && errno == EINTR);
    /* The keeper died before it had written down who we are: nobody would ever know of this command. */
    if (count != 1) _exit(127);
    const int append = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY;
    open_as(0, intent->stdin_path ? intent->stdin_path : "/dev/null", O_RDONLY | O_NOCTTY, failure_fd, 'i');
    open_as(1, intent->stdout_path, append, failure_fd, 'o');
    open_as(2, intent->stderr_path, append, failure_fd, 'e');
    if (chdir(intent->cwd) != 0) give_up(failure_fd, 'c');
    for (int number = 1; number < NSIG; number += 1) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    environ = intent->env;
    execvp(intent->argv[0], intent->argv);
    give_up(failure_fd, 'x');
}

int start_command(const struct intent *intent, struct started *started) {
    int release[2];
    int failure[2];
    if (pipe2(release, O_CLOEXEC) != 0 || pipe2(failure, O_CLOEXEC) != 0) return -1;
    pid_t pid = fork();
    if (pid < 0) return -1;
    if (pid == 0) {
        close(release[1]);
        close(failure[0]);
        setsid();
        become(intent, release[0], failure[1]);
    }
    close(release[0]);
    close(failure[1]);
    *started = (struct started){.pid = pid, .release_fd = release[1], .failure_fd = failure[0]};
    return 0;
}

bool enter_cgroup(const struct intent *intent, pid_t pid) {
    if (intent->cgroup == NULL) return false;
    int folder = open(intent->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return false;
    int file = openat(folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    bool has_entered = file >= 0 && dprintf(file, "%ld\n", (long)pid) > 0;
    if (file >= 0) close(file);
    close(folder);
    return has_entered;
}

bool release_command(struct started *started, struct failure *failure) {
    ssize_t count = write(started->release_fd, "g", 1);
    close(started->release_fd);
    /* The pipe is closed by the exec: nothing to read means that the program runs. */
    do count = read(started->failure_fd, failure, sizeof *failure);
    while (count < 0 && errno == EINTR);
    close(started->failure_fd);
    return count != (ssize_t)sizeof *failure;
}

void abandon_command(struct started *started) {
    close(started->release_fd);
    close(started->failure_fd);
}
