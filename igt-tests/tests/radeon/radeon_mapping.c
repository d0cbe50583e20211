// SPDX-License-Identifier: MIT
/*
 * The GPU has to see the pages that the CPU sees. The GPU's copy engine moves BOs between GTT and
 * VRAM through the driver's mappings, and the tests compare every word, before and after. They
 * do not rely on what the driver reports about its mappings.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "igt_radeon.h"
#include "igt_radeon_blit.h"

IGT_TEST_DESCRIPTION("Check mappings of radeon BOs by letting the GPU move them");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Leaves GTT for the moves themselves and for other clients, and half of the free memory. */
static uint64_t gtt_budget(int fd)
{
	return lesser(igt_radeon_gart_size(fd) * 7 / 8, igt_radeon_available_memory() / 2) &
	       ~(4 * KIB - 1);
}

/* Leaves VRAM for other clients. */
static uint64_t vram_budget(int fd)
{
	return igt_radeon_vram_visible(fd) * 3 / 4;
}

/*
 * Moves a BO to VRAM and back, with different contents each way. A wrong page then shows in VRAM
 * or in GTT: the errors of both directions cannot cancel each other.
 */
static void round_trip(int fd, struct igt_radeon_bo *bo, uint64_t seed)
{
	igt_radeon_fill(bo, seed);
	igt_radeon_bo_move(fd, bo, VRAM);
	igt_radeon_check(bo, seed, "moved from GTT to VRAM");
	igt_radeon_fill(bo, seed + 1);
	igt_radeon_bo_move(fd, bo, GTT);
	igt_radeon_check(bo, seed + 1, "moved from VRAM to GTT");
}

/*
 * While loading, the driver tests the ring through the first mappings. If that fails it turns
 * acceleration off, and all other subtests skip.
 */
static void test_acceleration(int fd)
{
	uint32_t working = 0;

	igt_assert_eq(__igt_radeon_info(fd, RADEON_INFO_ACCEL_WORKING2, &working), 0);
	igt_assert_f(working, "acceleration is off: see the driver's messages in the kernel log\n");
}

static void test_sizes(int fd, uint32_t flags)
{
	const uint64_t sizes[] = {
		4 * KIB, 8 * KIB, 12 * KIB, 28 * KIB, 64 * KIB, 68 * KIB, 252 * KIB, 1 * MIB,
		1 * MIB + 4 * KIB, 2 * MIB, 2 * MIB + 12 * KIB, 4 * MIB - 4 * KIB,
	};
	uint64_t seed = 1;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct igt_radeon_bo bo;

		igt_radeon_bo_create(fd, sizes[i], GTT, flags, &bo);
		round_trip(fd, &bo, seed);
		seed += 2;
		igt_radeon_bo_close(fd, &bo);
	}
}

static void test_most_of_gtt(int fd, uint32_t flags)
{
	uint64_t size = lesser(gtt_budget(fd), vram_budget(fd)) / 2 & ~(4 * KIB - 1);
	struct igt_radeon_bo bo;

	/* Use half of it: during a move the BO needs GTT twice, for a temporary mapping. */
	igt_radeon_bo_create(fd, size, GTT, flags, &bo);
	igt_info("one BO of %" PRIu64 " KiB\n", size / KIB);
	round_trip(fd, &bo, 1);
	igt_radeon_bo_close(fd, &bo);
}

/* Mappings that this process may have for BOs: half of its limit. */
static unsigned int map_budget(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	unsigned int count;

	if (!file || fscanf(file, "%u", &count) != 1)
		count = 65530;
	if (file)
		fclose(file);
	return count / 2;
}

/* Fills GTT with BOs of one size, each with its own contents, and moves each of them. */
static void test_full_gtt(int fd, uint64_t size, uint32_t flags)
{
	uint64_t budget = gtt_budget(fd);
	struct igt_radeon_bo *bos;
	unsigned int count;

	igt_require_f(budget >= size, "there are less than %" PRIu64 " KiB for BOs\n", size / KIB);
	/* Each BO is a mapping. Larger ones fill a large GTT. */
	while (budget / size > map_budget())
		size += 4 * KIB;
	count = budget / size;
	bos = calloc(count, sizeof(*bos));
	igt_assert(bos);
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_bo_create(fd, size, GTT, flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
	}
	igt_info("%u BOs of %" PRIu64 " KiB fill %" PRIu64 " of %" PRIu64 " MiB of GTT\n", count,
		 size / KIB, count * size / MIB, igt_radeon_gart_size(fd) / MIB);
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_bo_move(fd, &bos[i], VRAM);
		igt_radeon_check(&bos[i], i, "moved out of a full GTT");
		igt_radeon_fill(&bos[i], count + i);
		igt_radeon_bo_move(fd, &bos[i], GTT);
	}
	/* Check after all moves: a misdirected one has hit another BO. */
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_check(&bos[i], count + i, "in a full GTT after all moves");
		igt_radeon_bo_close(fd, &bos[i]);
	}
	free(bos);
}

