// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * fail-nth: what happens to a BO when a memory allocation fails?
 *
 * Creates a BO, maps it, writes it, has the GPU move it to VRAM and back, reads it and closes it,
 * while the first memory allocation that the kernel makes for it fails; then again while the
 * second fails; and so on, until a run makes fewer allocations (/proc/self/fail-nth of a kernel
 * with fault injection). A run may end in ENOMEM, but contents that were written must be
 * intact. The next run, without a failing allocation, has to work. At the end the driver's
 * counters must be as they were.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"

#define TEST		"fail-nth"
#define COUNTERS_MAX	64u
#define COLUMNS		3u
#define WORD_FACTOR	0x9e3779b97f4a7c15u

/* Later allocations repeat earlier ones: from here on only some of them fail. */
#define DENSE		256u

/* Seconds from one line of progress to the next. */
#define PROGRESS	30.0

/**
 * enum step - the steps of a run.
 */
enum step {
	STEP_CREATE,
	STEP_MMAP,
	STEP_FILL,
	STEP_TO_VRAM,
	STEP_TO_GTT,
	STEP_CHECK,
	STEP_COUNT,
};

static const char *const step_names[STEP_COUNT] = {
	"create", "mmap", "fill", "move to VRAM", "move to GTT", "check",
};

/**
 * struct load - one kind of BO, and what happened to it.
 * @pages: its size
 * @flags: RADEON_GEM_GTT_*
 * @name: name in the result
 * @seen: runs in which a step failed, by step
 * @unseen: runs in which an allocation failed, but no step did
 */
struct load {
	uint32_t pages;
	uint32_t flags;
	const char *name;
	unsigned int seen[STEP_COUNT];
	unsigned int unseen;
};

static struct load loads[] = {
	{ .pages = 1, .flags = 0, .name = "4k-cached" },
	{ .pages = 1, .flags = RADEON_GEM_GTT_WC, .name = "4k-wc" },
	{ .pages = 1, .flags = RADEON_GEM_GTT_UC, .name = "4k-uc" },
	{ .pages = 17, .flags = 0, .name = "68k-cached" },
	{ .pages = 17, .flags = RADEON_GEM_GTT_WC, .name = "68k-wc" },
	{ .pages = 256, .flags = 0, .name = "1m-cached" },
	{ .pages = 256, .flags = RADEON_GEM_GTT_WC, .name = "1m-wc" },
	{ .pages = 600, .flags = 0, .name = "2400k-cached" },
};

/**
 * struct counters - counters of the driver, from debugfs.
 */
struct counters {
	unsigned int count;
	struct {
		char name[48];
		unsigned long long value[COLUMNS];
	} line[COUNTERS_MAX];
};

static struct {
	const char *card, *load;
	uint64_t only, last;
} options = { .last = 20000 };

static const struct lab_option option_table[] = {
	LAB_OPTION_CARD(&options.card),
	{ "load", "NAME", "this kind of BO alone, like 4k-wc", .text = &options.load },
	{ "only", "N", "fail the N-th allocation alone", .number = &options.only, .min = 1,
	  .max = 1000000 },
	{ "last", "N", "give up after N allocations (20000)", .number = &options.last, .min = 1,
	  .max = 1000000 },
	{ 0 },
};

static const struct lab_program program = {
	.name = TEST,
	.purpose = "Fails one memory allocation after the other in the life of a BO.",
	.options = option_table,
};

static struct lab_card card;
static int fail_fd, drop_fd;
static uint32_t seed;
static bool wrong;
static sigjmp_buf no_page;

static void on_sigbus(int number)
{
	(void)number;
	siglongjmp(no_page, 1);
}

/* The @n-th allocation from here on fails; 0: none. */
static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_fd, text, len, 0) != len)
		lab_die(TEST, "/proc/thread-self/fail-nth: %s", strerror(errno));
}

/* Return: true if the allocation has failed. */
static bool disarm(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		lab_die(TEST, "/proc/thread-self/fail-nth: %s", strerror(errno));
	arm(0);
	return !strtoul(text, NULL, 10);
}

