/* SPDX-License-Identifier: MIT */
/* Every primitive under a thousand orders of running, each over hours of virtual time: workers do a
 * step, sleep for a while that the seed decides, give up after a limit that the seed decides; then
 * the books must balance. TRINE_SEED=N runs one seed alone. */
#include "core/suite.h"
#include <trine.h>

#define SEEDS   1000
#define WORKERS 6
#define ROUNDS  4
#define MINUTE  TRINE_SECONDS(60)

/* A while below `most`, drawn from the seed. */
static int64_t some(int64_t most)
{
    return (int64_t)(trine__random_u64() % (uint64_t)most);
}

static bool gave_up(int error)
{
    return error == -ETIMEDOUT || error == -ECANCELED;
}

/* Runs WORKERS tasks of `fn` on `arg`; some hours are over when they have ended. */
static int work(trine_fn fn, void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < WORKERS; i++)
        trine_spawn(&group, fn, arg);
    return trine_group_close(&group);
}

/* ---- locks */

struct shared {
    struct trine_mutex mutex;
    struct trine_rwlock rwlock;
    struct trine_condition changed;
    int inside, readers, writers, entered, count;
};

static int enter_alone(void *arg)
{
    struct shared *shared = arg;
    for (int i = 0; i < ROUNDS; i++) {
        int error = TRINE_WITHIN(some(20 * MINUTE), trine_mutex_lock(&shared->mutex));
        if (gave_up(error))
            continue;
        assert_int_equal(error, 0);
        assert_int_equal(++shared->inside, 1);
        assert_int_equal(trine_sleep(some(10 * MINUTE)), 0);
        shared->inside--;
        assert_int_equal(trine_mutex_unlock(&shared->mutex), 0);
    }
    return 0;
}

static int mutex_has_one_owner(void *arg)
{
    struct shared shared = { .mutex = TRINE_MUTEX_INIT };
    int error = work(enter_alone, &shared);
    assert_false(trine_mutex_locked(&shared.mutex));
    return error;
}

static int read_or_write(void *arg)
{
    struct shared *shared = arg;
    for (int i = 0; i < ROUNDS; i++) {
        bool writes = some(3) == 0;
        int error = TRINE_WITHIN(some(30 * MINUTE), writes ? trine_rwlock_write(&shared->rwlock)
                                                           : trine_rwlock_read(&shared->rwlock));
        if (gave_up(error))
            continue;
        assert_int_equal(error, 0);
        *(writes ? &shared->writers : &shared->readers) += 1;
        assert_true(shared->writers == 0 || (shared->writers == 1 && shared->readers == 0));
        assert_int_equal(trine_sleep(some(10 * MINUTE)), 0);
        *(writes ? &shared->writers : &shared->readers) -= 1;
        assert_int_equal(trine_rwlock_unlock(&shared->rwlock), 0);
    }
    return 0;
}

static int rwlock_keeps_writers_alone(void *arg)
{
    struct shared shared = { .rwlock = TRINE_RWLOCK_INIT };
    int error = work(read_or_write, &shared);
    assert_int_equal(trine_rwlock_try_write(&shared.rwlock), 0); /* nobody is left inside */
    assert_int_equal(trine_rwlock_unlock(&shared.rwlock), 0);
    return error;
}

static bool is_there(void *arg)
{
    return ((struct shared *)arg)->count > 0;
}

static int take_or_bring(void *arg)
{
    struct shared *shared = arg;
    bool brings = shared->entered++ % 2 == 0;
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(trine_mutex_lock(&shared->mutex), 0);
        if (brings) {
            shared->count++;
            trine_condition_notify(&shared->changed, 1);
        } else {
            assert_int_equal(
                trine_condition_wait_for(&shared->changed, &shared->mutex, is_there, shared), 0);
            shared->count--;
        }
        assert_int_equal(trine_mutex_unlock(&shared->mutex), 0);
        assert_int_equal(trine_sleep(some(10 * MINUTE)), 0);
    }
    return 0;
}