/*
 * Allocates more than fits into VRAM, so that the kernel evicts the least recently used BOs by the
 * GPU. RADEON_GEM_CPU_ACCESS keeps them out of the VRAM that the CPU cannot map; without it they
 * would be evicted there and not to GTT.
 */
static void test_eviction(int fd)
{
	uint64_t size = 1 * MIB, vram = igt_radeon_vram_visible(fd);
	uint64_t total = vram + lesser(16 * MIB, gtt_budget(fd) / 2);
	unsigned int count, evicted = 0;
	struct igt_radeon_bo *bos;

	/* Use larger BOs on cards with much VRAM, to limit the time. */
	while (total / size > 512)
		size *= 2;
	count = total / size;
	bos = calloc(count, sizeof(*bos));
	igt_assert(bos);
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_bo_create(fd, size, VRAM, RADEON_GEM_CPU_ACCESS, &bos[i]);
		igt_radeon_fill(&bos[i], i);
		igt_radeon_bo_move_async(fd, &bos[i], VRAM);
	}
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_bo_wait(fd, &bos[i]);
		evicted += igt_radeon_bo_domain(fd, &bos[i]) != VRAM;
	}
	igt_info("%u BOs of %" PRIu64 " KiB, %" PRIu64 " MiB of VRAM, %u BOs evicted\n",
		 count, size / KIB, vram / MIB, evicted);
	igt_assert_f(evicted > 0, "no BO was evicted from VRAM\n");
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_check(&bos[i], i, "after eviction from VRAM");
		igt_radeon_bo_close(fd, &bos[i]);
	}
	free(bos);
}

/*
 * Allocates small BOs and frees every second one to fragment the pool. BOs of odd sizes then
 * consist of scattered pages. The remaining small BOs are checked as well.
 */
