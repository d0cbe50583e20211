// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Logs what a program prints, up to a limit, and keeps its first line, which is the cause of the
 * others.
 *
 * QEMU repeats some messages without end: it wrote 2 GB in two minutes after a model had ended.
 */
#include "message_log.h"

/**
 * message_log_feed() - take output of the program.
 * @log: log
 * @data: bytes
 * @size: their number
 */
void message_log_feed(struct message_log *log, const char *data, size_t size)
{
	size_t keep = size < log->left ? size : log->left;

	if (keep) {
		fwrite(data, 1, keep, log->file);
		log->left -= keep;
		if (!log->left)
			fprintf(log->file, "\n(all further messages were dropped)\n");
		fflush(log->file);
	}
	for (size_t i = 0; i < size && !log->complete; i++) {
		if (data[i] == '\n') {
			log->complete = log->length > 0;
		} else if (log->length < sizeof(log->line) - 1) {
			log->line[log->length++] = data[i];
			log->line[log->length] = '\0';
		}
	}
}
