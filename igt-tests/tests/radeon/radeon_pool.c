// SPDX-License-Identifier: MIT
/*
 * Where do pages of BOs come from, and where do they go? The page pool keeps pages of BOs
 * that are gone for those that come. What it promises of them: they are of the kind that
 * this machine needs and no other, all of them come back, and nobody sees what another had
 * in them.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "igt_radeon.h"

IGT_TEST_DESCRIPTION("Check the page pool behind radeon BOs");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

/* Coherent memory where it is needed, and none where it is not. */
static void test_backing(int fd)
{
	char backing[64] = "?", reason[128], said[128] = "this kernel does not say why";
	char device[64];
	bool needed = igt_radeon_coherent_needed(fd, reason, sizeof(reason));
	bool coherent = igt_radeon_coherent_pool_used(fd);

	if (igt_radeon_has_backing(fd)) {
		igt_radeon_backing_text(fd, "backing", backing, sizeof(backing));
		igt_radeon_backing_text(fd, "reason", said, sizeof(said));
	}
	igt_info("%s; backing %s: %s\n", reason, backing, said);
	igt_skip_on_f(!strncmp(said, "forced", strlen("forced")),
		      "the machine has no say: the backing is %s\n", said);
	if (igt_radeon_pool_device(device, sizeof(device))) {
		igt_info("the pool device %s has the last word\n", device);
		if (coherent)
			igt_assert_f(igt_radeon_backing(fd, "in_use") >=
				     igt_radeon_backing(fd, "pages"),
				     "BOs have pages that are in no chunk\n");
		return;
	}
	igt_assert_f(strcmp(backing, "hypervisor"), "there is no pool device\n");
	igt_assert_f(coherent == needed, "%s: BO pages are %scoherent pages of this device\n",
		     reason, coherent ? "" : "not ");
	if (!igt_radeon_has_backing(fd))
		return;
	if (needed)
		igt_assert_f(igt_radeon_backing(fd, "in_use") == igt_radeon_backing(fd, "pages"),
			     "BOs have pages that are in no chunk\n");
	else
		igt_assert_f(igt_radeon_backing(fd, "chunk_allocs") == 0,
			     "coherent memory was allocated\n");
}

/* Pages in use, once those that wait for the GPU are back. */
static uint64_t settled_pages(int fd, uint64_t expect)
{
	uint64_t pages = 0;

	for (int i = 0; i < 100; i++) {
		pages = igt_radeon_backing(fd, "pages");
		if (pages == expect)
			break;
		usleep(50000);
	}
	return pages;
}

static void test_counters(int fd)
{
	enum { BOS = 96 };
	struct igt_radeon_bo bos[BOS];
	uint64_t before, during, size = 0;

	igt_require_f(igt_radeon_has_backing(fd), "this kernel's pool has no ttm_backing\n");
	before = igt_radeon_backing(fd, "pages");
	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_create(fd, (1 + i % 33) * 4 * KIB, GTT,
				     igt_radeon_caching[i % IGT_RADEON_CACHINGS].flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
		size += bos[i].size;
	}
	during = igt_radeon_backing(fd, "pages");
	igt_assert_eq_u64(during - before, size / (4 * KIB));
	for (unsigned int i = 0; i < BOS; i++) {
		if (i & 1)
			igt_radeon_bo_move_async(fd, &bos[i], VRAM);
		igt_radeon_bo_close(fd, &bos[i]);
	}
	igt_assert_eq_u64(settled_pages(fd, before), before);
	if (igt_radeon_coherent_pool_used(fd))
		igt_assert_eq_u64(igt_radeon_backing(fd, "in_use"), before);

	/* And what is kept can be had back: no chunk stays that has no page in use. */
	igt_radeon_shrink_chunks(fd);
}