static void test_fragmented(int fd, uint32_t flags)
{
	enum { SMALL = 768, ODD = 24 };
	struct igt_radeon_bo small[SMALL], odd[ODD];

	for (unsigned int i = 0; i < SMALL; i++) {
		igt_radeon_bo_create(fd, (1 + i % 3) * 4 * KIB, GTT, flags, &small[i]);
		igt_radeon_fill(&small[i], i);
	}
	for (unsigned int i = 0; i < SMALL; i += 2)
		igt_radeon_bo_close(fd, &small[i]);
	for (unsigned int i = 0; i < ODD; i++) {
		igt_radeon_bo_create(fd, (7 + 12 * i) * 4 * KIB, GTT, flags, &odd[i]);
		igt_radeon_fill(&odd[i], SMALL + i);
	}
	for (unsigned int i = 0; i < ODD; i++)
		igt_radeon_bo_move(fd, &odd[i], VRAM);
	for (unsigned int i = 0; i < ODD; i++) {
		igt_radeon_check(&odd[i], SMALL + i, "moved from scattered pages to VRAM");
		igt_radeon_bo_move(fd, &odd[i], GTT);
	}
	for (unsigned int i = 1; i < SMALL; i += 2) {
		igt_radeon_check(&small[i], i, "next to BOs that moved");
		igt_radeon_bo_move(fd, &small[i], VRAM);
		igt_radeon_check(&small[i], i, "moved from scattered pages to VRAM");
		igt_radeon_bo_close(fd, &small[i]);
	}
	for (unsigned int i = 0; i < ODD; i++) {
		igt_radeon_check(&odd[i], SMALL + i, "moved from VRAM to scattered pages");
		igt_radeon_bo_close(fd, &odd[i]);
	}
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Moves BOs whose sizes and caching depend on the number of the process only. */
static void one_of_many(int fd, unsigned int number, uint64_t budget)
{
	enum { BOS = 12, TURNS = 60 };
	struct igt_radeon_bo bos[BOS] = {};
	uint32_t seeds[BOS] = {}, random = number + 1;

	for (unsigned int turn = 0; turn < TURNS; turn++) {
		unsigned int i = next_random(&random) % BOS;

		if (bos[i].handle && next_random(&random) % 4 == 0)
			igt_radeon_bo_close(fd, &bos[i]);
		if (!bos[i].handle) {
			uint64_t pages = 1 + next_random(&random) % (budget / BOS / (4 * KIB));
			unsigned int mode = next_random(&random) % IGT_RADEON_CACHINGS;

			igt_radeon_bo_create(fd, pages * 4 * KIB, GTT,
					     igt_radeon_caching[mode].flags, &bos[i]);
			seeds[i] = number << 16 | turn;
			igt_radeon_fill(&bos[i], seeds[i]);
		}
		/* Other processes may evict it again; no check of the domain here. */
		igt_radeon_bo_move_async(fd, &bos[i], turn % 2 ? GTT : VRAM);
		igt_radeon_check(&bos[i], seeds[i], "moved while other processes move BOs");
	}
	for (unsigned int i = 0; i < BOS; i++) {
		if (bos[i].handle)
			igt_radeon_check(&bos[i], seeds[i], "before the process ends");
		igt_radeon_bo_close(fd, &bos[i]);
	}
}

static void test_processes(int fd)
{
	enum { PROCESSES = 6 };
	uint64_t budget = lesser(gtt_budget(fd) / 2, 48 * MIB) / PROCESSES;

	igt_fork(child, PROCESSES) {
		int own = igt_radeon_reopen(fd);

		one_of_many(own, child, budget);
		close(own);
	}
	igt_waitchildren();
}

/*
 * Unbinds BOs from GTT and binds them again at other addresses, while other BOs occupy the old
 * ones. Finds mappings that were not removed or not renewed.
 */
static void test_rebind(int fd, uint32_t flags)
{
	enum { BOS = 16 };
	struct igt_radeon_bo bos[BOS], fill[BOS];
	const uint64_t size = 132 * KIB;

	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_create(fd, size, GTT, flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
	}
	for (unsigned int turn = 0; turn < 4; turn++) {
		for (unsigned int i = 0; i < BOS; i++)
			igt_radeon_bo_move(fd, &bos[i], VRAM);
		for (unsigned int i = 0; i < BOS; i++) {
			igt_radeon_bo_create(fd, size + (turn + 1) * 4 * KIB, GTT, flags,
					     &fill[i]);
			igt_radeon_fill(&fill[i], 1000 + i);
			igt_radeon_bo_move(fd, &bos[BOS - 1 - i], GTT);
		}
		for (unsigned int i = 0; i < BOS; i++) {
			igt_radeon_check(&bos[i], i, "bound at another address");
			/* Let the GPU read it there. */
			igt_radeon_bo_move(fd, &fill[i], VRAM);
			igt_radeon_check(&fill[i], 1000 + i, "bound at the old address of another BO");
			igt_radeon_bo_close(fd, &fill[i]);
		}
	}
	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_move(fd, &bos[i], VRAM);
		igt_radeon_check(&bos[i], i, "moved from its last address");
		igt_radeon_bo_close(fd, &bos[i]);
	}
}

/* Accesses that the compiler neither merges nor delays. */
static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* The CPU writes one word and the GPU reads it at once; only the caching mode makes it visible. */
static void test_cpu_writes(int fd, uint32_t flags)
{
	struct igt_radeon_bo bo;

	igt_radeon_bo_create(fd, 64 * KIB, GTT, flags, &bo);
	igt_radeon_fill(&bo, 0);
	for (unsigned int turn = 1; turn <= 64; turn++) {
		uint64_t *word = (uint64_t *)bo.map + turn * 127 % (bo.size / 8);
		uint64_t value = 0x5a5a5a5a00000000ull + turn;

		store(word, value);
		igt_radeon_bo_move(fd, &bo, VRAM);
		igt_assert_f(load(word) == value,
			     "turn %u: the GPU copied %#" PRIx64 ", the CPU wrote %#" PRIx64 "\n",
			     turn, load(word), value);
		/* The CPU has to see the GPU's writes, not the contents of its own cache. */
		value = ~value;
		store(word, value);
		igt_radeon_bo_move(fd, &bo, GTT);
		igt_assert_f(load(word) == value,
			     "turn %u: the CPU reads %#" PRIx64 ", the GPU wrote %#" PRIx64 "\n",
			     turn, load(word), value);
	}
	igt_radeon_bo_close(fd, &bo);
}

/*
 * Checks BOs in GTT and in VRAM, and all mappings, across an event. A reset may lose the contents
 * of VRAM; the kernel keeps GTT only.
 */
