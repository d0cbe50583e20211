// SPDX-License-Identifier: MIT
/*
 * Two GPUs share a BO. The importer reads and writes it with its own commands, and both GPUs and
 * the CPU check every word. Each test runs in both directions: the tested GPU exports, or the
 * other one does. The tests do not rely on what the driver reports about its mappings.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "igt.h"
#include "igt_radeon.h"
#include "igt_radeon_blit.h"

IGT_TEST_DESCRIPTION("Check that two GPUs see the same BO");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define CPU	RADEON_GEM_DOMAIN_CPU
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

/* The devices that share BOs. */
struct pair {
	int exporter;
	int importer;
};

/* A BO of the exporter and the importer's handle of it. */
struct shared {
	struct igt_radeon_bo bo;
	struct igt_radeon_bo import;
};

/* Returns a seed that was not used before. */
static uint64_t new_seed(void)
{
	static uint64_t seed = 1000;

	return seed++;
}

static int export_bo(int fd, const struct igt_radeon_bo *bo)
{
	return prime_handle_to_fd(fd, bo->handle);
}

/* The imported BO keeps the dma-buf alive. */
static int import_bo(struct pair pair, const struct igt_radeon_bo *bo,
		     struct igt_radeon_bo *imported)
{
	int dma_buf = export_bo(pair.exporter, bo);
	int ret = __igt_radeon_bo_import(pair.importer, dma_buf, bo->size, imported);

	close(dma_buf);
	return ret;
}

static void share_bo(struct pair pair, uint64_t size, uint32_t flags, struct shared *shared)
{
	int ret;

	igt_radeon_bo_create(pair.exporter, size, GTT, flags, &shared->bo);
	ret = import_bo(pair, &shared->bo, &shared->import);
	igt_assert_f(ret == 0, "cannot import a BO of %" PRIu64 " bytes: %s\n", size,
		     strerror(-ret));
}

static void unshare_bo(struct pair pair, struct shared *shared)
{
	igt_radeon_bo_close(pair.importer, &shared->import);
	igt_radeon_bo_close(pair.exporter, &shared->bo);
}

static void create_vram(int fd, uint64_t size, struct igt_radeon_bo *bo)
{
	igt_radeon_bo_create(fd, size, VRAM, 0, bo);
	igt_radeon_fill(bo, new_seed());
}

/* Checks what a GPU sees of a BO: it copies the BO to its VRAM, where the CPU compares it. */
static void gpu_check(int fd, const struct igt_radeon_bo *bo, uint64_t seed, const char *when)
{
	struct igt_radeon_bo copy;

	create_vram(fd, bo->size, &copy);
	igt_radeon_blit(fd, &copy, bo);
	igt_radeon_bo_wait(fd, &copy);
	igt_radeon_check(&copy, seed, when);
	igt_radeon_bo_close(fd, &copy);
}

/* Fills a BO by a GPU, from its VRAM. */
static void gpu_fill(int fd, const struct igt_radeon_bo *bo, uint64_t seed)
{
	struct igt_radeon_bo source;

	igt_radeon_bo_create(fd, bo->size, VRAM, 0, &source);
	igt_radeon_fill(&source, seed);
	igt_radeon_blit(fd, bo, &source);
	igt_radeon_bo_wait(fd, bo);
	igt_radeon_bo_close(fd, &source);
}

/* Checks that the CPU and both GPUs see the same contents. */
static void check_all(struct pair pair, const struct shared *shared, uint64_t seed,
		      const char *when)
{
	igt_radeon_check(&shared->bo, seed, when);
	gpu_check(pair.exporter, &shared->bo, seed, when);
	gpu_check(pair.importer, &shared->import, seed, when);
}

/* Writes the BO by the CPU and by each GPU, and checks it each time. */
static void check_ways(struct pair pair, const struct shared *shared)
{
	uint64_t seed = new_seed();

	igt_radeon_fill(&shared->bo, seed);
	check_all(pair, shared, seed, "written by the CPU");
	seed = new_seed();
	gpu_fill(pair.importer, &shared->import, seed);
	check_all(pair, shared, seed, "written by the importer's GPU");
	seed = new_seed();
	gpu_fill(pair.exporter, &shared->bo, seed);
	check_all(pair, shared, seed, "written by the exporter's GPU");
}

#define SWIOTLB_USED	"swiotlb/io_tlb_used"
#define SWIOTLB_MOST	"swiotlb/io_tlb_used_hiwater"

/* Slots of the bounce buffer, or -1 if the kernel does not report them. */
static int64_t swiotlb(const char *name)
{
	char path[256];
	int64_t slots = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", igt_debugfs_mount(), name);
	file = fopen(path, "r");
	if (file && fscanf(file, "%" SCNd64, &slots) != 1)
		slots = -1;
	if (file)
		fclose(file);
	return slots;
}

/* Resets the high-water mark, if possible; returns the slots in use. */
static int64_t swiotlb_start(void)
{
	char path[256];
	int file;

	snprintf(path, sizeof(path), "%s/%s", igt_debugfs_mount(), SWIOTLB_MOST);
	file = open(path, O_WRONLY);
	if (file >= 0) {
		igt_assert_eq(write(file, "0", 1), 1);
		close(file);
	}
	return swiotlb(SWIOTLB_USED);
}

/*
 * Returns the largest number of slots in use since then, without those in use before, or -1 if the
 * kernel does not report them. Linux 7 has a high-water mark only with swiotlb=track_hiwater; the
 * present number is used without it.
 */
static int64_t swiotlb_taken(int64_t before)
{
	int64_t most = swiotlb(SWIOTLB_MOST), now = swiotlb(SWIOTLB_USED);

	if (before < 0 || now < 0)
		return -1;
	if (most < now)
		most = now;
	return most > before ? most - before : 0;
}

static void device_name(int fd, char *name, size_t size)
{
	uint32_t id = 0;

	igt_assert_eq(__igt_radeon_info(fd, RADEON_INFO_DEVICE_ID, &id), 0);
	snprintf(name, size, "%04x", id);
}

/* What the importer does with a BO before it is checked. */
enum use { READS, REREADS, WRITES };