static int condition_loses_no_signal(void *arg)
{
    struct shared shared = { .mutex = TRINE_MUTEX_INIT, .changed = TRINE_CONDITION_INIT };
    int error = work(take_or_bring, &shared); /* a lost signal would be a deadlock */
    assert_int_equal(shared.count, 0);
    return error;
}

/* ---- counts */

#define PERMITS 4

static int use_permits(void *semaphore)
{
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t count = 1 + (uint32_t)some(PERMITS);
        int error = TRINE_WITHIN(some(30 * MINUTE), trine_semaphore_acquire_many(semaphore, count));
        if (gave_up(error))
            continue;
        assert_int_equal(error, 0);
        assert_int_equal(trine_sleep(some(10 * MINUTE)), 0);
        assert_int_equal(trine_semaphore_release_many(semaphore, count), 0);
    }
    return 0;
}

static int semaphore_does_not_drift(void *arg)
{
    struct trine_semaphore semaphore = TRINE_BOUNDED_SEMAPHORE_INIT(PERMITS);
    int error = work(use_permits, &semaphore);
    assert_int_equal(trine_semaphore_permits(&semaphore), PERMITS);
    return error;
}

static int borrow(void *limiter)
{
    for (int i = 0; i < ROUNDS; i++) {
        int error = TRINE_WITHIN(some(30 * MINUTE), trine_limiter_acquire(limiter));
        if (gave_up(error))
            continue;
        assert_int_equal(error, 0);
        trine_limiter_set_tokens(limiter, 1 + (uint32_t)some(3));
        assert_int_equal(trine_sleep(some(10 * MINUTE)), 0);
        assert_int_equal(trine_limiter_release(limiter), 0);
    }
    return 0;
}

static int limiter_gets_all_back(void *arg)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(2);
    int error = work(borrow, &limiter);
    assert_int_equal(trine_limiter_borrowed(&limiter), 0);
    return error;
}

struct meeting {
    struct trine_barrier barrier;
    int came[ROUNDS];
};

static int meet(void *arg)
{
    struct meeting *meeting = arg;
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(trine_sleep(some(MINUTE)), 0);
        meeting->came[i]++;
        int index = trine_barrier_wait(&meeting->barrier);
        assert_true(index >= 0 && index < WORKERS);
        assert_int_equal(meeting->came[i], WORKERS); /* nobody goes on before all are there */
    }
    return 0;
}

static int barrier_waits_for_all(void *arg)
{
    struct meeting meeting = { .barrier = TRINE_BARRIER_INIT(WORKERS) };
    return work(meet, &meeting);
}

static int ring_and_wait(void *arg)
{
    struct trine_event *event = arg;
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(trine_sleep(some(MINUTE)), 0);
        trine_event_set(event);
        int error = TRINE_WITHIN(some(MINUTE), trine_event_wait(event));
        assert_true(error == 0 || gave_up(error));
    }
    return 0;
}

static int auto_event_keeps_one_permit(void *arg)
{
    struct trine_event event = TRINE_AUTO_EVENT_INIT;
    int error = work(ring_and_wait, &event);
    if (trine_event_is_set(&event))
        assert_int_equal(trine_event_wait(&event), 0);
    assert_false(trine_event_is_set(&event));
    return error;
}

/* ---- queues */

struct trade {
    struct trine_queue *queue, *other;
    int put, got, undelivered, joined;
};

static void count_undelivered(void *item, void *arg)
{
    ((struct trade *)arg)->undelivered++;
}

static int put_or_get(void *arg)
{
    struct trade *trade = arg;
    bool puts = trade->joined++ % 2 == 0;
    for (int i = 0; i < 2 * ROUNDS; i++) {
        int item = i;
        int error = TRINE_WITHIN(some(20 * MINUTE), puts ? trine_queue_put(trade->queue, &item)
                                                         : trine_queue_get(trade->queue, &item));
        assert_true(error == 0 || gave_up(error));
        *(puts ? &trade->put : &trade->got) += error == 0;
        assert_int_equal(trine_sleep(some(10 * MINUTE)), 0);
    }
    return 0;
}