static void across(int fd, void (*event)(int fd), bool keeps_vram, const char *when)
{
	enum { BOS = 12 };
	struct igt_radeon_bo bos[BOS];

	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_create(fd, (1 + 37 * i) * 4 * KIB, GTT,
				     igt_radeon_caching[i % IGT_RADEON_CACHINGS].flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
		if (i & 1)
			igt_radeon_bo_move(fd, &bos[i], VRAM);
	}
	event(fd);
	for (unsigned int i = 0; i < BOS; i++) {
		if (keeps_vram || !(i & 1))
			igt_radeon_check(&bos[i], i, when);
		round_trip(fd, &bos[i], 100 + 2 * i);
		igt_radeon_bo_close(fd, &bos[i]);
	}
}

/* Suspends devices only, if the kernel can: not every machine can wake itself up. */
static void suspend(int fd)
{
	igt_system_suspend_autoresume(SUSPEND_STATE_FREEZE,
				      access("/sys/power/pm_test", W_OK) ? SUSPEND_TEST_NONE :
									   SUSPEND_TEST_DEVICES);
}

/*
 * Closes BOs while the GPU uses them, so that the kernel frees them before, during and after a
 * reset.
 */
static void test_reset_while_freeing(int fd)
{
	enum { ROUNDS = 8, BOS = 48 };
	const uint64_t size = 68 * KIB;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct igt_radeon_bo bos[BOS], next;

		for (unsigned int i = 0; i < BOS; i++) {
			igt_radeon_bo_create(fd, size, GTT, 0, &bos[i]);
			igt_radeon_fill(&bos[i], round * BOS + i);
			igt_radeon_bo_move_async(fd, &bos[i], GTT);
		}
		for (unsigned int i = 0; i < BOS; i++)
			igt_radeon_bo_close(fd, &bos[i]);
		igt_radeon_reset_gpu(fd);
		igt_radeon_bo_create(fd, size, GTT, 0, &next);
		round_trip(fd, &next, round);
		igt_radeon_bo_close(fd, &next);
	}
}

/*
 * The GPU's interrupts have to end waits, not the driver's polling after a timeout. Moves of a
 * large BO take long enough that the process waits, but on a busy machine most of them may end
 * before the wait begins: move until there are enough interrupts. The test finds a card without
 * interrupts, not one that loses some: radeon_probe@interrupts does.
 */
static void test_interrupts(int fd)
{
	enum { MOVES = 128, INTERRUPTS = 16 };
	uint64_t size = lesser(gtt_budget(fd), vram_budget(fd)) / 4 & ~(4 * KIB - 1);
	uint64_t before, count = 0;
	struct igt_radeon_bo bo;
	unsigned int moves;

	igt_radeon_bo_create(fd, lesser(size, 8 * MIB), GTT, 0, &bo);
	before = igt_radeon_interrupts(fd);
	for (moves = 0; moves < MOVES && count < INTERRUPTS; moves++) {
		igt_radeon_bo_move(fd, &bo, moves & 1 ? GTT : VRAM);
		count = igt_radeon_interrupts(fd) - before;
	}
	igt_radeon_bo_close(fd, &bo);
	igt_info("%" PRIu64 " interrupts for %u moves\n", count, moves);
	igt_assert_lte_u64(INTERRUPTS, count);
}

/* Memory of the process as a BO: the GPU has to see its present contents. */
static void test_user_memory(int fd)
{
	struct igt_radeon_bo user, copy;

	igt_require_radeon_blit(fd);
	igt_require_radeon_user_memory(fd, 1 * MIB + 12 * KIB, true, &user);
	igt_radeon_bo_create(fd, user.size, GTT, 0, &copy);
	for (uint64_t seed = 1; seed <= 4; seed++) {
		igt_radeon_fill(&user, seed);
		igt_radeon_blit(fd, &copy, &user);
		igt_radeon_bo_wait(fd, &copy);
		igt_radeon_check(&copy, seed, "copied from memory of the process");
	}
	igt_radeon_bo_close(fd, &copy);
	igt_radeon_bo_close(fd, &user);
}

/*
 * The client's own commands copy, in place of the kernel's. GPUs with a virtual address space use
 * the client's page table, which has to follow BOs that move.
 */
