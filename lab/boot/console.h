/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The guest's console: its lines and its log. See console.c. */
#ifndef LAB_CONSOLE_READER_H
#define LAB_CONSOLE_READER_H

#include <stddef.h>
#include <stdio.h>

#define CONSOLE_LINE_MAX	4096u

/**
 * struct console_ops - receivers of the guest's lines.
 * @line: each line, without its end
 * @lab: the text after "@lab " on a line
 */
struct console_ops {
	void (*line)(void *priv, const char *line);
	void (*lab)(void *priv, const char *text);
};

/**
 * struct console - a console that is being read.
 * @ops: receivers
 * @priv: passed to them
 * @log: log with times, or NULL
 * @line: the line so far, NUL-terminated
 * @length: its length
 * @line_time: when it began, in seconds
 * @last: the last line that was not empty, for reports
 */
struct console {
	const struct console_ops *ops;
	void *priv;
	FILE *log;
	char line[CONSOLE_LINE_MAX];
	size_t length;
	double line_time;
	char last[CONSOLE_LINE_MAX];
};

void console_feed(struct console *con, const char *data, size_t size, double now);
void console_flush(struct console *con);

#endif
