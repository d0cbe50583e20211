// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * bo-cost: what does a BO in system memory cost, with a cold and with a warm pool?
 *
 * In each round creates BOs in the GTT, maps them and writes to each of their pages, takes
 * the time of all of that, and closes them. The pool holds nothing that the first round
 * could use: that one is cold. The others find the pages of the round before: they are warm.
 *
 * What else is slow the first time (allocators of kernel objects, page tables) is no cost of
 * the pool. So before the cold round as many BOs are made in VRAM, the same way.
 *
 * A pool that allocates more than a page at a time cannot give back what it shares with BOs
 * in use: those of the driver itself. BOs are made that use up such rests, and are kept.
 *
 * Prints lines of a key and a number for scenarios (bench.sh):
 *
 *   left N              pages in the pool that the cold round could use; 0, or it was not cold
 *   held N              BOs made to use up rests
 *   round I USEC CPU    microseconds for each BO: by the clock, and what the host spent
 *                       on this machine meanwhile (0 where nobody can tell)
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
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

static const struct {
	const char *name;
	uint32_t flags;
} cachings[] = {
	[CACHED] = { "cached", 0 },
	[WC] = { "wc", RADEON_GEM_GTT_WC },
	[UC] = { "uc", RADEON_GEM_GTT_UC },
};

static struct {
	const char *card;
	unsigned int count;
	unsigned int size_kib;
	unsigned int rounds;
	enum caching caching;
	bool mark;
} options = { .count = 512, .size_kib = 4, .rounds = 5 };

struct cost {
	double clock, cpu;
};

static struct lab_card card;
/* What the question itself costs. */
static double cpu_overhead;
static struct lab_bo held[HOLD_MAX];
static unsigned int held_count;

/* The TTM that radeon uses: ours may be there beside the kernel's. */
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

/* Reads a file to its end, for what happens when somebody does. */
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

/* Pages in the pools of the kernel's own kind, all cards: the file's totals. */
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

/* Free pages of this card's chunks, of all cachings or of one; 0 for a pool without chunks. */
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

/* Asks for the shrinkers until nothing is left, or what is left stays. */
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
		/* Reclaimable kernel objects: the pool's shrinker is among those asked. */
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

/* What the pool could not give back, to the last page: a new chunk has its own rest. */
static uint64_t use_up_rests(void)
{
	uint64_t left = free_in_chunks(false);
	unsigned int i;

	for (i = 0; i < HOLD_TRIES && left; i++) {
		for (; left && held_count < HOLD_MAX; left--)
			create(LAB_PAGE_SIZE, RADEON_GEM_DOMAIN_GTT,
			       cachings[options.caching].flags, &held[held_count++]);
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
		lab_die("bo-cost", "the machine's CPU time: %s", strerror(-ret));
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

/* Into the trace, between the events of the kernel. */
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

/* Returns the cost of one BO. They are closed in the order that a program's end would. */
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

static void usage(void)
{
	fprintf(stderr,
		"usage: bo-cost [--card rv370|rv100] [--count N] [--size KIB]\n"
		"               [--caching cached|wc|uc] [--rounds N] [--mark]\n"
		"The time to create, map and write to N BOs in system memory, first with an\n"
		"empty pool; --mark puts the rounds' beginnings and ends into the kernel's trace.\n");
	exit(2);
}

static enum caching caching(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(cachings) / sizeof(cachings[0]); i++)
		if (!strcmp(name, cachings[i].name))
			return i;
	usage();
	return CACHED;
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "card", required_argument, NULL, 'c' },
		{ "count", required_argument, NULL, 'n' },
		{ "size", required_argument, NULL, 's' },
		{ "caching", required_argument, NULL, 'g' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "mark", no_argument, NULL, 'm' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			options.card = optarg;
			break;
		case 'n':
			options.count = lab_number(optarg, 1, 65536, usage);
			break;
		case 's':
			options.size_kib = lab_number(optarg, 1, 65536, usage);
			break;
		case 'g':
			options.caching = caching(optarg);
			break;
		case 'r':
			options.rounds = lab_number(optarg, 1, 1000, usage);
			break;
		case 'm':
			options.mark = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc || options.size_kib * 1024 % LAB_PAGE_SIZE)
		usage();
}

int main(int argc, char **argv)
{
	struct lab_bo *bos;
	uint64_t left;
	unsigned int i;
	struct cost cost;

	parse_options(argc, argv);
	lab_card_open_or_die(&card, options.card, true, "bo-cost");
	bos = calloc(options.count, sizeof(*bos));
	if (!bos)
		lab_die("bo-cost", "out of memory");
	cpu_overhead = measure_overhead();
	empty_pool();
	/* Of one page each: more could push others out of VRAM, into the pool. */
	run_round(0, bos, LAB_PAGE_SIZE, RADEON_GEM_DOMAIN_VRAM, 0);
	left = use_up_rests() + pooled_stock();
	printf("left %" PRIu64 "\nheld %u\noverhead %.0f\n", left, held_count, cpu_overhead * 1e6);
	for (i = 1; i <= options.rounds; i++) {
		cost = run_round(i, bos, (uint64_t)options.size_kib * 1024, RADEON_GEM_DOMAIN_GTT,
				 cachings[options.caching].flags);
		printf("round %u %.2f %.2f\n", i, cost.clock, cost.cpu);
	}
	for (i = 0; i < held_count; i++)
		lab_bo_close(&card, &held[i]);
	free(bos);
	close(card.fd);
	return lab_exit_status();
}
