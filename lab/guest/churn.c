// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * churn: does the page pool stay correct while several processes and the shrinkers use it?
 *
 * Several processes create, fill, move and free BOs of mixed sizes and caching modes, a fixed
 * number of operations each. Two properties are checked on every word: a new BO is zeroed, and a
 * BO keeps its contents, also after moves to VRAM and back. Some BOs are kept to the
 * end, so that chunks of the pool stay partly used.
 *
 * With --pressure one more process allocates anonymous memory until the kernel reclaims, frees
 * some and repeats, and another one runs the shrinkers. With --pool-size the latter also makes the
 * pool small for half of the time.
 *
 * What a process does depends on the seed alone. The pages that it gets do not.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"
#include "lab_pattern.h"

#define MIB			(1024u * 1024u)
#define MAX_PROCESSES		16u
/* BOs have numbers of 16 bits; at most one is created for each operation. */
#define MAX_OPERATIONS		60000u
/* For all processes: fits into a GTT of 64 MiB, with room for moves. */
#define BUDGET			(48u * MIB)
#define MAX_BO_PAGES		1024u
#define MAX_BOS			256u
#define STREAM_BOS		4u
#define WRONG_PAGES_SHOWN	4u

/*
 * A GPU that writes through a wrong GART entry overwrites kernel memory. So the first moves are
 * checked in VRAM, before the GPU writes to the GTT, and later one move in VRAM_SAMPLE.
 */
#define CAREFUL_MOVES		16u
#define VRAM_SAMPLE		4u

/* Least number of moves by one process for a hundred operations. */
#define MOVES_PERCENT		25u

/*
 * Memory that the hog allocates at a time, has at most, and frees in each turn: more than the
 * kernel reclaims at its first attempt.
 */
#define HOG_PIECE		MIB
#define HOG_MAX_PIECES		16384u
#define HOG_TURN		96u
#define HOG_START_MS		60000u

/**
 * struct churn_bo - a BO and its expected contents.
 * @bo: the BO
 * @number: its number in its process
 * @writes: number of times the CPU has written it; 0: it has to be zeroed
 * @kept: not freed before the end
 */
struct churn_bo {
	struct lab_bo bo;
	uint32_t number;
	uint32_t writes;
	bool kept;
};

/**
 * struct account - what a process has done, in memory shared with the parent.
 * @created: BOs
 * @created_by: the same by caching mode
 * @new_pages: pages of new BOs, all read
 * @dirty_pages: of these, not zeroed
 * @pages: pages checked later
 * @wrong_pages: of these, wrong
 * @moves: moves of BOs by the driver, in either direction
 * @bytes_moved: their bytes
 * @moves_refused: moves that it refused
 * @turns: turns of a background process
 */
struct account {
	uint64_t created, created_by[3];
	uint64_t new_pages, dirty_pages;
	uint64_t pages, wrong_pages;
	uint64_t moves, bytes_moved, moves_refused;
	uint64_t turns;
};

static struct {
	const char *card;
	uint64_t processes, operations, seed, pool_size;
	bool pressure;
} options = { .processes = 4, .operations = 150, .seed = 1 };

static const struct lab_option option_table[] = {
	LAB_OPTION_CARD(&options.card),
	{ "processes", "N", "processes that use BOs (4)", .number = &options.processes, .min = 1,
	  .max = MAX_PROCESSES },
	{ "operations", "N", "operations of each process (150)", .number = &options.operations,
	  .min = 1, .max = MAX_OPERATIONS },
	{ "seed", "N", "seed of the random choices (1)", .number = &options.seed,
	  .max = UINT64_MAX },
	{ "pressure", NULL, "use up the machine's memory and run the shrinkers",
	  .flag = &options.pressure },
	{ "pool-size", "PAGES", "with --pressure: the pool's size for half of the time",
	  .number = &options.pool_size, .min = 1, .max = INT32_MAX },
	{ 0 },
};

