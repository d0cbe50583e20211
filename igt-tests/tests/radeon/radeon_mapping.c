// SPDX-License-Identifier: MIT
/*
 * Does the GPU see the pages that the CPU sees? The GPU's copy engine moves BOs between GTT
 * and VRAM through the mappings that the driver has made, and each word of them is looked
 * at, where the BO was and where it is. Nothing is taken from what the driver says of its
 * mappings.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "igt.h"
#include "igt_radeon.h"

IGT_TEST_DESCRIPTION("Check mappings of radeon BOs by having the GPU move them");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

/* GTT that the kernel needs for the moves themselves, and what others may have. */
static uint64_t gtt_budget(int fd)
{
	return igt_radeon_gart_size(fd) * 7 / 8;
}

/* VRAM that is not pinned: scanout buffers and the GART's table are in it. */
static uint64_t vram_budget(int fd)
{
	return igt_radeon_vram_visible(fd) * 3 / 4;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * To VRAM and back, with other contents each way. A GPU that reads or writes a page beside
 * the right one is seen in VRAM or in GTT: errors of both ways cannot cancel each other.
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
 * When it is loaded, the driver writes to the ring and has the GPU read it, which goes through
 * the first mappings of all. If that fails there is no acceleration, and the rest is skipped.
 */
static void test_acceleration(int fd)
{
	uint32_t working = 0;

	igt_assert_eq(__igt_radeon_info(fd, RADEON_INFO_ACCEL_WORKING2, &working), 0);
	igt_assert_f(working, "the driver has turned acceleration off: see what it said when it was loaded\n");
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

	/* Twice: a move has both places for a while, and there is a temporary mapping. */
	igt_radeon_bo_create(fd, size, GTT, flags, &bo);
	igt_info("one BO of %" PRIu64 " KiB\n", size / KIB);
	round_trip(fd, &bo, 1);
	igt_radeon_bo_close(fd, &bo);
}

/* BOs of one size in all of GTT, each with its own contents, each moved while all are there. */
static void test_full_gtt(int fd, uint64_t size, uint32_t flags)
{
	unsigned int count = gtt_budget(fd) / size;
	struct igt_radeon_bo *bos = calloc(count, sizeof(*bos));

	igt_assert(bos);
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_bo_create(fd, size, GTT, flags, &bos[i]);
		igt_radeon_fill(&bos[i], i);
	}
	igt_info("%u BOs of %" PRIu64 " KiB\n", count, size / KIB);
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_bo_move(fd, &bos[i], VRAM);
		igt_radeon_check(&bos[i], i, "moved out of a full GTT");
		igt_radeon_fill(&bos[i], count + i);
		igt_radeon_bo_move(fd, &bos[i], GTT);
	}
	/* Each after all moves: one that went astray would have hit another BO. */
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_check(&bos[i], count + i, "in a full GTT after all moves");
		igt_radeon_bo_close(fd, &bos[i]);
	}
	free(bos);
}

/*
 * More than fits into VRAM: the kernel evicts, by the GPU, what was not used for longest. Where
 * the CPU does not see all of VRAM, BOs for the CPU are kept out of the rest; others would be
 * evicted to it, and not to GTT.
 */
static void test_eviction(int fd)
{
	uint64_t size = 1 * MIB, vram = igt_radeon_vram_visible(fd);
	uint64_t total = vram + lesser(16 * MIB, gtt_budget(fd) / 2);
	unsigned int count, evicted = 0;
	struct igt_radeon_bo *bos;

	/* Cards with much VRAM: what is evicted has to fit into GTT and the test's time. */
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
	igt_info("%u BOs of %" PRIu64 " KiB in %" PRIu64 " MiB of VRAM, %u are elsewhere\n",
		 count, size / KIB, vram / MIB, evicted);
	igt_assert_f(evicted > 0, "nothing had to leave VRAM\n");
	for (unsigned int i = 0; i < count; i++) {
		igt_radeon_check(&bos[i], i, "after eviction from VRAM");
		igt_radeon_bo_close(fd, &bos[i]);
	}
	free(bos);
}