/* Subtests that count chunks: there have to be some. */
static void require_chunks(int fd)
{
	igt_require_f(igt_radeon_has_backing(fd), "this kernel's pool has no ttm_backing\n");
	igt_require_f(igt_radeon_coherent_pool_used(fd),
		      "BO pages are no coherent memory on this machine\n");
}

static void create_pages(int fd, struct igt_radeon_bo *bos, unsigned int count, uint32_t flags)
{
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_bo_create(fd, 4 * KIB, GTT, flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
	}
}

static void close_all(int fd, struct igt_radeon_bo *bos, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		igt_radeon_bo_close(fd, &bos[i]);
}

/* Memory that goes back to the system is cached again: each chunk has two changes. */
static void test_caching_restored(int fd, unsigned int mode)
{
	enum { BOS = 700 };
	static struct igt_radeon_bo bos[BOS];
	uint64_t allocs, frees, changes;

	require_chunks(fd);
	igt_radeon_shrink_chunks(fd);
	allocs = igt_radeon_backing_mode(fd, "chunk_allocs", mode);
	frees = igt_radeon_backing_mode(fd, "chunk_frees", mode);
	changes = igt_radeon_backing_mode(fd, "caching_changes", mode);
	create_pages(fd, bos, BOS, igt_radeon_caching[mode].flags);
	allocs = igt_radeon_backing_mode(fd, "chunk_allocs", mode) - allocs;
	close_all(fd, bos, BOS);
	igt_require_f(allocs, "BOs of this GPU are always cached\n");
	igt_radeon_shrink_chunks(fd);
	frees = igt_radeon_backing_mode(fd, "chunk_frees", mode) - frees;
	changes = igt_radeon_backing_mode(fd, "caching_changes", mode) - changes;
	igt_info("%" PRIu64 " chunks allocated, %" PRIu64 " freed, %" PRIu64 " caching changes\n",
		 allocs, frees, changes);
	igt_assert(frees > 0);
	igt_assert_eq_u64(changes, allocs + frees);
}

/* One page of a chunk is in use: the chunk stays, and so does what is in the page. */
static void test_chunk_in_use(int fd, uint32_t flags)
{
	enum { BOS = 1600, KEPT = 700 };
	static struct igt_radeon_bo bos[BOS];
	const size_t size = 64 * MIB;
	char *memory;

	require_chunks(fd);
	create_pages(fd, bos, BOS, flags);
	for (unsigned int i = 0; i < BOS; i++)
		if (i % KEPT)
			igt_radeon_bo_close(fd, &bos[i]);
	igt_radeon_shrink_chunks(fd);
	igt_assert_f(igt_radeon_backing(fd, "in_use") >= igt_radeon_backing(fd, "pages"),
		     "%" PRIu64 " pages are in chunks, and BOs have %" PRIu64 "\n",
		     igt_radeon_backing(fd, "in_use"), igt_radeon_backing(fd, "pages"));
	/* Whoever gets what was given back writes into it. */
	memory = malloc(size);
	igt_assert(memory);
	memset(memory, 0x5a, size);
	for (unsigned int i = 0; i < BOS; i += KEPT) {
		igt_radeon_check(&bos[i], i, "the only page in use of a chunk");
		igt_radeon_bo_move(fd, &bos[i], VRAM);
		igt_radeon_check(&bos[i], i, "moved from the only page in use of a chunk");
		igt_radeon_bo_close(fd, &bos[i]);
	}
	free(memory);
}

static void run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	igt_require_f(sched_setaffinity(0, sizeof(set), &set) == 0,
		      "CPU %d cannot be had: %s\n", cpu, strerror(errno));
}