static const char *const use_name[] = {
	[READS] = "reads",
	[REREADS] = "rereads",
	[WRITES] = "writes",
};

/* Number of wrong pages, or an error. */
struct outcome {
	uint64_t wrong;
	int error;
};

/* Does not assert contents, so that test_sizes() reports all sizes before it fails. */
static struct outcome use_import(struct pair pair, struct shared *shared, enum use use)
{
	const uint64_t size = shared->bo.size, pages = size / IGT_RADEON_PAGE_SIZE;
	const uint64_t seed = new_seed();
	struct igt_radeon_bo vram, exporters;
	struct outcome outcome = {};

	igt_radeon_bo_create(pair.importer, size, VRAM, 0, &vram);
	igt_radeon_fill(&vram, use == WRITES ? seed : new_seed());
	igt_radeon_fill(&shared->bo, use == READS ? seed : new_seed());
	outcome.error = import_bo(pair, &shared->bo, &shared->import);
	if (!outcome.error && use == REREADS) {
		/* The importer has read old contents before it reads these. */
		igt_radeon_fill(&shared->bo, new_seed());
		outcome.error = __igt_radeon_blit(pair.importer, &vram, &shared->import, 0, pages);
		igt_radeon_bo_wait(pair.importer, &vram);
		igt_radeon_fill(&shared->bo, seed);
	}
	if (!outcome.error && use == WRITES)
		outcome.error = __igt_radeon_blit(pair.importer, &shared->import, &vram, 0, pages);
	else if (!outcome.error)
		outcome.error = __igt_radeon_blit(pair.importer, &vram, &shared->import, 0, pages);
	igt_radeon_bo_wait(pair.importer, &vram);
	if (!outcome.error && use == WRITES) {
		/* Check by the CPU and by the exporter's GPU. */
		outcome.wrong = igt_radeon_wrong_pages(&shared->bo, seed);
		create_vram(pair.exporter, size, &exporters);
		igt_radeon_blit(pair.exporter, &exporters, &shared->bo);
		igt_radeon_bo_wait(pair.exporter, &exporters);
		if (igt_radeon_wrong_pages(&exporters, seed) > outcome.wrong)
			outcome.wrong = igt_radeon_wrong_pages(&exporters, seed);
		igt_radeon_bo_close(pair.exporter, &exporters);
	} else if (!outcome.error) {
		outcome.wrong = igt_radeon_wrong_pages(&vram, seed);
	}
	igt_radeon_bo_close(pair.importer, &vram);
	return outcome;
}

static void number(char *text, size_t size, int64_t value)
{
	if (value < 0)
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%" PRId64, value);
}

/* Prints a line for each BO; "make prime" makes its table from them. */
static void test_sizes(struct pair pair, unsigned int mode, enum use first, enum use last)
{
	const uint64_t sizes[] = {
		4 * KIB, 12 * KIB, 64 * KIB, 68 * KIB, 252 * KIB, 1 * MIB, 1 * MIB + 4 * KIB,
		4 * MIB,
	};
	char from[8], to[8], slots[24], verdict[256] = "";
	unsigned int bad = 0;

	device_name(pair.exporter, from, sizeof(from));
	device_name(pair.importer, to, sizeof(to));
	for (enum use use = first; use <= last; use++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct shared shared = {};
			struct outcome outcome;
			int64_t used;

			igt_radeon_bo_create(pair.exporter, sizes[i], GTT,
					     igt_radeon_caching[mode].flags, &shared.bo);
			used = swiotlb_start();
			outcome = use_import(pair, &shared, use);
			number(slots, sizeof(slots), swiotlb_taken(used));
			unshare_bo(pair, &shared);
			igt_info("share %s %s %" PRIu64 " %s %s: wrong %" PRIu64 " of %" PRIu64
				 " error %d swiotlb %s\n",
				 from, to, sizes[i], igt_radeon_caching[mode].name, use_name[use],
				 outcome.wrong, sizes[i] / IGT_RADEON_PAGE_SIZE, -outcome.error,
				 slots);
			if ((outcome.error || outcome.wrong) && !bad++)
				snprintf(verdict, sizeof(verdict),
					 "first: %" PRIu64 " bytes, importer %s, %" PRIu64
					 " pages are wrong, error '%s'", sizes[i], use_name[use],
					 outcome.wrong, strerror(-outcome.error));
		}
	}
	igt_assert_f(bad == 0, "%u shared BOs are wrong; %s\n", bad, verdict);
}

/* Exports a BO from a given domain. */
static void test_resident(struct pair pair, uint32_t domain)
{
	const uint64_t sizes[] = { 4 * KIB, 132 * KIB, 1 * MIB };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct shared shared = {};
		uint64_t seed = new_seed();

		igt_radeon_bo_create(pair.exporter, sizes[i], domain, 0, &shared.bo);
		if (domain != CPU) {
			igt_radeon_fill(&shared.bo, seed);
			igt_radeon_bo_move(pair.exporter, &shared.bo, domain);
		}
		igt_assert_eq(import_bo(pair, &shared.bo, &shared.import), 0);
		if (domain == CPU) {
			struct igt_radeon_bo copy;

			/* The BO has no pages yet. */
			create_vram(pair.importer, sizes[i], &copy);
			igt_radeon_blit(pair.importer, &copy, &shared.import);
			igt_radeon_bo_wait(pair.importer, &copy);
			igt_radeon_check_zero(&copy, "imported, never written");
			igt_radeon_bo_close(pair.importer, &copy);
			igt_radeon_check_zero(&shared.bo, "exported, never written");
		} else {
			check_all(pair, &shared, seed, "shared in its domain");
		}
		check_ways(pair, &shared);
		/* A shared BO does not move to VRAM, which the importer does not see. */
		igt_radeon_bo_move_async(pair.exporter, &shared.bo, VRAM);
		igt_radeon_bo_wait(pair.exporter, &shared.bo);
		igt_assert(igt_radeon_bo_domain(pair.exporter, &shared.bo) != VRAM);
		check_ways(pair, &shared);
		unshare_bo(pair, &shared);
	}
}

