/* SPDX-License-Identifier: MIT */
/* What to tell of an error: the sentence it brought, else what its code means. */
#ifndef TRINE_CLI_SENTENCE_H
#define TRINE_CLI_SENTENCE_H

/* For the error that the last call here returned; valid until the next failure. Never empty. */
const char *trine__sentence(int error);

#endif