/* Free pages that one CPU has at hand are there for the others before memory is asked for. */
static void test_other_cpus(int fd)
{
	enum { HAND = 24 };
	struct igt_radeon_bo hand[HAND], *bos;
	uint64_t count, allocs;
	cpu_set_t before;

	require_chunks(fd);
	igt_assert_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	igt_require_f(CPU_COUNT(&before) > 1 && CPU_ISSET(0, &before) && CPU_ISSET(1, &before),
		      "there is one CPU only\n");
	igt_radeon_shrink_chunks(fd);
	run_on_cpu(0);
	create_pages(fd, hand, HAND, 0);
	close_all(fd, hand, HAND);
	igt_assert(igt_radeon_backing_mode(fd, "per_cpu", 0) > 0);
	run_on_cpu(1);
	count = igt_radeon_backing_mode(fd, "free", 0);
	allocs = igt_radeon_backing_mode(fd, "chunk_allocs", 0);
	bos = calloc(count, sizeof(*bos));
	igt_assert(bos);
	create_pages(fd, bos, count, 0);
	allocs = igt_radeon_backing_mode(fd, "chunk_allocs", 0) - allocs;
	close_all(fd, bos, count);
	free(bos);
	sched_setaffinity(0, sizeof(before), &before);
	igt_assert_f(allocs == 0, "%" PRIu64 " chunks were allocated while %" PRIu64 " pages were free\n",
		     allocs, count);
}

static uint64_t hypervisor_width(int fd)
{
	char backing[64];

	igt_require_f(igt_radeon_has_backing(fd), "this kernel's pool has no ttm_backing\n");
	igt_radeon_backing_text(fd, "backing", backing, sizeof(backing));
	igt_require_f(!strcmp(backing, "hypervisor"),
		      "BO pages of one of the GPUs belong to it: its backing is %s\n", backing);
	return igt_radeon_backing(fd, "width");
}

/*
 * What a hypervisor's pool device gives belongs to no GPU: pages that one has done with are
 * there for the other, clean, before a chunk is made. They are pages of the GPU that reaches
 * less.
 */
static void test_pages_of_both(int fd, unsigned int mode)
{
	enum { BOS = 300 };
	const uint32_t flags = igt_radeon_caching[mode].flags;
	static struct igt_radeon_bo bos[BOS];
	int other = igt_radeon_open_other(fd), narrow = fd, wide = other;
	uint64_t allocs;

	igt_require_f(other >= 0, "there is no other Radeon\n");
	if (hypervisor_width(fd) > hypervisor_width(other)) {
		narrow = other;
		wide = fd;
	}
	igt_radeon_shrink_chunks(wide);
	create_pages(narrow, bos, BOS, flags);
	if (igt_radeon_backing_mode(narrow, "in_use", mode) < BOS) {
		close_all(narrow, bos, BOS);
		close(other);
		igt_skip("BOs of one of the GPUs are always cached\n");
	}
	for (unsigned int i = 0; i < BOS; i += 10)
		igt_radeon_bo_move(narrow, &bos[i], VRAM);
	close_all(narrow, bos, BOS);

	allocs = igt_radeon_backing(wide, "chunk_allocs");
	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_create(wide, 4 * KIB, GTT, flags, &bos[i]);
		igt_radeon_check_zero(&bos[i], "new, in pages that the other GPU had");
		igt_radeon_fill(&bos[i], 7000 + i);
	}
	allocs = igt_radeon_backing(wide, "chunk_allocs") - allocs;
	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_move(wide, &bos[i], VRAM);
		igt_radeon_check(&bos[i], 7000 + i, "moved from pages that the other GPU had");
	}
	close_all(wide, bos, BOS);
	close(other);
	igt_assert_f(allocs == 0,
		     "%" PRIu64 " chunks were made while the other GPU's pages were free\n",
		     allocs);
}

