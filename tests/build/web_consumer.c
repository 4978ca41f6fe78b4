/* SPDX-License-Identifier: MIT */
/* A user's program that needs libtrine-web: what cannot be a URL is refused without any network. */
#include <stdio.h>
#include <trine.h>
#include <trine/http.h>

static int first(void *arg)
{
    struct trine_response *response = NULL;
    (void)arg;
    int error = trine_http_get(NULL, "nonsense://", &response);
    puts(error == TRINE_EURL && response == NULL ? "30" : trine_strerror(error));
    return 0;
}

int main(void)
{
    return trine_run(first, NULL, NULL) == 0 ? 0 : 1;
}
