// SPDX-License-Identifier: MIT
/*
 * Tests of TTM's page pool by what it reports in debugfs: coherent memory is used where the
 * machine needs it and only there, counters return to their old values, limit and shrinker work,
 * failed allocations leak nothing, and sharing a BO copies it at most once.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "igt_radeon.h"
#include "igt_radeon_pool.h"
#include "igt_radeon_probe.h"

IGT_TEST_DESCRIPTION("Check the page pool behind radeon BOs");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

/* Coherent memory is used where it is needed and nowhere else. */
static void test_backing(int fd)
{
	char backing[64] = "?", reason[128], said[128] = "not reported by this kernel";
	char device[64];
	bool needed = igt_radeon_coherent_needed(fd, reason, sizeof(reason));
	bool coherent = igt_radeon_coherent_pool_used(fd);

	if (igt_radeon_has_backing(fd)) {
		igt_radeon_backing_text(fd, "backing", backing, sizeof(backing));
		igt_radeon_backing_text(fd, "reason", said, sizeof(said));
	}
	igt_info("%s; backing %s: %s\n", reason, backing, said);
	igt_skip_on_f(!strncmp(said, "forced", strlen("forced")),
		      "the module parameter sets the backing: %s\n", said);
	if (igt_radeon_pool_device(device, sizeof(device))) {
		igt_info("the pool device %s decides\n", device);
		if (coherent)
			igt_assert_f(igt_radeon_backing(fd, "in_use") >=
				     igt_radeon_backing(fd, "pages"),
				     "BOs have pages outside of the chunks\n");
		return;
	}
	igt_assert_f(strcmp(backing, "hypervisor"), "there is no pool device\n");
	igt_assert_f(coherent == needed, "%s: BO pages are %scoherent pages of this device\n",
		     reason, coherent ? "" : "not ");
	if (!igt_radeon_has_backing(fd))
		return;
	if (needed)
		igt_assert_f(igt_radeon_backing(fd, "in_use") == igt_radeon_backing(fd, "pages"),
			     "BOs have pages outside of the chunks\n");
	else
		igt_assert_f(igt_radeon_backing(fd, "chunk_allocs") == 0,
			     "coherent memory was allocated\n");
}

/* Returns the pages in use, after waiting for those that the GPU still uses. */
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
	uint64_t before, during, in_use = 0, size = 0;

	igt_require_f(igt_radeon_has_backing(fd), "this kernel's pool has no ttm_backing\n");
	before = igt_radeon_backing(fd, "pages");
	if (igt_radeon_coherent_pool_used(fd))
		in_use = igt_radeon_backing(fd, "in_use");
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
		igt_assert_eq_u64(igt_radeon_backing(fd, "in_use"), in_use);

	/* Chunks without a page in use can be freed. */
	igt_radeon_shrink_chunks(fd);
}

/* Skips unless BO pages come from chunks. */
static void require_chunks(int fd)
{
	igt_require_f(igt_radeon_has_backing(fd), "this kernel's pool has no ttm_backing\n");
	igt_require_f(igt_radeon_coherent_pool_used(fd),
		      "BO pages are not coherent memory on this machine\n");
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

/* Memory is cached again when it is freed: each chunk changes its caching twice. */
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

/* A chunk with one page in use is not freed, and the page keeps its contents. */
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
		     "%" PRIu64 " pages of chunks are in use, BOs have %" PRIu64 "\n",
		     igt_radeon_backing(fd, "in_use"), igt_radeon_backing(fd, "pages"));
	/* Overwrite the freed memory. */
	memory = malloc(size);
	igt_assert(memory);
	memset(memory, 0x5a, size);
	for (unsigned int i = 0; i < BOS; i += KEPT) {
		igt_radeon_check(&bos[i], i, "in the only used page of a chunk");
		igt_radeon_bo_move(fd, &bos[i], VRAM);
		igt_radeon_check(&bos[i], i, "moved from the only used page of a chunk");
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
		      "cannot run on CPU %d: %s\n", cpu, strerror(errno));
}

/* Returns the address bits of BO pages that come from a pool device, or 0 for other pages. */
static uint64_t width(int fd)
{
	char backing[64];

	igt_require_f(igt_radeon_has_backing(fd), "this kernel's pool has no ttm_backing\n");
	igt_radeon_backing_text(fd, "backing", backing, sizeof(backing));
	return strcmp(backing, "hypervisor") ? 0 : igt_radeon_backing(fd, "width");
}

static uint64_t hypervisor_width(int fd)
{
	igt_require_f(width(fd), "the BO pages of a GPU do not come from a pool device\n");
	return width(fd);
}

