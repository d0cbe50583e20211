// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Trace and warnings, on standard error.
 *
 * Both threads print; each message is one write(), so that lines stay
 * whole.
 */
#include "core/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

unsigned int trace_mask;

static const struct {
	const char *name;
	enum trace_class cls;
} classes[] = {
	{ "vfio", TRACE_VFIO },
	{ "pci", TRACE_PCI },
	{ "reg", TRACE_REG },
	{ "packet", TRACE_PACKET },
	{ "gart", TRACE_GART },
	{ "2d", TRACE_2D },
	{ "display", TRACE_DISPLAY },
	{ "3d", TRACE_3D },
};

#define CLASS_COUNT (sizeof(classes) / sizeof(classes[0]))

static const char *class_name(enum trace_class cls)
{
	for (size_t i = 0; i < CLASS_COUNT; i++)
		if (classes[i].cls == cls)
			return classes[i].name;
	return "?";
}

/**
 * trace_parse() - switch trace classes on
 * @list: names with commas between them, or "all"
 *
 * Before any other thread runs.
 *
 * Return: 0, or -EINVAL for an unknown class; then nothing is switched on.
 */
int trace_parse(const char *list)
{
	unsigned int mask = 0;

	while (*list) {
		size_t len = strcspn(list, ",");
		unsigned int found = 0;

		for (size_t i = 0; i < CLASS_COUNT; i++)
			if ((strlen(classes[i].name) == len &&
			     !strncmp(list, classes[i].name, len)) ||
			    (len == 3 && !strncmp(list, "all", 3)))
				found |= classes[i].cls;
		if (!found)
			return -EINVAL;
		mask |= found;
		list += len;
		if (*list == ',')
			list++;
	}
	trace_mask |= mask;
	return 0;
}

__attribute__((format(printf, 2, 0)))
static void print_line(const char *prefix, const char *fmt, va_list ap)
{
	char line[512];
	int used, n;

	used = snprintf(line, sizeof(line), "%s: ", prefix);
	n = vsnprintf(line + used, sizeof(line) - (size_t)used, fmt, ap);
	if (n < 0)
		return;
	fprintf(stderr, "%s\n", line);
}

/**
 * trace_print() - print a trace message
 * @cls: its class
 * @fmt: format, without a newline
 *
 * Any thread, any locks. Use the macro trace().
 */
void trace_print(enum trace_class cls, const char *fmt, ...)
{
	char prefix[48];
	struct timespec ts;
	va_list ap;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(prefix, sizeof(prefix), "%lld.%06ld %s", (long long)ts.tv_sec,
		 ts.tv_nsec / 1000, class_name(cls));
	va_start(ap, fmt);
	print_line(prefix, fmt, ap);
	va_end(ap);
}

/**
 * warn_once_print() - say what a guest did wrong, once
 * @done: the message site's own flag, false at first
 * @fmt: format, without a newline
 *
 * Any thread, any locks. A guest can repeat a mistake without end, so only the
 * first is printed.
 */
void warn_once_print(atomic_bool *done, const char *fmt, ...)
{
	va_list ap;

	if (atomic_exchange(done, true))
		return;
	va_start(ap, fmt);
	print_line("warning", fmt, ap);
	va_end(ap);
}
