// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The command lines of the guest's programs; see lab_options.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab_options.h"

void lab_usage_error(const struct lab_program *program, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: error: ", program->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, " (%s --help lists the options)\n", program->name);
	exit(2);
}

static __attribute__((noreturn)) void help(const struct lab_program *program)
{
	const struct lab_option *option;
	char left[64];

	printf("usage: %s [OPTION]...%s%s\n%s\n\n", program->name, program->arguments ? " " : "",
	       program->arguments ? program->arguments : "", program->purpose);
	for (option = program->options; option->name; option++) {
		snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value ? " " : "",
			 option->value ? option->value : "");
		printf("  %-22s %s", left, option->help);
		for (unsigned int i = 0; option->choices && option->choices[i]; i++)
			printf("%s%s", i ? "|" : ": ", option->choices[i]);
		if (option->number)
			printf(", from %" PRIu64 " to %" PRIu64, option->min, option->max);
		printf("\n");
	}
	printf("  %-22s %s\n", "--help", "print this");
	exit(0);
}

static void set_number(const struct lab_program *program, const struct lab_option *option,
		       const char *value)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(value, &end, 0);
	if (errno || end == value || *end || number < option->min || number > option->max ||
	    strchr(value, '-'))
		lab_usage_error(program, "--%s %s: give a number from %" PRIu64 " to %" PRIu64,
				option->name, value, option->min, option->max);
	*option->number = number;
}

static void set_text(const struct lab_program *program, const struct lab_option *option,
		     const char *value)
{
	char choices[256] = "";

	*option->text = value;
	for (unsigned int i = 0; option->choices && option->choices[i]; i++) {
		size_t used = strlen(choices);

		if (!strcmp(value, option->choices[i]))
			return;
		snprintf(choices + used, sizeof(choices) - used, "%s%s", i ? "|" : "",
			 option->choices[i]);
	}
	if (option->choices)
		lab_usage_error(program, "--%s %s is unknown: choose %s", option->name, value,
				choices);
}

int lab_parse_options(const struct lab_program *program, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && !strncmp(argv[i], "--", 2); i++) {
		const char *name = argv[i] + 2, *equals = strchr(name, '='), *value;
		size_t len = equals ? (size_t)(equals - name) : strlen(name);
		const struct lab_option *option = program->options;

		if (!strcmp(name, "help"))
			help(program);
		while (option->name && (strncmp(name, option->name, len) || option->name[len]))
			option++;
		if (!option->name)
			lab_usage_error(program, "there is no option %s", argv[i]);
		if (option->flag) {
			if (equals)
				lab_usage_error(program, "--%s takes no value", option->name);
			*option->flag = true;
			continue;
		}
		value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
		if (!value)
			lab_usage_error(program, "--%s needs a value", option->name);
		if (option->number)
			set_number(program, option, value);
		else
			set_text(program, option, value);
	}
	if (i < argc && !program->arguments)
		lab_usage_error(program, "'%s' is not an option", argv[i]);
	return i;
}
