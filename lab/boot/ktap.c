// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Reads KTAP, line by line, and reports each result as soon as its line has been read.
 *
 * A test with subtests is also reported itself if its line has a text, or if it failed and no
 * subtest of it was reported as a failure. What is below a case of a KUnit suite (its
 * parameters) belongs to the case's text. A plan that is not met, a number that is out of order
 * and a malformed line fail the test that they belong to. The input is not trusted.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"

/**
 * struct result - a result line, taken apart.
 * @outcome: without regard to subtests
 * @number: as it says
 * @name: description, spaces replaced
 * @text: what follows the "#" and the directive
 */
struct result {
	enum ktap_outcome outcome;
	unsigned long number;
	char name[KTAP_NAME_MAX];
	const char *text;
};

/* Only the first error of a level is kept: the others mostly follow from it. */
static __attribute__((format(printf, 2, 3)))
void wrong(struct ktap_level *level, const char *fmt, ...)
{
	va_list ap;

	if (*level->wrong)
		return;
	va_start(ap, fmt);
	vsnprintf(level->wrong, sizeof(level->wrong), fmt, ap);
	va_end(ap);
}

static void outside(struct ktap *ktap, const char *line)
{
	char text[KTAP_TEXT_MAX];

	if (ktap->complained)
		return;
	ktap->complained = true;
	snprintf(text, sizeof(text), "KTAP line before the version line: %.200s", line);
	ktap->ops->error(ktap->priv, text);
}

/* Copies a name up to @size, with spaces replaced: results.txt separates by them. */
static void copy_name(char *name, size_t size, const char *from, size_t len)
{
	while (len && isspace((unsigned char)from[len - 1]))
		len--;
	if (len > size - 1)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		name[i] = isspace((unsigned char)from[i]) ? '_' : from[i];
	name[len] = '\0';
}

static bool starts_with(const char *line, const char *word)
{
	while (*word && *line == *word) {
		line++;
		word++;
	}
	return !*word;
}

static bool is_version(const char *line)
{
	return !strcmp(line, "KTAP version 1") || !strcmp(line, "TAP version 13") ||
	       !strcmp(line, "TAP version 14");
}

/* A decimal number without sign. Returns what follows, or NULL. */
static const char *parse_number(const char *text, unsigned long *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno ? NULL : end;
}

/* Does a line begin like a result? The rest of it may be malformed. */
static bool is_result(const char *line)
{
	if (starts_with(line, "not "))
		line += strlen("not ");
	return starts_with(line, "ok") && (!line[2] || line[2] == ' ');
}

static bool parse_result(const char *line, struct result *result)
{
	static const struct {
		const char *word;
		enum ktap_outcome outcome;
	} directives[] = {
		{ "SKIP", KTAP_SKIP }, { "TIMEOUT", KTAP_FAIL }, { "ERROR", KTAP_FAIL },
	};
	const char *at = line, *hash;

	result->outcome = KTAP_PASS;
	if (starts_with(at, "not ")) {
		result->outcome = KTAP_FAIL;
		at += strlen("not ");
	}
	at = parse_number(at + strlen("ok") + strspn(at + strlen("ok"), " "), &result->number);
	if (!at || (*at && *at != ' '))
		return false;
	at += strspn(at, " -");
	hash = strchr(at, '#');
	result->text = "";
	if (hash) {
		result->text = hash + 1 + strspn(hash + 1, " ");
		for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
			size_t len = strlen(directives[i].word);

			if (strncmp(result->text, directives[i].word, len) ||
			    isalnum((unsigned char)result->text[len]))
				continue;
			result->outcome = directives[i].outcome;
			result->text += len + strspn(result->text + len, " ");
			break;
		}
	}
	copy_name(result->name, sizeof(result->name), at, hash ? (size_t)(hash - at) : strlen(at));
	if (!*result->name)
		snprintf(result->name, sizeof(result->name), "test-%lu", result->number);
	return true;
}

/* A suite of KUnit has cases; lines below a case are details. */
static bool is_detail(const struct ktap *ktap, unsigned int index)
{
	for (unsigned int i = 0; i < index; i++)
		if (*ktap->levels[i].suite)
			return true;
	return false;
}

/* A level has ended: KUnit's parameters need no plan, all others do. */
static void check_plan(struct ktap_level *level)
{
	if (level->has_plan && level->count != level->plan)
		wrong(level, "%lu of %lu tests have run", level->count, level->plan);
	else if (!level->has_plan && !*level->suite)
		wrong(level, "ended early, after %lu tests and without a plan", level->count);
}

static void add(char *text, size_t size, const char *separator, const char *more)
{
	size_t used = strlen(text);

	if (*more)
		snprintf(text + used, size - used, "%s%s", used ? separator : "", more);
}

static void report(struct ktap *ktap, unsigned int index, const struct result *result,
		   const char *text)
{
	const struct ktap_level *level = &ktap->levels[index];
	char name[2 * KTAP_NAME_MAX];

	snprintf(name, sizeof(name), "%s%s%s", level->suite, *level->suite ? "." : "",
		 result->name);
	ktap->ops->result(ktap->priv, name, result->outcome, text);
	for (unsigned int i = 0; i <= index && result->outcome == KTAP_FAIL; i++)
		ktap->levels[i].reported = true;
}

