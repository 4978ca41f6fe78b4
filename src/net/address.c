/* SPDX-License-Identifier: MIT */
#include "net/address.h"
#include <stdbool.h>
#include <string.h>
#include <trine/error.h>

static bool copy(char *to, size_t size, const char *from, size_t len)
{
    if (len == 0 || len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

int trine__address_split(const char *text, struct trine__address_text *ret)
{
    struct trine__address_text parts;
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return trine_fail(-EINVAL, "'%s' is no address: host:port is wanted", text);
    const char *host = text;
    size_t len = (size_t)(colon - text);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len) != NULL) {
        return trine_fail(-EINVAL, "'%s' is no address: write a v6 host in brackets, [::1]:80",
                          text);
    }
    if (!copy(parts.host, sizeof parts.host, host, len) ||
        !copy(parts.service, sizeof parts.service, colon + 1, strlen(colon + 1)))
        return trine_fail(-EINVAL, "'%s' is no address: its host or port is empty or too long",
                          text);
    *ret = parts;
    return 0;
}
