#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 8, LINE = 64, CAUSE = 32 };
/* Milliseconds. Those that are killed may fork meanwhile, so the looks stay close together then. */
enum { FIRST_LOOK_MS = 5, RAREST_LOOK_MS = 200, KILL_LOOK_MS = 20, KILL_PATIENCE_MS = 5000, RECORD_PAUSE_MS = 1000 };
/* So often in a row is looked for more to kill: whoever forks fast enough slips through one look. */
enum { KILL_ROUNDS = 10 };

struct client {
    int fd;
    char line[LINE];
    size_t length;
};

static struct client clients[CLIENTS];
static int wake_pipe[2];
static struct intent intent;
static pid_t leader;
/* What is told to everybody who asks, and to those who are there when it happens. */
static char told[512];
/* Why it is being ended, once somebody wants that. */
static char cause[CAUSE] = "exited";
/* What happened, while no file could be written for it: a full disk passes. */
static const char *unwritten_name;
static char unwritten[160];
static enum { LET_RUN, STOP_GROUP, STOP_TREE } order = LET_RUN;
static long long kill_at_ms;
static long long close_at_ms;
/* What ends it then. */
static const char *close_cause = "start_to_close";
static long look_ms = FIRST_LOOK_MS;
static bool has_ended;

long long steady_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

long long wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wake(int signal_number) {
    int error = errno;
    char byte = (char)signal_number;
    ssize_t ignored = write(wake_pipe[1], &byte, 1);
    (void)ignored;
    errno = error;
}

static void drop(struct client *client) {
    close(client->fd);
    client->fd = -1;
}

/* A daemon that does not read is no reason to wait: it finds the files, or connects again. */
static void tell(struct client *client, const char *text) {
    if (client->fd >= 0 && send(client->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) drop(client);
}

/* Tries again what could not be written down. The folder may be gone: then nobody wants it. */
static void write_late(void) {
    if (unwritten_name == NULL) return;
    if (write_record(unwritten_name, unwritten) == 0 || errno == ENOENT) unwritten_name = NULL;
}

/* Writes down what has happened, then tells it. */
static void announce(const char *name, const char *text) {
    unwritten_name = name;
    snprintf(unwritten, sizeof unwritten, "%s", text);
    write_late();
    strncat(told, text, sizeof told - strlen(told) - 1);
    for (size_t at = 0; at < CLIENTS; at += 1) tell(&clients[at], text);
}

/* Ends what is left, from now on: SIGTERM, the grace time, SIGKILL. The earliest end that anybody wanted counts. */
static void stop(int whose, const char *why, long grace_ms) {
    long long at = steady_ms() + grace_ms;
    if (!has_ended && order == LET_RUN) snprintf(cause, sizeof cause, "%s", why);
    /* What has left the group of a command that ended by itself has a life of its own. */
    if (has_ended && order != STOP_TREE) whose = STOP_GROUP;
    if (order == LET_RUN || at < kill_at_ms) kill_at_ms = at;
    if (whose > (int)order) order = whose;
    look_ms = FIRST_LOOK_MS;
}

static void obey(const char *line) {
    long number;
    char why[CAUSE] = "stopped";
    if (strcmp(line, "eof") == 0) end_input();
    else if (sscanf(line, "stop %ld %31[a-z_]", &number, why) >= 1 && number >= 0) stop(STOP_TREE, why, number);
    /* The number of the group is its own as long as the leader is not collected. */
    else if (sscanf(line, "signal %ld", &number) == 1 && number > 0 && number < NSIG && leader > 1 && !has_ended) {
        kill(-leader, (int)number);
    }
}

static void listen_to(struct client *client) {
    ssize_t count = recv(client->fd, client->line + client->length, LINE - client->length, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        drop(client);
        return;
    }
    client->length += (size_t)count;
    for (char *end; (end = memchr(client->line, '\n', client->length)) != NULL;) {
        *end = '\0';
        obey(client->line);
        size_t used = (size_t)(end - client->line) + 1;
        client->length -= used;
        memmove(client->line, client->line + used, client->length);
    }
    /* No line is so long. */
    if (client->length == LINE) drop(client);
}

static void accept_one(int listener) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) return;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    struct ucred peer;
    socklen_t size = sizeof peer;
    bool is_ours = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == getuid();
    for (size_t at = 0; is_ours && at < CLIENTS; at += 1) {
        if (clients[at].fd >= 0) continue;
        clients[at] = (struct client){.fd = fd};
        tell(&clients[at], told);
        return;
    }
    close(fd);
}

