/* SPDX-License-Identifier: MIT */
/* A child that says when it is ready: its parent goes on once the server listens, and knows the
 * port; or learns why it does not.
 *
 *     the server listens
 *     a client got: hello
 *     the same port again: Address already in use
 *     one that takes too long: Timed out, and nothing is left of it
 */
#include <stdio.h>
#include <trine.h>

struct server {
    char address[32];
    uint16_t port;
};

/* Listens, reports its port, and greets each client. */
static int serve(void *arg)
{
    struct server *server = arg;
    int client, error, listener = trine_tcp_listen(server->address, NULL, &server->port);
    if (listener < 0)
        return listener; /* not started: this is the error of trine_start() */
    error = trine_started(&server->port);
    while (error == 0 && (client = trine_accept(listener)) >= 0) {
        (void)trine_write_all(client, "hello", 5);
        (void)trine_close(client);
    }
    (void)trine_close(listener);
    return error;
}

static int never_ready(void *arg)
{
    int error = trine_sleep(TRINE_FOREVER);
    *(bool *)arg = true; /* its clean-up has run */
    return error;
}

static void greet(uint16_t port)
{
    char service[8], text[8] = "";
    snprintf(service, sizeof service, "%d", port);
    int fd = trine_tcp_connect("127.0.0.1", service, NULL);
    if (fd >= 0 && trine_read_all(fd, text, sizeof text - 1) > 0)
        printf("a client got: %s\n", text);
    (void)trine_close(fd);
}

static int app(void *arg)
{
    struct trine_group group;
    struct server first = { .address = "127.0.0.1:0" }, second;
    void *port;
    trine_group_open(&group, NULL);
    int error = trine_start(&group, serve, &first, &port);
    if (error == 0) {
        printf("the server listens\n");
        greet(*(uint16_t *)port);
    }

    snprintf(second.address, sizeof second.address, "127.0.0.1:%d", first.port);
    error = trine_start(&group, serve, &second, &port); /* no failure of the group */
    printf("the same port again: %s\n", trine_strerror(error));

    bool cleaned = false;
    error = TRINE_WITHIN(TRINE_MILLISECONDS(50), trine_start(&group, never_ready, &cleaned, &port));
    printf("one that takes too long: %s, and %s\n", trine_strerror(error),
           cleaned ? "nothing is left of it" : "it runs on");

    trine_group_cancel(&group, "the end");
    return trine_group_close(&group) == -ECANCELED ? 0 : -EIO;
}

int main(void)
{
    return trine_run(app, NULL, NULL) < 0;
}