static uint32_t first_crtc(int fd)
{
	drmModeRes *resources = drmModeGetResources(fd);
	uint32_t crtc;

	igt_require_f(resources && resources->count_crtcs, "the GPU has no display\n");
	crtc = resources->crtcs[0];
	drmModeFreeResources(resources);
	igt_require_f(drmSetMaster(fd) == 0 || drmIsMaster(fd), "another client is DRM master\n");
	return crtc;
}

/*
 * The display reads VRAM only, and an importer reads GTT: a BO cannot be displayed and shared at
 * the same time, and the second request has to fail. If the driver does not check, the first
 * order displays other memory; the second order would crash the kernel and is not tried.
 */
static void test_displayed(struct pair pair)
{
	const unsigned int width = 64, height = 64;
	uint32_t crtc = first_crtc(pair.exporter);
	struct shared shared = {};
	uint64_t seed = new_seed();
	int ret;

	igt_radeon_ignore_complaints();
	/* A cursor is the smallest displayed BO. */
	igt_radeon_bo_create(pair.exporter, width * height * 4, VRAM, 0, &shared.bo);
	igt_radeon_fill(&shared.bo, seed);
	igt_assert_eq(import_bo(pair, &shared.bo, &shared.import), 0);
	ret = drmModeSetCursor(pair.exporter, crtc, shared.bo.handle, width, height);
	/* Hides it if it was accepted. */
	drmModeSetCursor(pair.exporter, crtc, 0, 0, 0);
	igt_assert_f(ret < 0, "a BO is displayed while it is shared, and is not in VRAM\n");
	igt_radeon_check(&shared.bo, seed, "shared, not displayed");
	check_ways(pair, &shared);
	unshare_bo(pair, &shared);

	igt_radeon_bo_create(pair.exporter, width * height * 4, VRAM, 0, &shared.bo);
	igt_radeon_fill(&shared.bo, ++seed);
	igt_assert_eq(drmModeSetCursor(pair.exporter, crtc, shared.bo.handle, width, height), 0);
	ret = import_bo(pair, &shared.bo, &shared.import);
	igt_assert_f(ret < 0, "a BO is imported while it is displayed, and is in VRAM\n");
	igt_assert_eq(igt_radeon_bo_domain(pair.exporter, &shared.bo), VRAM);
	igt_radeon_check(&shared.bo, seed, "displayed, not shared");
	/* It can be shared when it is not displayed any more. */
	igt_assert_eq(drmModeSetCursor(pair.exporter, crtc, 0, 0, 0), 0);
	igt_assert_eq(import_bo(pair, &shared.bo, &shared.import), 0);
	igt_radeon_check(&shared.bo, seed, "shared after it was displayed");
	check_ways(pair, &shared);
	unshare_bo(pair, &shared);
	drmDropMaster(pair.exporter);
}

/*
 * The driver rejects a shared BO as a frame buffer. This must not unpin the frame buffer that is
 * displayed: GEM_INFO reports the VRAM that is not pinned.
 */
static void test_shown(struct pair pair)
{
	drmModeRes *resources = drmModeGetResources(pair.exporter);
	drmModeConnector *monitor;
	uint32_t crtc, shown, refused;
	struct igt_radeon_bo screen;
	struct shared shared = {};
	const drmModeModeInfo *mode;
	uint64_t before, visible, size;
	unsigned int index;
	int ret;

	igt_require_f(resources && resources->count_crtcs, "the GPU has no display\n");
	igt_require_f(drmSetMaster(pair.exporter) == 0 || drmIsMaster(pair.exporter),
		      "another client is DRM master\n");
	monitor = igt_radeon_find_monitor(pair.exporter, resources, &index);
	igt_require_f(monitor, "no monitor is connected\n");
	crtc = resources->crtcs[index];
	mode = &monitor->modes[0];
	igt_radeon_ignore_complaints();
	before = igt_radeon_vram_visible(pair.exporter);
	size = (uint64_t)mode->hdisplay * 4 * mode->vdisplay + IGT_RADEON_PAGE_SIZE - 1;
	share_bo(pair, size - size % IGT_RADEON_PAGE_SIZE, 0, &shared);
	igt_radeon_bo_create(pair.exporter, shared.bo.size, VRAM, 0, &screen);
	igt_assert_eq(drmModeAddFB(pair.exporter, mode->hdisplay, mode->vdisplay, 24, 32,
				   mode->hdisplay * 4, screen.handle, &shown), 0);
	igt_assert_eq(drmModeAddFB(pair.exporter, mode->hdisplay, mode->vdisplay, 24, 32,
				   mode->hdisplay * 4, shared.bo.handle, &refused), 0);
	igt_assert_eq(drmModeSetCrtc(pair.exporter, crtc, shown, 0, 0, &monitor->connector_id, 1,
				     &monitor->modes[0]), 0);
	visible = igt_radeon_vram_visible(pair.exporter);
	igt_assert(before - visible >= screen.size);
	for (int i = 0; i < 3; i++) {
		ret = drmModeSetCrtc(pair.exporter, crtc, refused, 0, 0, &monitor->connector_id, 1,
				     &monitor->modes[0]);
		igt_assert_f(ret < 0,
			     "a BO is displayed while it is shared, and is not in VRAM\n");
		igt_assert(igt_radeon_bo_domain(pair.exporter, &shared.bo) != VRAM);
		igt_assert_f(igt_radeon_vram_visible(pair.exporter) <= visible,
			     "the displayed frame buffer was unpinned\n");
		igt_assert_eq(drmModeSetCrtc(pair.exporter, crtc, shown, 0, 0,
					     &monitor->connector_id, 1, &monitor->modes[0]), 0);
		igt_assert_eq_u64(igt_radeon_vram_visible(pair.exporter), visible);
	}
	check_ways(pair, &shared);
	igt_assert_eq(drmModeSetCrtc(pair.exporter, crtc, 0, 0, 0, NULL, 0, NULL), 0);
	drmModeRmFB(pair.exporter, shown);
	drmModeRmFB(pair.exporter, refused);
	igt_assert_eq_u64(igt_radeon_vram_visible(pair.exporter), before);
	igt_radeon_bo_close(pair.exporter, &screen);
	unshare_bo(pair, &shared);
	drmModeFreeConnector(monitor);
	drmModeFreeResources(resources);
	drmDropMaster(pair.exporter);
}