static void test_copies(int fd, uint32_t flags)
{
	const uint64_t sizes[] = {
		4 * KIB, 12 * KIB, 64 * KIB, 252 * KIB, 256 * KIB, 260 * KIB, 1 * MIB + 4 * KIB,
		4 * MIB,
	};
	uint64_t seed = 1;

	igt_require_radeon_blit(fd);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct igt_radeon_bo first, second, next;

		igt_radeon_bo_create(fd, sizes[i], GTT, flags, &first);
		igt_radeon_bo_create(fd, sizes[i], VRAM, 0, &second);
		/* A copy that is too long or in a wrong place shows in the next BO. */
		igt_radeon_bo_create(fd, sizes[i], GTT, flags, &next);
		igt_radeon_fill(&next, seed);
		for (unsigned int turn = 0; turn < 3; turn++) {
			uint64_t there = seed + 1 + 2 * turn, back = there + 1;

			igt_radeon_fill(&first, there);
			igt_radeon_fill(&second, 0);
			igt_radeon_blit(fd, &second, &first);
			igt_radeon_bo_wait(fd, &second);
			igt_radeon_check(&second, there, "copied by the client");
			igt_radeon_check(&first, there, "read by a copy");
			igt_radeon_fill(&second, back);
			igt_radeon_blit(fd, &first, &second);
			igt_radeon_bo_wait(fd, &first);
			igt_radeon_check(&first, back, "copied back by the client");
			/* From GTT to GTT, and then with the domains exchanged. */
			igt_radeon_bo_move(fd, turn ? &first : &second, turn ? VRAM : GTT);
			igt_radeon_check(&second, back, "after a move between copies");
			igt_radeon_check(&first, back, "after a move between copies");
		}
		igt_radeon_check(&next, seed, "next to BOs that were copied");
		seed += 8;
		igt_radeon_bo_close(fd, &first);
		igt_radeon_bo_close(fd, &second);
		igt_radeon_bo_close(fd, &next);
	}
}

/*
 * The GPU writes to the new pages of a BO that moves from VRAM to GTT, while the kernel clears and
 * reuses the pages of freed BOs. Finds a page that is cleared late, or twice.
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
		igt_radeon_check(&bos[i], i, "after moves while BOs were created and freed");
		igt_radeon_bo_close(fd, &bos[i]);
	}
}

int igt_main()
{
	int fd = -1;

	igt_fixture() {
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon(fd);
	}

	igt_describe("Check that the GPU fetched its first commands through the GART.");
	igt_subtest("acceleration")
		test_acceleration(fd);

	igt_fixture()
		igt_require_radeon_accel(fd);

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		const char *name = igt_radeon_caching[i].name;
		uint32_t flags = igt_radeon_caching[i].flags;

		igt_describe("Move BOs of many sizes from GTT to VRAM and back.");
		igt_subtest_f("sizes-%s", name)
			test_sizes(fd, flags);

		igt_describe("Move the largest possible BO to VRAM and back.");
		igt_subtest_f("most-of-gtt-%s", name)
			test_most_of_gtt(fd, flags);

		igt_describe("Fill GTT with BOs and move each of them.");
		igt_subtest_f("full-gtt-%s", name)
			test_full_gtt(fd, 1 * MIB, flags);

		igt_describe("Move BOs that consist of scattered pages.");
		igt_subtest_f("fragmented-%s", name)
			test_fragmented(fd, flags);

		igt_describe("Unbind BOs from GTT and bind them at other addresses.");
		igt_subtest_f("rebind-%s", name)
			test_rebind(fd, flags);

		igt_describe("Check that GPU and CPU see each other's last write.");
		igt_subtest_f("cpu-writes-%s", name)
			test_cpu_writes(fd, flags);

		igt_describe("Copy BOs by commands of the client, in its address space if it has one.");
		igt_subtest_f("copies-%s", name)
			test_copies(fd, flags);

		igt_describe("Create and free BOs while the GPU moves other BOs.");
		igt_subtest_f("reuse-while-moving-%s", name)
			test_reuse_while_moving(fd, flags);
	}

	igt_describe("Fill GTT with small BOs and move each of them.");
	igt_subtest("full-gtt-small")
		test_full_gtt(fd, 28 * KIB, 0);

	igt_describe("Allocate more than VRAM holds and check the BOs that were evicted to GTT.");
	igt_subtest("eviction")
		test_eviction(fd);

	igt_describe("Check that the GPU reads a userptr BO in place.");
	igt_subtest("user-memory")
		test_user_memory(fd);

	igt_describe("Create, move and free BOs in several processes at once.");
	igt_subtest("processes")
		test_processes(fd);

	igt_describe("Check that the GPU's interrupt ends waits.");
	igt_subtest("interrupts")
		test_interrupts(fd);

	igt_describe("Check BOs and mappings across suspend.");
	igt_subtest("suspend")
		across(fd, suspend, true, "after suspend");

	igt_describe("Check BOs in GTT and all mappings across a GPU reset.");
	igt_subtest("reset")
		across(fd, igt_radeon_reset_gpu, false, "after reset");

	igt_describe("Free BOs while the GPU is reset.");
	igt_subtest("reset-while-freeing")
		test_reset_while_freeing(fd);

	igt_fixture()
		drm_close_driver(fd);
}