/*
 * Returns the number of free pages for new cached BOs. The counters of a GPU with pages of a pool
 * device include the pool of the narrower GPU, whose pages are not used for them.
 */
static uint64_t own_free_pages(int fd)
{
	uint64_t count = igt_radeon_backing_mode(fd, "free", 0);
	int other = igt_radeon_open_other(fd);

	if (other < 0)
		return count;
	if (width(other) && width(fd) > width(other))
		count -= igt_radeon_backing_mode(other, "free", 0);
	close(other);
	return count;
}

/* Free pages in the list of one CPU are used by the others before chunks are allocated. */
static void test_other_cpus(int fd)
{
	enum { LISTED = 24 };
	struct igt_radeon_bo listed[LISTED], *bos;
	uint64_t count, allocs;
	cpu_set_t before;

	require_chunks(fd);
	igt_assert_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	igt_require_f(CPU_COUNT(&before) > 1 && CPU_ISSET(0, &before) && CPU_ISSET(1, &before),
		      "there is only one CPU\n");
	igt_radeon_shrink_chunks(fd);
	run_on_cpu(0);
	create_pages(fd, listed, LISTED, 0);
	close_all(fd, listed, LISTED);
	igt_assert(igt_radeon_backing_mode(fd, "per_cpu", 0) > 0);
	run_on_cpu(1);
	count = own_free_pages(fd);
	allocs = igt_radeon_backing_mode(fd, "chunk_allocs", 0);
	bos = calloc(count, sizeof(*bos));
	igt_assert(bos);
	create_pages(fd, bos, count, 0);
	allocs = igt_radeon_backing_mode(fd, "chunk_allocs", 0) - allocs;
	close_all(fd, bos, count);
	free(bos);
	sched_setaffinity(0, sizeof(before), &before);
	igt_assert_f(allocs == 0, "%" PRIu64 " chunks allocated, with %" PRIu64 " free pages\n",
		     allocs, count);
}

/*
 * BO pages with a hypervisor's pool device belong to no GPU, but a GPU with more address bits does
 * not use the free pages of a narrow one. GPUs of the same width use each other's free pages,
 * zeroed, before a chunk is allocated.
 */
static void test_pages_of_both(int fd, unsigned int mode)
{
	enum { BOS = 300 };
	const uint32_t flags = igt_radeon_caching[mode].flags;
	static struct igt_radeon_bo bos[BOS];
	int other = igt_radeon_open_other(fd), narrow = fd, wide = other;
	uint64_t allocs, before, after;
	bool same;

	igt_require_f(other >= 0, "there is no other Radeon\n");
	same = hypervisor_width(fd) == hypervisor_width(other);
	if (hypervisor_width(fd) > hypervisor_width(other)) {
		narrow = other;
		wide = fd;
	}
	igt_radeon_shrink_chunks(wide);
	create_pages(narrow, bos, BOS, flags);
	if (igt_radeon_backing_mode(narrow, "in_use", mode) < BOS) {
		close_all(narrow, bos, BOS);
		close(other);
		igt_skip("one of the GPUs has only cached BOs\n");
	}
	for (unsigned int i = 0; i < BOS; i += 10)
		igt_radeon_bo_move(narrow, &bos[i], VRAM);
	close_all(narrow, bos, BOS);

	allocs = igt_radeon_backing(wide, "chunk_allocs");
	before = igt_radeon_backing_mode(narrow, "in_use", mode);
	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_create(wide, 4 * KIB, GTT, flags, &bos[i]);
		igt_radeon_check_zero(&bos[i], "new, after the other GPU has freed pages");
		igt_radeon_fill(&bos[i], 7000 + i);
	}
	allocs = igt_radeon_backing(wide, "chunk_allocs") - allocs;
	after = igt_radeon_backing_mode(narrow, "in_use", mode);
	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_move(wide, &bos[i], VRAM);
		igt_radeon_check(&bos[i], 7000 + i, "moved after the other GPU has freed pages");
	}
	close_all(wide, bos, BOS);
	close(other);
	if (same)
		igt_assert_f(allocs == 0,
			     "%" PRIu64 " chunks allocated while the other GPU's pages were free\n",
			     allocs);
	else
		igt_assert_f(after <= before,
			     "%" PRIu64 " of the narrow GPU's pages were taken by the other one\n",
			     after - before);
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
				igt_radeon_check_zero(&bos[i], "new, while the other GPU works");
				igt_radeon_fill(&bos[i], gpu * 10000 + turn * BOS + i);
				igt_radeon_bo_move_async(own, &bos[i], VRAM);
			}
			for (unsigned int i = 0; i < BOS; i++) {
				igt_radeon_bo_move_async(own, &bos[i], GTT);
				igt_radeon_check(&bos[i], gpu * 10000 + turn * BOS + i,
						 "moved, while the other GPU works");
				igt_radeon_bo_close(own, &bos[i]);
			}
		}
		close(own);
	}
	igt_waitchildren();
	close(other);
}

