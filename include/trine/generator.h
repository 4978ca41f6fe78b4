/* SPDX-License-Identifier: MIT */
/* Generators: functions that hand out values one by one and go on where they were. Python:
 * generators and asynchronous generators, which here are one thing.
 *
 *     static int numbers(struct trine_generator *self, void *arg)
 *     {
 *         int error = 0;
 *         for (int i = 1; i <= 3 && error == 0; i++)
 *             error = trine_yield_value(self, &i, NULL);
 *         return error;
 *     }
 *
 *     struct trine_generator *generator = trine_generator_new(numbers, NULL);
 *     void *value;
 *     while ((error = trine_generator_next(generator, &value)) == 1)
 *         printf("%d\n", *(int *)value);
 *     trine_generator_free(generator);
 *
 * The body runs on a stack of its own but as part of whoever asks for the next value: in a task it
 * is that task, with its scopes, deadlines, locals and name, and may block like any of its code; in
 * a plain thread no loop is needed. It begins at the first step. From then on every step must be
 * made in the same thread: by tasks of the same loop, or by the plain thread outside loops.
 *
 * Values are pointers and belong to who made them. What the body yields may lie in its own frames:
 * good until the next step. What is sent is good for as long as the sender says.
 *
 * No scope, shield or group that the body opened may be open across a yield: it would be open in
 * the code of whoever took the value. Its stack is as large as a task's of the run; in a plain
 * thread 256 KiB. Reference for the manner: Python's PEP 342 and PEP 380. */
#ifndef TRINE_GENERATOR_H
#define TRINE_GENERATOR_H

#include <stddef.h>
#include <trine/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_generator;

/* Returns >= 0, or the error that ends the iteration. `self` is what the body yields through. */
typedef int (*trine_generator_fn)(struct trine_generator *self, void *arg);

/* Makes a generator of fn(arg); nothing runs yet. NULL when there is no memory. `arg` is kept until
 * the body has returned. Ends with trine_generator_free().
 * Threads: any. */
#define trine_generator_new(fn, arg) trine_generator_new_at((fn), (arg), TRINE_SITE(fn))
TRINE_PUBLIC struct trine_generator *trine_generator_new_at(trine_generator_fn fn, void *arg,
                                                            const char *site);

/* ---- by who iterates */

/* Goes on in the body until it yields or returns. `send` makes `sent` what the pending yield gives;
 * `next` sends NULL; `throw` makes the pending yield return `error` (negative).
 *
 * Returns: 1: *ret_value (NULL: not wanted) is the value yielded; 0: the body has returned, now or
 *          before; a negative code that it returned, once, and 0 from then on.
 *          -EINVAL: the first send is not NULL (there is no yield yet to receive it), or `error` is
 *          not negative; -EBUSY: the body is running, and asked itself or another task meanwhile;
 *          -EPERM: another thread, or not the loop that it began in; -ENOMEM: no stack to begin on.
 *          With these four nothing was done.
 *          `throw` before the first step: the body never runs, and the error is the outcome. After
 *          the end: the error comes back.
 * Waits:   as the body does. A cancel reaches the body's blocking calls, not its yields, and not
 *          this call: what is lost is up to the body. */
TRINE_PUBLIC int trine_generator_next(struct trine_generator *generator, void **ret_value);
TRINE_PUBLIC int trine_generator_send(struct trine_generator *generator, void *sent,
                                      void **ret_value);
TRINE_PUBLIC int trine_generator_throw(struct trine_generator *generator, int error,
                                       void **ret_value);
/* Ends the iteration: the pending yield returns -ECANCELED, the body cleans up and returns, here
 * and now. A body that has not begun never runs. Yielding again meanwhile is reported, and that
 * yield returns -EINVAL.
 *
 * Returns: what the body returned (0 where that is the -ECANCELED it was given; 0 if it never ran);
 *          -EBUSY, -EPERM as above.
 * Waits:   as the clean-up does. In a cancelled scope its blocking calls fail; see
 *          trine_shield_open(). */
TRINE_PUBLIC int trine_generator_close(struct trine_generator *generator);
/* Closes and frees it. Accepts NULL. Not from within its own body. A generator that has begun and
 * was never freed is reported and closed when its run or thread ends; its memory stays. */
TRINE_PUBLIC void trine_generator_free(struct trine_generator *generator);

/* ---- by the body */

/* Hands out `value` and waits for the next step.
 *
 * Returns: 0, and *ret_sent (NULL: not wanted) is what was sent; the error that was thrown;
 *          -ECANCELED: the generator is being closed;
 *          -EINVAL: this is not the body's own code, or it was closed before, or a scope is open
 *          (the last two are reported). Nothing was yielded. */
TRINE_PUBLIC int trine_yield_value(struct trine_generator *self, const void *value,
                                   void **ret_sent);
/* Yields all that `inner` yields, and passes on to it what is sent and thrown; closing one closes
 * the other. `inner` stays the caller's, to free. Python: yield from.
 *
 * Returns: what the body of `inner` returned; -ECANCELED: closed; as trine_generator_next() and
 *          trine_yield_value() where one of them cannot be. */
TRINE_PUBLIC int trine_yield_from(struct trine_generator *self, struct trine_generator *inner);

#ifdef __cplusplus
}
#endif
#endif