/*
 * Small BOs, every second of them freed: what the pool has got at once is in pieces. BOs of
 * odd sizes then consist of those, and the small ones that stayed are looked at as well.
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
		igt_radeon_check(&small[i], i, "beside BOs that moved");
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

/* One of many: it moves BOs of sizes and caching that depend on its number alone. */
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
		/* Others may push it out again: then the stream that follows moves it. */
		igt_radeon_bo_move_async(fd, &bos[i], turn % 2 ? GTT : VRAM);
		igt_radeon_check(&bos[i], seeds[i], "moved while other processes move theirs");
	}
	for (unsigned int i = 0; i < BOS; i++) {
		if (bos[i].handle)
			igt_radeon_check(&bos[i], seeds[i], "at the end of a process");
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
 * What was at one place of GTT when it was unmapped comes back at another: others have taken
 * its place meanwhile. A mapping that was not taken away, or not made anew, shows.
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
			igt_radeon_check(&bos[i], i, "bound again at another place");
			/* The GPU reads it there. */
			igt_radeon_bo_move(fd, &fill[i], VRAM);
			igt_radeon_check(&fill[i], 1000 + i, "bound where another BO was");
			igt_radeon_bo_close(fd, &fill[i]);
		}
	}
	for (unsigned int i = 0; i < BOS; i++) {
		igt_radeon_bo_move(fd, &bos[i], VRAM);
		igt_radeon_check(&bos[i], i, "moved from the last of its places");
		igt_radeon_bo_close(fd, &bos[i]);
	}
}

/* Not from a register, nor left to be written later. */
static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* The CPU writes a little and the GPU is sent at once: nothing flushes but what the mode needs. */
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
			     "turn %u: the GPU copied %#" PRIx64 ", the CPU had written %#" PRIx64 "\n",
			     turn, load(word), value);
		/* And back: the CPU sees what the GPU wrote, not what it has cached. */
		value = ~value;
		store(word, value);
		igt_radeon_bo_move(fd, &bo, GTT);
		igt_assert_f(load(word) == value,
			     "turn %u: the CPU sees %#" PRIx64 ", the GPU has written %#" PRIx64 "\n",
			     turn, load(word), value);
	}
	igt_radeon_bo_close(fd, &bo);
}

/*
 * BOs in both places, so that both kinds of mapping have to be there again. What a reset finds in
 * VRAM it may lose: the kernel promises GTT alone.
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

/*
 * Where the machine cannot sleep, or not wake up by itself, devices are put to sleep and woken
 * up all the same. That is the driver's part.
 */
static void suspend(int fd)
{
	igt_system_suspend_autoresume(SUSPEND_STATE_FREEZE,
				      access("/sys/power/pm_test", W_OK) ? SUSPEND_TEST_NONE :
									   SUSPEND_TEST_DEVICES);
}

/* A reset that is asked for happens when somebody next waits or submits. */
static void reset_gpu(int fd)
{
	uint32_t before, after;
	struct igt_radeon_bo bo;
	char text[64];
	int file, ret;

	igt_require(__igt_radeon_info(fd, RADEON_INFO_GPU_RESET_COUNTER, &before) == 0);
	file = igt_debugfs_open(fd, "radeon_gpu_reset", O_RDONLY);
	igt_require_f(file >= 0, "this kernel has no radeon_gpu_reset in the device's debugfs\n");
	/* Something that the reset finds at work. */
	igt_radeon_bo_create(fd, 1 * MIB, GTT, 0, &bo);
	igt_radeon_bo_move_async(fd, &bo, VRAM);
	igt_assert_lte(0, read(file, text, sizeof(text)));
	close(file);
	/* The stream that meets the reset is refused and the client told to try again. */
	for (unsigned int turn = 0; turn < 100; turn++) {
		ret = __igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, GTT);
		if (!ret)
			ret = __igt_radeon_bo_wait(fd, &bo);
		igt_assert_eq(__igt_radeon_info(fd, RADEON_INFO_GPU_RESET_COUNTER, &after), 0);
		if (!ret && after != before)
			break;
		usleep(10000);
	}
	igt_assert_f(after != before, "the GPU was not reset\n");
	igt_assert_f(ret == 0, "after the reset: %s\n", strerror(-ret));
	igt_radeon_bo_close(fd, &bo);
}

/*
 * BOs are closed while the GPU has them, so that the kernel frees them as the GPU gets to them:
 * before a reset, during it and after it. None may be left where the GPU reaches it.
 */
static void test_reset_while_freeing(int fd)
{
	enum { ROUNDS = 8, BOS = 48 };
	const uint64_t size = 68 * KIB;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		const uint64_t word = 0x4e5e700000000000ull | (uint64_t)getpid() << 16 | round;
		struct igt_radeon_bo bos[BOS], next;

		for (unsigned int i = 0; i < BOS; i++) {
			igt_radeon_bo_create(fd, size, GTT, 0, &bos[i]);
			for (uint64_t page = 0; page < size; page += IGT_RADEON_PAGE_SIZE)
				store((uint64_t *)((char *)bos[i].map + page), word);
			igt_radeon_bo_move_async(fd, &bos[i], GTT);
		}
		for (unsigned int i = 0; i < BOS; i++)
			igt_radeon_bo_close(fd, &bos[i]);
		reset_gpu(fd);
		/* Behind them in the ring; whoever frees them may take a while. */
		igt_radeon_bo_create(fd, size, GTT, 0, &next);
		round_trip(fd, &next, round);
		igt_radeon_bo_close(fd, &next);
		if (igt_radeon_has_probe()) {
			uint64_t addresses[IGT_RADEON_MAX_FOUND];
			unsigned int left = 0;

			for (unsigned int turn = 0; turn < 50; turn++) {
				left = igt_radeon_find_pages(word, addresses);
				if (!left)
					break;
				usleep(100000);
			}
			igt_assert_f(left == 0, "the GPU still reaches %u pages of BOs that are gone\n",
				     left);
		}
	}
}