/* Gives the GPU work that takes a while. */
static void keep_busy(int fd, const struct igt_radeon_bo busy[2])
{
	for (int i = 0; i < 16; i++)
		igt_radeon_blit(fd, &busy[i % 2], &busy[!(i % 2)]);
}

/*
 * One GPU is busy before it reads or writes a BO. The other GPU, which uses the BO next, has to
 * wait for it.
 */
static void test_fences(struct pair pair, bool exporter_first)
{
	enum { ROUNDS = 12 };
	const uint64_t size = 1 * MIB;
	int first = exporter_first ? pair.exporter : pair.importer;
	int second = exporter_first ? pair.importer : pair.exporter;
	const struct igt_radeon_bo *firsts, *seconds;
	struct igt_radeon_bo busy[2], source, copy, other, back;
	struct shared shared = {};

	share_bo(pair, size, 0, &shared);
	firsts = exporter_first ? &shared.bo : &shared.import;
	seconds = exporter_first ? &shared.import : &shared.bo;
	create_vram(first, 8 * MIB, &busy[0]);
	create_vram(first, 8 * MIB, &busy[1]);
	create_vram(first, size, &source);
	create_vram(first, size, &back);
	create_vram(second, size, &copy);
	create_vram(second, size, &other);
	igt_radeon_fill(&shared.bo, new_seed());
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t seed = new_seed(), later = new_seed();

		igt_radeon_fill(&source, seed);
		igt_radeon_fill(&other, later);
		/* The second GPU reads what the first one writes. */
		keep_busy(first, busy);
		igt_radeon_blit(first, firsts, &source);
		igt_radeon_blit(second, &copy, seconds);
		igt_radeon_bo_wait(second, &copy);
		igt_radeon_check(&copy, seed, "read after a write of the other GPU");
		/* The second GPU overwrites what the first one reads. */
		keep_busy(first, busy);
		igt_radeon_blit(first, &back, firsts);
		igt_radeon_blit(second, seconds, &other);
		igt_radeon_bo_wait(first, &back);
		igt_radeon_bo_wait(second, seconds);
		igt_radeon_check(&back, seed, "read before the other GPU wrote");
		igt_radeon_check(&shared.bo, later, "written after a read of the other GPU");
		/* The CPU waits for the first GPU, through the BO of the second. */
		keep_busy(first, busy);
		igt_radeon_blit(first, firsts, &source);
		igt_radeon_bo_wait(second, seconds);
		igt_radeon_check(&shared.bo, seed, "after a wait through the other GPU");
	}
	igt_radeon_bo_close(first, &busy[0]);
	igt_radeon_bo_close(first, &busy[1]);
	igt_radeon_bo_close(first, &source);
	igt_radeon_bo_close(first, &back);
	igt_radeon_bo_close(second, &copy);
	igt_radeon_bo_close(second, &other);
	unshare_bo(pair, &shared);
}

/*
 * A BO is imported while the exporter's GPU has to write to it. If its pages have to move, the
 * kernel must wait for the GPU, or the data that it writes to the old pages is lost.
 */
static void test_import_while_written(struct pair pair)
{
	enum { ROUNDS = 4 };
	const uint64_t size = 2 * MIB;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t seed = new_seed();
		struct igt_radeon_bo busy[2], source;
		struct shared shared = {};

		create_vram(pair.exporter, 8 * MIB, &busy[0]);
		create_vram(pair.exporter, 8 * MIB, &busy[1]);
		create_vram(pair.exporter, size, &source);
		igt_radeon_fill(&source, seed);
		igt_radeon_bo_create(pair.exporter, size, GTT, 0, &shared.bo);
		igt_radeon_fill(&shared.bo, new_seed());
		keep_busy(pair.exporter, busy);
		igt_radeon_blit(pair.exporter, &shared.bo, &source);
		igt_assert_eq(import_bo(pair, &shared.bo, &shared.import), 0);
		gpu_check(pair.importer, &shared.import, seed, "imported while it was written");
		igt_radeon_check(&shared.bo, seed, "imported while it was written");
		igt_radeon_bo_close(pair.exporter, &busy[0]);
		igt_radeon_bo_close(pair.exporter, &busy[1]);
		igt_radeon_bo_close(pair.exporter, &source);
		unshare_bo(pair, &shared);
	}
}

/* The GPUs write in turn and copy each other's data. The CPU waits after all submissions. */
static void test_turns(struct pair pair)
{
	enum { ROUNDS = 48 };
	const uint64_t size = 64 * KIB;
	struct igt_radeon_bo sources[ROUNDS], copies[ROUNDS];
	const int fds[2] = { pair.exporter, pair.importer };
	struct shared shared = {};
	uint64_t seeds[ROUNDS];

	share_bo(pair, size, 0, &shared);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		igt_radeon_bo_create(fds[round % 2], size, VRAM, 0, &sources[round]);
		seeds[round] = new_seed();
		igt_radeon_fill(&sources[round], seeds[round]);
		create_vram(fds[!(round % 2)], size, &copies[round]);
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const struct igt_radeon_bo *own = round % 2 ? &shared.import : &shared.bo;
		const struct igt_radeon_bo *others = round % 2 ? &shared.bo : &shared.import;

		igt_radeon_blit(fds[round % 2], own, &sources[round]);
		igt_radeon_blit(fds[!(round % 2)], &copies[round], others);
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		igt_radeon_bo_wait(fds[!(round % 2)], &copies[round]);
		igt_radeon_check(&copies[round], seeds[round], "written by GPUs in turn");
		igt_radeon_bo_close(fds[round % 2], &sources[round]);
		igt_radeon_bo_close(fds[!(round % 2)], &copies[round]);
	}
	check_all(pair, &shared, seeds[ROUNDS - 1], "after both GPUs wrote in turn");
	unshare_bo(pair, &shared);
}

