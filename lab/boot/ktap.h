/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Reads KTAP, the kernel's test output (Documentation/dev-tools/ktap.rst). See ktap.c. */
#ifndef LAB_BOOT_KTAP_H
#define LAB_BOOT_KTAP_H

#include <stdbool.h>

#define KTAP_DEPTH_MAX	8u
#define KTAP_NAME_MAX	160u
#define KTAP_TEXT_MAX	1024u

/** enum ktap_outcome - how a test ended. */
enum ktap_outcome {
	KTAP_PASS,
	KTAP_FAIL,
	KTAP_SKIP,
};

/**
 * struct ktap_ops - receivers of results and errors.
 * @result: a result; @name has no spaces, @text may be empty
 * @error: the output as a whole is incomplete or malformed
 */
struct ktap_ops {
	void (*result)(void *priv, const char *name, enum ktap_outcome outcome,
		       const char *text);
	void (*error)(void *priv, const char *text);
};

/**
 * struct ktap_level - one level of nesting.
 * @indent: spaces before its lines
 * @suite: the name in "# Subtest: NAME", or empty
 * @has_plan: a plan line was seen
 * @plan: its number
 * @count: results so far
 * @reported: a failure was reported at this level or below
 * @failures: names of the results that failed
 * @why: first diagnostic line of the current test that says what failed
 * @wrong: first error of this level
 */
struct ktap_level {
	unsigned int indent;
	char suite[KTAP_NAME_MAX];
	bool has_plan;
	unsigned long plan, count;
	bool reported;
	char failures[KTAP_TEXT_MAX / 4];
	char why[KTAP_TEXT_MAX / 4];
	char wrong[KTAP_TEXT_MAX / 8];
};

/**
 * struct ktap - a document that is being read; zeroed except for @ops and @priv.
 * @ops: receivers
 * @priv: passed to them
 * @depth: number of open levels
 * @complained: a line outside of any document was reported
 * @levels: the open levels, outermost first
 */
struct ktap {
	const struct ktap_ops *ops;
	void *priv;
	unsigned int depth;
	bool complained;
	struct ktap_level levels[KTAP_DEPTH_MAX];
};

void ktap_line(struct ktap *ktap, const char *line);
void ktap_end(struct ktap *ktap);

#endif
