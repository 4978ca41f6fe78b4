/* SPDX-License-Identifier: MIT */
#include "cli/fetch_urls.h"
#include "sys/sys.h"
#include <fcntl.h>
#include <string.h>
#include <trine/file.h>

int trine__url_list_add(struct trine__url_list *list, const char *url)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        void *urls = trine__realloc(list->urls, capacity * sizeof *list->urls);
        if (urls == NULL)
            return trine_fail(-ENOMEM, "there is no memory for %zu URLs", capacity);
        list->urls = urls;
        list->capacity = capacity;
    }
    list->urls[list->count++] = url;
    return 0;
}

/* Everything from `fd`, NUL-terminated, into list->text. */
static int read_whole(struct trine__url_list *list, int fd)
{
    size_t len = 0, capacity = 4096;
    for (;;) {
        char *text = trine__realloc(list->text, capacity);
        if (text == NULL)
            return -ENOMEM;
        list->text = text;
        ssize_t got = trine_read_all(fd, text + len, capacity - 1 - len);
        if (got < 0)
            return (int)got;
        len += (size_t)got;
        text[len] = '\0';
        if (len < capacity - 1)
            return memchr(text, '\0', len) == NULL ? 0 : -EILSEQ;
        if (capacity > TRINE__URL_LIST_MAX)
            return TRINE_ELIMIT;
        capacity *= 2;
    }
}

static int add_lines(struct trine__url_list *list)
{
    char *rest = NULL;
    for (char *line = strtok_r(list->text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        line += strspn(line, " \t\r");
        size_t len = strlen(line);
        while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
            line[--len] = '\0';
        int error = len == 0 || line[0] == '#' ? 0 : trine__url_list_add(list, line);
        if (error < 0)
            return error;
    }
    return 0;
}

int trine__url_list_read(struct trine__url_list *list, const char *path)
{
    int standard = strcmp(path, "-") == 0;
    int fd = standard ? 0 : trine_open(path, O_RDONLY, 0);
    int error = fd < 0 ? fd : read_whole(list, fd);
    if (fd > 0)
        trine_close(fd);
    if (error == TRINE_ELIMIT)
        return trine_fail(error, "%s: more than %zu MiB of URLs", path, TRINE__URL_LIST_MAX >> 20);
    if (error == -EILSEQ)
        return trine_fail(error, "%s: not a text file", path);
    if (error < 0)
        return trine_fail(error, "cannot read %s: %s", standard ? "standard input" : path,
                          trine_strerror(error));
    return add_lines(list);
}

void trine__url_list_done(struct trine__url_list *list)
{
    trine__free(list->urls);
    trine__free(list->text);
}
