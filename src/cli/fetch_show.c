/* SPDX-License-Identifier: MIT */
#include "cli/fetch_show.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "sys/sys.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <trine/error.h>

/* ---- items */

void trine__fetched_end(struct trine__fetched *item, int outcome)
{
    const struct trine_error *last = trine_error_last();
    item->outcome = outcome;
    if (outcome < 0 && trine_error_code(last) == outcome)
        item->sentence = trine__strdup(trine_error_message(last));
}

void trine__fetched_done(struct trine__fetched *item)
{
    trine__free(item->file);
    trine__free(item->sentence);
}

/* ---- lines */

/* `text` as JSON, whatever bytes it is made of. */
static json_t *text_of(const char *text)
{
    json_t *string = json_string(text);
    if (string != NULL || text == NULL)
        return text != NULL ? string : json_null();
    string = json_string(""); /* not UTF-8: each foreign byte as the character of that number */
    for (; string != NULL && *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        char part[3] = { (char)byte };
        if (byte >= 0x80) {
            part[0] = (char)(0xc0 | byte >> 6);
            part[1] = (char)(0x80 | (byte & 0x3f));
        }
        json_t *longer = json_sprintf("%s%s", json_string_value(string), part);
        json_decref(string);
        string = longer;
    }
    return string;
}

static int add_part(const char *part, size_t len, void *line)
{
    trine__text_add(line, "%.*s", (int)len, part);
    return 0;
}

static void add_json(struct trine__text *line, const struct trine__fetched *item)
{
    const char *error = item->sentence != NULL ? item->sentence : trine_strerror(item->outcome);
    json_t *object = json_pack("{s:o, s:i, s:I, s:f, s:o, s:o}", "url", text_of(item->url),
                               "status", item->status, "bytes", (json_int_t)item->bytes, "seconds",
                               (double)item->elapsed / 1e9, "file",
                               text_of(item->outcome < 0 ? NULL : item->file), "error",
                               text_of(item->outcome < 0 ? error : NULL));
    if (object == NULL ||
        json_dump_callback(object, add_part, line, JSON_COMPACT | JSON_REAL_PRECISION(9)) < 0)
        line->failed = true;
    trine__text_add(line, "\n");
    json_decref(object);
}

static void add_row(struct trine__text *line, const struct trine__fetched *item, bool aligned)
{
    trine__text_add(line, aligned ? "%3d %11zu %8.3f  %s\n" : "%d %zu %.3f %s\n", item->status,
                    item->bytes, (double)item->elapsed / 1e9, item->url);
}

/* One line, one write: a reader of a pipe sees it at once, and whole. */
static void put_result(struct trine__show *show, const struct trine__fetched *item)
{
    struct trine__text line = { 0 };
    if (show->json)
        add_json(&line, item);
    else if (item->status != 0)
        add_row(&line, item, show->aligned);
    int error = trine__text_write(&line, 1);
    if (show->error == 0)
        show->error = error;
    trine__text_done(&line);
}

static void put_trouble(const struct trine__fetched *item)
{
    if (item->sentence != NULL)
        fprintf(stderr, "trine fetch: %s\n", item->sentence);
    else
        fprintf(stderr, "trine fetch: %s: %s\n", item->url, trine_strerror(item->outcome));
}

/* ---- progress, on a terminal only */

static void put_progress(const struct trine__show *show)
{
    if (show->progress)
        fprintf(stderr, "\r\033[K%zu of %zu done, %zu failed", show->done, show->count,
                show->failed);
}

static void clear_progress(const struct trine__show *show)
{
    if (show->progress)
        fputs("\r\033[K", stderr);
}

/* ---- the whole */

void trine__show_open(struct trine__show *show, size_t count, bool json)
{
    *show = (struct trine__show){ .count = count,
                                  .json = json,
                                  .aligned = trine__sys_isatty(1),
                                  .progress = trine__sys_isatty(2) && count > 1 };
    put_progress(show);
}

void trine__show_item(struct trine__show *show, const struct trine__fetched *item)
{
    if (item->outcome == -ECANCELED) {
        show->cancelled++;
        return;
    }
    show->done++;
    show->failed += item->outcome < 0;
    clear_progress(show);
    put_result(show, item);
    if (item->outcome < 0)
        put_trouble(item);
    put_progress(show);
}

int trine__show_close(struct trine__show *show, bool interrupted)
{
    clear_progress(show);
    if (show->error < 0)
        fprintf(stderr, "trine fetch: cannot write standard output: %s\n",
                trine_strerror(show->error));
    if (interrupted) {
        fprintf(stderr, "trine fetch: interrupted after %zu of %zu URLs\n", show->done,
                show->count);
        return TRINE__EXIT_INTERRUPTED;
    }
    return show->failed + show->cancelled > 0 || show->error < 0 ? TRINE__EXIT_FAILED
                                                                 : TRINE__EXIT_OK;
}
