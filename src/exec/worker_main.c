/* SPDX-License-Identifier: MIT */
/* The life of a worker process: read a request, run the function of that name over the records,
 * answer; until the pool closes its end. */
#include "exec/worker_main.h"
#include "base/error.h"
#include "core/context.h"
#include "exec/registry.h"
#include "exec/wire.h"
#include "sys/sys.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct workplace {
    int fd;
    struct trine__request request;
    char name[TRINE__NAME_MAX + 1];
    char *records;
    int32_t *outcomes;
    struct trine__reply reply;
    char message[TRINE__MESSAGE_MAX + 1];
};

static bool acceptable(const struct trine__request *request)
{
    return request->magic == TRINE__WIRE_MAGIC && request->name_len > 0 &&
           request->name_len <= TRINE__NAME_MAX && request->count > 0 &&
           request->count <= TRINE__BATCH_MAX && request->size <= TRINE__PAYLOAD_MAX &&
           request->count * request->size <= TRINE__PAYLOAD_MAX;
}

static bool receive(struct workplace *place, void *bytes, size_t len)
{
    struct trine__transfer transfer = { 0 };
    trine__transfer_add(&transfer, bytes, len);
    return trine__transfer_recv(&transfer, place->fd, 0) == 1;
}

/* The next question; the process ends where there is none, or none that can be understood. */
static void next_request(struct workplace *place)
{
    struct trine__request *request = &place->request;
    if (!receive(place, request, sizeof *request))
        _exit(0);
    if (!acceptable(request))
        _exit(TRINE__WORKER_CONFUSED);
    place->records = trine__alloc(request->count * request->size);
    place->outcomes = trine__alloc(request->count * sizeof *place->outcomes);
    if (place->records == NULL || place->outcomes == NULL)
        _exit(TRINE__WORKER_NO_MEMORY);
    if (!receive(place, place->name, request->name_len) ||
        !receive(place, place->records, request->count * request->size))
        _exit(0);
    place->name[request->name_len] = '\0';
    place->reply = (struct trine__reply){ .magic = TRINE__WIRE_MAGIC, .id = request->id };
}

static void keep_message(struct workplace *place, int code, const char *text)
{
    place->reply.code = code;
    snprintf(place->message, sizeof place->message, "%s", text);
    place->reply.message_len = (uint32_t)strlen(place->message);
}

/* Runs item after item; after an error the rest is skipped unless all are wanted. */
static void run_all(struct workplace *place, trine_fn fn)
{
    bool failed = false;
    for (uint32_t i = 0; i < place->request.count; i++) {
        if (failed && !place->request.collect) {
            place->outcomes[i] = -ECANCELED;
            continue;
        }
        int outcome = fn(place->records + i * place->request.size);
        place->outcomes[i] = outcome;
        if (outcome < 0 && !failed && trine_error_code(trine_error_last()) == outcome)
            keep_message(place, outcome, trine_error_message(trine_error_last()));
        failed |= outcome < 0;
        trine__error_keep(NULL);
    }
}

static void refuse(struct workplace *place, const char *why)
{
    for (uint32_t i = 0; i < place->request.count; i++)
        place->outcomes[i] = TRINE_ENOJOB;
    keep_message(place, TRINE_ENOJOB, why);
}

static void answer(struct workplace *place)
{
    struct trine__transfer transfer = { 0 };
    trine__transfer_add(&transfer, &place->reply, sizeof place->reply);
    trine__transfer_add(&transfer, place->outcomes, place->request.count * sizeof *place->outcomes);
    trine__transfer_add(&transfer, place->records, place->request.count * place->request.size);
    trine__transfer_add(&transfer, place->message, place->reply.message_len);
    if (trine__transfer_send(&transfer, place->fd, 0) != 1)
        _exit(0);
}

void trine__worker_serve(int fd)
{
    static struct workplace place;
    place.fd = fd;
    trine__sys_thread_name("trine-worker");
    for (;;) {
        next_request(&place);
        const struct trine__job_entry *entry =
            trine__registry_by_name(place.name, place.request.namesakes);
        if (entry == NULL)
            refuse(&place, "the worker process does not know this function: was it registered by a "
                           "library loaded after the pool's fork server had started?");
        else if (entry->size != place.request.size)
            refuse(&place, "the worker process knows this function with another size of record");
        else
            run_all(&place, entry->fn);
        fflush(stdout); /* a worker ends without running exit handlers */
        answer(&place);
        trine__free(place.records);
        trine__free(place.outcomes);
    }
}