/* Several clients of the importer, in this process and in others, use parts of one BO. */
static void test_many_importers(struct pair pair)
{
	enum { CLIENTS = 6, PROCESSES = 4, TURNS = 8, PART = 16 };
	const size_t part_size = PART * IGT_RADEON_PAGE_SIZE;
	const uint64_t size = (uint64_t)PART * PROCESSES * IGT_RADEON_PAGE_SIZE;
	struct igt_radeon_bo imports[CLIENTS], again, expected, copy;
	int clients[CLIENTS], dma_buf;
	struct shared shared = {};
	uint64_t seed = new_seed();

	share_bo(pair, size, 0, &shared);
	igt_radeon_fill(&shared.bo, seed);
	dma_buf = export_bo(pair.exporter, &shared.bo);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		clients[i] = igt_radeon_reopen(pair.importer);
		igt_radeon_bo_import(clients[i], dma_buf, size, &imports[i]);
		/* A client gets the same handle each time. */
		igt_radeon_bo_import(clients[i], dma_buf, size, &again);
		igt_assert_eq_u32(again.handle, imports[i].handle);
	}
	for (unsigned int i = 0; i < CLIENTS; i++)
		gpu_check(clients[i], &imports[i], seed, "imported by several clients");
	for (unsigned int i = 0; i < CLIENTS; i++) {
		seed = new_seed();
		gpu_fill(clients[i], &imports[i], seed);
		check_all(pair, &shared, seed, "written by one of several clients");
		igt_radeon_bo_close(clients[i], &imports[i]);
		close(clients[i]);
	}

	seed = new_seed();
	igt_fork(child, PROCESSES) {
		int own = igt_radeon_reopen(pair.importer);
		struct igt_radeon_bo bo, source, found;

		create_vram(own, size, &found);
		igt_radeon_bo_create(own, size, VRAM, 0, &source);
		for (unsigned int turn = 0; turn < TURNS; turn++) {
			igt_radeon_bo_import(own, dma_buf, size, &bo);
			igt_radeon_fill(&source, seed + turn);
			igt_assert_eq(__igt_radeon_blit(own, &bo, &source, child * PART, PART), 0);
			igt_assert_eq(__igt_radeon_blit(own, &found, &bo, child * PART, PART), 0);
			igt_radeon_bo_wait(own, &found);
			/* Other processes write to other parts. */
			igt_assert_f(!memcmp((char *)found.map + child * part_size,
					     (char *)source.map + child * part_size,
					     part_size),
				     "process %d reads wrong data in turn %u\n",
				     child, turn);
			igt_radeon_bo_close(own, &bo);
		}
		igt_radeon_bo_close(own, &source);
		igt_radeon_bo_close(own, &found);
		close(own);
	}
	igt_waitchildren();
	igt_radeon_bo_create(pair.exporter, size, GTT, 0, &expected);
	igt_radeon_fill(&expected, seed + TURNS - 1);
	create_vram(pair.exporter, size, &copy);
	igt_radeon_blit(pair.exporter, &copy, &shared.bo);
	igt_radeon_bo_wait(pair.exporter, &copy);
	igt_assert_f(!memcmp(shared.bo.map, expected.map, size),
		     "the CPU does not see the data of the processes\n");
	igt_radeon_check(&copy, seed + TURNS - 1, "written by several processes");
	igt_radeon_bo_close(pair.exporter, &copy);
	igt_radeon_bo_close(pair.exporter, &expected);
	close(dma_buf);
	unshare_bo(pair, &shared);
}

/*
 * The exporter closes its BO while the importer uses it. The pages must not be reused until the
 * importer closes its BO too.
 */
static void test_lifetime(struct pair pair)
{
	enum { OTHERS = 64 };
	const uint64_t size = 256 * KIB;
	struct igt_radeon_bo others[OTHERS], again;
	uint64_t seed = new_seed(), seeds[OTHERS];
	struct shared shared = {};
	int dma_buf;

	/* The importer has used the BO before. */
	share_bo(pair, size, 0, &shared);
	gpu_fill(pair.importer, &shared.import, seed);
	igt_radeon_bo_close(pair.exporter, &shared.bo);
	for (unsigned int i = 0; i < OTHERS; i++) {
		igt_radeon_bo_create(pair.exporter, size, GTT, 0, &others[i]);
		seeds[i] = new_seed();
		igt_radeon_fill(&others[i], seeds[i]);
	}
	gpu_check(pair.importer, &shared.import, seed, "imported, after the exporter closed it");
	seed = new_seed();
	gpu_fill(pair.importer, &shared.import, seed);
	for (unsigned int i = 0; i < OTHERS; i++)
		igt_radeon_check(&others[i], seeds[i], "next to an imported BO");
	gpu_check(pair.importer, &shared.import, seed, "written after the exporter closed it");

	/* The importer exports the BO back to the exporter. */
	dma_buf = export_bo(pair.importer, &shared.import);
	igt_radeon_bo_close(pair.importer, &shared.import);
	igt_radeon_bo_import(pair.exporter, dma_buf, size, &again);
	gpu_check(pair.exporter, &again, seed, "imported back by the exporter");
	igt_radeon_bo_close(pair.exporter, &again);
	igt_radeon_bo_import(pair.importer, dma_buf, size, &again);
	gpu_check(pair.importer, &again, seed, "imported again after all handles were closed");
	close(dma_buf);
	/* Drop the last reference while the GPU writes. */
	create_vram(pair.importer, size, &shared.bo);
	igt_radeon_blit(pair.importer, &again, &shared.bo);
	igt_radeon_bo_close(pair.importer, &again);
	for (unsigned int i = 0; i < OTHERS; i++) {
		igt_radeon_bo_close(pair.exporter, &others[i]);
		igt_radeon_bo_create(pair.exporter, size, GTT, 0, &others[i]);
		igt_radeon_check_zero(&others[i], "new, maybe in pages of a shared BO");
	}
	igt_radeon_bo_wait(pair.importer, &shared.bo);
	for (unsigned int i = 0; i < OTHERS; i++) {
		igt_radeon_check_zero(&others[i], "new, after the importer finished");
		igt_radeon_bo_close(pair.exporter, &others[i]);
	}
	igt_radeon_bo_close(pair.importer, &shared.bo);
}