/*
 * "2" runs all shrinkers, so that a pool has no pages that would save the next run its
 * allocations. "4" turns off the kernel's log line for this.
 */
static void drop_caches(const char *what)
{
	if (pwrite(drop_fd, what, 1, 0) != 1)
		lab_die(TEST, "/proc/sys/vm/drop_caches: %s", strerror(errno));
}

static uint64_t word(uint32_t page)
{
	return (((uint64_t)seed << 32) + page + 1) * WORD_FACTOR;
}

/* Return: -EFAULT if a page fault of the mapping failed. */
static int fill(struct lab_bo *bo, uint32_t pages)
{
	volatile uint64_t *map = bo->map;
	const size_t words = LAB_PAGE_SIZE / sizeof(uint64_t);
	uint32_t i;

	if (sigsetjmp(no_page, 1))
		return -EFAULT;
	for (i = 0; i < pages; i++) {
		map[i * words] = word(i);
		map[(i + 1) * words - 1] = ~word(i);
	}
	return 0;
}

static int check(struct lab_bo *bo, uint32_t pages, const char *load, unsigned int n)
{
	volatile uint64_t *map = bo->map;
	const size_t words = LAB_PAGE_SIZE / sizeof(uint64_t);
	volatile uint32_t i;

	if (sigsetjmp(no_page, 1))
		return -EFAULT;
	for (i = 0; i < pages; i++) {
		if (map[i * words] == word(i) && map[(i + 1) * words - 1] == ~word(i))
			continue;
		if (!wrong)
			lab_result(LAB_FAIL, TEST ".contents",
				   "%s, allocation %u: page %u of %u is not what was written",
				   load, n, i, pages);
		wrong = true;
		break;
	}
	return 0;
}

static int create(struct lab_bo *bo, const struct load *load)
{
	struct drm_radeon_gem_create create = {
		.size = (uint64_t)load->pages * LAB_PAGE_SIZE,
		.alignment = LAB_PAGE_SIZE,
		.initial_domain = RADEON_GEM_DOMAIN_GTT,
		.flags = load->flags,
	};
	int ret;

	ret = drmCommandWriteRead(card.fd, DRM_RADEON_GEM_CREATE, &create, sizeof(create));
	*bo = (struct lab_bo){ .handle = create.handle, .size = create.size };
	return ret;
}

static int map(struct lab_bo *bo)
{
	struct drm_radeon_gem_mmap map = { .handle = bo->handle, .size = bo->size };
	void *at;
	int ret;

	ret = drmCommandWriteRead(card.fd, DRM_RADEON_GEM_MMAP, &map, sizeof(map));
	if (ret)
		return ret;
	at = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, card.fd, map.addr_ptr);
	if (at == MAP_FAILED)
		return -errno;
	bo->map = at;
	return 0;
}

/*
 * The whole life of a BO. A step that fails does not end it unless the next steps need it: a BO
 * whose move has failed still has its contents.
 *
 * Return: the number of errors, which are in @errors.
 */
static unsigned int live(const struct load *load, unsigned int n, int errors[STEP_COUNT])
{
	struct lab_bo bo, *list[] = { &bo };
	unsigned int step, failed = 0;

	memset(errors, 0, STEP_COUNT * sizeof(errors[0]));
	seed++;
	errors[STEP_CREATE] = create(&bo, load);
	if (errors[STEP_CREATE])
		return 1;
	errors[STEP_MMAP] = map(&bo);
	if (!errors[STEP_MMAP]) {
		errors[STEP_FILL] = fill(&bo, load->pages);
		/* Without a failing allocation the fault has to succeed. */
		if (errors[STEP_FILL] && fill(&bo, load->pages))
			errors[STEP_FILL] = -EIO;
	}
	errors[STEP_TO_VRAM] = lab_move(&card, list, 1, RADEON_GEM_DOMAIN_VRAM);
	errors[STEP_TO_GTT] = lab_move(&card, list, 1, RADEON_GEM_DOMAIN_GTT);
	if (!errors[STEP_MMAP]) {
		errors[STEP_CHECK] = lab_bo_wait(&card, &bo);
		if (errors[STEP_CHECK])
			errors[STEP_CHECK] = lab_bo_wait(&card, &bo) ? -EIO : -ENOMEM;
		if (check(&bo, load->pages, load->name, n))
			errors[STEP_CHECK] = check(&bo, load->pages, load->name, n) ?
				-EIO : -EFAULT;
	}
	lab_bo_close(&card, &bo);
	for (step = 0; step < STEP_COUNT; step++)
		failed += errors[step] != 0;
	return failed;
}

