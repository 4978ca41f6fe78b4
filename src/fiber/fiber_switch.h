/* SPDX-License-Identifier: MIT */
/* Which form of the switch this build uses. */
#ifndef TRINE_FIBER_SWITCH_H
#define TRINE_FIBER_SWITCH_H

#include "fiber.h"
#include "switch.h"

#ifndef __has_feature
#define __has_feature(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define TRINE__ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define TRINE__TSAN 1
#endif

#if defined(TRINE__ASAN) || defined(TRINE__TSAN)
#include "fiber_switch_sanitized.h"
#else
#include "fiber_switch_plain.h"
#endif

#endif
