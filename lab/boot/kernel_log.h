/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Errors in a kernel's log. See kernel_log.c. */
#ifndef LAB_KERNEL_LOG_H
#define LAB_KERNEL_LOG_H

#include <stdbool.h>

/** enum kernel_log_verdict - class of a console line. */
enum kernel_log_verdict {
	KERNEL_LOG_OTHER,	/* not from a kernel or hypervisor */
	KERNEL_LOG_FINE,	/* from one of them */
	KERNEL_LOG_PROBLEM,	/* and an error */
};

struct kernel_log;

struct kernel_log *kernel_log_new(void);
void kernel_log_free(struct kernel_log *log);
bool kernel_log_allow(struct kernel_log *log, const char *regex);
enum kernel_log_verdict kernel_log_check(struct kernel_log *log, const char *line);

#endif
