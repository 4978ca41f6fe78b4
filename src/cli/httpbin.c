/* SPDX-License-Identifier: MIT */
/* `trine httpbin`: the test server, until Ctrl-C. */
#include "http/httpbin.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/sentence.h"
#include <stdio.h>
#include <string.h>
#include <trine.h>

#define ADDRESS_MAX 512

struct settings {
    const char *host;
    unsigned port;
};

static const struct trine__option options[] = {
    { .name = "host",
      .kind = TRINE__OPTION_TEXT,
      .value = "HOST",
      .help = "the address to listen on; default: 127.0.0.1",
      .offset = offsetof(struct settings, host) },
    { .name = "port",
      .kind = TRINE__OPTION_NUMBER,
      .value = "PORT",
      .help = "0 takes a free one; default: 8000",
      .offset = offsetof(struct settings, port),
      .most = UINT16_MAX },
    { .name = NULL },
};

static const struct trine__command command = {
    .name = "httpbin",
    .operands = "",
    .about = "Serves what one needs to test clients: /get, /delay/N, /bytes/N, /page/N, /status/N; "
             "/ tells\n"
             "more. Prints its address once it listens.",
    .notes = "Examples:\n"
             "  trine httpbin\n"
             "  trine httpbin --host ::1 --port 0\n\n"
             "Exit status: 1 it cannot listen, 2 wrong use, 130 stopped by Ctrl-C.\n",
    .options = options,
};

static int listen_at(const char *host, unsigned port, uint16_t *ret_port)
{
    char address[ADDRESS_MAX];
    int len = snprintf(address, sizeof address, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u",
                       host, port);
    if ((size_t)len >= sizeof address)
        return trine_fail(-EINVAL, "the host's name is too long");
    return trine_tcp_listen(address, NULL, ret_port);
}

static int serve(void *arg)
{
    const struct settings *settings = arg;
    uint16_t port = 0;
    int listener = listen_at(settings->host, settings->port, &port);
    if (listener < 0)
        return listener;
    printf(strchr(settings->host, ':') != NULL ? "trine httpbin: http://[%s]:%u/ (Ctrl-C stops)\n"
                                               : "trine httpbin: http://%s:%u/ (Ctrl-C stops)\n",
           settings->host, port);
    fflush(stdout);
    int error = trine__httpbin_serve(listener);
    trine_close(listener);
    return error;
}

int trine__httpbin(int argc, char **argv)
{
    struct settings settings = { .host = "127.0.0.1", .port = 8000 };
    int first, status = trine__options_parse(&command, argc, argv, &settings, &first);
    if (status >= 0)
        return status;
    int error = trine_run(serve, &settings, NULL);
    if (trine_interrupted()) {
        fprintf(stderr, "trine httpbin: stopped\n");
        return TRINE__EXIT_INTERRUPTED;
    }
    if (error >= 0)
        return TRINE__EXIT_OK;
    fprintf(stderr, "trine httpbin: %s\n", trine__sentence(error));
    return TRINE__EXIT_FAILED;
}