/* Pages come from the chunk with the fewest free pages, so that other chunks become free. */
static void test_fullest_first(int fd)
{
	enum { CHUNK = 512, BOS = 3 * CHUNK, MANY = 400, FEW = 64, MODE = 2 };
	static struct igt_radeon_bo bos[BOS];
	const uint32_t flags = igt_radeon_caching[MODE].flags;
	cpu_set_t before;
	uint64_t full;

	require_chunks(fd);
	igt_radeon_shrink_chunks(fd);
	igt_require_f(igt_radeon_backing_mode(fd, "chunks", MODE) == 0,
		      "other clients have BOs of this caching mode\n");
	igt_assert_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	run_on_cpu(0);
	create_pages(fd, bos, BOS, flags);
	if (igt_radeon_backing_mode(fd, "chunks_full", MODE) != 3) {
		close_all(fd, bos, BOS);
		sched_setaffinity(0, sizeof(before), &before);
		igt_skip("this GPU has only cached BOs, or memory is fragmented\n");
	}
	/* Free many pages of the last chunk and a few of the first. */
	close_all(fd, &bos[2 * CHUNK], MANY);
	close_all(fd, bos, FEW);
	create_pages(fd, bos, FEW, flags);
	full = igt_radeon_backing_mode(fd, "chunks_full", MODE);
	close_all(fd, bos, BOS);
	sched_setaffinity(0, sizeof(before), &before);
	igt_assert_f(full == 2, "%" PRIu64 " of 3 chunks are full, expected 2\n",
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

/* Makes fault injection hit every kind of allocation, without log messages. */
static void inject_faults(void)
{
	write_debugfs("failslab/ignore-gfp-wait", "N");
	write_debugfs("failslab/verbose", "0");
	write_debugfs("fail_page_alloc/ignore-gfp-wait", "N");
	write_debugfs("fail_page_alloc/ignore-gfp-highmem", "N");
	write_debugfs("fail_page_alloc/min-order", "0");
	write_debugfs("fail_page_alloc/verbose", "0");
}

/* Allocations of this task fail after a number of pages. */
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
			     "after %u pages: %" PRIu64 " pages are in use, expected %" PRIu64 "\n",
			     space, igt_radeon_backing(fd, "in_use"), in_use);
	}
	close(fail);
	igt_info("%u BOs failed\n", failed);
	igt_assert(failed > 0);
}

/* The n-th allocation of this task fails, for n from 1. */
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

		/* Without free pages the BO needs allocations. */
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
			     "allocation %u failed: %" PRIu64 " pages are in use, expected %"
			     PRIu64 "\n", n, igt_radeon_backing(fd, "in_use"), in_use);
		/* The counter is not zero: the BO needed fewer allocations. */
		if (atoi(text) > 0)
			break;
	}
	close(nth);
	igt_info("%u BOs failed\n", failed);
	igt_assert(failed > 0);
}

/* Many small BOs: the pool allocates memory in large chunks, not for each BO. */
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
	igt_info("%u BOs, %u at a time: %" PRIu64 " chunks allocated, %" PRIu64
		 " caching changes\n", BOS * ROUNDS, BOS, allocs, changes);
	/* 1024 pages are two chunks of 2 MiB, or 32 of 128 KiB if memory is fragmented. */
	igt_assert_lte_u64(allocs, 32);
	igt_assert_lte_u64(changes, 64);
}

