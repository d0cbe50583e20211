// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * bo-cost: what does a BO in system memory cost, with a cold and with a warm pool?
 *
 * Each round creates BOs in the GTT, maps them, writes to each page, measures the time of all
 * that, and closes them. Before the first round the pool has no pages that the round could use: the
 * pool is cold. Later rounds use the pages of the round before them: the pool is warm.
 *
 * Other things are slow the first time, too (allocators of kernel objects, page tables). So
 * as many BOs are created in VRAM before the cold round, in the same way.
 *
 * A pool that allocates several pages at once cannot free a chunk if a BO of the driver itself uses
 * a page of it. The program creates BOs that use up the free pages of such chunks, and keeps them.
 *
 * Prints lines of a key and a number for scenarios (bench.sh):
 *
 *   left N              pages in the pool that the cold round could use; it was cold if 0
 *   held N              BOs that use up free pages of chunks
 *   round I USEC CPU    microseconds for each BO: elapsed, and CPU time of the machine on
 *                       the host (0 without a supervisor)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"

#define DEBUGFS			"/sys/kernel/debug"
#define TRACE_MARKER		"/sys/kernel/tracing/trace_marker"
#define EMPTY_TRIES		20
#define HOLD_TRIES		4
#define HOLD_MAX		4096u
#define CPU_TRIES		5

/* A column of the table in ttm_backing. */
enum caching { CACHED, WC, UC };

static const uint32_t caching_flags[] = {
	[CACHED] = 0, [WC] = RADEON_GEM_GTT_WC, [UC] = RADEON_GEM_GTT_UC,
};

static const char *const caching_names[] = { "cached", "wc", "uc", NULL };

static struct {
	const char *card, *caching_name;
	uint64_t count, size_kib, rounds;
	enum caching caching;
	bool mark;
} options = { .caching_name = "cached", .count = 512, .size_kib = 4, .rounds = 5 };

static const struct lab_option option_table[] = {
	LAB_OPTION_CARD(&options.card),
	{ "count", "N", "BOs of a round (512)", .number = &options.count, .min = 1, .max = 65536 },
	{ "size", "KIB", "size of a BO, a multiple of 4 (4)", .number = &options.size_kib,
	  .min = 4, .max = 65536 },
	{ "caching", "MODE", "caching mode (cached)", .text = &options.caching_name,
	  .choices = caching_names },
	{ "rounds", "N", "rounds, of which the first is cold (5)", .number = &options.rounds,
	  .min = 1, .max = 1000 },
	{ "mark", NULL, "mark the rounds in the kernel's trace, measure no CPU time",
	  .flag = &options.mark },
	{ 0 },
};

static const struct lab_program program = {
	.name = "bo-cost",
	.purpose = "Measures the time to create, map and write to BOs in system memory.",
	.options = option_table,
};

struct cost {
	double clock, cpu;
};

static struct lab_card card;
/* CPU time of one request for the CPU time. */
static double cpu_overhead;
static struct lab_bo held[HOLD_MAX];
static unsigned int held_count;

/* The TTM that radeon uses: rttm is ours, ttm is the kernel's. */
static const char *ttm_dir(void)
{
	return access("/sys/module/rttm/holders/radeon", F_OK) ? DEBUGFS "/ttm" : DEBUGFS "/rttm";
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Reads a file to its end, for the side effect. */
static void read_file(const char *path)
{
	char buf[256];
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	while (fgets(buf, sizeof(buf), file))
		;
	fclose(file);
}

/* Pages in the kernel's own pools, of all cards: the totals of the file. */
static uint64_t pooled_stock(void)
{
	uint64_t sum = 0, pages;
	char path[64], line[1024];
	bool any = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/page_pool", ttm_dir());
	file = fopen(path, "re");
	if (!file)
		lab_die("bo-cost", "%s: %s: is debugfs mounted?", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "total%*[^:]: %" SCNu64, &pages) != 1)
			continue;
		sum += pages;
		any = true;
	}
	fclose(file);
	if (!any)
		lab_die("bo-cost", "%s has no line 'total: N of M'", path);
	return sum;
}

/* Free pages in this card's chunks, of all caching modes or of one; 0 without chunks. */
static uint64_t free_in_chunks(bool all)
{
	uint64_t value[3], sum = 0;
	char path[64], line[256];
	bool any = false;
	FILE *file;

	snprintf(path, sizeof(path), DEBUGFS "/dri/%u/ttm_backing", card.minor);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "free %" SCNu64 " %" SCNu64 " %" SCNu64, &value[CACHED],
			   &value[WC], &value[UC]) != 3)
			continue;
		sum = all ? value[CACHED] + value[WC] + value[UC] : value[options.caching];
		any = true;
	}
	fclose(file);
	if (!any)
		lab_die("bo-cost", "%s has no line 'free N N N'", path);
	return sum;
}

