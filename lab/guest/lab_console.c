// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Reports to the lab on the host, and questions to the card; see lab_console.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lab_console.h"

#define REPLY_TIMEOUT_MS	10000
#define REPLY_TURNS		4
#define LINE_SIZE		800

static int failures;

bool lab_supervised(void)
{
	return getenv("LAB_RUN") != NULL;
}

/*
 * The kernel's longest record is 1 KiB; a longer write is refused. KERN_ALERT
 * passes every console log level that a scenario sets; LAB_KMSG_LEVEL is for one under a
 * program that takes every alert for a fault. A record without an end of line is held back
 * for its continuation.
 */
static void say(const char *line)
{
	const char *level = getenv("LAB_KMSG_LEVEL");
	char record[LINE_SIZE + 16];
	int fd, len;

	if (!lab_supervised()) {
		printf("%s\n", line);
		fflush(stdout);
		return;
	}
	len = snprintf(record, sizeof(record), "<%.1s>@lab %s\n",
		       level && *level ? level : "1", line);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, record, len) != len) {
		fprintf(stderr, "/dev/kmsg: %s\n", strerror(errno));
		exit(1);
	}
	close(fd);
}

/* What is said of a test; questions go to the host all the same. */
static void report(const char *line)
{
	if (getenv("LAB_REPORT_HERE")) {
		printf("%s\n", line);
		fflush(stdout);
	} else {
		say(line);
	}
}

static void vreport(enum lab_outcome outcome, const char *name, const char *fmt, va_list args)
{
	static const char *const words[] = { "pass", "fail", "skip" };
	char text[600], line[LINE_SIZE];

	vsnprintf(text, sizeof(text), fmt, args);
	snprintf(line, sizeof(line), "result %s %s %s", name, words[outcome], text);
	report(line);
	if (outcome == LAB_FAIL)
		failures++;
}

void lab_result(enum lab_outcome outcome, const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vreport(outcome, name, fmt, args);
	va_end(args);
}

void lab_row(const char *key, const char *fmt, ...)
{
	char text[600], line[LINE_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(line, sizeof(line), "row %s %s", key, text);
	report(line);
}

void lab_progress(const char *fmt, ...)
{
	char text[600], line[LINE_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(line, sizeof(line), "progress %s", text);
	report(line);
}

int lab_exit_status(void)
{
	return failures ? 1 : 0;
}

void lab_die(const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vreport(LAB_FAIL, name, fmt, args);
	va_end(args);
	exit(1);
}

/* One line from the console, without its end; console echo is off (init). */
static int read_line(int fd, char *buf, size_t size, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t len;
	int ready;

	do {
		ready = poll(&pfd, 1, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	if (ready == 0)
		return -ETIMEDOUT;
	/* The tty is in line mode: one read() is one line. */
	len = read(fd, buf, size - 1);
	if (len < 0)
		return -errno;
	buf[len] = '\0';
	buf[strcspn(buf, "\r\n")] = '\0';
	return 0;
}

/*
 * The text of an answer, or NULL: it begins with its length, and some of it may be lost on the way.
 * What was left of an earlier one may be in front.
 */
static const char *whole_answer(const char *line)
{
	static const char prefix[] = "@lab reply ";
	const char *at, *next = strstr(line, prefix);
	size_t len;
	int used;

	for (at = next; next; next = strstr(at + 1, prefix))
		at = next;
	if (!at || sscanf(at + strlen(prefix), "%zu %n", &len, &used) != 1)
		return NULL;
	at += strlen(prefix) + (size_t)used;
	return strlen(at) == len ? at : NULL;
}

/* Puts a question to the host and waits for the answer. */
static int ask(const char *request, char *reply, size_t size)
{
	const char *answer = NULL;
	char line[4096];
	int fd, ret, turn;

	if (!lab_supervised())
		return -ENOTCONN;
	fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Programs side by side take turns, or one has the other's answer. */
	if (flock(fd, LOCK_EX)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	for (turn = 0; turn < REPLY_TURNS && !answer; turn++) {
		/* An answer that came after its time must not be taken for this one. */
		tcflush(fd, TCIFLUSH);
		say(request);
		do {
			ret = read_line(fd, line, sizeof(line), REPLY_TIMEOUT_MS);
		} while (ret == 0 && !strstr(line, "@lab"));
		answer = ret ? NULL : whole_answer(line);
	}
	close(fd);
	if (!answer)
		return ret ? ret : -ETIMEDOUT;
	snprintf(reply, size, "%s", answer);
	return strncmp(reply, "error", 5) == 0 ? -EREMOTEIO : 0;
}

int lab_card_command(const char *card, const char *command, char *reply, size_t size)
{
	char request[LINE_SIZE];

	snprintf(request, sizeof(request), "card %s %s", card, command);
	return ask(request, reply, size);
}

void lab_slow_down(const char *card, const char *test, const char *what, unsigned int usec)
{
	char command[32], reply[256] = "";
	int ret;

	snprintf(command, sizeof(command), "%s %u", what, usec);
	ret = lab_card_command(card, command, reply, sizeof(reply));
	if (ret && ret != -ENOTCONN)
		lab_die(test, "%s: %s %s", command, strerror(-ret), reply);
}

double lab_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int lab_machine_cpu(double *seconds)
{
	char reply[64];
	int ret = ask("cpu", reply, sizeof(reply));

	if (ret)
		return ret;
	return sscanf(reply, "%lf", seconds) == 1 ? 0 : -EREMOTEIO;
}

int lab_stats_read(const char *card, struct lab_stats *stats)
{
	return lab_card_command(card, "stats", stats->text, sizeof(stats->text));
}

uint64_t lab_stats_get(const struct lab_stats *stats, const char *key)
{
	size_t len = strlen(key);
	const char *at = stats->text;

	while ((at = strstr(at, key))) {
		if ((at == stats->text || at[-1] == ' ') && at[len] == '=')
			return strtoull(at + len + 1, NULL, 10);
		at += len;
	}
	lab_die("stats", "the card has no counter \"%s\": %.200s", key, stats->text);
}

void lab_stats_check(const char *card, const char *test, const struct lab_stats *before,
		     const struct lab_stats *after)
{
	static const char *const bad[] = {
		"packets_bad", "gart_denied", "gart_discarded", "dma_refused",
		"streams_stopped", "resets",
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t grown = lab_stats_get(after, bad[i]) - lab_stats_get(before, bad[i]);
		char name[64];

		if (!grown)
			continue;
		snprintf(name, sizeof(name), "%s.%s.card", card, test);
		lab_result(LAB_FAIL, name, "%s grew by %llu", bad[i], (unsigned long long)grown);
	}
}