static const struct lab_program program = {
	.name = "churn",
	.purpose = "Creates, fills, moves and frees BOs in several processes, and checks every word.",
	.options = option_table,
};

static const uint32_t caching_flags[3] = { 0, RADEON_GEM_GTT_WC, RADEON_GEM_GTT_UC };

static struct lab_card card;
static struct account *account;		/* of this process */
static unsigned int process;		/* its number, from 1 */
static struct lab_random choices;
static struct churn_bo *bos[MAX_BOS];
static unsigned int bo_count, move_count;
static uint64_t bo_bytes, kept_bytes;

static uint32_t random_below(uint32_t limit)
{
	return lab_random_below(&choices, limit);
}

/** struct place - where and when a BO is checked. */
struct place {
	const struct churn_bo *bo;
	const struct lab_pattern *pattern;
	const char *where;
	unsigned int shown;
};

static void show_wrong_word(void *priv, uint32_t index, uint64_t got)
{
	struct place *place = priv;
	char name[64], text[300];

	if (place->shown++ >= WRONG_PAGES_SHOWN)
		return;
	lab_pattern_describe(text, sizeof(text), place->pattern, index, got, "process");
	snprintf(name, sizeof(name), "%s.churn.%s", card.name,
		 place->pattern ? "wrong-word" : "not-zero");
	lab_result(LAB_FAIL, name, "process %u, %s: BO %u (%llu KiB) %s", process,
		   place->where, place->bo->number,
		   (unsigned long long)place->bo->bo.size / 1024, text);
}

static struct lab_pattern bo_pattern(const struct churn_bo *bo)
{
	return (struct lab_pattern){ .set = process, .write = bo->writes, .bo = bo->number };
}

/* A process that finds a wrong word ends: the GPU may write to any page next. */
static void check(const struct churn_bo *bo, const char *where)
{
	struct lab_pattern pattern = bo_pattern(bo);
	struct place place = { .bo = bo, .pattern = bo->writes ? &pattern : NULL,
			       .where = where };
	struct lab_pattern_wrong wrong = { .show = show_wrong_word, .priv = &place };

	lab_pattern_check(bo->bo.map, bo->bo.size, place.pattern, &wrong);
	if (bo->writes) {
		account->pages += bo->bo.size / LAB_PAGE_SIZE;
		account->wrong_pages += wrong.pages;
	} else {
		account->new_pages += bo->bo.size / LAB_PAGE_SIZE;
		account->dirty_pages += wrong.pages;
	}
	if (wrong.words)
		exit(1);
}

static void fill(struct churn_bo *bo)
{
	struct lab_pattern pattern;

	/* 0 is a new BO, so 1 follows 255. */
	bo->writes = bo->writes % UINT8_MAX + 1;
	pattern = bo_pattern(bo);
	lab_pattern_fill(bo->bo.map, bo->bo.size, &pattern);
}

static uint32_t domain_of(const struct churn_bo *bo)
{
	uint32_t domain;
	int ret = lab_bo_busy(&card, &bo->bo, &domain);

	if (ret < 0)
		lab_die("churn", "GEM_BUSY: %s", strerror(-ret));
	return domain;
}

/* Has the driver move BOs by one stream, and waits for it. */
static void move(struct churn_bo **moved, unsigned int count, uint32_t domain)
{
	struct lab_bo *stream[STREAM_BOS] = { 0 };
	uint32_t before[STREAM_BOS];
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		stream[i] = &moved[i]->bo;
		before[i] = domain_of(moved[i]);
	}
	ret = lab_move(&card, stream, count, domain);
	if (ret)
		lab_die("churn", "command stream with %u relocations: %s", count,
			strerror(-ret));
	for (i = 0; i < count; i++) {
		if (domain_of(moved[i]) != domain) {
			account->moves_refused++;
		} else if (before[i] != domain) {
			account->moves++;
			account->bytes_moved += moved[i]->bo.size;
		}
	}
	for (i = 0; i < count; i++)
		lab_bo_wait_or_die(&card, &moved[i]->bo, "churn");
}

