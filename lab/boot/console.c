// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Splits the guest's output into lines and finds the lines for the lab.
 *
 * These contain "@lab ", followed by their text up to the end of the line; the kernel's clock or
 * half a line of another writer may stand before them. A line of Xen's may stand within a line of
 * dom0's, which then continues behind it. The guest is not trusted: control characters do not reach
 * logs or the user's terminal.
 */
#include <string.h>

#include "console.h"

static const char lab_marker[] = "@lab ";
static const char xen_marker[] = "(XEN) ";

/* Xen's line is complete; what dom0 wrote before it stays as the begin of the next line. */
static void end_line(struct console *con)
{
	const char *line = con->line, *text;

	con->line[con->length] = '\0';
	text = strstr(line, xen_marker);
	if (text)
		line = text;
	con->length = (size_t)(line - con->line);
	if (con->log) {
		fprintf(con->log, "%10.3f  %s\n", con->line_time, line);
		fflush(con->log);
	}
	if (*line)
		memcpy(con->last, line, strlen(line) + 1);
	con->ops->line(con->priv, line);
	text = strstr(line, lab_marker);
	if (text)
		con->ops->lab(con->priv, text + strlen(lab_marker));
}

/**
 * console_feed() - take output of the guest.
 * @con: console
 * @data: bytes
 * @size: their number
 * @now: time in seconds, for the log
 *
 * Calls the receivers for each complete line. A line longer than CONSOLE_LINE_MAX is split.
 */
void console_feed(struct console *con, const char *data, size_t size, double now)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\r')
			continue;
		if (!con->length)
			con->line_time = now;
		if (c == '\n') {
			end_line(con);
			continue;
		}
		if (con->length == CONSOLE_LINE_MAX - 1)
			end_line(con);
		con->line[con->length++] = (c < 0x20 && c != '\t') || c == 0x7f ?
						   '?' : (char)c;
	}
}

/**
 * console_flush() - the guest has ended: an incomplete line is a line, too.
 * @con: console
 */
void console_flush(struct console *con)
{
	while (con->length)
		end_line(con);
}