/* Both GPUs work from the same chunks at the same time. */
static void test_both_at_once(int fd)
{
	enum { BOS = 64, TURNS = 6 };
	int other = igt_radeon_open_other(fd);

	igt_require_f(other >= 0, "there is no other Radeon\n");
	hypervisor_width(fd);
	hypervisor_width(other);
	igt_fork(gpu, 2) {
		struct igt_radeon_bo bos[BOS];
		int own = igt_radeon_reopen(gpu ? other : fd);

		for (unsigned int turn = 0; turn < TURNS; turn++) {
			for (unsigned int i = 0; i < BOS; i++) {
				unsigned int mode = i % IGT_RADEON_CACHINGS;

				igt_radeon_bo_create(own, (1 + i % 5) * 4 * KIB, GTT,
						     igt_radeon_caching[mode].flags, &bos[i]);
				igt_radeon_check_zero(&bos[i], "new beside the other GPU");
				igt_radeon_fill(&bos[i], gpu * 10000 + turn * BOS + i);
				igt_radeon_bo_move_async(own, &bos[i], VRAM);
			}
			for (unsigned int i = 0; i < BOS; i++) {
				igt_radeon_bo_move_async(own, &bos[i], GTT);
				igt_radeon_check(&bos[i], gpu * 10000 + turn * BOS + i,
						 "moved beside the other GPU");
				igt_radeon_bo_close(own, &bos[i]);
			}
		}
		close(own);
	}
	igt_waitchildren();
	close(other);
}

/* Pages come from the chunk that has fewest left, so that others become free. */
static void test_fullest_first(int fd)
{
	enum { CHUNK = 512, BOS = 3 * CHUNK, MANY = 400, FEW = 64, MODE = 2 };
	static struct igt_radeon_bo bos[BOS];
	const uint32_t flags = igt_radeon_caching[MODE].flags;
	cpu_set_t before;
	uint64_t full;

	require_chunks(fd);
	igt_radeon_shrink_chunks(fd);
	igt_require_f(igt_radeon_backing_mode(fd, "chunks", MODE) == 0, "others have BOs of this mode\n");
	igt_assert_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	run_on_cpu(0);
	create_pages(fd, bos, BOS, flags);
	if (igt_radeon_backing_mode(fd, "chunks_full", MODE) != 3) {
		close_all(fd, bos, BOS);
		sched_setaffinity(0, sizeof(before), &before);
		igt_skip("BOs of this GPU are always cached, or memory is in pieces\n");
	}
	/* Many pages of the last chunk, a few of the first. */
	close_all(fd, &bos[2 * CHUNK], MANY);
	close_all(fd, bos, FEW);
	create_pages(fd, bos, FEW, flags);
	full = igt_radeon_backing_mode(fd, "chunks_full", MODE);
	close_all(fd, bos, BOS);
	sched_setaffinity(0, sizeof(before), &before);
	igt_assert_f(full == 2, "%" PRIu64 " of 3 chunks are full, where one has enough for all\n",
		     full);
}

static void write_debugfs(const char *name, const char *text)
{
	char path[256];
	int file;

	snprintf(path, sizeof(path), "%s/%s", igt_debugfs_mount(), name);
	file = open(path, O_WRONLY);
	igt_require_f(file >= 0, "%s: %s\n", path, strerror(errno));
	igt_assert_eq(write(file, text, strlen(text)), strlen(text));
	close(file);
}

/* What is injected fails however the kernel asks for memory, and is not logged. */
static void inject_faults(void)
{
	write_debugfs("failslab/ignore-gfp-wait", "N");
	write_debugfs("failslab/verbose", "0");
	write_debugfs("fail_page_alloc/ignore-gfp-wait", "N");
	write_debugfs("fail_page_alloc/ignore-gfp-highmem", "N");
	write_debugfs("fail_page_alloc/min-order", "0");
	write_debugfs("fail_page_alloc/verbose", "0");
}

