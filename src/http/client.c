/* SPDX-License-Identifier: MIT */
/* The public face of the client: options, the one verb, and what an answer tells. */
#include "http/client.h"
#include "core/loop.h"
#include "sys/sys.h"
#include <string.h>
#include <strings.h>

#define BODY_MAX        (64U << 20)
#define CONNECT_TIMEOUT TRINE_SECONDS(30)
#define REDIRECTS_MAX   10
#define USER_AGENT      "trine/" TRINE__VERSION

/* ---- clients */

struct trine_client *trine_client_new(const struct trine_client_options *options)
{
    static const struct trine_client_options defaults;
    if (options == NULL)
        options = &defaults;
    struct trine_client *client = trine__alloc_zero(1, sizeof *client);
    if (client == NULL)
        return NULL;
    client->user_agent =
        trine__strdup(options->user_agent != NULL ? options->user_agent : USER_AGENT);
    if (client->user_agent == NULL) {
        trine__free(client);
        return NULL;
    }
    client->body_max = options->body_max > 0 ? options->body_max : BODY_MAX;
    client->connect_timeout =
        options->connect_timeout > 0 ? options->connect_timeout : CONNECT_TIMEOUT;
    client->timeout = options->timeout > 0 ? options->timeout : 0;
    client->redirects_max = options->redirects_max > 0 ? options->redirects_max : REDIRECTS_MAX;
    pthread_mutex_init(&client->lock, NULL);
    return client;
}

void trine_client_free(struct trine_client *client)
{
    if (client == NULL)
        return;
    trine__engines_dismiss(client);
    trine__hands_free(client);
    pthread_mutex_destroy(&client->lock);
    trine__free(client->user_agent);
    trine__free(client);
}

static struct trine_client *shared_client;

static void make_shared_client(void)
{
    shared_client = trine_client_new(NULL);
}

/* The one that serves who brings none: it lives as long as the process. */
static struct trine_client *default_client(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_shared_client);
    return shared_client;
}

/* ---- the verb */

int trine_http_get(struct trine_client *client, const char *url, struct trine_response **ret)
{
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    if (client == NULL)
        client = default_client();
    if (client == NULL)
        return -ENOMEM;
    return trine__here()->loop != NULL ? trine__http_get_task(client, url, ret)
                                       : trine__http_get_thread(client, url, ret);
}

/* ---- answers */

int trine_response_status(const struct trine_response *response)
{
    return response->status;
}

struct trine_slice trine_response_body(const struct trine_response *response)
{
    return (struct trine_slice){ response->body.data != NULL ? response->body.data : "",
                                 response->body.len };
}

const char *trine_response_header(const struct trine_response *response, const char *name)
{
    const char *found = NULL, *at = response->headers.data;
    const char *end = at != NULL ? at + response->headers.len : NULL;
    while (at != end) {
        const char *value = at + strlen(at) + 1;
        if (strcasecmp(at, name) == 0)
            found = value;
        at = value + strlen(value) + 1;
    }
    return found;
}

const char *trine_response_url(const struct trine_response *response)
{
    return response->url;
}

void trine_response_free(struct trine_response *response)
{
    if (response == NULL)
        return;
    trine__free(response->url);
    trine__free(response->body.data);
    trine__free(response->headers.data);
    trine__free(response);
}
