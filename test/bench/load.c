/*
 * A load generator for line protocols over a Unix socket, so small that the server is what is measured.
 *
 * usage: load <socket> <connections> <in flight each> <lines of an answer> <warm-up s> <measured s> <template>
 *
 * Each request is the template with @ replaced by ten digits that are different for every request and begin with
 * none that is 0, so that they are a number in JSON too; # by two digits that go round (00 to 15), and & by the three
 * digits of the connection. Prints one JSON object: requests, seconds, errors, p50Us, p99Us, cpuSeconds (its own).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The first number with ten digits. */
#define FIRST_REQUEST 1000000000UL

enum { MAX_IN_FLIGHT = 1024, BUFFER = 1 << 20, BUCKETS = 4000000 };

struct connection {
  int fd, number, first, waiting;      /* first and waiting: a ring of the times at which requests were sent */
  double sent[MAX_IN_FLIGHT];
  char *out;                           /* what the socket has not taken yet */
  size_t out_length, out_done;
  char tail[256];                      /* the beginning of the answer that is being read, to tell errors */
  size_t tail_length;
  int lines;                           /* of that answer, as far as they have come */
};

static const char *template_text;
static unsigned long next_request = FIRST_REQUEST;
static int lines_per_answer;
static unsigned *histogram;            /* answers by microseconds */
static unsigned long counted, errors;
static int measuring;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void flush(struct connection *c) {
  while (c->out_done < c->out_length) {
    ssize_t n = write(c->fd, c->out + c->out_done, c->out_length - c->out_done);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail("write");
    c->out_done += n;
  }
  c->out_done = c->out_length = 0;
}

static void put_request(struct connection *c) {
  char *at = c->out + c->out_length;
  for (const char *from = template_text; *from; from++) {
    if (*from == '@') at += sprintf(at, "%lu", next_request);
    else if (*from == '#') at += sprintf(at, "%02lu", next_request % 16);
    else if (*from == '&') at += sprintf(at, "%03d", c->number);
    else *at++ = *from;
  }
  next_request++;
  c->out_length = at - c->out;
  c->sent[(c->first + c->waiting++) % MAX_IN_FLIGHT] = now();
}

static void take_answer(struct connection *c, double at) {
  double took = at - c->sent[c->first];
  c->first = (c->first + 1) % MAX_IN_FLIGHT;
  c->waiting--;
  c->tail[c->tail_length] = 0;
  if (strstr(c->tail, "\"error\"") || c->tail[0] == '-') {
    if (errors++ == 0) fprintf(stderr, "an error was answered: %s\n", c->tail);
  }
  c->tail_length = 0;
  if (!measuring) return;
  counted++;
  unsigned long us = took * 1e6;
  histogram[us < BUCKETS ? us : BUCKETS - 1]++;
}

static void read_answers(struct connection *c) {
  static char buffer[BUFFER];
  ssize_t n = read(c->fd, buffer, BUFFER);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) fail("read (the server closed the connection)");
  double at = now();
  int answers = 0;
  for (ssize_t i = 0; i < n; i++) {
    if (buffer[i] == '\n') {
      if (++c->lines < lines_per_answer) continue;
      c->lines = 0;
      take_answer(c, at);
      answers++;
    } else if (c->tail_length < sizeof c->tail - 1) {
      c->tail[c->tail_length++] = buffer[i];
    }
  }
  while (answers-- > 0) put_request(c);
  flush(c);
}

static struct connection *open_connection(const char *path, int number, size_t out_bytes) {
  struct connection *c = calloc(1, sizeof *c);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  c->number = number;
  c->out = malloc(out_bytes);
  c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  return c;
}

static unsigned long percentile(double share) {
  unsigned long seen = 0, wanted = counted * share;
  for (unsigned long us = 0; us < BUCKETS; us++) {
    seen += histogram[us];
    if (seen > wanted) return us;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: load socket connections in-flight answer-lines warm-up-s measured-s template\n");
    return 2;
  }
  int connections = atoi(argv[2]), in_flight = atoi(argv[3]);
  double warm_up = atof(argv[5]), measured = atof(argv[6]);
  lines_per_answer = atoi(argv[4]);
  template_text = argv[7];
  if (in_flight > MAX_IN_FLIGHT) return fprintf(stderr, "at most %d in flight\n", MAX_IN_FLIGHT), 2;
  histogram = calloc(BUCKETS, sizeof *histogram);
  int epoll = epoll_create1(0);
  for (int i = 0; i < connections; i++) {
    struct connection *c = open_connection(argv[1], i, (strlen(template_text) + 64) * in_flight);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
    for (int j = 0; j < in_flight; j++) put_request(c);
    flush(c);
  }
  double start = now(), begin = start + warm_up, end = begin + measured, at;
  struct rusage before, after;
  while ((at = now()) < end) {
    if (!measuring && at >= begin) {
      measuring = 1;
      getrusage(RUSAGE_SELF, &before);
      begin = at;
    }
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, 100);
    for (int i = 0; i < n; i++) {
      flush(events[i].data.ptr);
      read_answers(events[i].data.ptr);
    }
  }
  getrusage(RUSAGE_SELF, &after);
  double cpu = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) + (after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
               (after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
  printf("{\"requests\":%lu,\"seconds\":%.3f,\"errors\":%lu,\"p50Us\":%lu,\"p99Us\":%lu,\"cpuSeconds\":%.3f}\n", counted,
         at - begin, errors, percentile(0.5), percentile(0.99), cpu);
  return errors > 0;
}
