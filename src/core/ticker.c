/* SPDX-License-Identifier: MIT */
/* Tickers: when the next tick is due is computed from when the last one was, not from when it was
 * seen. */
#include "base/must.h"
#include "core/park.h"
#include "sys/sys.h"
#include <limits.h>
#include <trine/timer.h>

static int64_t later(int64_t when, int64_t by)
{
    return when < TRINE_FOREVER - by ? when + by : TRINE_FOREVER;
}

void trine_ticker_init(struct trine_ticker *ticker, int64_t period, enum trine_missed missed)
{
    trine_must(period > 0, "the period of a ticker must be more than 0");
    *ticker = (struct trine_ticker){ .period = period,
                                     .next = later(trine__clock_monotonic(), period),
                                     .missed = missed };
}

/* The tick was due by `now` already, before anybody came for it. */
static int take_late(struct trine_ticker *ticker, int64_t now)
{
    int64_t passed = now - ticker->next; /* since it was due */
    int64_t dropped = ticker->missed == TRINE_MISSED_BURST ? 0 : passed / ticker->period;
    if (ticker->missed == TRINE_MISSED_DELAY)
        ticker->next = later(now, ticker->period);
    else
        ticker->next = later(ticker->next + dropped * ticker->period, ticker->period);
    return dropped < INT_MAX ? (int)dropped : INT_MAX;
}

int trine_ticker_next(struct trine_ticker *ticker)
{
    int64_t now = trine__clock_monotonic();
    if (now >= ticker->next) {
        int error = trine__checkpoint();
        return error < 0 ? error : take_late(ticker, now);
    }
    int error = trine_sleep_until(ticker->next);
    if (error == 0)
        ticker->next = later(ticker->next, ticker->period);
    return error;
}