/* Shares more than both GTTs hold, a few BOs at a time. Finds leaks. */
static void test_reuse(struct pair pair)
{
	enum { AT_ONCE = 4 };
	const uint64_t size = 1 * MIB + 4 * KIB;
	uint64_t most = igt_radeon_gart_size(pair.exporter);
	struct shared shared[AT_ONCE] = {};
	uint64_t seeds[AT_ONCE];
	unsigned int turns;

	if (most < igt_radeon_gart_size(pair.importer))
		most = igt_radeon_gart_size(pair.importer);
	/* Limits the time on cards with much GTT. */
	turns = most * 3 / 2 / size;
	if (turns > 1024)
		turns = 1024;
	for (unsigned int turn = 0; turn < turns + AT_ONCE; turn++) {
		unsigned int i = turn % AT_ONCE;

		if (shared[i].bo.handle) {
			igt_radeon_check(&shared[i].bo, seeds[i], "written by the importer");
			/* Alternate who closes first. */
			if (turn & AT_ONCE)
				igt_radeon_bo_close(pair.exporter, &shared[i].bo);
			unshare_bo(pair, &shared[i]);
		}
		if (turn >= turns)
			continue;
		share_bo(pair, size, igt_radeon_caching[turn % IGT_RADEON_CACHINGS].flags,
			 &shared[i]);
		igt_radeon_check_zero(&shared[i].bo, "new");
		seeds[i] = new_seed();
		gpu_fill(pair.importer, &shared[i].import, seeds[i]);
	}
}

/* A device that imports its own BO gets the same handle. */
static void test_comes_back(struct pair pair)
{
	struct igt_radeon_bo again, own;
	struct shared shared = {};
	int dma_buf;

	share_bo(pair, 64 * KIB, 0, &shared);
	dma_buf = export_bo(pair.importer, &shared.import);
	igt_radeon_bo_import(pair.exporter, dma_buf, shared.bo.size, &again);
	igt_assert_eq_u32(again.handle, shared.bo.handle);
	close(dma_buf);
	dma_buf = export_bo(pair.exporter, &shared.bo);
	igt_radeon_bo_import(pair.exporter, dma_buf, shared.bo.size, &own);
	igt_assert_eq_u32(own.handle, shared.bo.handle);
	igt_radeon_bo_import(pair.importer, dma_buf, shared.bo.size, &again);
	igt_assert_eq_u32(again.handle, shared.import.handle);
	close(dma_buf);
	check_ways(pair, &shared);
	unshare_bo(pair, &shared);
}

static struct igt_helper_process hog = { .use_SIGKILL = true };

/*
 * Allocates memory that no process uses until @left bytes of it are left, frees some, and repeats
 * until it is killed. It frees more when other processes use memory.
 */
static void take_memory(uint64_t left)
{
	enum { PIECES = 16384 };
	static void *pieces[PIECES];
	const uint64_t size = 4 * MIB;
	unsigned int count = 0;
	FILE *file;

	/* Without memory the kernel kills this process, not another one. */
	file = fopen("/proc/self/oom_score_adj", "w");
	if (!file || fprintf(file, "1000") < 0 || fclose(file))
		return;
	for (;;) {
		while (count < PIECES && igt_radeon_available_memory() > left + size) {
			void *piece;

			piece = mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
			if (piece == MAP_FAILED)
				break;
			pieces[count++] = piece;
		}
		while (count && igt_radeon_available_memory() < left / 2)
			munmap(pieces[--count], size);
		usleep(20000);
		for (unsigned int i = 0; i < 8 && count; i++)
			munmap(pieces[--count], size);
	}
}

/*
 * Shares BOs under memory pressure and while signals interrupt. A request may fail with -ENOMEM and
 * then has no effect; shared BOs have the right contents.
 */
static void test_pressure(struct pair pair, bool pressure)
{
	enum { TURNS = 96 };
	unsigned int failed = 0, random = 1;
	uint64_t left = igt_radeon_available_memory() / 16;

	if (left < 96 * MIB)
		left = 96 * MIB;
	if (pressure) {
		igt_require_f(igt_radeon_available_memory() >= 4 * left,
			      "less than %" PRIu64 " MiB of memory are available\n",
			      4 * left / MIB);
		igt_fork_helper(&hog)
			take_memory(left);
	}
	igt_fork_signal_helper();
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		struct shared shared = {};
		uint64_t size, seed = new_seed();
		int ret;

		random = random * 1664525 + 1013904223;
		size = (1 + (random >> 8) % (turn % 8 ? 64 : 512)) * 4 * KIB;
		ret = __igt_radeon_bo_create(pair.exporter, size, turn % 3 ? GTT : CPU,
					     igt_radeon_caching[turn % IGT_RADEON_CACHINGS].flags,
					     &shared.bo);
		if (!ret) {
			igt_radeon_fill(&shared.bo, seed);
			ret = import_bo(pair, &shared.bo, &shared.import);
			igt_radeon_check(&shared.bo, seed, "after an import under memory pressure");
		}
		if (ret) {
			igt_assert_f(ret == -ENOMEM && pressure, "%" PRIu64 " bytes: %s\n", size,
				     strerror(-ret));
			failed++;
		} else {
			gpu_check(pair.importer, &shared.import, seed, "imported under memory pressure");
			seed = new_seed();
			gpu_fill(pair.importer, &shared.import, seed);
			igt_radeon_check(&shared.bo, seed, "written by the importer under memory pressure");
		}
		unshare_bo(pair, &shared);
	}
	igt_info("%u of %d failed with ENOMEM\n", failed, TURNS);
	igt_assert_lte(failed, TURNS / 2);
}