static void free_bo(unsigned int index)
{
	struct churn_bo *bo = bos[index];

	bo_bytes -= bo->bo.size;
	if (bo->kept)
		kept_bytes -= bo->bo.size;
	lab_bo_close(&card, &bo->bo);
	free(bo);
	bos[index] = bos[--bo_count];
}

/* A random BO, but none that is kept; these are never all. */
static void free_some_bo(void)
{
	unsigned int i, index, first = bo_count ? random_below(bo_count) : 0;

	for (i = 0; i < bo_count; i++) {
		index = (first + i) % bo_count;
		if (!bos[index]->kept) {
			free_bo(index);
			return;
		}
	}
}

/* Sizes by octave: as many small BOs as large ones. Most have an odd number of pages. */
static uint64_t random_size(uint64_t budget)
{
	uint64_t pages = 1 + random_below(1u << random_below(11));

	if (random_below(4))
		pages |= 1;
	if (pages > MAX_BO_PAGES)
		pages = MAX_BO_PAGES;
	if (pages > budget / 2 / LAB_PAGE_SIZE)
		pages = budget / 2 / LAB_PAGE_SIZE;
	return pages * LAB_PAGE_SIZE;
}

static void create_bo(uint64_t budget)
{
	uint64_t size = random_size(budget);
	unsigned int caching = random_below(3);
	struct churn_bo *bo = calloc(1, sizeof(*bo));
	int ret;

	if (!bo)
		lab_die("churn", "out of memory");
	while (bo_count == MAX_BOS || bo_bytes + size > budget)
		free_some_bo();
	ret = lab_bo_create_flags(&card, size, RADEON_GEM_DOMAIN_GTT, caching_flags[caching],
				  &bo->bo);
	if (ret)
		lab_die("churn", "BO of %llu KiB: %s", (unsigned long long)size / 1024,
			strerror(-ret));
	bo->number = account->created++;
	account->created_by[caching]++;
	bo->kept = !random_below(8) && kept_bytes + size <= budget / 4 &&
		   bo_count < MAX_BOS / 4;
	if (bo->kept)
		kept_bytes += size;
	bo_bytes += size;
	bos[bo_count++] = bo;

	/* The pages must also be zeroed for the GPU, before the CPU maps them. */
	if (!random_below(4))
		move(&bo, 1, RADEON_GEM_DOMAIN_VRAM);
	check(bo, "new");
	fill(bo);
	if (!bo->kept && !random_below(6))
		free_bo(bo_count - 1);
}

/* Some BOs to VRAM, and most times back. */
static void move_some_bos(void)
{
	struct churn_bo *moved[STREAM_BOS];
	unsigned int i, count = 0, first;
	uint64_t bytes = 0;
	bool sampled;

	if (!bo_count)
		return;
	first = random_below(bo_count);
	for (i = 0; i < bo_count && count < STREAM_BOS; i++) {
		struct churn_bo *bo = bos[(first + i) % bo_count];

		/* The driver does not move more for one stream. */
		if (count && bytes + bo->bo.size > LAB_MOVE_BYTES)
			break;
		bytes += bo->bo.size;
		moved[count++] = bo;
	}
	sampled = move_count++ < CAREFUL_MOVES || !random_below(VRAM_SAMPLE);
	move(moved, count, RADEON_GEM_DOMAIN_VRAM);
	for (i = 0; sampled && i < count; i++) {
		check(moved[i], "in VRAM");
		/* The next check finds this only if the GPU copied it from VRAM. */
		fill(moved[i]);
	}
	if (!random_below(4))
		return;
	move(moved, count, RADEON_GEM_DOMAIN_GTT);
	for (i = 0; i < count; i++)
		check(moved[i], "back in GTT");
}

/* Checks a random BO in its current domain, and writes it again. */
static void rewrite_some_bo(void)
{
	struct churn_bo *bo;

	if (!bo_count)
		return;
	bo = bos[random_below(bo_count)];
	check(bo, "after a while");
	fill(bo);
}

