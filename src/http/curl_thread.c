/* SPDX-License-Identifier: MIT */
/* A plain thread drives its transfer itself, and waits in it.
 *
 * libcurl's own blocking call looks up once a second only, too seldom for a cancel; so each thread
 * at work holds a multi handle of one transfer. These hands, with the connections they keep alive,
 * go from thread to thread through the client. */
#include "core/loop.h"
#include "http/client.h"
#include "sys/sys.h"

#define IDLE_MAX 64
/* How long a thread waits before it looks whether another one has cancelled its scope. */
#define CANCEL_LOOK TRINE_MILLISECONDS(20)
#define NO_SCOPE    TRINE_SECONDS(1)

struct trine__hand {
    CURLM *multi;
    CURL *easy;
    struct trine__hand *next;
};

static void free_hand(struct trine__hand *hand)
{
    if (hand == NULL)
        return;
    curl_easy_cleanup(hand->easy);
    curl_multi_cleanup(hand->multi);
    trine__free(hand);
}

static struct trine__hand *new_hand(void)
{
    struct trine__hand *hand = trine__alloc_zero(1, sizeof *hand);
    if (hand == NULL)
        return NULL;
    hand->easy = trine__transfer_handle();
    hand->multi = hand->easy != NULL ? curl_multi_init() : NULL;
    if (hand->multi != NULL)
        return hand;
    free_hand(hand);
    return NULL;
}

static struct trine__hand *take_hand(struct trine_client *client)
{
    pthread_mutex_lock(&client->lock);
    struct trine__hand *hand = client->idle;
    if (hand != NULL) {
        client->idle = hand->next;
        client->idle_count--;
    }
    pthread_mutex_unlock(&client->lock);
    return hand != NULL ? hand : new_hand();
}

static void give_hand(struct trine_client *client, struct trine__hand *hand)
{
    curl_easy_reset(hand->easy);
    pthread_mutex_lock(&client->lock);
    if (client->idle_count < IDLE_MAX) {
        hand->next = client->idle;
        client->idle = hand;
        client->idle_count++;
        hand = NULL;
    }
    pthread_mutex_unlock(&client->lock);
    free_hand(hand);
}

void trine__hands_free(struct trine_client *client)
{
    while (client->idle != NULL) {
        struct trine__hand *hand = client->idle;
        client->idle = hand->next;
        free_hand(hand);
    }
}

/* ---- driving */

static void wait_a_little(struct trine__context *context, CURLM *multi)
{
    int64_t limit = NO_SCOPE;
    if (context->scope != NULL) {
        int64_t left = trine__scope_deadline(context) - trine__clock_monotonic();
        limit = left < CANCEL_LOOK ? left : CANCEL_LOOK;
    }
    if (limit > 0)
        curl_multi_poll(multi, NULL, 0, (int)((limit + 999999) / 1000000), NULL);
    if (context->scope != NULL)
        trine__scope_expire_thread(context, trine__clock_monotonic(), true);
}

/* True: it is over, for better or worse. */
static bool is_over(struct trine__transfer *transfer, struct trine__hand *hand)
{
    int running = 0, left;
    CURLMcode code = curl_multi_perform(hand->multi, &running);
    CURLMsg *message = curl_multi_info_read(hand->multi, &left);
    if (message != NULL && message->msg == CURLMSG_DONE)
        trine__transfer_end(transfer, hand->easy, message->data.result);
    else if (code != CURLM_OK)
        transfer->error = -ENOMEM;
    else
        return false;
    return true;
}

static void drive(struct trine__transfer *transfer, struct trine__hand *hand)
{
    struct trine__context *context = trine__here();
    if (curl_multi_add_handle(hand->multi, hand->easy) != CURLM_OK) {
        transfer->error = -ENOMEM;
        return;
    }
    while (!is_over(transfer, hand)) { /* a value that is there beats a cancel */
        int error = trine__scope_deliver(context);
        if (error < 0) {
            transfer->error = error;
            break;
        }
        wait_a_little(context, hand->multi);
    }
    curl_multi_remove_handle(hand->multi, hand->easy);
}

int trine__http_get_thread(struct trine_client *client, const char *url,
                           struct trine_response **ret)
{
    struct trine__transfer transfer = { .client = client, .url = url };
    struct trine__hand *hand = take_hand(client);
    if (hand == NULL)
        return -ENOMEM;
    if (trine__transfer_begin(&transfer, hand->easy) == 0)
        drive(&transfer, hand);
    give_hand(client, hand);
    return trine__transfer_result(&transfer, ret);
}