/* This task gets so many pages, and then none. */
static void test_no_memory(int fd, uint32_t flags)
{
	const uint64_t size = 3 * MIB + 4 * KIB;
	uint64_t pages, in_use;
	unsigned int failed = 0;
	int fail;

	require_chunks(fd);
	fail = open("/proc/self/make-it-fail", O_RDWR);
	igt_require_f(fail >= 0, "this kernel does not inject faults\n");
	inject_faults();
	write_debugfs("fail_page_alloc/task-filter", "Y");
	write_debugfs("fail_page_alloc/interval", "1");
	write_debugfs("fail_page_alloc/times", "-1");
	igt_radeon_ignore_complaints();
	pages = igt_radeon_backing(fd, "pages");
	in_use = igt_radeon_backing(fd, "in_use");
	for (unsigned int space = 16; space < 1000; space += 61) {
		char text[32];
		uint32_t handle;
		int ret;

		igt_radeon_shrink_chunks(fd);
		snprintf(text, sizeof(text), "%u", space);
		write_debugfs("fail_page_alloc/space", text);
		write_debugfs("fail_page_alloc/probability", "100");
		igt_assert_eq(pwrite(fail, "1", 1, 0), 1);
		ret = __igt_radeon_gem_create(fd, size, 4 * KIB, GTT, flags, &handle);
		igt_assert_eq(pwrite(fail, "0", 1, 0), 1);
		write_debugfs("fail_page_alloc/probability", "0");
		if (!ret)
			gem_close(fd, handle);
		igt_assert_f(!ret || ret == -ENOMEM, "with %u pages: %s\n", space,
			     strerror(-ret));
		failed += ret != 0;
		igt_assert_f(settled_pages(fd, pages) == pages &&
			     igt_radeon_backing(fd, "in_use") == in_use,
			     "%u pages were to be had, and %" PRIu64 " are in use, not %" PRIu64 "\n",
			     space, igt_radeon_backing(fd, "in_use"), in_use);
	}
	close(fail);
	igt_info("%u BOs failed\n", failed);
	igt_assert(failed > 0);
}

/* The next allocation of this task fails, or the one after it, and so on. */
static void test_failed_allocations(int fd, uint32_t flags)
{
	const uint64_t size = 3 * MIB + 4 * KIB;
	unsigned int failed = 0;
	uint64_t pages, in_use;
	char text[32] = "";
	int nth;

	require_chunks(fd);
	nth = open("/proc/self/fail-nth", O_RDWR);
	igt_require_f(nth >= 0, "this kernel does not inject faults\n");
	inject_faults();
	igt_radeon_ignore_complaints();
	pages = igt_radeon_backing(fd, "pages");
	in_use = igt_radeon_backing(fd, "in_use");
	for (unsigned int n = 1; n < 1000; n++) {
		uint32_t handle;
		int ret;

		/* Whatever is free would be taken, and nothing would be allocated. */
		igt_radeon_shrink_chunks(fd);
		snprintf(text, sizeof(text), "%u", n);
		igt_assert_eq(pwrite(nth, text, strlen(text), 0), strlen(text));
		ret = __igt_radeon_gem_create(fd, size, 4 * KIB, GTT, flags, &handle);
		memset(text, 0, sizeof(text));
		igt_assert_lte(1, pread(nth, text, sizeof(text) - 1, 0));
		igt_assert_eq(pwrite(nth, "0", 1, 0), 1);
		if (!ret)
			gem_close(fd, handle);
		igt_assert_f(!ret || ret == -ENOMEM, "allocation %u failed: %s\n", n,
			     strerror(-ret));
		failed += ret != 0;
		igt_assert_f(settled_pages(fd, pages) == pages &&
			     igt_radeon_backing(fd, "in_use") == in_use,
			     "allocation %u failed, and %" PRIu64 " pages are in use, not %" PRIu64 "\n",
			     n, igt_radeon_backing(fd, "in_use"), in_use);
		/* What is left of the number has not come to its end: there were fewer. */
		if (atoi(text) > 0)
			break;
	}
	close(nth);
	igt_info("%u BOs failed\n", failed);
	igt_assert(failed > 0);
}