/* Shared BOs use no bounce buffer. */
static void test_no_bounce(struct pair pair)
{
	const uint64_t sizes[] = { 4 * KIB, 64 * KIB, 1 * MIB + 4 * KIB, 4 * MIB };
	struct shared shared[ARRAY_SIZE(sizes)] = {};
	int64_t used = swiotlb_start(), most;
	int errors[ARRAY_SIZE(sizes)];

	igt_require_f(used >= 0, "this kernel does not report slots of the bounce buffer\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct igt_radeon_bo *imported = &shared[i].import;

		igt_radeon_bo_create(pair.exporter, sizes[i], GTT, 0, &shared[i].bo);
		errors[i] = import_bo(pair, &shared[i].bo, imported);
		if (errors[i])
			continue;
		errors[i] = __igt_radeon_cs(pair.importer, &imported, 1, GTT);
		igt_radeon_bo_wait(pair.importer, &shared[i].import);
	}
	most = swiotlb_taken(used);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		unshare_bo(pair, &shared[i]);
	igt_assert_f(most == 0, "%" PRId64 " slots of the bounce buffer were used\n", most);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		igt_assert_f(errors[i] == 0, "%" PRIu64 " bytes: %s\n", sizes[i],
			     strerror(-errors[i]));
}

/*
 * Imports pages of an exporter that does not know this GPU's limits. The contents have to be right
 * in both directions, or the import fails; it must not fail if the GPU reaches all of memory.
 */
static void check_foreign(int fd, const struct igt_radeon_bo *bo, int dma_buf)
{
	struct igt_radeon_bo import, copy;
	uint64_t seed = new_seed();
	int ret;

	igt_radeon_fill(bo, seed);
	create_vram(fd, bo->size, &copy);
	ret = __igt_radeon_bo_import(fd, dma_buf, bo->size, &import);
	if (!ret)
		ret = __igt_radeon_blit(fd, &copy, &import, 0, bo->size / IGT_RADEON_PAGE_SIZE);
	if (!ret) {
		igt_radeon_bo_wait(fd, &copy);
		igt_radeon_check(&copy, seed, "foreign pages, read by the GPU");
		seed = new_seed();
		gpu_fill(fd, &import, seed);
		igt_radeon_check(bo, seed, "foreign pages, written by the GPU");
	} else {
		igt_assert_f(!igt_radeon_reaches_all(fd),
			     "cannot import %" PRIu64 " bytes in reach of the GPU: %s\n",
			     bo->size, strerror(-ret));
		igt_radeon_check(bo, seed, "foreign pages after a failed import");
	}
	igt_info("%" PRIu64 " foreign bytes: %s\n", bo->size, ret ? strerror(-ret) : "shared");
	igt_radeon_bo_close(fd, &import);
	igt_radeon_bo_close(fd, &copy);
}

static const uint64_t foreign_sizes[] = { 4 * KIB, 64 * KIB, 1 * MIB, 4 * MIB };

/* Imports BOs of another driver. */
static void test_foreign(int fd, const char *driver)
{
	unsigned int number = 0;
	int foreign = igt_radeon_open_foreign(driver, &number);

	igt_require_f(foreign >= 0, "there is no device of driver %s\n", driver);
	igt_radeon_ignore_complaints();
	for (unsigned int i = 0; i < ARRAY_SIZE(foreign_sizes); i++) {
		struct igt_radeon_bo bo = { .size = foreign_sizes[i] };
		struct drm_mode_create_dumb create = {
			.width = 1024, .height = bo.size / IGT_RADEON_PAGE_SIZE, .bpp = 32,
		};
		struct drm_mode_map_dumb map = {};
		int dma_buf;

		do_ioctl(foreign, DRM_IOCTL_MODE_CREATE_DUMB, &create);
		bo.handle = create.handle;
		map.handle = create.handle;
		do_ioctl(foreign, DRM_IOCTL_MODE_MAP_DUMB, &map);
		bo.map = mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, foreign,
			      map.offset);
		igt_assert(bo.map != MAP_FAILED);
		dma_buf = export_bo(foreign, &bo);
		check_foreign(fd, &bo, dma_buf);
		igt_radeon_bo_close(foreign, &bo);
		close(dma_buf);
	}
	close(foreign);
}

/* Imports memory of a process through udmabuf. */
static void test_udmabuf(int fd)
{
	int udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	igt_require_f(udmabuf >= 0, "there is no /dev/udmabuf\n");
	igt_radeon_ignore_complaints();
	for (unsigned int i = 0; i < ARRAY_SIZE(foreign_sizes); i++) {
		struct igt_radeon_bo bo = { .size = foreign_sizes[i] };
		struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = bo.size };
		int dma_buf, memory = memfd_create("radeon_prime", MFD_ALLOW_SEALING | MFD_CLOEXEC);

		igt_assert(memory >= 0);
		igt_assert_eq(ftruncate(memory, bo.size), 0);
		igt_assert_eq(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK), 0);
		bo.map = mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
		igt_assert(bo.map != MAP_FAILED);
		create.memfd = memory;
		dma_buf = ioctl(udmabuf, UDMABUF_CREATE, &create);
		igt_assert_f(dma_buf >= 0, "udmabuf: %s\n", strerror(errno));
		check_foreign(fd, &bo, dma_buf);
		close(dma_buf);
		munmap(bo.map, bo.size);
		close(memory);
	}
	close(udmabuf);
}

/*
 * Devices of other drivers import a BO, or fail to. GPU and CPU see the right contents meanwhile,
 * and the BO can move to VRAM afterwards.
 */
static void test_imported_by_others(int fd)
{
	unsigned int number = 0, devices = 0;
	int foreign;

	while ((foreign = igt_radeon_open_foreign(NULL, &number)) >= 0) {
		uint64_t cap = 0, seed = new_seed();
		struct igt_radeon_bo bo;
		uint32_t handle = 0;
		int ret, dma_buf;

		if (drmGetCap(foreign, DRM_CAP_PRIME, &cap) || !(cap & DRM_PRIME_CAP_IMPORT)) {
			close(foreign);
			continue;
		}
		devices++;
		igt_radeon_bo_create(fd, 132 * KIB, GTT, 0, &bo);
		igt_radeon_fill(&bo, seed);
		dma_buf = export_bo(fd, &bo);
		ret = drmPrimeFDToHandle(foreign, dma_buf, &handle) ? -errno : 0;
		errno = 0;
		igt_info("import: %s\n", ret ? strerror(-ret) : "done");
		gpu_check(fd, &bo, seed, "imported by a device of another driver");
		seed = new_seed();
		gpu_fill(fd, &bo, seed);
		igt_radeon_check(&bo, seed, "written by the GPU while another device imports it");
		if (!ret)
			gem_close(foreign, handle);
		close(dma_buf);
		close(foreign);
		igt_radeon_bo_move(fd, &bo, VRAM);
		igt_radeon_check(&bo, seed, "moved to VRAM after sharing ended");
		igt_radeon_bo_close(fd, &bo);
	}
	igt_require_f(devices, "no other driver imports BOs\n");
}

