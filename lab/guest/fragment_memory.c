// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * fragment-memory: leaves much memory free, but no two adjacent pages of it.
 *
 * Takes most memory for the buffers of two sets of pipes, a page for each in turn. Takes the large
 * blocks that are left as huge pages, and the small ones for more pipes. Then it frees one set.
 * Compaction cannot move the pages of the other: they belong to the kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lab_options.h"

#define PAGE		4096
#define PIPE_PAGES	256
#define MAX_PIPES	8192
#define MIB_FOR_HUGE_PAGES 64

static int pipes[2][MAX_PIPES][2];
static unsigned int count;

/* Free memory in MiB. */
static uint64_t mib_free(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %llu", &kib) == 1)
			break;
	fclose(file);
	return kib / 1024;
}

static bool new_pipe(int ends[2])
{
	return !pipe2(ends, O_CLOEXEC | O_NONBLOCK) &&
	       fcntl(ends[1], F_SETPIPE_SZ, PIPE_PAGES * PAGE) >= PIPE_PAGES * PAGE;
}

/* Returns false if there is no memory for more. */
static bool fill_pair(void)
{
	static const char page[PAGE] = "fragment-memory";
	unsigned int i;

	if (!new_pipe(pipes[0][count]) || !new_pipe(pipes[1][count]))
		return false;
	for (i = 0; i < PIPE_PAGES; i++)
		if (write(pipes[0][count][1], page, PAGE) != PAGE ||
		    write(pipes[1][count][1], page, PAGE) != PAGE)
			return false;
	count++;
	return true;
}

static void set_huge_pages(const char *number)
{
	FILE *file = fopen("/proc/sys/vm/nr_hugepages", "we");

	if (!file || fputs(number, file) == EOF || fclose(file))
		fprintf(stderr, "fragment-memory: /proc/sys/vm/nr_hugepages: %s\n",
			strerror(errno));
}

int main(int argc, char **argv)
{
	const struct rlimit files = { 4 * MAX_PIPES + 64, 4 * MAX_PIPES + 64 };
	const char *ready = NULL;
	uint64_t leave = 12;
	const struct lab_option option_table[] = {
		{ "leave-mib", "N", "do not fragment N MiB (12)", .number = &leave, .min = 8,
		  .max = 65536 },
		{ "ready", "FILE", "create FILE when memory is fragmented", .text = &ready },
		{ 0 },
	};
	const struct lab_program program = {
		.name = "fragment-memory",
		.purpose = "Fragments memory, and returns it when standard input ends.",
		.options = option_table,
	};
	unsigned int i;
	char buffer[64];
	ssize_t got;
	int fd;

	lab_parse_options(&program, argc, argv);
	if (setrlimit(RLIMIT_NOFILE, &files)) {
		fprintf(stderr, "fragment-memory: error: %u files cannot be open: %s\n",
			4 * MAX_PIPES, strerror(errno));
		return 1;
	}
	while (count < MAX_PIPES && mib_free() > leave + MIB_FOR_HUGE_PAGES && fill_pair())
		;
	set_huge_pages("1000");
	while (count < MAX_PIPES && mib_free() > leave && fill_pair())
		;
	for (i = 0; i < count; i++) {
		close(pipes[1][i][0]);
		close(pipes[1][i][1]);
	}
	printf("# %u MiB are fragmented\n", count * 2 * PIPE_PAGES * PAGE >> 20);
	if (ready) {
		fd = open(ready, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0) {
			fprintf(stderr, "fragment-memory: error: %s: %s\n", ready, strerror(errno));
			return 1;
		}
		close(fd);
	}
	do
		got = read(STDIN_FILENO, buffer, sizeof(buffer));
	while (got > 0 || (got < 0 && errno == EINTR));
	set_huge_pages("0");
	return 0;
}