/* Runs the shrinkers until the pool is empty, or does not get smaller. */
static void empty_pool(void)
{
	uint64_t now, before = UINT64_MAX;
	unsigned int i, same = 0;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "%s/page_pool_shrink", ttm_dir());
	for (i = 0; i < EMPTY_TRIES && same < 3; i++) {
		now = pooled_stock() + free_in_chunks(true);
		if (!now)
			return;
		same = now < before ? 0 : same + 1;
		before = now;
		/* Runs all shrinkers, the pool's too. */
		ret = write_file("/proc/sys/vm/drop_caches", "2");
		if (ret)
			lab_die("bo-cost", "drop_caches: %s", strerror(-ret));
		read_file(path);
	}
}

static void create(uint64_t size, uint32_t domain, uint32_t flags, struct lab_bo *bo)
{
	uint64_t at;
	int ret = lab_bo_create_flags(&card, size, domain, flags, bo);

	if (ret)
		lab_die("bo-cost", "BO of %" PRIu64 " KiB: %s", size / 1024, strerror(-ret));
	for (at = 0; at < size; at += LAB_PAGE_SIZE)
		*(volatile uint32_t *)((char *)bo->map + at) = at;
}

/* Uses up the pages that the pool could not free. A new chunk may add free pages again. */
static uint64_t use_up_free_pages(void)
{
	uint64_t left = free_in_chunks(false);
	unsigned int i;

	for (i = 0; i < HOLD_TRIES && left; i++) {
		for (; left && held_count < HOLD_MAX; left--)
			create(LAB_PAGE_SIZE, RADEON_GEM_DOMAIN_GTT,
			       caching_flags[options.caching], &held[held_count++]);
		left = free_in_chunks(false);
	}
	return left;
}

static double machine_cpu(void)
{
	double seconds;
	int ret;

	if (!lab_supervised() || options.mark)
		return 0;
	ret = lab_machine_cpu(&seconds);
	if (ret)
		lab_die("bo-cost", "CPU time of the machine: %s", strerror(-ret));
	return seconds;
}

static double measure_overhead(void)
{
	double least = 1, before = machine_cpu();
	unsigned int i;

	for (i = 0; i < CPU_TRIES; i++) {
		double now = machine_cpu();

		if (now - before < least)
			least = now - before;
		before = now;
	}
	return least;
}

/* Writes a mark into the kernel's trace. */
static void mark(unsigned int round, const char *what)
{
	char text[64];
	int ret;

	if (!options.mark)
		return;
	snprintf(text, sizeof(text), "bo-cost round %u %s\n", round, what);
	ret = write_file(TRACE_MARKER, text);
	if (ret)
		lab_die("bo-cost", TRACE_MARKER ": %s", strerror(-ret));
}

/* Returns the cost of one BO. */
static struct cost run_round(unsigned int round, struct lab_bo *bos, uint64_t size,
			     uint32_t domain, uint32_t flags)
{
	struct cost cost;
	unsigned int i;

	cost.cpu = machine_cpu();
	mark(round, "begin");
	cost.clock = lab_seconds();
	for (i = 0; i < options.count; i++)
		create(size, domain, flags, &bos[i]);
	cost.clock = lab_seconds() - cost.clock;
	mark(round, "end");
	cost.cpu = machine_cpu() - cost.cpu - cpu_overhead;
	for (i = 0; i < options.count; i++)
		lab_bo_close(&card, &bos[i]);
	cost.clock *= 1e6 / options.count;
	cost.cpu *= 1e6 / options.count;
	return cost;
}

int main(int argc, char **argv)
{
	struct lab_bo *bos;
	uint64_t left;
	unsigned int i;
	struct cost cost;

	lab_parse_options(&program, argc, argv);
	if (options.size_kib * 1024 % LAB_PAGE_SIZE)
		lab_usage_error(&program, "--size %" PRIu64 ": give a multiple of %u",
				options.size_kib, LAB_PAGE_SIZE / 1024);
	while (strcmp(options.caching_name, caching_names[options.caching]))
		options.caching++;
	lab_card_open_or_die(&card, options.card, true, "bo-cost");
	bos = calloc(options.count, sizeof(*bos));
	if (!bos)
		lab_die("bo-cost", "out of memory");
	cpu_overhead = measure_overhead();
	empty_pool();
	/* One page each: larger BOs could evict others from VRAM, into the pool. */
	run_round(0, bos, LAB_PAGE_SIZE, RADEON_GEM_DOMAIN_VRAM, 0);
	left = use_up_free_pages() + pooled_stock();
	printf("left %" PRIu64 "\nheld %u\noverhead %.0f\n", left, held_count, cpu_overhead * 1e6);
	for (i = 1; i <= options.rounds; i++) {
		cost = run_round(i, bos, (uint64_t)options.size_kib * 1024, RADEON_GEM_DOMAIN_GTT,
				 caching_flags[options.caching]);
		printf("round %u %.2f %.2f\n", i, cost.clock, cost.cpu);
	}
	for (i = 0; i < held_count; i++)
		lab_bo_close(&card, &held[i]);
	free(bos);
	close(card.fd);
	return lab_finish();
}
