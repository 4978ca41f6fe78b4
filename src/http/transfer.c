/* SPDX-License-Identifier: MIT */
/* One transfer: what is asked of libcurl, what comes back, and the sentence for what went wrong. */
#include "http/client.h"
#include "sys/sys.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX    (256U << 10) /* bytes of headers, of all redirects together */
#define RESERVE_MAX (1U << 20)   /* of an announced length that is believed at once */

/* ---- what all transfers of the process share */

static CURLSH *share;
static pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];

static void lock_share(CURL *easy, curl_lock_data what, curl_lock_access access, void *arg)
{
    pthread_mutex_lock(&share_locks[what]);
}

static void unlock_share(CURL *easy, curl_lock_data what, void *arg)
{
    pthread_mutex_unlock(&share_locks[what]);
}

static void prepare(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return;
    for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
        pthread_mutex_init(&share_locks[i], NULL);
    share = curl_share_init();
    if (share == NULL)
        return;
    curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock_share);
    curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock_share);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

CURL *trine__transfer_handle(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    CURL *easy = share != NULL ? curl_easy_init() : NULL;
    if (easy != NULL)
        curl_easy_setopt(easy, CURLOPT_SHARE, share);
    return easy;
}

/* ---- what comes in */

static bool append(struct trine__buffer *buffer, const char *data, size_t len, size_t expected)
{
    size_t needed = buffer->len + len + 1;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity > 0 ? buffer->capacity * 2 : expected;
        if (capacity < needed)
            capacity = needed;
        char *larger = trine__realloc(buffer->data, capacity);
        if (larger == NULL)
            return false;
        buffer->data = larger;
        buffer->capacity = capacity;
    }
    memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
    buffer->data[buffer->len] = '\0';
    return true;
}

/* Ends the transfer: libcurl takes any other count than the one it gave for a no. It then writes
 * its own words into `reason`. */
static size_t refuse(struct trine__transfer *transfer, int error, const char *too_large,
                     size_t limit)
{
    transfer->error = error;
    transfer->too_large = too_large;
    transfer->limit = limit;
    return CURL_WRITEFUNC_ERROR;
}

/* What is worth setting aside for a body of the announced length. */
static size_t room_for(const struct trine__transfer *transfer, size_t first)
{
    int64_t announced = transfer->expected;
    if (announced < 0 || announced > RESERVE_MAX)
        announced = RESERVE_MAX / 64;
    return (size_t)announced > first ? (size_t)announced + 1 : first + 1;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct trine__transfer *transfer = arg;
    struct trine__buffer *body = &transfer->response->body;
    size_t len = size * count, limit = transfer->client->body_max;
    transfer->head_over = true;
    if (len > limit - body->len)
        return refuse(transfer, TRINE_ELIMIT, "body", limit);
    if (!append(body, data, len, room_for(transfer, len)))
        return refuse(transfer, -ENOMEM, NULL, 0);
    return len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Keeps "name: value" as name, NUL, value, NUL. A NUL within would shift the pairs: such a line is
 * passed over, like one that has no name. */
static bool keep_header(struct trine__buffer *headers, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    if (colon == NULL || colon == line || is_blank(line[0]) || memchr(line, '\0', len) != NULL)
        return true;
    const char *value = colon + 1, *end = line + len;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    size_t kept = headers->len;
    if (append(headers, line, (size_t)(colon - line), 1024) && append(headers, "", 1, 0) &&
        append(headers, value, (size_t)(end - value), 0) && append(headers, "", 1, 0))
        return true;
    headers->len = kept;
    return false;
}

/* The length that this header announces; `before` if it is about something else. */
static int64_t announced_by(const char *line, size_t len, int64_t before)
{
    static const char name[] = "content-length:";
    int64_t value = 0;
    if (len < sizeof name || strncasecmp(line, name, sizeof name - 1) != 0)
        return before;
    const char *at = line + sizeof name - 1, *end = line + len;
    while (at < end && is_blank(*at))
        at++;
    for (; at < end && *at >= '0' && *at <= '9' && value < INT64_MAX / 16; at++)
        value = value * 10 + (*at - '0');
    return value;
}

static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
    struct trine__transfer *transfer = arg;
    struct trine__buffer *headers = &transfer->response->headers;
    size_t len = size * count;
    transfer->head_len += len;
    if (transfer->head_len > HEAD_MAX)
        return refuse(transfer, TRINE_ELIMIT, "head", HEAD_MAX);
    if (transfer->head_over)
        return len;
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0) { /* of another answer: the last one counts */
        headers->len = 0;
        transfer->expected = -1;
        transfer->head_whole = false;
        return len;
    }
    transfer->head_whole = len <= 2 && data[len - 1] == '\n';
    transfer->expected = announced_by(data, len, transfer->expected);
    return keep_header(headers, data, len) ? len : refuse(transfer, -ENOMEM, NULL, 0);
}

