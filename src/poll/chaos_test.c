/* SPDX-License-Identifier: MIT */
/* Random starts, cancels, looks, closings and reopenings over a few lines, checked against a model:
 * what comes out of a line is what went in, each byte once and in order. A failure names its seed.
 */
#include "poll/suite.h"

enum { LINES = 12, STEPS = 4000, SEEDS = 12, CHUNK = 3000 };

struct line {
    int to, from;
    bool socket;
    struct call sender, receiver;
    bool sending, receiving;
    uint8_t next_out, next_in; /* the stream is the numbers 0 to 255, over and over */
    uint8_t out[CHUNK], in[CHUNK];
    size_t bytes; /* in flight */
};

static struct line lines[LINES];

static void line_open(struct line *line)
{
    int fds[2];
    memset(line, 0, sizeof *line);
    line->socket = trine__random_u64() % 2;
    if (line->socket)
        open_pair(fds);
    else
        assert_int_equal(pipe2(fds, O_CLOEXEC | (trine__random_u64() % 2 ? O_NONBLOCK : 0)), 0);
    line->from = fds[0];
    line->to = fds[1];
}

static void sent(struct line *line, int64_t result)
{
    line->sending = false;
    if (result == -ECANCELED)
        return;
    assert_in_range(result, 1, CHUNK);
    line->next_out = (uint8_t)(line->next_out + result);
    line->bytes += (size_t)result;
}

static void received(struct line *line, int64_t result)
{
    line->receiving = false;
    if (result == -ECANCELED)
        return;
    assert_in_range(result, 1, CHUNK);
    for (int64_t i = 0; i < result; i++)
        assert_int_equal(line->in[i], line->next_in++);
    line->bytes -= (size_t)result;
}

/* A receiver may be told before the sender that it parked with; so senders are asked first. */
static void collect(void)
{
    for (struct line *line = lines; line < lines + LINES; line++) {
        if (line->sending && line->sender.done)
            sent(line, line->sender.op.result);
        if (line->receiving && line->receiver.done)
            received(line, line->receiver.op.result);
    }
}

static void start_sending(struct line *line)
{
    size_t len = 1 + trine__random_u64() % CHUNK;
    for (size_t i = 0; i < len; i++)
        line->out[i] = (uint8_t)(line->next_out + i);
    prepare(&line->sender, line->socket ? TRINE__OP_SEND : TRINE__OP_WRITE, line->to, line->out,
            len);
    start(&line->sender);
    line->sending = true;
}

static void start_receiving(struct line *line)
{
    prepare(&line->receiver, line->socket ? TRINE__OP_RECV : TRINE__OP_READ, line->from, line->in,
            1 + trine__random_u64() % CHUNK);
    start(&line->receiver);
    line->receiving = true;
}

static void stop(struct line *line)
{
    if (line->sending)
        sent(line, cancel(&line->sender));
    if (line->receiving)
        received(line, cancel(&line->receiver));
}

static void line_close(struct line *line)
{
    stop(line);
    close(line->from);
    close(line->to);
}

static void step(void)
{
    struct line *line = &lines[trine__random_u64() % LINES];
    switch (trine__random_u64() % 12) {
    case 0:
        stop(line);
        break;
    case 1:
        if (trine__random_u64() % 8 == 0) {
            line_close(line);
            line_open(line);
        }
        break;
    case 2:
    case 3:
    case 4:
        turn();
        break;
    case 5:
    case 6:
    case 7:
        if (!line->sending)
            start_sending(line);
        break;
    default:
        if (!line->receiving)
            start_receiving(line);
    }
    collect();
}

static void what_goes_in_comes_out_whatever_is_cancelled(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %d\n", (int)seed);
        trine__random_seed(seed);
        for (int i = 0; i < LINES; i++)
            line_open(&lines[i]);
        for (int i = 0; i < STEPS; i++)
            step();
        for (int i = 0; i < LINES; i++) {
            stop(&lines[i]);
            while (lines[i].bytes > 0) {
                start_receiving(&lines[i]);
                received(&lines[i], finish(&lines[i].receiver));
            }
            line_close(&lines[i]);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH(what_goes_in_comes_out_whatever_is_cancelled),
    };
    return run_on_each_backend(tests, sizeof tests / sizeof tests[0]);
}
