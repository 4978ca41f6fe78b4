/* SPDX-License-Identifier: MIT */
/* The interleaving explorer: real code, run again and again in every order that two or three
 * threads can take through it.
 *
 * The code under test is compiled with instrument.h, which puts a point before every atomic
 * operation and replaces the futex and the yield. The threads are fibers of one real thread; at a
 * point the explorer decides who goes on. It walks the tree of decisions depth first and runs the
 * scenario anew for each leaf, so a failure is a list of decisions and can be replayed.
 *
 * Explored is sequential consistency: missing barriers are ThreadSanitizer's to find. Between two
 * points code runs as if alone, which is right for data that locks protect. A decision to leave a
 * thread that could go on is a preemption; at most `preemptions` of them are tried in a run, as
 * most bugs need one or two. Without such a limit, of all orders that differ only in steps that do
 * not meet, one is run. A thread that spins or yields goes on when another has changed something.
 *
 * Found are: a broken must(), nobody left who can go on (a lost wake), and no end.
 *
 * References: Musuvathi, Qadeer, "Iterative context bounding for systematic testing of
 * multithreaded programs", 2007; tokio's loom. */
#ifndef TRINE_TESTS_LOOM_EXPLORER_H
#define TRINE_TESTS_LOOM_EXPLORER_H

#include <stddef.h>
#include <stdint.h>

#define LOOM_THREADS 3
#define LOOM_ALL     1000 /* preemptions: no limit */

struct loom_scenario {
    const char *name;
    int preemptions;                     /* at most, in a quick run */
    void (*begin)(void);                 /* makes everything anew; alone */
    void (*threads[LOOM_THREADS])(void); /* NULL: fewer */
    void (*end)(void);                   /* all have ended: what must hold then; alone */
};

/* Explores all, or what the arguments say (usage() in explorer.c). The exit status. */
int loom_main(const struct loom_scenario *scenarios, size_t count, int argc, char **argv);

#define must(condition) ((condition) ? (void)0 : loom_broken(#condition, __FILE__, __LINE__))
_Noreturn void loom_broken(const char *condition, const char *file, int line);

/* In begin and end: calls fn(arg) in the name of a thread. */
void loom_as(int thread, void (*fn)(void *arg), void *arg);

/* ---- for instrument.h */
struct trine__thread_context;
struct trine__loop;
/* Before the calling thread touches `object`: another may go on first. */
void loom_point(const char *operation, const volatile void *object, const char *file, int line);
/* After it has changed something. */
void loom_changed(void);
/* It has looked and found nothing: others first. */
void loom_yield(void);
int loom_futex_wait(const void *word, uint32_t expected, int64_t deadline);
int loom_futex_wake(const void *word, int count);
/* What is thread-local elsewhere. */
struct trine__thread_context *loom_thread_here(void);
struct trine__loop **loom_loop_here(void);
/* Memory at the same addresses in every run; taken back as a whole when the next begins. */
void *loom_alloc(size_t size);

#endif
