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
#include <sys/types.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lab_console.h"

#define REPLY_TIMEOUT_MS	10000
#define REPLY_TURNS		4
#define LINE_SIZE		800

/* The process that reports; see lab_result() for those that it has forked. */
static pid_t reporter;
static unsigned int results, failures;

static __attribute__((constructor)) void remember_reporter(void)
{
	reporter = getpid();
}

bool lab_supervised(void)
{
	const char *scenario = getenv("LAB_RUN");

	return scenario && *scenario;
}

/*
 * The kernel's longest record is 1 KiB; a longer write is refused. KERN_ALERT is printed at every
 * console log level; LAB_KMSG_LEVEL is for programs under igt, which reports an alert as a failure
 * of its test. The kernel holds back a record without a newline, to wait for its continuation.
 */
static void send_line(const char *line)
{
	const char *level = getenv("LAB_KMSG_LEVEL");
	char record[LINE_SIZE + 16];
	int fd, len;

	len = snprintf(record, sizeof(record), "<%.1s>@lab %s\n",
		       level && *level ? level : "1", line);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, record, len) != len) {
		fprintf(stderr, "/dev/kmsg: %s\n", strerror(errno));
		exit(1);
	}
	close(fd);
}

/* One write for a line: other processes may print to the same file. */
static void print_line(char *line)
{
	size_t len = strlen(line);

	for (size_t i = 0; i < len; i++)
		if (line[i] == '\n' || line[i] == '\r')
			line[i] = ' ';
	line[len++] = '\n';
	fflush(stdout);
	if (write(STDOUT_FILENO, line, len) != (ssize_t)len) {
		fprintf(stderr, "standard output: %s\n", strerror(errno));
		exit(1);
	}
}

void lab_begin(void)
{
	char version[] = "KTAP version 1";
	static bool begun;

	if (begun)
		return;
	begun = true;
	print_line(version);
}

static void print_result(enum lab_outcome outcome, const char *name, const char *fmt, va_list args)
{
	char text[600], line[LINE_SIZE];

	vsnprintf(text, sizeof(text), fmt, args);
	failures += outcome == LAB_FAIL;
	if (getpid() == reporter) {
		lab_begin();
		snprintf(line, sizeof(line), "%sok %u %s # %s%s",
			 outcome == LAB_FAIL ? "not " : "", ++results, name,
			 outcome == LAB_SKIP ? "SKIP " : "", text);
	} else {
		snprintf(line, sizeof(line), "# %s: %s", name, text);
	}
	print_line(line);
}

void lab_result(enum lab_outcome outcome, const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_result(outcome, name, fmt, args);
	va_end(args);
}

static void send_or_print(const char *what, const char *text)
{
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "%s %s", lab_supervised() ? what : "#", text);
	if (lab_supervised())
		send_line(line);
	else
		print_line(line);
}

void lab_row(const char *key, const char *fmt, ...)
{
	char text[600], row[LINE_SIZE - 8];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(row, sizeof(row), "%s %s", key, text);
	send_or_print("row", row);
}

void lab_progress(const char *fmt, ...)
{
	char text[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	send_or_print("progress", text);
}

bool lab_passed(void)
{
	return !failures;
}

int lab_finish(void)
{
	char plan[32];

	if (results && getpid() == reporter) {
		snprintf(plan, sizeof(plan), "1..%u", results);
		print_line(plan);
	}
	return failures ? 1 : 0;
}

void lab_die(const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_result(LAB_FAIL, name, fmt, args);
	va_end(args);
	exit(lab_finish());
}

/* One line from the console, without its end. init has turned echo off. */
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
 * The text of an answer, or NULL if some of it was lost: it begins with its length. The rest of an
 * earlier answer may be in front of it.
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

/* Sends a request to the host and waits for the answer. */
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
	/* Programs that run at the same time take turns, or one reads the other's answer. */
	if (flock(fd, LOCK_EX)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	for (turn = 0; turn < REPLY_TURNS && !answer; turn++) {
		/* Drop an answer that came after the timeout of an earlier request. */
		tcflush(fd, TCIFLUSH);
		send_line(request);
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