/* Many small BOs: the pool goes to the system for a lot at once, not for each of them. */
static void test_storm(int fd, uint32_t flags)
{
	enum { BOS = 1024, ROUNDS = 4 };
	struct igt_radeon_bo *bos = calloc(BOS, sizeof(*bos));
	uint64_t allocs = 0, changes = 0;
	bool counted = igt_radeon_has_backing(fd);

	igt_assert(bos);
	if (counted) {
		allocs = igt_radeon_backing(fd, "chunk_allocs");
		changes = igt_radeon_backing(fd, "caching_changes");
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < BOS; i++) {
			igt_radeon_bo_create(fd, 4 * KIB, GTT, flags, &bos[i]);
			igt_radeon_fill(&bos[i], round * BOS + i);
		}
		for (unsigned int i = 0; i < BOS; i += 16)
			igt_radeon_bo_move_async(fd, &bos[i], VRAM);
		for (unsigned int i = 0; i < BOS; i++) {
			igt_radeon_check(&bos[i], round * BOS + i, "in a storm of small BOs");
			igt_radeon_bo_close(fd, &bos[i]);
		}
	}
	free(bos);
	if (!counted)
		return;
	allocs = igt_radeon_backing(fd, "chunk_allocs") - allocs;
	changes = igt_radeon_backing(fd, "caching_changes") - changes;
	igt_info("%u BOs, at most %u at a time: %" PRIu64 " chunks allocated, %" PRIu64 " caching changes\n",
		 BOS * ROUNDS, BOS, allocs, changes);
	/* 1024 pages are two chunks of 2 MiB, or 32 of 128 KiB if memory is in pieces. */
	igt_assert_lte_u64(allocs, 32);
	igt_assert_lte_u64(changes, 64);
}

/* The shrinker takes what is free from under BOs that come, go and move. */
static void test_shrinker(int fd)
{
	enum { BOS = 32, TURNS = 160 };
	struct igt_helper_process shrinker = {};
	struct igt_radeon_bo bos[BOS] = {};

	/* Whether it can be run at all is found out here: a helper could not skip. */
	igt_radeon_shrink_pool();
	igt_fork_helper(&shrinker) {
		for (;;) {
			igt_radeon_shrink_pool();
			usleep(1000);
		}
	}
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		unsigned int i = turn * 7 % BOS, mode = turn % IGT_RADEON_CACHINGS;

		if (bos[i].handle) {
			igt_radeon_check(&bos[i], turn - BOS, "while the shrinker runs");
			igt_radeon_bo_close(fd, &bos[i]);
		}
		igt_radeon_bo_create(fd, (1 + turn % 97) * 4 * KIB, GTT,
				     igt_radeon_caching[mode].flags, &bos[i]);
		igt_radeon_check_zero(&bos[i], "new while the shrinker runs");
		igt_radeon_fill(&bos[i], turn);
		igt_radeon_bo_move_async(fd, &bos[i], turn & 1 ? VRAM : GTT);
	}
	for (unsigned int i = 0; i < BOS; i++)
		igt_radeon_bo_close(fd, &bos[i]);
	igt_stop_helper(&shrinker);
}

static char limit_path[128], limit_before[32];

static void write_limit(const char *text)
{
	int file = open(limit_path, O_WRONLY);

	igt_require_f(file >= 0, "%s: %s\n", limit_path, strerror(errno));
	igt_assert_eq(write(file, text, strlen(text)), strlen(text));
	close(file);
}

static void restore_limit(int sig)
{
	int file;

	if (!limit_before[0])
		return;
	file = open(limit_path, O_WRONLY);
	if (file < 0)
		return;
	if (write(file, limit_before, strlen(limit_before)) < 0 && !sig)
		igt_warn("%s: %s\n", limit_path, strerror(errno));
	close(file);
}

/* What is free in the pool, of this device and of none. */
static uint64_t kept_pages(int fd)
{
	uint64_t pages = igt_radeon_shared_pool_pages(NULL);

	if (igt_radeon_has_backing(fd))
		pages += igt_radeon_backing(fd, "free");
	return pages;
}