static void work(void)
{
	uint64_t budget = BUDGET / options.processes;
	unsigned int i;

	choices.state = options.seed << 8 | process;
	/* Each process has its own DRM file, whose BOs are freed when it is closed. */
	lab_card_open_or_die(&card, options.card, true, "churn");
	for (i = 0; i < options.operations; i++) {
		switch (random_below(8)) {
		case 0:
		case 1:
		case 2:
			create_bo(budget);
			break;
		case 3:
		case 4:
		case 5:
			move_some_bos();
			break;
		case 6:
			rewrite_some_bo();
			break;
		default:
			free_some_bo();
		}
	}
	while (bo_count) {
		check(bos[0], "at the end");
		free_bo(0);
	}
	close(card.fd);
	exit(lab_passed() ? 0 : 1);
}

static void nap(unsigned int ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000L };

	nanosleep(&time, NULL);
}

/* The sum of the numbers after all keys that begin with @key, or with @other. */
static uint64_t read_keys(const char *path, const char *key, const char *other)
{
	FILE *file = fopen(path, "re");
	unsigned long long value;
	uint64_t sum = 0;
	char line[256];

	if (!file)
		lab_die("churn", "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		if ((!strncmp(line, key, strlen(key)) ||
		     !strncmp(line, other, strlen(other))) &&
		    sscanf(line, "%*s %llu", &value) == 1)
			sum += value;
	fclose(file);
	return sum;
}

/* Number of reclaims, by kswapd or directly. */
static uint64_t reclaims(void)
{
	return read_keys("/proc/vmstat", "pageoutrun ", "allocstall_");
}

static uint64_t memory_bytes(const char *key)
{
	return read_keys("/proc/meminfo", key, key) * 1024;
}

/*
 * Between the low and the min watermark: the hog allocates no more, or the OOM killer ends it. The
 * kernel allocates from the first zone only if the others are short, so it does not count.
 */
static uint64_t hog_floor(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	unsigned long long value;
	uint64_t pages = 0;
	bool first = false;
	char line[256], name[32];

	if (!file)
		lab_die("churn", "/proc/zoneinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %*u, zone %31s", name) == 1)
			first = !strcmp(name, "DMA");
		if (sscanf(line, " %31s %llu", name, &value) != 2)
			continue;
		if (first && !strcmp(name, "managed"))
			pages += value;
		else if (!first && (!strcmp(name, "min") || !strcmp(name, "low")))
			pages += value / 2;
	}
	fclose(file);
	return pages * LAB_PAGE_SIZE;
}

/** struct hoard - memory of the hog: a ring of pieces of HOG_PIECE bytes, the oldest first. */
struct hoard {
	char *pieces[HOG_MAX_PIECES];
	unsigned int first, count;
};

static void hoard_allocate(struct hoard *hoard)
{
	char *piece = mmap(NULL, HOG_PIECE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (piece == MAP_FAILED)
		lab_die("churn", "mapping %u KiB: %s", HOG_PIECE / 1024, strerror(errno));
	memset(piece, 1, HOG_PIECE);
	hoard->pieces[(hoard->first + hoard->count++) % HOG_MAX_PIECES] = piece;
}

static void hoard_free(struct hoard *hoard, unsigned int pieces)
{
	for (; pieces && hoard->count; pieces--, hoard->count--) {
		munmap(hoard->pieces[hoard->first], HOG_PIECE);
		hoard->first = (hoard->first + 1) % HOG_MAX_PIECES;
	}
}

/*
 * Lets the kernel reclaim the oldest pieces. Reclaim has to succeed: if it finds too little, the
 * kernel soon stops trying.
 */
static void hoard_offer(struct hoard *hoard, unsigned int pieces)
{
	unsigned int i;

	for (i = 0; i < pieces && i < hoard->count; i++)
		madvise(hoard->pieces[(hoard->first + i) % HOG_MAX_PIECES], HOG_PIECE,
			MADV_FREE);
}

/* Allocates memory until the kernel reclaims, and frees some. */
static void hog(void)
{
	static struct hoard hoard;
	uint64_t floor = hog_floor();

	/* It sleeps most of the time. If it is too slow, memory is never short. */
	setpriority(PRIO_PROCESS, 0, -10);
	while (hoard.count < HOG_TURN)
		hoard_allocate(&hoard);
	for (;; account->turns++) {
		uint64_t before = reclaims();

		hoard_offer(&hoard, HOG_TURN);
		while (hoard.count < HOG_MAX_PIECES && reclaims() == before &&
		       memory_bytes("MemFree:") > floor)
			hoard_allocate(&hoard);
		nap(50);
		hoard_free(&hoard, HOG_TURN);
	}
}

/* Name of the TTM that the driver uses, in debugfs and in sysfs. */
static const char *ttm_name(void)
{
	return access("/sys/module/rttm/holders/radeon", F_OK) ? "ttm" : "rttm";
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		lab_die("churn", "%s: %s", path, strerror(errno));
	close(fd);
}

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, size - 1);

	if (len < 0)
		lab_die("churn", "%s: %s", path, strerror(errno));
	text[len] = '\0';
	close(fd);
}