/* The device's interrupts so far, on all CPUs. */
static uint64_t count_interrupts(int fd)
{
	char path[256], line[4096], *at;
	unsigned int irq, number;
	uint64_t sum = 0;
	struct stat st;
	FILE *file;

	igt_assert_eq(fstat(fd, &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/irq", major(st.st_rdev),
		 minor(st.st_rdev));
	file = fopen(path, "r");
	igt_require_f(file && fscanf(file, "%u", &irq) == 1, "%s cannot be read\n", path);
	fclose(file);
	/* With MSI, the number of the first; it is what the driver has asked for. */
	file = fopen("/proc/interrupts", "r");
	igt_assert(file);
	while (fgets(line, sizeof(line), file)) {
		char *end;

		number = strtoul(line, &end, 10);
		if (end == line || *end != ':' || number != irq)
			continue;
		for (at = end + 1;;) {
			uint64_t count = strtoull(at, &end, 10);

			if (end == at || (*end != ' ' && *end != '\n'))
				break;
			sum += count;
			at = end;
		}
	}
	fclose(file);
	return sum;
}

/*
 * Whoever waits for the GPU is woken by its interrupt, and not by the driver's own look after a
 * while. Streams take long enough that there is a wait.
 */
static void test_interrupts(int fd)
{
	enum { STREAMS = 32 };
	struct igt_radeon_bo bo;
	char answer[64];
	uint64_t before, count;

	igt_require_f(igt_radeon_has_probe(), "nothing makes the GPU slow: IGT_RADEON_PROBE is not set\n");
	igt_radeon_bo_create(fd, 4 * KIB, GTT, 0, &bo);
	igt_radeon_bo_move(fd, &bo, GTT);
	igt_radeon_probe("latency 30000", answer, sizeof(answer));
	before = count_interrupts(fd);
	for (unsigned int i = 0; i < STREAMS; i++)
		igt_radeon_bo_move(fd, &bo, GTT);
	count = count_interrupts(fd) - before;
	igt_radeon_probe("latency 0", answer, sizeof(answer));
	igt_radeon_bo_close(fd, &bo);
	igt_info("%" PRIu64 " interrupts for %d waits\n", count, STREAMS);
	/* A few may be done before the wait begins, on a busy machine. */
	igt_assert_lte_u64(STREAMS * 7 / 8, count);
}

static uint32_t crc32_update(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

/*
 * A process's own memory as a BO: the GPU sees what is in it now, not what was there when it was
 * mapped.
 */
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
		igt_radeon_check(&copy, seed, "copied from the process's memory");
	}
	igt_radeon_bo_close(fd, &copy);
	igt_radeon_bo_close(fd, &user);
}

/* Each pixel of the picture is another one; the CRC is over red, green and blue bytes. */
static uint32_t draw(uint32_t *pixels, unsigned int pitch, unsigned int width,
		     unsigned int height)
{
	uint32_t crc = ~0u;

	for (unsigned int y = 0; y < height; y++) {
		for (unsigned int x = 0; x < width; x++) {
			uint32_t pixel = (y * width + x) * 0x9e3779b1u >> 8;

			pixels[y * pitch / 4 + x] = pixel;
			for (int shift = 16; shift >= 0; shift -= 8)
				crc = crc32_update(crc, pixel >> shift);
		}
	}
	return ~crc;
}