/* What this device's pages are held to, as the pool says itself. */
static uint64_t pool_limit(int fd)
{
	uint64_t limit;

	if (igt_radeon_has_backing(fd))
		return igt_radeon_backing(fd, "page_limit");
	igt_radeon_shared_pool_pages(&limit);
	return limit;
}

static void test_limit(int fd, uint32_t flags)
{
	enum { BOS = 16, LIMIT = 1024 };
	struct igt_radeon_bo bos[BOS];
	uint64_t kept, limit, slack = 0;
	char text[32];
	int file;

	snprintf(limit_path, sizeof(limit_path), "/sys/module/%s/parameters/page_pool_size",
		 igt_radeon_ttm_module());
	file = open(limit_path, O_RDONLY);
	igt_require_f(file >= 0, "%s: %s\n", limit_path, strerror(errno));
	kept = read(file, limit_before, sizeof(limit_before) - 1);
	close(file);
	igt_assert(kept > 0);
	igt_install_exit_handler(restore_limit);
	limit = pool_limit(fd);
	if (limit > LIMIT) {
		snprintf(text, sizeof(text), "%d", LIMIT);
		write_limit(text);
		limit = pool_limit(fd);
	}
	if (limit > LIMIT) {
		restore_limit(0);
		limit_before[0] = '\0';
	}
	igt_require_f(limit <= LIMIT, "this kernel takes page_pool_size when TTM is loaded: load it with %d\n",
		      LIMIT);

	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_create(fd, 1 * MIB, GTT, flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
	}
	for (unsigned int i = 0; i < BOS; i++)
		igt_radeon_bo_close(fd, &bos[i]);
	/*
	 * What is free in a chunk cannot be given back while another page of it is in use; and
	 * each CPU may have a few pages at hand.
	 */
	if (igt_radeon_has_backing(fd) && igt_radeon_coherent_pool_used(fd))
		slack = (igt_radeon_backing(fd, "chunks_partial") + 1) * 512;
	for (int i = 0; i < 100; i++) {
		kept = kept_pages(fd);
		if (kept <= limit + slack)
			break;
		usleep(50000);
	}
	restore_limit(0);
	limit_before[0] = '\0';
	igt_info("%" PRIu64 " pages kept of %" PRIu64 ", limit %" PRIu64 "\n", kept,
		 (uint64_t)BOS * 256, limit);
	igt_assert_lte_u64(kept, limit + slack);
}

/* One process writes and goes; the next sees nothing of it, whatever way its pages came. */
static void test_clean(int fd, uint32_t flags)
{
	enum { BOS = 64, TURNS = 3 };
	const uint64_t sizes[] = { 4 * KIB, 12 * KIB, 64 * KIB, 260 * KIB };

	for (unsigned int turn = 0; turn < TURNS; turn++) {
		igt_fork(writer, 1) {
			struct igt_radeon_bo bos[BOS];
			int own = igt_radeon_reopen(fd);

			for (unsigned int i = 0; i < BOS; i++) {
				igt_radeon_bo_create(own, sizes[i % ARRAY_SIZE(sizes)], GTT,
						     flags, &bos[i]);
				igt_radeon_fill(&bos[i], 1 + i);
			}
			/* By the CPU, by a move and by the process's end. */
			for (unsigned int i = 0; i < BOS; i++) {
				if (i % 3 == 1)
					igt_radeon_bo_move(own, &bos[i], VRAM);
				if (i % 3 != 2)
					igt_radeon_bo_close(own, &bos[i]);
			}
			close(own);
		}
		igt_waitchildren();
		igt_fork(reader, 1) {
			struct igt_radeon_bo bos[BOS];
			int own = igt_radeon_reopen(fd);

			for (unsigned int i = 0; i < BOS; i++) {
				igt_radeon_bo_create(own,
						     sizes[(i + turn) % ARRAY_SIZE(sizes)], GTT,
						     flags, &bos[i]);
				igt_radeon_check_zero(&bos[i], "new after another process's end");
			}
			close(own);
		}
		igt_waitchildren();
	}
}