static const char *pool_size_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/page_pool_size", ttm_name());
	return path;
}

/* Runs the pool's own shrinker, then all shrinkers. */
static void shrink(const char *pool_size)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/page_pool_shrink", ttm_name());
	/* Do not log each write. */
	write_file("/proc/sys/vm/drop_caches", "4");
	for (;; account->turns++) {
		if (options.pool_size && account->turns % 8 == 0) {
			snprintf(text, sizeof(text), "%" PRIu64, options.pool_size);
			write_file(pool_size_path(),
				   account->turns % 16 ? pool_size : text);
		}
		read_file(path, text, sizeof(text));
		nap(10);
		write_file("/proc/sys/vm/drop_caches", "2");
		nap(30);
	}
}

/* Forks a process whose account is @where. */
static pid_t start(struct account *where)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		lab_die("churn", "fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		exit(2);
	account = where;
	return 0;
}

/* Ends a background process. It has failed if it had ended before. */
static bool stop(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGTERM;
}

LAB_PRINTF(3, 4)
static void outcome(const char *what, bool pass, const char *fmt, ...)
{
	char name[64], text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(name, sizeof(name), "%s.%s", card.name, what);
	lab_result(pass ? LAB_PASS : LAB_FAIL, name, "%s", text);
}

static void report(const struct account *accounts, unsigned int failed, double seconds)
{
	struct account sum = { 0 };
	unsigned int i, c, few = 0;

	for (i = 0; i < options.processes; i++) {
		const struct account *a = &accounts[i];

		sum.created += a->created;
		for (c = 0; c < 3; c++)
			sum.created_by[c] += a->created_by[c];
		sum.new_pages += a->new_pages;
		sum.dirty_pages += a->dirty_pages;
		sum.pages += a->pages;
		sum.wrong_pages += a->wrong_pages;
		sum.moves += a->moves;
		sum.bytes_moved += a->bytes_moved;
		sum.moves_refused += a->moves_refused;
		few += a->moves * 100 < (uint64_t)options.operations * MOVES_PERCENT;
	}
	outcome("churn.clean", sum.new_pages && !sum.dirty_pages,
		"%llu new BOs (%llu cached, %llu wc, %llu uc), %llu pages, %llu not zeroed",
		(unsigned long long)sum.created, (unsigned long long)sum.created_by[0],
		(unsigned long long)sum.created_by[1], (unsigned long long)sum.created_by[2],
		(unsigned long long)sum.new_pages, (unsigned long long)sum.dirty_pages);
	outcome("churn.moved", !few,
		"%llu moves, %llu MiB, %llu moves refused by the driver; %u of %u processes had too few",
		(unsigned long long)sum.moves, (unsigned long long)sum.bytes_moved / MIB,
		(unsigned long long)sum.moves_refused, few, (unsigned int)options.processes);
	outcome("churn", !failed && sum.pages && !sum.wrong_pages,
		"%u processes, %u failed, %u operations each: %llu pages checked, %llu wrong, %.1f s",
		(unsigned int)options.processes, failed, (unsigned int)options.operations,
		(unsigned long long)sum.pages,
		(unsigned long long)sum.wrong_pages, seconds);
}

