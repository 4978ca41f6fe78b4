/* SPDX-License-Identifier: MIT */
/* A pair of generators: the producer sends numbers into the consumer, which answers each.
 *
 *     producing 1
 *     consuming 1
 *     the consumer says OK
 *     ... up to 5
 *     the consumer is closed
 *
 * Python: generator.send(), generator.close(). */
#include <stdio.h>
#include <trine.h>

static int consumer(struct trine_generator *self, void *arg)
{
    const int *n = NULL;
    const char *reply = "";
    int error;
    while ((error = trine_yield_value(self, reply, (void **)&n)) == 0) {
        printf("consuming %d\n", *n);
        reply = "OK";
    }
    printf("the consumer is closed\n");
    return error; /* -ECANCELED: that is what closing gives */
}

static int produce(struct trine_generator *consumer)
{
    void *reply;
    int got = trine_generator_next(consumer, NULL); /* up to its first yield */
    for (int n = 1; got == 1 && n <= 5; n++) {
        printf("producing %d\n", n);
        got = trine_generator_send(consumer, &n, &reply);
        if (got == 1)
            printf("the consumer says %s\n", (const char *)reply);
    }
    return got < 0 ? got : trine_generator_close(consumer);
}

/* No loop is needed; in a task both could also block. */
int main(void)
{
    struct trine_generator *generator = trine_generator_new(consumer, NULL);
    int error = generator != NULL ? produce(generator) : -ENOMEM;
    trine_generator_free(generator);
    return error < 0;
}
