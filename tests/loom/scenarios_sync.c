/* SPDX-License-Identifier: MIT */
/* What the primitives promise, in small: whatever a cancel meets, a permit is in exactly one place,
 * and nobody sleeps beside what he waits for. */
#include "scenarios.h"
#include "scopes.h"

/* ---- semaphore */

static struct trine_semaphore semaphore;

static void begin_semaphore(void)
{
    begin_scopes();
    semaphore = (struct trine_semaphore)TRINE_SEMAPHORE_INIT(0);
}

static void begin_open_semaphore(void)
{
    begin_scopes();
    semaphore = (struct trine_semaphore)TRINE_SEMAPHORE_INIT(1);
}

static void acquire_first(void)
{
    errors[0] = trine_semaphore_acquire(&semaphore);
}

static void acquire_two_first(void)
{
    errors[0] = trine_semaphore_acquire_many(&semaphore, 2);
}

static void acquire_second(void)
{
    errors[1] = trine_semaphore_acquire(&semaphore);
}

static void release_second(void)
{
    errors[1] = trine_semaphore_release(&semaphore);
}

static void release_then_cancel_first(void)
{
    errors[2] = trine_semaphore_release(&semaphore);
    trine_scope_cancel(&scopes[0], "the explorer");
}

static void use(int thread)
{
    errors[thread] = trine_semaphore_acquire(&semaphore);
    must(++items[2] == 0);                     /* alone */
    (void)trine_semaphore_permits(&semaphore); /* others may come */
    items[2]--;
    must(trine_semaphore_release(&semaphore) == 0);
}

static void use_first(void)
{
    use(0);
}

static void use_second(void)
{
    use(1);
}

static void end_one_permit(void)
{
    must(semaphore.waits.first == NULL && semaphore.lock.word == 0);
    must(errors[0] == 0 || errors[0] == -ECANCELED);
    must(errors[1] == 0);
    must(trine_semaphore_permits(&semaphore) == (errors[0] == 0 ? 0 : 1));
    end_scopes();
}

/* The one who wanted two at the head gave up: the other behind it got through. */
static void end_let_through(void)
{
    must(semaphore.waits.first == NULL);
    must(errors[0] == -ECANCELED && errors[1] == 0);
    must(trine_semaphore_permits(&semaphore) == 0);
    end_scopes();
}

static void end_used(void)
{
    must(semaphore.waits.first == NULL);
    must(trine_semaphore_permits(&semaphore) == 1);
    must(errors[0] == 0 && errors[1] == 0);
}

/* ---- auto event: one permit, remembered or taken */

static struct trine_event event;

static void begin_event(void)
{
    begin_scopes();
    event = (struct trine_event)TRINE_AUTO_EVENT_INIT;
}

static void wait_first(void)
{
    errors[0] = trine_event_wait(&event);
}

static void set_second(void)
{
    trine_event_set(&event);
    errors[1] = 0;
}

static void end_event(void)
{
    must(event.waits.first == NULL);
    must(errors[0] == 0 || errors[0] == -ECANCELED);
    must(trine_event_is_set(&event) == (errors[0] != 0));
    end_scopes();
}

const struct loom_scenario loom_sync[] = {
    { "semaphore: acquire, release",
      LOOM_ALL,
      begin_semaphore,
      { acquire_first, release_second },
      end_one_permit },
    { "event: wait, set", LOOM_ALL, begin_event, { wait_first, set_second }, end_event },
    { "semaphore: acquire, release, cancel",
      3,
      begin_semaphore,
      { acquire_first, release_second, cancel_first },
      end_one_permit },
    { "semaphore: who gives up lets through",
      2,
      begin_semaphore,
      { acquire_two_first, acquire_second, release_then_cancel_first },
      end_let_through },
    { "semaphore: one at a time",
      LOOM_ALL,
      begin_open_semaphore,
      { use_first, use_second },
      end_used },
    { "event: wait, set, cancel",
      3,
      begin_event,
      { wait_first, set_second, cancel_first },
      end_event },
};
const size_t loom_sync_count = sizeof loom_sync / sizeof loom_sync[0];