/* The shrinker frees pages while BOs are created, moved and freed. */
static void test_shrinker(int fd)
{
	enum { BOS = 32, TURNS = 160 };
	struct igt_helper_process shrinker = {};
	struct igt_radeon_bo bos[BOS] = {};

	/* Skips here if there is no such file: the helper cannot skip. */
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

/* Free pages in the pool of this device and in the shared one. */
static uint64_t kept_pages(int fd)
{
	uint64_t pages = igt_radeon_shared_pool_pages(NULL);

	if (igt_radeon_has_backing(fd))
		pages += igt_radeon_backing(fd, "free");
	return pages;
}

/* The limit of this device's pool. */
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
	igt_require_f(limit <= LIMIT, "this kernel reads page_pool_size when TTM is loaded: load it with %d\n",
		      LIMIT);

	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_create(fd, 1 * MIB, GTT, flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
	}
	for (unsigned int i = 0; i < BOS; i++)
		igt_radeon_bo_close(fd, &bos[i]);
	/* Free pages of chunks that are in use, and those in per-CPU lists, cannot be freed. */
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

enum reach { REACHED, NOT_REACHED, UNKNOWN };

/*
 * Does the importer reach the pages of a BO that is not shared yet? If it does not reach all of
 * memory, the probe of the exporter's GPU tells the bus addresses. Overwrites the BO.
 */
static enum reach reach(int exporter, int importer, struct igt_radeon_bo *bo, bool probed)
{
	const uint64_t word = 0x5a7e500000000000ull | (uint64_t)getpid() << 16 | bo->handle;
	unsigned int bits = igt_radeon_dma_bits(importer), count;
	uint64_t addresses[IGT_RADEON_MAX_FOUND], bus[IGT_RADEON_MAX_FOUND];
	uint64_t pages = bo->size / IGT_RADEON_PAGE_SIZE;

	if (igt_radeon_reaches_all(importer) || igt_radeon_dma_bits(exporter) <= bits)
		return REACHED;
	if (!probed)
		return UNKNOWN;
	if (pages > IGT_RADEON_MAX_FOUND)
		pages = IGT_RADEON_MAX_FOUND;
	memset(bo->map, 0, bo->size);
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t *first = (uint64_t *)((char *)bo->map + page * IGT_RADEON_PAGE_SIZE);

		__atomic_store_n(first, word, __ATOMIC_RELAXED);
	}
	igt_radeon_bo_move(exporter, bo, GTT);
	count = igt_radeon_find_pages(word, addresses);
	igt_assert_eq(count, pages);
	igt_radeon_translate(addresses, count, bus);
	for (unsigned int i = 0; i < count; i++) {
		igt_assert_f(bus[i], "a page of a BO has no bus address\n");
		if (bus[i] >= 1ull << bits)
			return NOT_REACHED;
	}
	return pages * IGT_RADEON_PAGE_SIZE == bo->size ? REACHED : UNKNOWN;
}

/* Binds an imported BO for the importer's GPU. */
static void bind_import(int fd, struct igt_radeon_bo *bo)
{
	igt_assert_eq(__igt_radeon_cs(fd, &bo, 1, GTT), 0);
	igt_radeon_bo_wait(fd, bo);
}

/*
 * A BO is copied when a GPU imports it that does not reach its pages, and only the first time:
 * after that its pages are in reach of both. Prints the copies for "make prime".
 */