static void record_end(int status, const struct rusage *usage) {
    char text[160];
    bool is_exit = WIFEXITED(status);
    snprintf(text, sizeof text, "ended %s %d %s %lld %lld %lld %ld\n", is_exit ? "exit" : "signal",
             is_exit ? WEXITSTATUS(status) : WTERMSIG(status), cause, wall_ms(),
             (long long)usage->ru_utime.tv_sec * 1000 + usage->ru_utime.tv_usec / 1000,
             (long long)usage->ru_stime.tv_sec * 1000 + usage->ru_stime.tv_usec / 1000, usage->ru_maxrss);
    announce("ended", text);
    has_ended = true;
}

/* Collects what has ended. Answers whether anything descends from us still. */
static bool collect(void) {
    for (;;) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG, &usage);
        if (pid == 0) return true;
        if (pid < 0) return errno == EINTR;
        if (pid == leader) record_end(status, &usage);
    }
}

/* SIGTERM to those that had none yet, or SIGKILL to all. Answers how many there were, -1 where nobody can look. */
static int press(bool is_time_up) {
    pid_t group = order == STOP_TREE ? 0 : leader;
    if (!is_time_up) return signal_descendants(SIGTERM, (struct aim){.group = group, .once = true});
    int count = 0;
    for (int round = 0; round < KILL_ROUNDS; round += 1) {
        count = signal_descendants(SIGKILL, (struct aim){.group = group});
        if (count <= 0) break;
        collect();
    }
    return count;
}

/* One look at what is left. Answers whether the keeper has to stay. */
static bool is_needed(void) {
    if (!collect()) return false;
    long long now = steady_ms();
    if (!has_ended && close_at_ms > 0 && now >= close_at_ms) {
        close_at_ms = 0;
        stop(STOP_TREE, close_cause, intent.grace_ms);
    }
    if (has_ended && order == LET_RUN) stop(STOP_GROUP, cause, intent.grace_ms);
    if (order == LET_RUN) return true;
    int count = press(now >= kill_at_ms);
    static int empty_looks;
    empty_looks = count == 0 ? empty_looks + 1 : 0;
    if (order == STOP_GROUP && empty_looks == 2) return false;
    /* SIGKILL works at once, or not until a call of the system returns: then nobody can do more. */
    return !has_ended || now - kill_at_ms < KILL_PATIENCE_MS;
}

static bool carry_on(void) {
    bool is_over = !is_needed();
    write_late();
    return !is_over || unwritten_name != NULL;
}

/* Whichever of its two limits runs out first. The wall is asked once: what runs is timed by a clock that does not jump. */
static void set_deadline(void) {
    long long now = steady_ms();
    if (intent.close_ms > 0) close_at_ms = now + intent.close_ms;
    if (intent.close_at_ms <= 0) return;
    long long left = intent.close_at_ms - wall_ms();
    long long schedule_at = now + (left > 0 ? left : 0);
    if (close_at_ms > 0 && close_at_ms <= schedule_at) return;
    close_at_ms = schedule_at;
    close_cause = "schedule_to_close";
}

