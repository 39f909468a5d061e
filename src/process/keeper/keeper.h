/*
 * The keeper: a small program beside the daemon that starts commands and stays with them, so that a command outlives
 * the daemon and its end is known whoever is there to see it. See README.md in this folder.
 */
#ifndef SESSIOND_KEEPER_H
#define SESSIOND_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What is to be started; read from the file "intent" of the command's folder. All texts live as long as the process. */
struct intent {
    char **argv;
    char **env;
    char *cwd;
    /* The standard input is given piece by piece while it runs: `stdin_path` is a FIFO that is made for it. */
    bool open_stdin;
    char *stdin_path;
    char *stdout_path;
    char *stderr_path;
    /* The folder of the cgroup that it runs in; NULL: that of the keeper. */
    char *cgroup;
    /* How long it may run, and how long from SIGTERM to SIGKILL; milliseconds, 0: no limit, at once. */
    long close_ms;
    /* When all of its tries are over; milliseconds of the wall clock, 0: never. */
    long long close_at_ms;
    long grace_ms;
};

/* intent.c: reads "intent" in the working directory. Answers 0, or -1 with errno. */
int read_intent(struct intent *intent);

/* start.c: the command as a process that waits until it is released. */
struct started {
    pid_t pid;
    int release_fd;
    int failure_fd;
};

/* Why a start failed; `stage` is c: working directory, i, o, e: the files of its input and output, x: the program. */
struct failure {
    char stage;
    int error;
};

/* Forks the command, which does nothing until it is released. Answers 0, or -1 with errno. */
int start_command(const struct intent *intent, struct started *started);

/* Lets it go. Answers whether the program runs; where it does not, `failure` says why and the process is gone. */
bool release_command(struct started *started, struct failure *failure);

/* Puts the command into its cgroup, before it is released: it cannot have forked yet. Answers whether it is there. */
bool enter_cgroup(const struct intent *intent, pid_t pid);

/* Ends it without letting it go. */
void abandon_command(struct started *started);

/* tree.c: everything that descends from this process, whatever session, group or environment it has given itself. */

/* Whom a signal is for. */
struct aim {
    /* The descendants of this process group; 0: all of them. */
    pid_t group;
    /* Only those that did not get one by such a call before. */
    bool once;
};

/*
 * Sends a signal to descendants. Answers how many live that it is for, also those that were left out because they had
 * theirs; -1 where nobody can look.
 */
int signal_descendants(int signal_number, struct aim aim);

/* Clock ticks from boot to the start of a process; 0 where that cannot be known. */
unsigned long long start_ticks(pid_t pid);

/* input.c: a standard input that stays open whatever becomes of the daemon, until somebody says that it ends. */

/* Makes the FIFO, so that the command opens it without waiting. Answers 0, or -1 with errno. */
int open_input(const char *path);

/* The command has it: from now on it shows when nobody reads it any more. */
void hand_over_input(const char *path);

/* End of file, as soon as the daemon has let go of it as well. */
void end_input(void);

/* record.c: small files that are there whole or not at all. Names are those of the working directory. */

/* Replaces a file. Answers 0, or -1 with errno. */
int write_record(const char *name, const char *text);

/* Makes a file unless there is one: only one of several keepers gets it. Answers 0, or -1 with errno (EEXIST). */
int claim_record(const char *name, const char *text);

/*
 * keep.c: keeps the command whose intent lies in the working directory, until it and what it left in its group are gone.
 * When it is claimed and heard of at "socket", or that has failed, an int goes to `ready_fd`: 0, or an errno.
 */
int keep(int ready_fd);

/* Milliseconds of a clock that does not jump, and of the wall. */
long long steady_ms(void);
long long wall_ms(void);

#endif
