#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads a whole file with a NUL behind it; its length without that. NULL with errno where that fails. */
static char *read_whole(const char *name, size_t *length) {
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return NULL;
    struct stat stat;
    char *text = NULL;
    if (fstat(fd, &stat) == 0) text = malloc((size_t)stat.st_size + 1);
    size_t done = 0;
    while (text != NULL && done < (size_t)stat.st_size) {
        ssize_t count = read(fd, text + done, (size_t)stat.st_size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        done += (size_t)count;
    }
    close(fd);
    if (text == NULL) return NULL;
    text[done] = '\0';
    *length = done;
    return text;
}

static bool begins(const char *entry, const char *name, char **value) {
    size_t length = strlen(name);
    if (strncmp(entry, name, length) != 0 || entry[length] != '=') return false;
    *value = (char *)entry + length + 1;
    return true;
}

/* Entries are `name=value`, each ended by NUL; `argv` and `env` come once for each of their elements, in order. */
int read_intent(struct intent *intent) {
    size_t length = 0;
    char *text = read_whole("intent", &length);
    if (text == NULL) return -1;
    size_t entries = 1;
    for (size_t at = 0; at < length; at += 1) entries += text[at] == '\0';
    memset(intent, 0, sizeof *intent);
    intent->argv = calloc(entries + 1, sizeof(char *));
    intent->env = calloc(entries + 1, sizeof(char *));
    if (intent->argv == NULL || intent->env == NULL) return -1;
    size_t arguments = 0;
    size_t variables = 0;
    bool is_whole = false;
    char *value;
    for (char *entry = text; entry < text + length; entry += strlen(entry) + 1) {
        if (begins(entry, "argv", &value)) intent->argv[arguments++] = value;
        else if (begins(entry, "env", &value)) intent->env[variables++] = value;
        else if (begins(entry, "openStdin", &value)) intent->open_stdin = true;
        else if (begins(entry, "cwd", &value)) intent->cwd = value;
        else if (begins(entry, "stdin", &value)) intent->stdin_path = value;
        else if (begins(entry, "stdout", &value)) intent->stdout_path = value;
        else if (begins(entry, "stderr", &value)) intent->stderr_path = value;
        else if (begins(entry, "cgroup", &value)) intent->cgroup = value;
        else if (begins(entry, "closeMs", &value)) intent->close_ms = atol(value);
        else if (begins(entry, "closeAtMs", &value)) intent->close_at_ms = atoll(value);
        else if (begins(entry, "graceMs", &value)) intent->grace_ms = atol(value);
        else if (begins(entry, "end", &value)) is_whole = true;
    }
    if (is_whole && arguments > 0 && intent->cwd && intent->stdout_path && intent->stderr_path) return 0;
    errno = EINVAL;
    return -1;
}