/* ---- what goes out */

static int refuse_url(struct trine__transfer *transfer, const char *why)
{
    snprintf(transfer->reason, sizeof transfer->reason, "not a URL to fetch: %s", why);
    return transfer->error = TRINE_EURL;
}

/* libcurl's parser says why, where its transfer only says that. */
static int check_url(struct trine__transfer *transfer)
{
    char *scheme = NULL;
    CURLU *url = curl_url();
    if (url == NULL)
        return transfer->error = -ENOMEM;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, transfer->url, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OUT_OF_MEMORY)
        transfer->error = -ENOMEM;
    else if (code == CURLUE_BAD_SCHEME || code == CURLUE_NO_SCHEME)
        refuse_url(transfer, "it begins with neither http:// nor https://");
    else if (code != CURLUE_OK)
        refuse_url(transfer, curl_url_strerror(code));
    else if (strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0)
        refuse_url(transfer, "the scheme is neither http nor https");
    curl_free(scheme);
    curl_url_cleanup(url);
    return transfer->error;
}

static long milliseconds(int64_t duration)
{
    int64_t count = (duration + 999999) / 1000000;
    return count < INT32_MAX ? (long)count : INT32_MAX;
}

static CURLcode set_options(struct trine__transfer *transfer, CURL *easy)
{
    const struct trine_client *client = transfer->client;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* an end does not wait for a slow resolver */
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)client->redirects_max);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(client->connect_timeout));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(client->timeout));
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)client->body_max);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all that libcurl can undo */
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    return code;
}

int trine__transfer_begin(struct trine__transfer *transfer, CURL *easy)
{
    transfer->expected = -1;
    if (check_url(transfer) < 0)
        return transfer->error;
    transfer->response = trine__alloc_zero(1, sizeof *transfer->response);
    if (transfer->response == NULL || set_options(transfer, easy) != CURLE_OK)
        transfer->error = -ENOMEM;
    return transfer->error;
}

/* ---- how it ended */

/* Whom the transfer was talking to when it failed: after redirects not the host that was asked for.
 */
static void note_peer(struct trine__transfer *transfer, const char *effective)
{
    char *host = NULL, *port = NULL;
    CURLU *url = curl_url();
    if (url != NULL && curl_url_set(url, CURLUPART_URL, effective, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
        snprintf(transfer->peer, sizeof transfer->peer, "%.100s port %.10s", host, port);
    else
        snprintf(transfer->peer, sizeof transfer->peer, "the server");
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
}

static void note_failure(struct trine__transfer *transfer, CURL *easy, const char *effective)
{
    long number = 0;
    curl_off_t value = 0;
    note_peer(transfer, effective);
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    transfer->system_error = (int)number;
    curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &value);
    transfer->connected = value > 0;
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &value);
    transfer->received = value;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &value);
    transfer->expected = value;
}

void trine__transfer_end(struct trine__transfer *transfer, CURL *easy, CURLcode code)
{
    char *effective = NULL;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &effective);
    if (effective == NULL)
        effective = "";
    if (code == CURLE_OK && !transfer->head_whole)
        code = CURLE_PARTIAL_FILE; /* libcurl 7.88 is content with half a head */
    transfer->code = code;
    if (code != CURLE_OK || transfer->error < 0) {
        note_failure(transfer, easy, effective);
        return;
    }
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->response->status = (int)status;
    transfer->response->url = trine__strdup(effective);
    if (transfer->response->url == NULL)
        transfer->error = -ENOMEM;
}

/* ---- the sentence */

/* libcurl's words if it had any, else its word for the code. */
static const char *words(const struct trine__transfer *transfer)
{
    return transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(transfer->code);
}

static int fail_connect(const struct trine__transfer *transfer)
{
    int error = transfer->system_error > 0 ? -transfer->system_error : -ECONNREFUSED;
    return trine_fail(error, "%s: connect to %s: %s", transfer->url, transfer->peer,
                      trine_strerror(error));
}

static int fail_time(const struct trine__transfer *transfer)
{
    const struct trine_client *client = transfer->client;
    int64_t limit = client->timeout;
    if (!transfer->connected && (limit == 0 || client->connect_timeout < limit))
        limit = client->connect_timeout;
    bool short_one = limit < TRINE_SECONDS(1);
    double length = (double)limit / (short_one ? 1e6 : 1e9);
    const char *unit = short_one ? "ms" : "s";
    if (!transfer->connected)
        return trine_fail(-ETIMEDOUT, "%s: no connection to %s within %.4g %s", transfer->url,
                          transfer->peer, length, unit);
    return trine_fail(-ETIMEDOUT, "%s: %s did not finish within %.4g %s (%lld bytes came)",
                      transfer->url, transfer->peer, length, unit, (long long)transfer->received);
}