/*
 * The GPU writes into pages that it is given for a BO that comes home from VRAM. If those of
 * a BO that was freed meanwhile are cleared late, or twice, it shows in the BO.
 */
static void test_reuse_while_moving(int fd, uint32_t flags)
{
	enum { BOS = 24, TURNS = 8 };
	struct igt_radeon_bo bos[BOS];

	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_create(fd, 68 * KIB, GTT, flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
	}
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		for (unsigned int i = 0; i < BOS; i++)
			igt_radeon_bo_move_async(fd, &bos[i], (turn + i) & 1 ? GTT : VRAM);
		for (unsigned int i = 0; i < BOS; i++) {
			struct igt_radeon_bo bo;

			igt_radeon_bo_create(fd, 12 * KIB, GTT, flags, &bo);
			igt_radeon_check_zero(&bo, "new while BOs move");
			igt_radeon_fill(&bo, 5000 + i);
			igt_radeon_bo_move_async(fd, &bo, VRAM);
			igt_radeon_bo_close(fd, &bo);
		}
	}
	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_check(&bos[i], i, "after moves beside BOs that come and go");
		igt_radeon_bo_close(fd, &bos[i]);
	}
}

int igt_main()
{
	int fd = -1;

	igt_fixture() {
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon_accel(fd);
	}

	igt_describe("Pages are coherent memory if the machine needs that, and otherwise not.");
	igt_subtest("backing")
		test_backing(fd);

	igt_describe("Counters of pages in use follow BOs, and return to where they began.");
	igt_subtest("counters-return")
		test_counters(fd);

	igt_describe("Free pages that another CPU has at hand are used before new ones.");
	igt_subtest("other-cpus-pages")
		test_other_cpus(fd);

	igt_describe("Two GPUs work from the pages of a hypervisor's pool device at once.");
	igt_subtest("both-at-once")
		test_both_at_once(fd);

	igt_describe("Pages come from the fullest chunk.");
	igt_subtest("fullest-chunk-first")
		test_fullest_first(fd);

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		const char *name = igt_radeon_caching[i].name;
		uint32_t flags = igt_radeon_caching[i].flags;

		igt_describe("Thousands of BOs of one page do not go to the system for each.");
		igt_subtest_f("small-bo-storm-%s", name)
			test_storm(fd, flags);

		igt_describe("Pages that one GPU has done with are there for another.");
		igt_subtest_f("pages-of-both-%s", name)
			test_pages_of_both(fd, i);

		igt_describe("The pool keeps no more free pages than page_pool_size.");
		igt_subtest_f("page-limit-%s", name)
			test_limit(fd, flags);

		igt_describe("A page that a process has given back is zero for the next one.");
		igt_subtest_f("clean-%s", name)
			test_clean(fd, flags);

		igt_describe("A chunk of which one page is in use does not go.");
		igt_subtest_f("chunk-in-use-%s", name)
			test_chunk_in_use(fd, flags);

		igt_describe("A BO that cannot be had for want of memory leaves nothing behind.");
		igt_subtest_f("failed-allocations-%s", name)
			test_failed_allocations(fd, flags);

		igt_describe("Memory runs out when a BO has got a part of its pages.");
		igt_subtest_f("no-memory-%s", name)
			test_no_memory(fd, flags);

		if (flags) {
			igt_describe("Memory that the pool gives back is cached again.");
			igt_subtest_f("caching-restored-%s", name)
				test_caching_restored(fd, i);
		}

		igt_describe("Pages change hands while the GPU moves BOs.");
		igt_subtest_f("reuse-while-moving-%s", name)
			test_reuse_while_moving(fd, flags);
	}

	igt_describe("The shrinker runs all the time while the GPU works.");
	igt_subtest("shrinker-while-busy")
		test_shrinker(fd);

	igt_fixture()
		drm_close_driver(fd);
}
