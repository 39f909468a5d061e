#define _GNU_SOURCE
#include "keeper.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same numbers on every machine; older headers do not have them. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

/* One process, as /proc shows it. */
struct process {
    pid_t pid;
    pid_t parent;
    pid_t group;
    unsigned long long ticks;
    bool is_descendant;
    bool has_ended;
};

/* Those that had a signal of a call with `once`. */
static struct {
    pid_t pid;
    unsigned long long ticks;
} *signalled;
static size_t signalled_count;

/* The name of a process may hold anything, parentheses and spaces included; what counts stands behind the last one. */
static bool read_process(pid_t pid, struct process *process) {
    char path[32];
    char text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) return false;
    text[length] = '\0';
    const char *rest = strrchr(text, ')');
    char state;
    long parent;
    long group;
    long threads;
    if (rest == NULL) return false;
    int fields = sscanf(rest + 1,
                        " %c %ld %ld %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %llu",
                        &state, &parent, &group, &threads, &process->ticks);
    if (fields != 5) return false;
    process->pid = pid;
    process->parent = (pid_t)parent;
    process->group = (pid_t)group;
    /* A process whose first thread has ended shows Z as well, while its other threads go on. */
    process->has_ended = (state == 'Z' || state == 'X') && threads <= 1;
    process->is_descendant = false;
    return true;
}

unsigned long long start_ticks(pid_t pid) {
    struct process process;
    return read_process(pid, &process) ? process.ticks : 0;
}

static int by_pid(const void *left, const void *right) {
    return ((const struct process *)left)->pid - ((const struct process *)right)->pid;
}

/* All processes, by pid. NULL where they cannot be listed. */
static struct process *list_processes(size_t *count) {
    DIR *folder = opendir("/proc");
    if (folder == NULL) return NULL;
    size_t room = 256;
    struct process *all = malloc(room * sizeof *all);
    *count = 0;
    for (struct dirent *entry; all != NULL && (entry = readdir(folder)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        if (*count == room) {
            room *= 2;
            struct process *more = realloc(all, room * sizeof *all);
            if (more == NULL) break;
            all = more;
        }
        if (read_process((pid_t)atol(entry->d_name), &all[*count])) *count += 1;
    }
    closedir(folder);
    if (all != NULL) qsort(all, *count, sizeof *all, by_pid);
    return all;
}

static void mark_descendants(struct process *all, size_t count) {
    pid_t self = getpid();
    /* A child may have a smaller pid than its parent, where pids began anew: until nothing changes. */
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        for (size_t at = 0; at < count; at += 1) {
            if (all[at].is_descendant) continue;
            struct process key = {.pid = all[at].parent};
            struct process *parent = bsearch(&key, all, count, sizeof *all, by_pid);
            if (all[at].parent != self && (parent == NULL || !parent->is_descendant)) continue;
            all[at].is_descendant = true;
            has_changed = true;
        }
    }
}

static bool was_signalled(const struct process *process) {
    for (size_t at = 0; at < signalled_count; at += 1) {
        if (signalled[at].pid == process->pid && signalled[at].ticks == process->ticks) return true;
    }
    return false;
}

static void note_signalled(const struct process *process) {
    void *more = realloc(signalled, (signalled_count + 1) * sizeof *signalled);
    /* Without memory one gets its signal again, which does less harm than none. */
    if (more == NULL) return;
    signalled = more;
    signalled[signalled_count].pid = process->pid;
    signalled[signalled_count++].ticks = process->ticks;
}

/*
 * Signals the very process that was seen. Between the look and here it may have ended and its pid be in use again: a
 * descriptor holds one process fast, and the start time tells whether it is still that one.
 */
static void send_signal(const struct process *process, int signal_number) {
    int held = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (start_ticks(process->pid) == process->ticks) {
        if (held >= 0) syscall(SYS_pidfd_send_signal, held, signal_number, NULL, 0);
        /* A kernel before 5.3, or no descriptor left. */
        else if (errno != ESRCH) kill(process->pid, signal_number);
    }
    if (held >= 0) close(held);
}

int signal_descendants(int signal_number, struct aim aim) {
    size_t count = 0;
    struct process *all = list_processes(&count);
    if (all == NULL) return -1;
    mark_descendants(all, count);
    int living = 0;
    for (size_t at = 0; at < count; at += 1) {
        const struct process *one = &all[at];
        if (!one->is_descendant || one->has_ended || (aim.group != 0 && one->group != aim.group)) continue;
        living += 1;
        if (aim.once && was_signalled(one)) continue;
        send_signal(one, signal_number);
        /* A stopped process acts on a signal only when it goes on. */
        if (signal_number == SIGTERM) send_signal(one, SIGCONT);
        if (aim.once) note_signalled(one);
    }
    free(all);
    return living;
}
