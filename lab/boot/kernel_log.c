// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Finds errors that the guest's kernel and Xen report in their logs.
 *
 * A test that passes while the kernel warns has not passed. Each phrase is the kernel's own and
 * stands for a class of errors.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_log.h"

/* Lines of a report after its first: a backtrace within them is not a second problem. */
#define REPORT_LINES	60

/* Lines of the kernel carry its clock, those of Xen a tag. */
static const char origin_regex[] =
	"\\[ *[0-9]+\\.[0-9]{6}\\]|^\\(XEN\\)";

static const char problem_regex[] =
	/* warnings, oopses, panics */
	"WARNING:|BUG:|kernel BUG at|Oops|general protection fault|"
	"[Uu]nable to handle|Kernel panic|refcount_t:|list_(add|del) corruption|"
	/* sanitizers and leak detection, without kmemleak's messages at its start */
	"KASAN|UBSAN|KCSAN|KMSAN|kmemleak: ([^AK]|.*disabled)|"
	/* other checkers: SLUB, page poisoning, objects' lives, DMA */
	"BUG [^ ]+ \\(|pagealloc: (memory corruption|single bit error)|ODEBUG:|"
	"DMA-API: .*(device driver|overlapping|out of memory|ENOMEM|disabled)|"
	/* lockdep */
	"possible circular locking|possible recursive locking|inconsistent lock state|"
	"lock inversion|suspicious RCU usage|bad unlock balance|"
	"held when returning to user|DEBUG_LOCKS_WARN_ON|register non-static key|"
	"invalid wait context|Nested lock was not taken|turning off the locking|"
	"sleeping function called|scheduling while atomic|"
	/* lack of progress */
	"blocked for more than|soft lockup|hard LOCKUP|self-detected stall|"
	"detected stalls|"
	/* memory */
	"page allocation failure|invoked oom-killer|Out of memory|swiotlb buffer is full|"
	"KiB cannot be mapped|"
	/* programs that crashed */
	"segfault at|trap invalid opcode|"
	/* interrupts */
	"nobody cared|Disabling IRQ|"
	/* the GPU and its driver */
	"Leaking pages|Buffer eviction failed|chunks are still in use|"
	"has not completed its commands|"
	"GPU lockup|GPU reset|GPU softreset|GPU fault|fence wait timed out|"
	"Disabling GPU acceleration|(ring|IB|ib) .*(test failed|failed)|"
	"failed testing IB|\\*ERROR\\*|"
	/* Xen */
	"Xen BUG|Xen call trace|Assertion '|Panic on CPU|"
	/* lines are missing */
	"printk messages dropped";

static const char backtrace_regex[] = "Call Trace:";

/**
 * struct kernel_log - state of the check.
 * @origin: matches lines of a kernel or hypervisor
 * @problem: matches the first line of a report
 * @backtrace: matches a backtrace, which may come without a report
 * @allow: expected reports
 * @allow_count: number of @allow
 * @report_left: lines of the current report that are left
 */
struct kernel_log {
	regex_t origin;
	regex_t problem;
	regex_t backtrace;
	regex_t *allow;
	size_t allow_count;
	unsigned int report_left;
};

static bool matches(const regex_t *regex, const char *line)
{
	return !regexec(regex, line, 0, NULL, 0);
}

/**
 * kernel_log_new() - begin to check a log.
 *
 * Return: the state, or NULL without memory.
 */
struct kernel_log *kernel_log_new(void)
{
	const int flags = REG_EXTENDED | REG_NOSUB;
	struct kernel_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	if (regcomp(&log->origin, origin_regex, flags) ||
	    regcomp(&log->problem, problem_regex, flags) ||
	    regcomp(&log->backtrace, backtrace_regex, flags)) {
		free(log);
		return NULL;
	}
	return log;
}

/**
 * kernel_log_free() - free the state of a check.
 * @log: state, or NULL
 */
void kernel_log_free(struct kernel_log *log)
{
	if (!log)
		return;
	regfree(&log->origin);
	regfree(&log->problem);
	regfree(&log->backtrace);
	for (size_t i = 0; i < log->allow_count; i++)
		regfree(&log->allow[i]);
	free(log->allow);
	free(log);
}

/**
 * kernel_log_allow() - expect a report.
 * @log: state
 * @regex: extended regular expression that matches its first line
 *
 * Return: false if @regex is malformed or memory ran out.
 */
bool kernel_log_allow(struct kernel_log *log, const char *regex)
{
	regex_t *more = realloc(log->allow, (log->allow_count + 1) * sizeof(*more));

	if (!more)
		return false;
	log->allow = more;
	if (regcomp(&more[log->allow_count], regex, REG_EXTENDED | REG_NOSUB))
		return false;
	log->allow_count++;
	return true;
}

/**
 * kernel_log_check() - classify the next line of the console.
 * @log: state
 * @line: the line, without its end
 *
 * Return: its class.
 */
enum kernel_log_verdict kernel_log_check(struct kernel_log *log, const char *line)
{
	bool report;

	if (!matches(&log->origin, line))
		return KERNEL_LOG_OTHER;
	report = matches(&log->problem, line);
	if (!report) {
		bool alone = !log->report_left;

		if (log->report_left)
			log->report_left--;
		if (!alone || !matches(&log->backtrace, line))
			return KERNEL_LOG_FINE;
	}
	log->report_left = REPORT_LINES;
	for (size_t i = 0; i < log->allow_count; i++)
		if (matches(&log->allow[i], line))
			return KERNEL_LOG_FINE;
	return KERNEL_LOG_PROBLEM;
}