static void start(void) {
    char text[160];
    struct started started;
    struct failure failure = {.stage = 'f'};
    bool has_input = !intent.open_stdin || open_input(intent.stdin_path) == 0;
    if (!has_input || start_command(&intent, &started) != 0) {
        snprintf(text, sizeof text, "failed %c %d\n", has_input ? 'f' : 'i', errno);
        announce("failed", text);
        return;
    }
    leader = started.pid;
    const char *where = enter_cgroup(&intent, leader) ? "held" : "free";
    snprintf(text, sizeof text, "started %ld %llu %lld %s\n", (long)leader, start_ticks(leader), wall_ms(), where);
    /* Before it may run: what nobody knows of must not be. Told only when it does run. */
    if (write_record("started", text) != 0) {
        failure.error = errno;
        abandon_command(&started);
    } else if (release_command(&started, &failure)) {
        set_deadline();
        announce("started", text);
        if (intent.open_stdin) hand_over_input(intent.stdin_path);
        return;
    }
    leader = 0;
    snprintf(text, sizeof text, "failed %c %d\n", failure.stage, failure.error);
    announce("failed", text);
}

/* Milliseconds to the next look; -1: when something happens. */
static int patience(void) {
    if (unwritten_name != NULL) return RECORD_PAUSE_MS;
    if (order == LET_RUN) {
        if (close_at_ms == 0) return -1;
        long long left = close_at_ms - steady_ms();
        return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
    }
    long long to_kill = kill_at_ms - steady_ms();
    if (to_kill <= 0 && look_ms > KILL_LOOK_MS) look_ms = KILL_LOOK_MS;
    long next = look_ms;
    look_ms = look_ms * 2 > RAREST_LOOK_MS ? RAREST_LOOK_MS : look_ms * 2;
    return to_kill > 0 && to_kill < next ? (int)to_kill : (int)next;
}

static void serve(int listener) {
    struct pollfd polled[CLIENTS + 2] = {{.fd = wake_pipe[0], .events = POLLIN}, {.fd = listener, .events = POLLIN}};
    for (size_t at = 0; at < CLIENTS; at += 1) {
        polled[at + 2] = (struct pollfd){.fd = clients[at].fd, .events = POLLIN};
    }
    if (poll(polled, CLIENTS + 2, patience()) <= 0) return;
    char signals[64];
    ssize_t count = polled[0].revents ? read(wake_pipe[0], signals, sizeof signals) : 0;
    for (ssize_t at = 0; at < count; at += 1) {
        /* The machine goes down, or somebody wants it gone: the command with it. */
        if (signals[at] == SIGTERM) stop(STOP_TREE, "stopped", intent.grace_ms);
    }
    for (size_t at = 0; at < CLIENTS; at += 1) {
        if (polled[at + 2].revents && clients[at].fd == polled[at + 2].fd) listen_to(&clients[at]);
    }
    if (polled[1].revents) accept_one(listener);
}

/*
 * Claims the command, and listens on "socket" in the working directory, so that its path may be as long as it likes.
 * Only who has the claim gets to the socket: of two keepers the second must not take the first one's away. -1 with errno.
 */
static int claim_and_listen(void) {
    char text[64];
    if (read_intent(&intent) != 0) return -1;
    snprintf(text, sizeof text, "claimed %ld %llu\n", (long)getpid(), start_ticks(getpid()));
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || claim_record("claim", text) != 0) return -1;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, CLIENTS) == 0) return listener;
    int error = errno;
    /* Nothing was begun: somebody else may. */
    unlink("claim");
    errno = error;
    return -1;
}

int keep(int ready_fd) {
    for (size_t at = 0; at < CLIENTS; at += 1) clients[at].fd = -1;
    prctl(PR_SET_NAME, "sessiond-keeper");
    /* Whatever loses its parent becomes our child, so that nothing can leave the tree. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int listener = pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) == 0 ? claim_and_listen() : -1;
    int error = listener < 0 ? errno : 0;
    struct sigaction action = {.sa_handler = wake, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGHUP, SIG_IGN);
    ssize_t ignored = write(ready_fd, &error, sizeof error);
    (void)ignored;
    close(ready_fd);
    if (listener < 0) return 1;
    start();
    while (carry_on()) serve(listener);
    unlink("socket");
    return 0;
}