static void test_copies(int fd, bool others)
{
	const uint64_t sizes[] = { 4 * KIB, 12 * KIB, 64 * KIB, 1 * MIB, 4 * MIB };
	int other = igt_radeon_open_other(fd), exporter, importer, another;
	unsigned int known = 0;
	uint32_t from = 0, to = 0;

	igt_require_f(other >= 0, "there is only one Radeon\n");
	exporter = others ? other : fd;
	importer = others ? fd : other;
	igt_require_radeon_accel(other);
	igt_require_f(igt_radeon_has_shared_counts(exporter),
		      "this kernel does not count copies of shared BOs\n");
	igt_assert_eq(__igt_radeon_info(exporter, RADEON_INFO_DEVICE_ID, &from), 0);
	igt_assert_eq(__igt_radeon_info(importer, RADEON_INFO_DEVICE_ID, &to), 0);
	another = igt_radeon_reopen(importer);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes) * IGT_RADEON_CACHINGS; i++) {
		const struct igt_radeon_caching *caching =
			&igt_radeon_caching[i % IGT_RADEON_CACHINGS];
		const uint64_t size = sizes[i / IGT_RADEON_CACHINGS];
		uint64_t copies, bytes, avoided, refused;
		struct igt_radeon_bo bo, imported, second;
		enum reach expected;
		int dma_buf;

		igt_radeon_bo_create(exporter, size, GTT, caching->flags, &bo);
		expected = reach(exporter, importer, &bo, !others && igt_radeon_has_probe());
		igt_radeon_fill(&bo, i);
		known += expected != UNKNOWN;

		copies = igt_radeon_shared_count(exporter, "copies");
		bytes = igt_radeon_shared_count(exporter, "copied_bytes");
		avoided = igt_radeon_shared_count(exporter, "copies_avoided");
		refused = igt_radeon_shared_count(exporter, "refused");
		dma_buf = prime_handle_to_fd(exporter, bo.handle);
		igt_radeon_bo_import(importer, dma_buf, size, &imported);
		bind_import(importer, &imported);
		igt_radeon_check(&bo, i, "imported");
		/* A second client, and a second import: the pages stay where they are. */
		igt_radeon_bo_import(another, dma_buf, size, &second);
		bind_import(another, &second);
		igt_radeon_bo_close(importer, &imported);
		igt_radeon_bo_import(importer, dma_buf, size, &imported);
		bind_import(importer, &imported);
		igt_radeon_check(&bo, i, "imported again");
		igt_radeon_bo_close(importer, &imported);
		igt_radeon_bo_close(another, &second);
		igt_radeon_bo_close(exporter, &bo);
		close(dma_buf);
		copies = igt_radeon_shared_count(exporter, "copies") - copies;
		bytes = igt_radeon_shared_count(exporter, "copied_bytes") - bytes;
		avoided = igt_radeon_shared_count(exporter, "copies_avoided") - avoided;
		igt_info("copies %04x %04x %" PRIu64 " %s: %" PRIu64 "\n", from, to, size,
			 caching->name, copies);

		igt_assert_eq_u64(igt_radeon_shared_count(exporter, "refused"), refused);
		if (expected != UNKNOWN)
			igt_assert_f(copies == (expected == NOT_REACHED),
				     "%" PRIu64 " bytes %s reach: %" PRIu64 " copies\n", size,
				     expected == REACHED ? "within" : "out of", copies);
		igt_assert_f(copies <= 1, "%" PRIu64 " bytes: %" PRIu64 " copies\n", size, copies);
		igt_assert_f(copies ? bytes > 0 && bytes <= size : bytes == 0,
			     "%" PRIu64 " copies of a BO of %" PRIu64 " bytes: %" PRIu64 " bytes\n",
			     copies, size, bytes);
		igt_assert_f(copies || avoided, "neither a copy nor an avoided copy was counted\n");
	}
	close(another);
	close(other);
	igt_info("reach is known for %u of %zu BOs\n", known,
		 ARRAY_SIZE(sizes) * IGT_RADEON_CACHINGS);
}

int igt_main()
{
	int fd = -1;

	igt_fixture() {
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon_accel(fd);
	}

	igt_describe("Check that BOs have coherent pages only if the machine needs them.");
	igt_subtest("backing")
		test_backing(fd);

	igt_describe("Check that counters of pages in use follow the BOs.");
	igt_subtest("counters-return")
		test_counters(fd);

	igt_describe("Check that free pages of another CPU are used before new ones.");
	igt_subtest("other-cpus-pages")
		test_other_cpus(fd);

	igt_describe("Use the pages of a hypervisor's pool device with two GPUs at once.");
	igt_subtest("both-at-once")
		test_both_at_once(fd);

	igt_describe("Check that pages come from the fullest chunk.");
	igt_subtest("fullest-chunk-first")
		test_fullest_first(fd);

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		const char *name = igt_radeon_caching[i].name;
		uint32_t flags = igt_radeon_caching[i].flags;

		igt_describe("Check that thousands of small BOs need few allocations.");
		igt_subtest_f("small-bo-storm-%s", name)
			test_storm(fd, flags);

		igt_describe("Check that free pages of one GPU are used by the other.");
		igt_subtest_f("pages-of-both-%s", name)
			test_pages_of_both(fd, i);

		igt_describe("Check that the pool keeps at most page_pool_size free pages.");
		igt_subtest_f("page-limit-%s", name)
			test_limit(fd, flags);

		igt_describe("Check that a chunk with one page in use is not freed.");
		igt_subtest_f("chunk-in-use-%s", name)
			test_chunk_in_use(fd, flags);

		igt_describe("Fail each allocation of a BO and check that nothing leaks.");
		igt_subtest_f("failed-allocations-%s", name)
			test_failed_allocations(fd, flags);

		igt_describe("Run out of memory in the middle of a BO and check that nothing leaks.");
		igt_subtest_f("no-memory-%s", name)
			test_no_memory(fd, flags);

		if (flags) {
			igt_describe("Check that freed memory is cached again.");
			igt_subtest_f("caching-restored-%s", name)
				test_caching_restored(fd, i);
		}
	}

	igt_describe("Run the shrinker continuously while the GPU works.");
	igt_subtest("shrinker-while-busy")
		test_shrinker(fd);

	for (int i = 0; i < 2; i++) {
		igt_describe("Check that a shared BO is copied at most once, and only if out of reach.");
		igt_subtest_f("copies-%s", i ? "others" : "own")
			test_copies(fd, i);
	}

	igt_fixture()
		drm_close_driver(fd);
}