static int trade_through(size_t capacity, enum trine_queue_order order)
{
    struct trade trade = { 0 };
    struct trine_queue_options options = { .item_size = sizeof(int),
                                           .capacity = capacity,
                                           .order = order,
                                           .undelivered = count_undelivered,
                                           .arg = &trade };
    trade.queue = trine_queue_new(&options);
    assert_non_null(trade.queue);
    int error = work(put_or_get, &trade);
    trine_queue_free(trade.queue);
    assert_int_equal(trade.put, trade.got + trade.undelivered);
    return error;
}

static int queue_loses_nothing(void *arg)
{
    return trade_through(1 + (size_t)some(3), some(2) == 0 ? TRINE_FIFO : TRINE_LIFO);
}

static int rendezvous_meets_or_does_not(void *arg)
{
    return trade_through(0, TRINE_FIFO);
}

/* Each puts into one queue or gets from the other, whichever can happen, within a limit. */
static int select_some(void *arg)
{
    struct trade *trade = arg;
    for (int i = 0; i < 2 * ROUNDS; i++) {
        int in = i, out = -1;
        bool straight = some(2) == 0;
        struct trine_case cases[] = {
            TRINE_CASE_PUT(straight ? trade->queue : trade->other, &in),
            TRINE_CASE_GET(straight ? trade->other : trade->queue, &out),
            TRINE_CASE_AFTER(some(20 * MINUTE)),
        };
        int happened = trine_select(cases, 3, 0);
        assert_in_range(happened, 0, 2);
        trade->put += happened == 0;
        trade->got += happened == 1;
        assert_int_equal(out >= 0, happened == 1);
        assert_int_equal(trine_sleep(some(10 * MINUTE)), 0);
    }
    return 0;
}

static int select_does_exactly_one(void *arg)
{
    struct trade trade = { 0 };
    struct trine_queue_options options = { .item_size = sizeof(int),
                                           .capacity = (size_t)some(2),
                                           .undelivered = count_undelivered,
                                           .arg = &trade };
    trade.queue = trine_queue_new(&options);
    trade.other = trine_queue_new(&options);
    assert_non_null(trade.queue);
    assert_non_null(trade.other);
    int error = work(select_some, &trade);
    trine_queue_free(trade.queue);
    trine_queue_free(trade.other);
    assert_int_equal(trade.put, trade.got + trade.undelivered);
    return error;
}

struct line {
    struct trine_sender *sender;
    struct trine_receiver *receiver;
    int sent;
};

static int send_some(void *arg)
{
    struct line *line = arg;
    struct trine_sender *sender = trine_sender_clone(line->sender);
    assert_non_null(sender);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(trine_sleep(some(10 * MINUTE)), 0);
        assert_int_equal(trine_send_item(sender, &i), 0);
        line->sent++;
    }
    trine_sender_close(sender);
    return 0;
}

static int send_all(void *arg)
{
    struct line *line = arg;
    int error = work(send_some, line);
    trine_sender_close(line->sender);
    return error;
}

static int channel_ends_with_its_last_sender(void *arg)
{
    struct line line = { 0 };
    struct trine_channel_options options = { .item_size = sizeof(int),
                                             .capacity = (size_t)some(3) };
    struct trine_group group;
    int item, got = 0;
    assert_int_equal(trine_channel_open(&line.sender, &line.receiver, &options), 0);
    trine_group_open(&group, NULL);
    trine_spawn(&group, send_all, &line);
    while (trine_receive_item(line.receiver, &item) == 0)
        got++;
    int error = trine_group_close(&group);
    trine_receiver_close(line.receiver);
    assert_int_equal(got, WORKERS * ROUNDS);
    assert_int_equal(line.sent, got);
    return error;
}