/* One allocation has failed: are the errors of the steps allowed? */
static bool judge(struct load *load, unsigned int n, const int errors[STEP_COUNT],
		  unsigned int failed)
{
	unsigned int step;
	bool good = true;

	if (!failed)
		load->unseen++;
	for (step = 0; step < STEP_COUNT; step++) {
		bool fault = step == STEP_FILL || step == STEP_CHECK;

		if (!errors[step])
			continue;
		load->seen[step]++;
		if (errors[step] == -ENOMEM || (fault && errors[step] == -EFAULT))
			continue;
		lab_result(LAB_FAIL, TEST ".errno", "%s, allocation %u: %s ended with '%s'",
			   load->name, n, step_names[step], strerror(-errors[step]));
		good = false;
	}
	if (failed > 1) {
		lab_result(LAB_FAIL, TEST ".errors",
			   "%s, allocation %u: one failed allocation, %u errors",
			   load->name, n, failed);
		good = false;
	}
	return good;
}

static void run_load(struct load *load)
{
	unsigned int n, step, len, tried = 0, failed;
	double progress = lab_seconds();
	int errors[STEP_COUNT];
	char name[64], text[240];
	bool good = true;

	snprintf(name, sizeof(name), "%s." TEST ".%s", card.name, load->name);
	for (n = options.only ? options.only : 1; n <= options.last && good;
	     n += n < DENSE ? 1 : 1 + n / 64) {
		if (lab_seconds() > progress + PROGRESS) {
			progress = lab_seconds();
			lab_progress("%s: allocation %u fails", name, n);
		}
		drop_caches("2");
		arm(n);
		failed = live(load, n, errors);
		if (!disarm()) {
			good = judge(load, n, errors, failed) && !failed;
			load->unseen--;
			break;
		}
		tried++;
		good = judge(load, n, errors, failed);
		if (live(load, n, errors)) {
			for (step = 0; !errors[step]; step++)
				;
			lab_result(LAB_FAIL, TEST ".after",
				   "%s: after allocation %u had failed, %s ended with '%s'",
				   load->name, n, step_names[step], strerror(-errors[step]));
			good = false;
		}
		if (options.only)
			break;
	}
	if (n > options.last) {
		lab_result(LAB_FAIL, name, "not at an end after %u allocations", n);
		return;
	}
	len = snprintf(text, sizeof(text), "%u of %u allocations failed one by one; step that failed:",
		       tried, n - 1);
	for (step = 0; step < STEP_COUNT; step++)
		if (load->seen[step])
			len += snprintf(text + len, sizeof(text) - len, " %s %u,",
					step_names[step], load->seen[step]);
	snprintf(text + len, sizeof(text) - len, " none %u", load->unseen);
	lab_result(good && tried && !wrong ? LAB_PASS : LAB_FAIL, name, "%s", text);
}

static void add_counter(struct counters *counters, const char *prefix, const char *key,
			const unsigned long long value[COLUMNS])
{
	unsigned int n = counters->count;

	if (n == COUNTERS_MAX)
		return;
	snprintf(counters->line[n].name, sizeof(counters->line[n].name), "%s %s", prefix, key);
	memcpy(counters->line[n].value, value, sizeof(counters->line[n].value));
	counters->count++;
}

