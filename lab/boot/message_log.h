/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A bounded log of a program's messages. See message_log.c. */
#ifndef LAB_BOOT_MESSAGE_LOG_H
#define LAB_BOOT_MESSAGE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/**
 * struct message_log - a log that is being written.
 * @file: the log
 * @left: bytes that it may still grow by
 * @line: the first line that is not empty, for reports
 * @length: its length
 * @complete: it has ended
 */
struct message_log {
	FILE *file;
	size_t left;
	char line[256];
	size_t length;
	bool complete;
};

void message_log_feed(struct message_log *log, const char *data, size_t size);

#endif