/* The display reads the frame buffer that the CPU has written, line by line. */
static void test_scanout(int fd)
{
	struct drm_mode_create_dumb create = { .bpp = 32 };
	struct drm_mode_destroy_dumb destroy = {};
	struct drm_mode_map_dumb map = {};
	unsigned int crtc = 0, shown = 0, width = 0, height = 0;
	drmModeConnector *connector;
	char command[32], answer[128];
	drmModeRes *resources;
	uint32_t expect, id;
	uint32_t *pixels;

	igt_require_f(igt_radeon_has_probe(),
		      "nothing tells what is shown: IGT_RADEON_PROBE is not set\n");
	igt_require_f(drmSetMaster(fd) == 0, "somebody else has the display\n");
	resources = drmModeGetResources(fd);
	igt_assert(resources);
	connector = igt_radeon_find_monitor(fd, resources, &crtc);
	igt_require_f(connector, "no monitor is connected\n");
	create.width = connector->modes[0].hdisplay;
	create.height = connector->modes[0].vdisplay;
	do_ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create);
	map.handle = create.handle;
	do_ioctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &map);
	pixels = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, map.offset);
	igt_assert(pixels != MAP_FAILED);
	expect = draw(pixels, create.pitch, create.width, create.height);
	igt_assert_eq(drmModeAddFB(fd, create.width, create.height, 24, 32, create.pitch,
				   create.handle, &id), 0);
	igt_assert_eq(drmModeSetCrtc(fd, resources->crtcs[crtc], id, 0, 0, &connector->connector_id,
				     1, &connector->modes[0]), 0);
	/* From the next frame on. */
	snprintf(command, sizeof(command), "crc %u", crtc);
	for (int i = 0; i < 20; i++) {
		usleep(50000);
		igt_radeon_probe(command, answer, sizeof(answer));
		igt_assert_f(sscanf(answer, "crc=%x width=%u height=%u", &shown, &width,
				    &height) == 3, "the probe answers '%s'\n", answer);
		if (shown == expect)
			break;
	}
	igt_assert_f(shown == expect && width == create.width && height == create.height,
		     "%ux%u with CRC %08x is shown, %ux%u with CRC %08x was drawn\n", width, height,
		     shown, create.width, create.height, expect);
	drmModeSetCrtc(fd, resources->crtcs[crtc], 0, 0, 0, NULL, 0, NULL);
	drmModeRmFB(fd, id);
	munmap(pixels, create.size);
	destroy.handle = create.handle;
	do_ioctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
	drmModeFreeConnector(connector);
	drmModeFreeResources(resources);
	drmDropMaster(fd);
}

int igt_main()
{
	int fd = -1;

	igt_fixture() {
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon(fd);
	}

	igt_describe("The GPU has fetched its first commands through the GART, or has no firmware.");
	igt_subtest("acceleration")
		test_acceleration(fd);

	igt_fixture()
		igt_require_radeon_accel(fd);

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		const char *name = igt_radeon_caching[i].name;
		uint32_t flags = igt_radeon_caching[i].flags;

		igt_describe("BOs of all kinds of sizes from 4 KiB up go from GTT to VRAM and back.");
		igt_subtest_f("sizes-%s", name)
			test_sizes(fd, flags);

		igt_describe("One BO that takes as much of GTT and VRAM as a move can have.");
		igt_subtest_f("most-of-gtt-%s", name)
			test_most_of_gtt(fd, flags);

		igt_describe("GTT is full of BOs, and each of them is moved.");
		igt_subtest_f("full-gtt-%s", name)
			test_full_gtt(fd, 1 * MIB, flags);

		igt_describe("BOs consist of what small ones between them have left.");
		igt_subtest_f("fragmented-%s", name)
			test_fragmented(fd, flags);

		igt_describe("BOs come back to other places in GTT than they had.");
		igt_subtest_f("rebind-%s", name)
			test_rebind(fd, flags);

		igt_describe("The GPU sees what the CPU has just written, and the other way round.");
		igt_subtest_f("cpu-writes-%s", name)
			test_cpu_writes(fd, flags);
	}

	igt_describe("GTT is full of BOs of a few pages, and each of them is moved.");
	igt_subtest("full-gtt-small")
		test_full_gtt(fd, 28 * KIB, 0);

	igt_describe("More BOs than VRAM has room for: the kernel evicts them to GTT.");
	igt_subtest("eviction")
		test_eviction(fd);

	igt_describe("The GPU sees a process's own memory, not a copy of it.");
	igt_subtest("user-memory")
		test_user_memory(fd);

	igt_describe("Several processes create, move and free BOs at the same time.");
	igt_subtest("processes")
		test_processes(fd);

	igt_describe("The display shows what was written into the frame buffer.");
	igt_subtest("scanout")
		test_scanout(fd);

	igt_describe("Waits for the GPU end with its interrupt.");
	igt_subtest("interrupts")
		test_interrupts(fd);

	igt_describe("BOs and mappings outlive that the device is suspended.");
	igt_subtest("suspend")
		across(fd, suspend, true, "after suspend");

	igt_describe("BOs in GTT and all mappings outlive a reset of the GPU.");
	igt_subtest("reset")
		across(fd, reset_gpu, false, "after reset");

	igt_describe("BOs that are freed while the GPU is reset are gone for it.");
	igt_subtest("reset-while-freeing")
		test_reset_while_freeing(fd);

	igt_fixture()
		drm_close_driver(fd);
}
