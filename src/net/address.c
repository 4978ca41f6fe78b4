/* SPDX-License-Identifier: MIT */
#include "net/address.h"
#include "sys/sys.h"
#include <arpa/inet.h>
#include <netinet/in.h>
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

void trine__address_of_peer(int fd, char ret[TRINE__PEER_MAX + 1])
{
    struct sockaddr_storage name = { 0 };
    socklen_t len = sizeof name;
    const void *host = &((struct sockaddr_in *)&name)->sin_addr;
    ret[0] = '\0';
    if (trine__sys_getpeername(fd, (struct sockaddr *)&name, &len) < 0)
        return;
    if (name.ss_family == AF_INET6)
        host = &((struct sockaddr_in6 *)&name)->sin6_addr;
    if (name.ss_family == AF_INET || name.ss_family == AF_INET6)
        inet_ntop(name.ss_family, host, ret, TRINE__PEER_MAX + 1);
}