/* "key number [number number]" of the pool, for the keys that have to be unchanged at the end. */
static void read_backing(struct counters *counters, FILE *file)
{
	static const char *const keys[] = {
		"pages", "in_use", "chunks", "chunks_full", "chunks_partial",
	};
	char line[256], key[32];
	unsigned int i;

	while (fgets(line, sizeof(line), file)) {
		unsigned long long value[COLUMNS] = { 0 };

		if (sscanf(line, "%31s %llu %llu %llu", key, &value[0], &value[1],
			   &value[2]) < 2)
			continue;
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (!strcmp(key, keys[i]))
				add_counter(counters, "ttm_backing", key, value);
	}
}

/* Use of GTT and VRAM: the last lines of drm_mm and TTM. */
static void read_manager(struct counters *counters, FILE *file, const char *name)
{
	char line[256];

	while (fgets(line, sizeof(line), file)) {
		unsigned long long value[COLUMNS] = { 0 };
		char *total = strstr(line, "total: ");

		if (total && sscanf(total, "total: %llu, used %llu free %llu", &value[0],
				    &value[1], &value[2]) == 3)
			add_counter(counters, name, "total-used-free", value);
		else if (sscanf(line, " usage: %llu", &value[0]) == 1)
			add_counter(counters, name, "usage", value);
	}
}

static void read_counters(struct counters *counters)
{
	static const char *const managers[] = { "radeon_gtt_mm", "radeon_vram_mm" };
	char path[96];
	unsigned int i;
	FILE *file;

	counters->count = 0;
	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/ttm_backing", card.minor);
	file = fopen(path, "r");
	if (file) {
		read_backing(counters, file);
		fclose(file);
	}
	for (i = 0; i < sizeof(managers) / sizeof(managers[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/%s", card.minor,
			 managers[i]);
		file = fopen(path, "r");
		if (!file)
			continue;
		read_manager(counters, file, managers[i]);
		fclose(file);
	}
}

static void compare(const struct counters *before, const struct counters *after)
{
	char name[64];
	unsigned int i, changed = 0;

	snprintf(name, sizeof(name), "%s." TEST ".counters", card.name);
	for (i = 0; i < before->count && before->count == after->count; i++) {
		const unsigned long long *b = before->line[i].value;
		const unsigned long long *a = after->line[i].value;

		if (!memcmp(b, a, sizeof(before->line[i].value)))
			continue;
		changed++;
		lab_result(LAB_FAIL, name, "%s was %llu %llu %llu and is %llu %llu %llu",
			   before->line[i].name, b[0], b[1], b[2], a[0], a[1], a[2]);
	}
	if (!before->count || before->count != after->count)
		lab_result(LAB_FAIL, name, "%u counters before, %u after", before->count,
			   after->count);
	else if (!changed)
		lab_result(LAB_PASS, name, "%u counters in debugfs are unchanged",
			   before->count);
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		lab_die(TEST, "%s: %s: this needs root on a debug kernel (KERNEL=7.3-debug)",
			path, strerror(errno));
	return fd;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_sigbus };
	static struct counters before, after;
	int errors[STEP_COUNT];
	unsigned int i, ran = 0;

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, options.card, true, TEST);
	fail_fd = open_or_die("/proc/thread-self/fail-nth", O_RDWR);
	drop_fd = open_or_die("/proc/sys/vm/drop_caches", O_WRONLY);
	drop_caches("4");
	sigaction(SIGBUS, &action, NULL);
	/* Page faults of this program must not use up the failing allocation. */
	if (mlockall(MCL_CURRENT))
		lab_die(TEST, "mlockall: %s", strerror(errno));
	if (live(&loads[0], 0, errors))
		lab_die(TEST, "a BO does not work without a failing allocation");
	drop_caches("2");
	read_counters(&before);
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		if (options.load && strcmp(options.load, loads[i].name))
			continue;
		run_load(&loads[i]);
		ran++;
	}
	if (!ran)
		lab_die(TEST, "--load %s is unknown: there is %s, for example", options.load,
			loads[0].name);
	drop_caches("2");
	read_counters(&after);
	compare(&before, &after);
	close(card.fd);
	return lab_finish();
}
