/* SPDX-License-Identifier: MIT */
/* The test server: routes named after httpbin's, and the tutorials' fifteen pages. */
#ifndef TRINE_HTTP_HTTPBIN_H
#define TRINE_HTTP_HTTPBIN_H

#include <stddef.h>
#include <stdint.h>

#define TRINE__HTTPBIN_PAGES 15

/* Serves on `listener` until cancelled; in a task. As trine__http_serve(). */
int trine__httpbin_serve(int listener);

/* Size and delay of page `index` (0 to 14): sizes from 56,765 to 468,461 bytes, delays from 20
 * to 98.1 ms. */
size_t trine__httpbin_page_size(unsigned index);
int64_t trine__httpbin_page_delay(unsigned index);

#endif
