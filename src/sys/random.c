/* SPDX-License-Identifier: MIT */
/* Random numbers: xoshiro256** per thread, seeded by the kernel; and the kernel's own bytes.
 *
 * Reference: Blackman, Vigna, "Scrambled linear pseudorandom number generators", 2021; the seed is
 * spread over the state by splitmix64. Not for secrets: those are made of trine__random_bytes. */
#include "sys/answer.h"
#include "sys/fault_point.h"
#include "sys/sys.h"
#include <stdatomic.h>
#include <sys/random.h>
#include <unistd.h>

enum seeding { UNSEEDED, SEEDED_BY_KERNEL, SEEDED_BY_CALLER };

struct generator {
    uint64_t state[4];
    enum seeding seeding;
};

static _Thread_local struct generator own;

static uint64_t rotate_left(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static void spread(struct generator *generator, uint64_t seed, enum seeding seeding)
{
    for (int i = 0; i < 4; i++)
        generator->state[i] = splitmix(&seed);
    generator->seeding = seeding;
}

/* Numbers must come even where the kernel gives none; the time and this thread's place then differ
 * enough between any two generators. */
static void seed_from_kernel(struct generator *generator)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)trine__clock_wall() ^ (uint64_t)(uintptr_t)generator ^
               (uint64_t)getpid() << 32;
    spread(generator, seed, SEEDED_BY_KERNEL);
}

uint64_t trine__random_u64(void)
{
    if (__builtin_expect(own.seeding == UNSEEDED, 0))
        seed_from_kernel(&own);
    uint64_t *state = own.state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9, shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

void trine__random_seed(uint64_t seed)
{
    spread(&own, seed, SEEDED_BY_CALLER);
}

static ssize_t get_some(void *buf, size_t len)
{
    return trine__fault(TRINE__FAULT_RANDOM) ?: trine__answer(getrandom(buf, len, 0));
}

int trine__random_bytes(void *buf, size_t len)
{
    char *next = buf;
    while (len > 0) {
        ssize_t got = TRINE__RETRY(get_some(next, len));
        if (got < 0)
            return (int)got;
        next += got;
        len -= (size_t)got;
    }
    return 0;
}

/* A child of fork would otherwise go on with its parent's numbers. A seed that was asked for stays.
 */
static void reseed_in_child(void)
{
    if (own.seeding == SEEDED_BY_KERNEL)
        own.seeding = UNSEEDED;
}

__attribute__((constructor)) static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, reseed_in_child);
}