/* User memory cannot be exported. */
static void test_userptr(int fd)
{
	struct igt_radeon_bo user;
	int ret, dma_buf = -1;

	igt_require_radeon_user_memory(fd, 16 * KIB, false, &user);
	ret = drmPrimeHandleToFD(fd, user.handle, DRM_CLOEXEC, &dma_buf) ? -errno : 0;
	errno = 0;
	igt_assert_eq(ret, -EPERM);
	igt_radeon_bo_close(fd, &user);
}

int igt_main()
{
	struct pair directions[2];
	/* Parts of subtest names: the BO belongs to the tested GPU, or to the other one. */
	static const char *const whose[] = { "own", "others" };
	int fd = -1, other = -1;

	igt_fixture() {
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon_accel(fd);
	}

	igt_describe("Check that a userptr BO cannot be exported.");
	igt_subtest("user-memory-stays")
		test_userptr(fd);

	igt_fixture()
		igt_require_radeon_blit(fd);

	igt_describe("Import BOs of vgem, which have arbitrary pages.");
	igt_subtest("foreign-pages")
		test_foreign(fd, "vgem");

	igt_describe("Import BOs of virtio-gpu.");
	igt_subtest("virtual-pages")
		test_foreign(fd, "virtio_gpu");

	igt_describe("Import memory of a process through udmabuf.");
	igt_subtest("process-pages")
		test_udmabuf(fd);

	igt_describe("Let devices of other drivers import a BO and check its contents.");
	igt_subtest("imported-by-others")
		test_imported_by_others(fd);

	igt_fixture() {
		other = igt_radeon_open_other(fd);
		igt_require_f(other >= 0, "there is only one Radeon\n");
		igt_require_radeon_accel(other);
		igt_require_radeon_blit(other);
	}
	directions[0] = (struct pair){ .exporter = fd, .importer = other };
	directions[1] = (struct pair){ .exporter = other, .importer = fd };

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		const char *name = igt_radeon_caching[i].name;

		igt_describe("Let the other GPU read imported BOs, at the import and after later writes.");
		igt_subtest_f("other-reads-%s", name)
			test_sizes(directions[0], i, READS, REREADS);

		igt_describe("Let the other GPU write imported BOs; check by the CPU and the exporter's GPU.");
		igt_subtest_f("other-writes-%s", name)
			test_sizes(directions[0], i, WRITES, WRITES);

		igt_describe("Read imported BOs of the other GPU, at the import and after later writes.");
		igt_subtest_f("reads-others-%s", name)
			test_sizes(directions[1], i, READS, REREADS);

		igt_describe("Write imported BOs of the other GPU; check by the CPU and the exporter's GPU.");
		igt_subtest_f("writes-others-%s", name)
			test_sizes(directions[1], i, WRITES, WRITES);
	}

	for (int i = 0; i < 2; i++) {
		struct pair pair = directions[i];

		igt_describe("Export a BO that is in VRAM.");
		igt_subtest_f("from-vram-%s", whose[i])
			test_resident(pair, VRAM);

		igt_describe("Export a BO that is in GTT.");
		igt_subtest_f("from-gtt-%s", whose[i])
			test_resident(pair, GTT);

		igt_describe("Export a BO that has no pages yet.");
		igt_subtest_f("from-nowhere-%s", whose[i])
			test_resident(pair, CPU);

		igt_describe("Check that importer and CPU wait for the exporter's GPU.");
		igt_subtest_f("waits-for-exporter-%s", whose[i])
			test_fences(pair, true);

		igt_describe("Check that exporter and CPU wait for the importer's GPU.");
		igt_subtest_f("waits-for-importer-%s", whose[i])
			test_fences(pair, false);

		igt_describe("Import a BO while the exporter's GPU has to write to it.");
		igt_subtest_f("while-written-%s", whose[i])
			test_import_while_written(pair);

		igt_describe("Let both GPUs write to one BO in turn and read each other's data.");
		igt_subtest_f("turns-%s", whose[i])
			test_turns(pair);

		igt_describe("Import one BO in several clients and processes.");
		igt_subtest_f("many-importers-%s", whose[i])
			test_many_importers(pair);

		igt_describe("Close the exporter's BO while the importer uses it.");
		igt_subtest_f("lifetime-%s", whose[i])
			test_lifetime(pair);

		igt_describe("Share more BOs than GTT holds, one after the other.");
		igt_subtest_f("reuse-%s", whose[i])
			test_reuse(pair);

		igt_describe("Export an imported BO and check that its device gets the same handle.");
		igt_subtest_f("comes-back-%s", whose[i])
			test_comes_back(pair);

		igt_describe("Share BOs while signals interrupt.");
		igt_subtest_f("signals-%s", whose[i])
			test_pressure(pair, false);

		igt_fixture()
			igt_stop_signal_helper();

		igt_describe("Share BOs under memory pressure and while signals interrupt.");
		igt_subtest_f("memory-short-%s", whose[i])
			test_pressure(pair, true);

		/* The helpers keep running when a subtest ends. */
		igt_fixture() {
			igt_stop_signal_helper();
			igt_stop_helper(&hog);
		}

		igt_describe("Check that shared BOs use no bounce buffer.");
		igt_subtest_f("no-bounce-%s", whose[i])
			test_no_bounce(pair);
	}

	for (int i = 0; i < 2; i++) {
		igt_describe("Share a displayed BO, and display a shared one.");
		igt_subtest_f("displayed-%s", whose[i])
			test_displayed(directions[i]);

		igt_describe("Set a mode with a shared BO and check the displayed frame buffer.");
		igt_subtest_f("shown-%s", whose[i])
			test_shown(directions[i]);
	}

	igt_fixture() {
		close(other);
		drm_close_driver(fd);
	}
}
