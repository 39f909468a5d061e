/*
 * What SQLite does with the same writes, in process: no socket, no protocol, one writer. WAL, synchronous=FULL.
 *
 * usage: sqlite <file> <rows a transaction> <warm-up s> <measured s>
 *
 * Prints one JSON object: rows, seconds, p50Us and p99Us of a transaction.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BUCKETS = 1000000 };

static unsigned histogram[BUCKETS];    /* transactions by microseconds */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void check(sqlite3 *db, int code) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
  exit(1);
}

static unsigned long percentile(unsigned long transactions, double share) {
  unsigned long seen = 0;
  for (unsigned long us = 0; us < BUCKETS; us++) {
    seen += histogram[us];
    if (seen > transactions * share) return us;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "usage: sqlite file rows-a-transaction warm-up-s measured-s\n"), 2;
  int per_transaction = atoi(argv[2]);
  double warm_up = atof(argv[3]), measured = atof(argv[4]);
  sqlite3 *db;
  sqlite3_stmt *insert;
  check(NULL, sqlite3_open(argv[1], &db));
  check(db, sqlite3_exec(db, "pragma journal_mode=wal; pragma synchronous=full;", NULL, NULL, NULL));
  check(db, sqlite3_exec(db, "create table metadata (session text, key text, value text, primary key (session, key))",
                         NULL, NULL, NULL));
  check(db, sqlite3_prepare_v2(db, "insert or replace into metadata values (?, ?, ?)", -1, &insert, NULL));
  double begin = now() + warm_up, end = begin + measured, at;
  unsigned long rows = 0, counted = 0, transactions = 0;
  int measuring = 0;
  while ((at = now()) < end) {
    if (!measuring && at >= begin) {
      measuring = 1;
      begin = at;
    }
    check(db, sqlite3_exec(db, "begin", NULL, NULL, NULL));
    for (int i = 0; i < per_transaction; i++, rows++) {
      char session[16], key[16], value[48];
      snprintf(session, sizeof session, "s%03lu", rows % 64);
      snprintf(key, sizeof key, "k%02lu", rows % 16);
      snprintf(value, sizeof value, "value-of-some-length-%lu", 1000000000 + rows);
      sqlite3_bind_text(insert, 1, session, -1, SQLITE_TRANSIENT);
      sqlite3_bind_text(insert, 2, key, -1, SQLITE_TRANSIENT);
      sqlite3_bind_text(insert, 3, value, -1, SQLITE_TRANSIENT);
      check(db, sqlite3_step(insert));
      check(db, sqlite3_reset(insert));
    }
    check(db, sqlite3_exec(db, "commit", NULL, NULL, NULL));
    if (!measuring) continue;
    unsigned long us = (now() - at) * 1e6;
    histogram[us < BUCKETS ? us : BUCKETS - 1]++;
    transactions++;
    counted += per_transaction;
  }
  printf("{\"rows\":%lu,\"seconds\":%.3f,\"p50Us\":%lu,\"p99Us\":%lu}\n", counted, now() - begin,
         percentile(transactions, 0.5), percentile(transactions, 0.99));
  return 0;
}