/* A result of level @index; the next level, if it is open, holds its subtests. */
static void on_result(struct ktap *ktap, unsigned int index, struct result *result)
{
	struct ktap_level *level = &ktap->levels[index];
	struct ktap_level *subtests = ktap->depth > index + 1 ? level + 1 : NULL;
	bool details = subtests && is_detail(ktap, index + 1);
	char text[KTAP_TEXT_MAX] = "";

	if (ktap->depth > index + 2)
		wrong(subtests, "a subtest ended without a result");
	ktap->depth = index + 1;
	level->count++;
	if (result->number != level->count)
		wrong(level, "number %lu where %lu was due", result->number, level->count);
	if (subtests) {
		check_plan(subtests);
		add(text, sizeof(text), "", subtests->wrong);
		/* Parameters are not reported: their case has to say what failed. */
		if (*subtests->wrong || (details && *subtests->failures))
			result->outcome = KTAP_FAIL;
	}
	add(text, sizeof(text), ": ", result->text);
	if (details && !*text) {
		snprintf(text, sizeof(text), "%lu parameters", subtests->count);
		if (*subtests->failures)
			add(text, sizeof(text), ", failed: ", subtests->failures);
	}
	if (result->outcome == KTAP_FAIL) {
		add(level->failures, sizeof(level->failures), ", ", result->name);
		add(text, sizeof(text), ": ", level->why);
	}
	level->why[0] = '\0';
	if (is_detail(ktap, index))
		return;
	if (subtests && !*text && (result->outcome != KTAP_FAIL || subtests->reported))
		return;
	report(ktap, index, result, text);
}

static void on_version(struct ktap *ktap, unsigned int indent)
{
	struct ktap_level *level;

	for (unsigned int i = 0; i < ktap->depth; i++) {
		if (ktap->levels[i].indent < indent)
			continue;
		wrong(&ktap->levels[i], "a second version line");
		return;
	}
	if (ktap->depth == KTAP_DEPTH_MAX) {
		wrong(&ktap->levels[ktap->depth - 1], "nested deeper than %u levels",
		      KTAP_DEPTH_MAX);
		return;
	}
	level = &ktap->levels[ktap->depth++];
	memset(level, 0, sizeof(*level));
	level->indent = indent;
}

static void on_plan(struct ktap *ktap, struct ktap_level *level, unsigned long plan)
{
	if (level != &ktap->levels[ktap->depth - 1])
		wrong(level, "a plan amid subtests");
	else if (level->has_plan)
		wrong(level, "a second plan");
	level->has_plan = true;
	level->plan = plan;
}

static void on_comment(struct ktap_level *level, const char *text)
{
	static const char subtest[] = "Subtest: ";

	if (starts_with(text, subtest) && !*level->suite)
		copy_name(level->suite, sizeof(level->suite), text + strlen(subtest),
			  strlen(text + strlen(subtest)));
	else if (strstr(text, " FAILED") && !*level->why)
		snprintf(level->why, sizeof(level->why), "%.200s", text);
}

/**
 * ktap_line() - take the next line.
 * @ktap: reader
 * @line: the line, without its end
 *
 * Other lines than KTAP's are ignored.
 */
void ktap_line(struct ktap *ktap, const char *line)
{
	unsigned int indent = (unsigned int)strspn(line, " "), index;
	struct ktap_level *level = NULL;
	struct result result;
	unsigned long plan = 0;
	const char *end;
	bool is_plan;

	line += indent;
	end = starts_with(line, "1..") ? parse_number(line + 3, &plan) : NULL;
	is_plan = end && (!*end || *end == ' ');
	if (is_version(line)) {
		on_version(ktap, indent);
		return;
	}
	if (!is_plan && !is_result(line) && !starts_with(line, "# "))
		return;
	for (index = 0; index < ktap->depth && !level; index++)
		if (ktap->levels[index].indent == indent)
			level = &ktap->levels[index];
	if (*line == '#') {
		/* KUnit prints some at an indentation where no test is open: ignore them. */
		if (level)
			on_comment(level, line + 2);
	} else if (!ktap->depth) {
		outside(ktap, line);
	} else if (!level) {
		wrong(&ktap->levels[ktap->depth - 1], "a line at the indentation of no test: %.60s",
		      line);
	} else if (is_plan) {
		on_plan(ktap, level, plan);
	} else if (parse_result(line, &result)) {
		on_result(ktap, index - 1, &result);
	} else {
		wrong(level, "a malformed result: %.60s", line);
	}
}

/**
 * ktap_end() - there are no more lines.
 * @ktap: reader
 *
 * Reports an error if the document is incomplete.
 */
void ktap_end(struct ktap *ktap)
{
	struct ktap_level *level = &ktap->levels[0];
	char text[KTAP_TEXT_MAX];

	if (!ktap->depth) {
		ktap->ops->error(ktap->priv, "no test results");
		return;
	}
	if (ktap->depth > 1)
		wrong(level, "a test ended without a result, after %lu others", level->count);
	check_plan(level);
	ktap->depth = 0;
	if (!*level->wrong)
		return;
	snprintf(text, sizeof(text), "test results: %s", level->wrong);
	ktap->ops->error(ktap->priv, text);
}