/* ---- groups */

static int succeed_or_fail(void *arg)
{
    int error = trine_sleep(some(10 * MINUTE));
    return error < 0 ? error : some(3) == 0 ? 0 : -EIO;
}

static int groups_keep_their_policy(void *arg)
{
    for (int policy = TRINE_FAIL_FAST; policy <= TRINE_FIRST_SUCCESS; policy++) {
        struct trine_future *children[WORKERS];
        struct trine_group_options options = { .policy = (enum trine_policy)policy, .limit = 3 };
        struct trine_group group;
        int succeeded = 0, failed = 0;
        trine_group_open(&group, &options);
        for (int i = 0; i < WORKERS; i++)
            children[i] = trine_future_ref(trine_spawn(&group, succeed_or_fail, NULL));
        int error = trine_group_close(&group);
        for (int i = 0; i < WORKERS; i++) {
            assert_true(trine_future_done(children[i]));
            succeeded += trine_future_outcome(children[i]) == 0;
            failed += trine_future_outcome(children[i]) == -EIO;
            trine_future_unref(children[i]);
        }
        if (policy == TRINE_FIRST_SUCCESS)
            assert_int_equal(error, succeeded > 0 ? 0 : -EIO);
        else
            assert_int_equal(error, failed > 0 ? -EIO : 0);
        if (policy == TRINE_SUPERVISE)
            assert_int_equal(succeeded + failed, WORKERS);
    }
    return 0;
}

static int tick(void *ticks)
{
    struct trine_ticker ticker;
    int64_t start = trine_now();
    trine_ticker_init(&ticker, MINUTE, TRINE_MISSED_BURST);
    for (int i = 1; i <= 60; i++) {
        assert_int_equal(trine_ticker_next(&ticker), 0);
        assert_int_equal(trine_now() - start, i * MINUTE);
        ++*(int *)ticks;
    }
    return 0;
}

static int tickers_keep_time(void *arg)
{
    int ticks = 0, error = work(tick, &ticks);
    assert_int_equal(ticks, 60 * WORKERS);
    return error;
}

/* ---- */

#define SCENARIO(name)                                                                             \
    static void name##_under_every_seed(void **state)                                              \
    {                                                                                              \
        assert_int_equal(trine_test_seeds(name, NULL, SEEDS, NULL), 0);                            \
    }

SCENARIO(mutex_has_one_owner)
SCENARIO(rwlock_keeps_writers_alone)
SCENARIO(condition_loses_no_signal)
SCENARIO(semaphore_does_not_drift)
SCENARIO(limiter_gets_all_back)
SCENARIO(barrier_waits_for_all)
SCENARIO(auto_event_keeps_one_permit)
SCENARIO(queue_loses_nothing)
SCENARIO(rendezvous_meets_or_does_not)
SCENARIO(select_does_exactly_one)
SCENARIO(channel_ends_with_its_last_sender)
SCENARIO(groups_keep_their_policy)
SCENARIO(tickers_keep_time)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mutex_has_one_owner_under_every_seed),
        TEST(rwlock_keeps_writers_alone_under_every_seed),
        TEST(condition_loses_no_signal_under_every_seed),
        TEST(semaphore_does_not_drift_under_every_seed),
        TEST(limiter_gets_all_back_under_every_seed),
        TEST(barrier_waits_for_all_under_every_seed),
        TEST(auto_event_keeps_one_permit_under_every_seed),
        TEST(queue_loses_nothing_under_every_seed),
        TEST(rendezvous_meets_or_does_not_under_every_seed),
        TEST(select_does_exactly_one_under_every_seed),
        TEST(channel_ends_with_its_last_sender_under_every_seed),
        TEST(groups_keep_their_policy_under_every_seed),
        TEST(tickers_keep_time_under_every_seed),
    };
    return RUN_TESTS(tests);
}