static int fail_cut(const struct trine__transfer *transfer)
{
    if (!transfer->head_whole)
        return trine_fail(TRINE_EEOF, "%s: cut off in the middle of the answer's head",
                          transfer->url);
    if (transfer->expected > 0)
        return trine_fail(TRINE_EEOF, "%s: cut off after %lld of %lld bytes", transfer->url,
                          (long long)transfer->received, (long long)transfer->expected);
    return trine_fail(TRINE_EEOF, "%s: cut off after %lld bytes, before the end", transfer->url,
                      (long long)transfer->received);
}

/* The number that libcurl keeps may be of an earlier failure, unless its words are about a call. */
static int stream_error(const struct trine__transfer *transfer)
{
    int error = -transfer->system_error;
    if (strstr(transfer->reason, " failure: ") == NULL)
        return 0;
    return error == -EPIPE ? -ECONNRESET : error;
}

static int fail_stream(const struct trine__transfer *transfer)
{
    int error = stream_error(transfer);
    if (error == 0)
        return trine_fail(TRINE_EHTTP, "%s: %s", transfer->url, words(transfer));
    return trine_fail(error, "%s: %s: %s (%lld bytes came)", transfer->url, transfer->peer,
                      trine_strerror(error), (long long)transfer->received);
}

/* Code 1 is for schemes that libcurl does not speak, and for answers that are not HTTP. */
static int fail_protocol(const struct trine__transfer *transfer)
{
    if (strstr(transfer->reason, "HTTP/0.9") != NULL)
        return trine_fail(TRINE_EHTTP, "%s: the answer is not HTTP", transfer->url);
    return trine_fail(TRINE_EURL, "%s: %s", transfer->url, words(transfer));
}

/* libcurl 7.88 calls it a lack of memory when a line of the head is longer than it takes (100 KiB);
 * within a head that is by far the likelier reason. */
static int fail_memory(const struct trine__transfer *transfer)
{
    if (transfer->head_len > 0 && !transfer->head_over)
        return trine_fail(TRINE_ELIMIT, "%s: a line of the head is larger than %d bytes",
                          transfer->url, CURL_MAX_HTTP_HEADER);
    return trine_fail(-ENOMEM, "%s: %s", transfer->url, trine_strerror(-ENOMEM));
}

static int fail_by_code(const struct trine__transfer *transfer)
{
    const char *url = transfer->url;
    switch (transfer->code) {
    case CURLE_URL_MALFORMAT:
        return trine_fail(TRINE_EURL, "%s: %s", url, words(transfer));
    case CURLE_UNSUPPORTED_PROTOCOL:
        return fail_protocol(transfer);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return trine_fail(TRINE_ERESOLVE, "%s: %s", url, words(transfer));
    case CURLE_COULDNT_CONNECT:
        return fail_connect(transfer);
    case CURLE_OPERATION_TIMEDOUT:
        return fail_time(transfer);
    case CURLE_GOT_NOTHING:
        return trine_fail(TRINE_EEOF, "%s: %s closed the connection without an answer", url,
                          transfer->peer);
    case CURLE_PARTIAL_FILE:
        return fail_cut(transfer);
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return fail_stream(transfer);
    case CURLE_FILESIZE_EXCEEDED:
        return trine_fail(TRINE_ELIMIT, "%s: the body is larger than %zu bytes", url,
                          transfer->client->body_max);
    case CURLE_TOO_MANY_REDIRECTS:
        return trine_fail(TRINE_ELIMIT, "%s: more than %u redirects", url,
                          transfer->client->redirects_max);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return trine_fail(TRINE_ETLS, "%s: %s", url, words(transfer));
    case CURLE_OUT_OF_MEMORY:
        return fail_memory(transfer);
    default:
        return trine_fail(TRINE_EHTTP, "%s: %s", url, words(transfer));
    }
}

static int fail_by_error(const struct trine__transfer *transfer)
{
    int error = transfer->error;
    if (transfer->too_large != NULL)
        return trine_fail(error, "%s: the %s is larger than %zu bytes", transfer->url,
                          transfer->too_large, transfer->limit);
    if (error == TRINE_EURL)
        return trine_fail(error, "%s: %s", transfer->url, transfer->reason);
    if (error == -ETIMEDOUT)
        return trine_fail(error, "%s: the time limit around it was reached", transfer->url);
    return trine_fail(error, "%s: %s", transfer->url, trine_strerror(error));
}

int trine__transfer_result(struct trine__transfer *transfer, struct trine_response **ret)
{
    struct trine_response *response = transfer->response;
    transfer->response = NULL;
    if (transfer->error == 0 && transfer->code == CURLE_OK) {
        *ret = response;
        return 0;
    }
    trine_response_free(response);
    return transfer->error < 0 ? fail_by_error(transfer) : fail_by_code(transfer);
}