/* Return: how many processes have failed. */
static unsigned int run_processes(struct account *accounts)
{
	struct account *hog_account = &accounts[MAX_PROCESSES];
	struct account *shrink_account = &accounts[MAX_PROCESSES + 1];
	pid_t hog_pid = 0, shrink_pid = 0, pids[MAX_PROCESSES];
	uint64_t before = reclaims();
	unsigned int i, failed = 0;
	char pool_size[32] = "";
	int status;

	if (options.pool_size)
		read_file(pool_size_path(), pool_size, sizeof(pool_size));
	if (options.pressure) {
		hog_pid = start(hog_account);
		if (!hog_pid)
			hog();
		/* Wait until memory is short. */
		for (i = 0; i < HOG_START_MS / 10 && !hog_account->turns; i++)
			nap(10);
		shrink_pid = start(shrink_account);
		if (!shrink_pid)
			shrink(pool_size);
	}
	for (i = 0; i < options.processes; i++) {
		pids[i] = start(&accounts[i]);
		if (!pids[i]) {
			process = i + 1;
			work();
		}
	}
	for (i = 0; i < options.processes; i++)
		failed += waitpid(pids[i], &status, 0) != pids[i] || !WIFEXITED(status) ||
			  WEXITSTATUS(status);
	if (options.pressure) {
		bool lasted = stop(hog_pid);

		lasted &= stop(shrink_pid);
		before = reclaims() - before;
		outcome("churn.pressure", lasted && before && shrink_account->turns,
			"the kernel reclaimed %llu times; the hog ran %llu times, the shrinkers %llu times",
			(unsigned long long)before, (unsigned long long)hog_account->turns,
			(unsigned long long)shrink_account->turns);
	}
	if (options.pool_size)
		write_file(pool_size_path(), pool_size);
	return failed;
}

/* The card's own counters of the same moves. */
static void check_stats(const struct account *accounts, const struct lab_stats *before)
{
	uint64_t moved = 0, copied;
	struct lab_stats after;
	unsigned int i;
	int ret;

	ret = lab_stats_read(card.name, &after);
	if (ret)
		lab_die("churn", "the card's stats: %s", strerror(-ret));
	for (i = 0; i < options.processes; i++)
		moved += accounts[i].bytes_moved;
	copied = lab_stats_get(&after, "blit_bytes") - lab_stats_get(before, "blit_bytes");
	outcome("churn.by-gpu", copied >= moved,
		"the card copied %llu bytes, the driver moved %llu",
		(unsigned long long)copied, (unsigned long long)moved);
	lab_stats_check(card.name, "churn", before, &after);
}

int main(int argc, char **argv)
{
	struct account *accounts;
	struct lab_stats before;
	unsigned int failed;
	double start;
	int ret;

	lab_parse_options(&program, argc, argv);
	if (options.pool_size && !options.pressure)
		lab_usage_error(&program, "--pool-size needs --pressure");
	/* For its name, and to fail here if there is no such card. */
	lab_card_open_or_die(&card, options.card, true, "churn");
	close(card.fd);
	if (lab_supervised()) {
		ret = lab_stats_read(card.name, &before);
		if (ret)
			lab_die("churn", "the card's stats: %s", strerror(-ret));
	}
	accounts = mmap(NULL, (MAX_PROCESSES + 2) * sizeof(*accounts), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (accounts == MAP_FAILED)
		lab_die("churn", "out of memory");
	start = lab_seconds();
	failed = run_processes(accounts);
	report(accounts, failed, lab_seconds() - start);
	if (lab_supervised())
		check_stats(accounts, &before);
	return lab_finish();
}
