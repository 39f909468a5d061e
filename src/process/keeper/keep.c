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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 8, LINE = 64, FIRST_LOOK_MS = 5, RAREST_LOOK_MS = 200, KILL_PATIENCE_MS = 5000 };

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
static const char *cause = "exited";
static enum { LET_RUN, STOP_GROUP, STOP_TREE } order = LET_RUN;
static long long kill_at_ms;
static long long close_at_ms;
static long look_ms = FIRST_LOOK_MS;
static bool has_ended;

long long steady_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
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

/* Writes down what has happened, then tells it. */
static void announce(const char *name, const char *text) {
    write_record(name, text);
    strncat(told, text, sizeof told - strlen(told) - 1);
    for (size_t at = 0; at < CLIENTS; at += 1) tell(&clients[at], text);
}

/* Ends what is left, from now on: SIGTERM, the grace time, SIGKILL. The earliest end that anybody wanted counts. */
static void stop(int whose, const char *why, long grace_ms) {
    long long at = steady_ms() + grace_ms;
    if (!has_ended && order == LET_RUN) cause = why;
    if (order == LET_RUN || at < kill_at_ms) kill_at_ms = at;
    if (whose > (int)order) order = whose;
    look_ms = FIRST_LOOK_MS;
}

/* Its number is taken as long as anybody is in it, and as long as the leader is not collected. */
static bool signal_group(int signal_number) {
    return leader > 1 && kill(-leader, signal_number) == 0;
}

static void obey(const char *line) {
    long number;
    if (sscanf(line, "stop %ld", &number) == 1 && number >= 0) stop(STOP_TREE, "stopped", number);
    else if (sscanf(line, "signal %ld", &number) == 1 && number > 0 && number < NSIG && !has_ended) {
        signal_group((int)number);
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

/* SIGTERM to those that had none yet, with SIGCONT so that a stopped process can act on it; then SIGKILL to all. */
static void press(bool is_time_up) {
    if (order == STOP_TREE) {
        signal_descendants(is_time_up ? SIGKILL : SIGTERM, !is_time_up);
        return;
    }
    static bool was_asked;
    if (is_time_up) signal_group(SIGKILL);
    else if (!was_asked) signal_group(SIGTERM), signal_group(SIGCONT);
    was_asked = true;
}

/* One look at what is left. Answers whether the keeper has to stay. */
static bool carry_on(void) {
    bool is_anybody_left = collect();
    long long now = steady_ms();
    if (!is_anybody_left) return false;
    if (!has_ended && close_at_ms > 0 && now >= close_at_ms) {
        close_at_ms = 0;
        stop(STOP_TREE, "start_to_close", intent.grace_ms);
    }
    if (has_ended && order == LET_RUN) stop(STOP_GROUP, cause, intent.grace_ms);
    /* What has left the group of a command that ended by itself has a life of its own. */
    if (order == STOP_GROUP && !signal_group(0)) return false;
    if (order == LET_RUN) return true;
    press(now >= kill_at_ms);
    /* SIGKILL works at once, or not until a call of the system returns: then nobody can do more. */
    return !has_ended || now - kill_at_ms < KILL_PATIENCE_MS;
}

static void start(void) {
    char text[160];
    struct started started;
    struct failure failure = {.stage = 'f'};
    if (start_command(&intent, &started) != 0) {
        snprintf(text, sizeof text, "failed f %d\n", errno);
        announce("failed", text);
        return;
    }
    leader = started.pid;
    snprintf(text, sizeof text, "started %ld %llu %lld\n", (long)leader, start_ticks(leader), wall_ms());
    /* Before it may run: what nobody knows of must not be. Told only when it does run. */
    write_record("started", text);
    if (release_command(&started, &failure)) {
        if (intent.close_ms > 0) close_at_ms = steady_ms() + intent.close_ms;
        announce("started", text);
        return;
    }
    leader = 0;
    snprintf(text, sizeof text, "failed %c %d\n", failure.stage, failure.error);
    announce("failed", text);
}

/* Milliseconds to the next look; -1: when something happens. */
static int patience(void) {
    if (order == LET_RUN) {
        if (close_at_ms == 0) return -1;
        long long left = close_at_ms - steady_ms();
        return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
    }
    long long to_kill = kill_at_ms - steady_ms();
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

int keep(int listener) {
    char text[64];
    for (size_t at = 0; at < CLIENTS; at += 1) clients[at].fd = -1;
    prctl(PR_SET_NAME, "sessiond-keeper");
    /* Whatever loses its parent becomes our child, so that nothing can leave the tree. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return 1;
    struct sigaction action = {.sa_handler = wake, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (read_intent(&intent) != 0) return 1;
    snprintf(text, sizeof text, "claimed %ld %llu\n", (long)getpid(), start_ticks(getpid()));
    if (claim_record("claim", text) != 0) return 1;
    start();
    while (carry_on()) serve(listener);
    unlink("socket");
    return 0;
}
