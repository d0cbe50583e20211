// SPDX-License-Identifier: MIT
/*
 * Two GPUs and one BO. What one exports the other reads and writes by its own commands, and both
 * GPUs and the CPU look at each word. Each test has both directions: the GPU that is tested
 * exports, or the other does. Nothing is taken from what the driver says of its mappings.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "igt.h"
#include "igt_radeon.h"

IGT_TEST_DESCRIPTION("Check that two GPUs see the same BO");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define CPU	RADEON_GEM_DOMAIN_CPU
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

/* Who shares with whom. */
struct pair {
	int exporter;
	int importer;
};

/* A BO of the exporter's, and what the importer has of it. */
struct shared {
	struct igt_radeon_bo bo;
	struct igt_radeon_bo import;
};

/* Contents: never the same twice. */
static uint64_t new_seed(void)
{
	static uint64_t seed = 1000;

	return seed++;
}

static int export(int fd, const struct igt_radeon_bo *bo)
{
	return prime_handle_to_fd(fd, bo->handle);
}

/* The dma-buf lives on in the imported BO. */
static int import(struct pair pair, const struct igt_radeon_bo *bo, struct igt_radeon_bo *imported)
{
	int dma_buf = export(pair.exporter, bo);
	int ret = __igt_radeon_bo_import(pair.importer, dma_buf, bo->size, imported);

	close(dma_buf);
	return ret;
}

static void share(struct pair pair, uint64_t size, uint32_t flags, struct shared *shared)
{
	int ret;

	igt_radeon_bo_create(pair.exporter, size, GTT, flags, &shared->bo);
	ret = import(pair, &shared->bo, &shared->import);
	igt_assert_f(ret == 0, "a BO of %" PRIu64 " bytes was not imported: %s\n", size,
		     strerror(-ret));
}

static void unshare(struct pair pair, struct shared *shared)
{
	igt_radeon_bo_close(pair.importer, &shared->import);
	igt_radeon_bo_close(pair.exporter, &shared->bo);
}

static void create_vram(int fd, uint64_t size, struct igt_radeon_bo *bo)
{
	igt_radeon_bo_create(fd, size, VRAM, 0, bo);
	igt_radeon_fill(bo, new_seed());
}

/* What a GPU sees of a BO: it copies it to VRAM of its own, where the CPU looks. */
static void gpu_check(int fd, const struct igt_radeon_bo *bo, uint64_t seed, const char *when)
{
	struct igt_radeon_bo copy;

	create_vram(fd, bo->size, &copy);
	igt_radeon_blit(fd, &copy, bo);
	igt_radeon_bo_wait(fd, &copy);
	igt_radeon_check(&copy, seed, when);
	igt_radeon_bo_close(fd, &copy);
}

/* A GPU writes all of a BO, from VRAM of its own. */
static void gpu_fill(int fd, const struct igt_radeon_bo *bo, uint64_t seed)
{
	struct igt_radeon_bo source;

	igt_radeon_bo_create(fd, bo->size, VRAM, 0, &source);
	igt_radeon_fill(&source, seed);
	igt_radeon_blit(fd, bo, &source);
	igt_radeon_bo_wait(fd, bo);
	igt_radeon_bo_close(fd, &source);
}

/* Each of the four: the CPU and either GPU see what one of them has written. */
static void check_all(struct pair pair, const struct shared *shared, uint64_t seed,
		      const char *when)
{
	igt_radeon_check(&shared->bo, seed, when);
	gpu_check(pair.exporter, &shared->bo, seed, when);
	gpu_check(pair.importer, &shared->import, seed, when);
}

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

/* A file of the device's in sysfs. */
static bool device_file(int fd, const char *name, char *text, size_t size)
{
	char path[128];
	struct stat st;
	FILE *file;
	bool read;

	igt_assert_eq(fstat(fd, &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/%s", major(st.st_rdev),
		 minor(st.st_rdev), name);
	file = fopen(path, "r");
	read = file && fgets(text, size, file);
	if (file)
		fclose(file);
	return read;
}

static unsigned int dma_bits(int fd)
{
	char text[32];

	igt_require_f(device_file(fd, "dma_mask_bits", text, sizeof(text)),
		      "sysfs does not tell how far the GPU reaches\n");
	return atoi(text);
}

/* Does an IOMMU stand between the device and memory, and find room for every page? */
static bool translated(int fd)
{
	char text[32];

	return device_file(fd, "iommu_group/type", text, sizeof(text)) && !strncmp(text, "DMA", 3);
}

/* The end of the machine's memory; 0 where nothing tells, as in a hypervisor's domain. */
static uint64_t memory_end(int fd)
{
	char line[256], reason[128];
	uint64_t start, last, end = 0;
	FILE *file;

	if (igt_radeon_coherent_needed(fd, reason, sizeof(reason)))
		return 0;
	file = fopen("/proc/iomem", "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, "System RAM") &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &last) == 2 && last && end <= last)
			end = last + 1;
	}
	if (file)
		fclose(file);
	return end;
}

enum reach { REACHED, NOT_REACHED, UNKNOWN };

/* Does a GPU reach all pages that there are? */
static enum reach reach_all(int fd)
{
	unsigned int bits = dma_bits(fd);
	uint64_t end = memory_end(fd);

	if (bits >= 64 || translated(fd) || (end && end <= 1ull << bits))
		return REACHED;
	return UNKNOWN;
}

/*
 * Does the importer reach the pages of a BO that nobody has imported yet? Where that is not so for
 * all pages there are, the probe knows, if it is the exporter's: where its GPU finds the pages on
 * the bus. What was in the BO is overwritten.
 */
static enum reach reach(struct pair pair, struct igt_radeon_bo *bo, bool probed)
{
	const uint64_t word = 0x5a7e500000000000ull | (uint64_t)getpid() << 16 | new_seed();
	unsigned int bits = dma_bits(pair.importer), count;
	uint64_t addresses[IGT_RADEON_MAX_FOUND], bus[IGT_RADEON_MAX_FOUND];
	uint64_t pages = bo->size / IGT_RADEON_PAGE_SIZE;

	if (reach_all(pair.importer) == REACHED || dma_bits(pair.exporter) <= bits)
		return REACHED;
	if (!probed)
		return UNKNOWN;
	if (pages > IGT_RADEON_MAX_FOUND)
		pages = IGT_RADEON_MAX_FOUND;
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t *first = (uint64_t *)((char *)bo->map + page * IGT_RADEON_PAGE_SIZE);

		__atomic_store_n(first, word, __ATOMIC_RELAXED);
	}
	igt_radeon_bo_move(pair.exporter, bo, GTT);
	count = igt_radeon_find_pages(word, addresses);
	igt_assert_eq(count, pages);
	igt_radeon_translate(addresses, count, bus);
	for (unsigned int i = 0; i < count; i++) {
		igt_assert_f(bus[i], "a page of a BO leads nowhere\n");
		if (bus[i] >= 1ull << bits)
			return NOT_REACHED;
	}
	return pages * IGT_RADEON_PAGE_SIZE == bo->size ? REACHED : UNKNOWN;
}

#define SWIOTLB_USED	"swiotlb/io_tlb_used"
#define SWIOTLB_MOST	"swiotlb/io_tlb_used_hiwater"

/* Slots of the bounce buffer, or -1 where nothing tells. */
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

/* The high water is counted from now on, where the kernel lets it be; returns slots in use. */
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
 * Most slots that were in use since, beside those that were before; -1 where nothing tells. Linux 7
 * has a high water only if it is booted with swiotlb=track_hiwater: else what is in use now.
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

/* What the importer does with a BO of which it is asked whether it is right. */
enum use { READS, REREADS, WRITES };

static const char *const use_name[] = {
	[READS] = "reads",
	[REREADS] = "rereads",
	[WRITES] = "writes",
};

/* Pages that are wrong where they were read, or an error. */
struct outcome {
	uint64_t wrong;
	int error;
};

/* Without assertions on contents: all sizes are looked at, and then there is a verdict. */
static struct outcome use_import(struct pair pair, struct shared *shared, enum use use)
{
	const uint64_t size = shared->bo.size, pages = size / IGT_RADEON_PAGE_SIZE;
	const uint64_t seed = new_seed();
	struct igt_radeon_bo vram, exporters;
	struct outcome outcome = {};

	igt_radeon_bo_create(pair.importer, size, VRAM, 0, &vram);
	igt_radeon_fill(&vram, use == WRITES ? seed : new_seed());
	igt_radeon_fill(&shared->bo, use == READS ? seed : new_seed());
	outcome.error = import(pair, &shared->bo, &shared->import);
	if (!outcome.error && use == REREADS) {
		/* What was there when it was imported is not what is there now. */
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
		/* The exporter's CPU and its GPU. */
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

/* A line for each size, which make prime makes its table of. */
static void test_sizes(struct pair pair, unsigned int mode, enum use first, enum use last)
{
	const uint64_t sizes[] = {
		4 * KIB, 12 * KIB, 64 * KIB, 68 * KIB, 252 * KIB, 1 * MIB, 1 * MIB + 4 * KIB,
		4 * MIB,
	};
	bool counted = igt_radeon_has_shared_counts(pair.exporter);
	char from[8], to[8], slots[24], copies[24], verdict[256] = "";
	unsigned int bad = 0;

	device_name(pair.exporter, from, sizeof(from));
	device_name(pair.importer, to, sizeof(to));
	for (enum use use = first; use <= last; use++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct shared shared = {};
			struct outcome outcome;
			int64_t used, before = -1;

			igt_radeon_bo_create(pair.exporter, sizes[i], GTT,
					     igt_radeon_caching[mode].flags, &shared.bo);
			used = swiotlb_start();
			if (counted)
				before = igt_radeon_shared_count(pair.exporter, "copies");
			outcome = use_import(pair, &shared, use);
			number(copies, sizeof(copies), counted ?
			       igt_radeon_shared_count(pair.exporter, "copies") - before : -1);
			number(slots, sizeof(slots), swiotlb_taken(used));
			unshare(pair, &shared);
			igt_info("share %s %s %" PRIu64 " %s %s: wrong %" PRIu64 " of %" PRIu64
				 " error %d copies %s swiotlb %s\n",
				 from, to, sizes[i], igt_radeon_caching[mode].name, use_name[use],
				 outcome.wrong, sizes[i] / IGT_RADEON_PAGE_SIZE, -outcome.error,
				 copies, slots);
			if ((outcome.error || outcome.wrong) && !bad++)
				snprintf(verdict, sizeof(verdict),
					 "the first: %" PRIu64 " bytes, importer %s, %" PRIu64
					 " pages are wrong, error '%s'", sizes[i], use_name[use],
					 outcome.wrong, strerror(-outcome.error));
		}
	}
	igt_assert_f(bad == 0, "%u BOs were not shared right; %s\n", bad, verdict);
}

/* Where the BO is when it is exported. */
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
		igt_assert_eq(import(pair, &shared.bo, &shared.import), 0);
		if (domain == CPU) {
			struct igt_radeon_bo copy;

			/* No page of it has been looked at. */
			create_vram(pair.importer, sizes[i], &copy);
			igt_radeon_blit(pair.importer, &copy, &shared.import);
			igt_radeon_bo_wait(pair.importer, &copy);
			igt_radeon_check_zero(&copy, "imported, never written");
			igt_radeon_bo_close(pair.importer, &copy);
			igt_radeon_check_zero(&shared.bo, "exported, never written");
		} else {
			check_all(pair, &shared, seed, "shared from where it was");
		}
		check_ways(pair, &shared);
		/* It is shared: it does not go to VRAM, where the importer does not see it. */
		igt_radeon_bo_move_async(pair.exporter, &shared.bo, VRAM);
		igt_radeon_bo_wait(pair.exporter, &shared.bo);
		igt_assert(igt_radeon_bo_domain(pair.exporter, &shared.bo) != VRAM);
		check_ways(pair, &shared);
		unshare(pair, &shared);
	}
}

static uint32_t first_crtc(int fd)
{
	drmModeRes *resources = drmModeGetResources(fd);
	uint32_t crtc;

	igt_require_f(resources && resources->count_crtcs, "the GPU has no display\n");
	crtc = resources->crtcs[0];
	drmModeFreeResources(resources);
	igt_require_f(drmSetMaster(fd) == 0 || drmIsMaster(fd), "somebody else has the display\n");
	return crtc;
}

/*
 * What the display reads has to stay in VRAM, and what is shared in GTT. Whoever comes second is
 * refused, or gets what is right.
 */
static void test_displayed(struct pair pair)
{
	const unsigned int width = 64, height = 64;
	uint32_t crtc = first_crtc(pair.exporter);
	struct shared shared = {};
	uint64_t seed = new_seed();
	int ret;

	igt_radeon_ignore_complaints();
	/* A cursor is the smallest thing that is displayed. */
	igt_radeon_bo_create(pair.exporter, width * height * 4, VRAM, 0, &shared.bo);
	igt_radeon_fill(&shared.bo, seed);
	igt_assert_eq(drmModeSetCursor(pair.exporter, crtc, shared.bo.handle, width, height), 0);
	ret = import(pair, &shared.bo, &shared.import);
	igt_info("a BO that is displayed is imported: %s\n", strerror(-ret));
	if (!ret) {
		gpu_check(pair.importer, &shared.import, seed, "imported while it was displayed");
		gpu_fill(pair.importer, &shared.import, ++seed);
	}
	igt_radeon_check(&shared.bo, seed, "imported, or not, while it was displayed");
	igt_assert_eq(drmModeSetCursor(pair.exporter, crtc, 0, 0, 0), 0);
	/* It does not stay there for ever. */
	if (ret)
		igt_assert_eq(import(pair, &shared.bo, &shared.import), 0);
	check_ways(pair, &shared);

	ret = drmModeSetCursor(pair.exporter, crtc, shared.bo.handle, width, height);
	igt_info("a BO that is shared is displayed: %s\n", strerror(-ret));
	check_ways(pair, &shared);
	drmModeSetCursor(pair.exporter, crtc, 0, 0, 0);
	check_ways(pair, &shared);
	unshare(pair, &shared);
	drmDropMaster(pair.exporter);
}

/*
 * A shared BO cannot be a frame buffer. That the driver says so must not take the one that is
 * shown away from the display: GEM_INFO counts what is not pinned in VRAM.
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
		      "somebody else has the display\n");
	monitor = igt_radeon_find_monitor(pair.exporter, resources, &index);
	igt_require_f(monitor, "no monitor is connected\n");
	crtc = resources->crtcs[index];
	mode = &monitor->modes[0];
	igt_radeon_ignore_complaints();
	before = igt_radeon_vram_visible(pair.exporter);
	size = (uint64_t)mode->hdisplay * 4 * mode->vdisplay + IGT_RADEON_PAGE_SIZE - 1;
	share(pair, size - size % IGT_RADEON_PAGE_SIZE, 0, &shared);
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
		igt_info("a BO that is shared is shown: %s\n", strerror(-ret));
		igt_assert_f(igt_radeon_vram_visible(pair.exporter) <= visible,
			     "what is shown is not pinned any more\n");
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
	unshare(pair, &shared);
	drmModeFreeConnector(monitor);
	drmModeFreeResources(resources);
	drmDropMaster(pair.exporter);
}

/* "latency" of streams or "pace" of copying pages, of the tested GPU, where there is a probe. */
static void slow(const char *what, unsigned int usec)
{
	char command[32], answer[64];

	if (!igt_radeon_has_probe())
		return;
	snprintf(command, sizeof(command), "%s %u", what, usec);
	igt_radeon_probe(command, answer, sizeof(answer));
}

/* The GPU has something else to do first. */
static void keep_busy(int fd, const struct igt_radeon_bo busy[2])
{
	for (int i = 0; i < 16; i++)
		igt_radeon_blit(fd, &busy[i % 2], &busy[!(i % 2)]);
}

/*
 * One GPU is kept busy, then writes, and the other reads, or overwrites, what is not written yet:
 * it has to wait.
 */
static void test_fences(struct pair pair, int slow_fd, bool exporter_first)
{
	enum { ROUNDS = 12 };
	const uint64_t size = 1 * MIB;
	int first = exporter_first ? pair.exporter : pair.importer;
	int second = exporter_first ? pair.importer : pair.exporter;
	const struct igt_radeon_bo *firsts, *seconds;
	struct igt_radeon_bo busy[2], source, copy, other, back;
	struct shared shared = {};

	share(pair, size, 0, &shared);
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
		if (first == slow_fd)
			slow("latency", 20000);
		/* The second one reads what the first one writes. */
		keep_busy(first, busy);
		igt_radeon_blit(first, firsts, &source);
		igt_radeon_blit(second, &copy, seconds);
		igt_radeon_bo_wait(second, &copy);
		igt_radeon_check(&copy, seed, "read while it was being written by the other GPU");
		/* The second one overwrites what the first one still reads. */
		keep_busy(first, busy);
		igt_radeon_blit(first, &back, firsts);
		igt_radeon_blit(second, seconds, &other);
		igt_radeon_bo_wait(first, &back);
		igt_radeon_bo_wait(second, seconds);
		igt_radeon_check(&back, seed, "read before the other GPU wrote");
		igt_radeon_check(&shared.bo, later, "written while it was being read by the other GPU");
		/* The CPU waits for either GPU, whoever is asked. */
		keep_busy(first, busy);
		igt_radeon_blit(first, firsts, &source);
		igt_radeon_bo_wait(second, seconds);
		igt_radeon_check(&shared.bo, seed, "waited for through the other GPU");
		if (first == slow_fd)
			slow("latency", 0);
	}
	igt_radeon_bo_close(first, &busy[0]);
	igt_radeon_bo_close(first, &busy[1]);
	igt_radeon_bo_close(first, &source);
	igt_radeon_bo_close(first, &back);
	igt_radeon_bo_close(second, &copy);
	igt_radeon_bo_close(second, &other);
	unshare(pair, &shared);
}

/*
 * The exporter's GPU is in the middle of a BO when it is imported. If its pages have to move, then
 * not before it is done, or what it writes to the old ones meanwhile is lost.
 */
static void test_import_while_written(struct pair pair, int slow_fd)
{
	enum { ROUNDS = 4 };
	const uint64_t size = 2 * MIB;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t seed = new_seed();
		struct igt_radeon_bo source;
		struct shared shared = {};

		create_vram(pair.exporter, size, &source);
		igt_radeon_fill(&source, seed);
		igt_radeon_bo_create(pair.exporter, size, GTT, 0, &shared.bo);
		igt_radeon_fill(&shared.bo, new_seed());
		if (pair.exporter == slow_fd)
			slow("pace", 500);
		igt_radeon_blit(pair.exporter, &shared.bo, &source);
		igt_assert_eq(import(pair, &shared.bo, &shared.import), 0);
		if (pair.exporter == slow_fd)
			slow("pace", 0);
		gpu_check(pair.importer, &shared.import, seed, "imported while it was written");
		igt_radeon_check(&shared.bo, seed, "imported while it was written");
		igt_radeon_bo_close(pair.exporter, &source);
		unshare(pair, &shared);
	}
}

/* Both write in turn and each copies what the other wrote; nobody waits until all is submitted. */
static void test_turns(struct pair pair)
{
	enum { ROUNDS = 48 };
	const uint64_t size = 64 * KIB;
	struct igt_radeon_bo sources[ROUNDS], copies[ROUNDS];
	const int fds[2] = { pair.exporter, pair.importer };
	struct shared shared = {};
	uint64_t seeds[ROUNDS];

	share(pair, size, 0, &shared);
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
	unshare(pair, &shared);
}

/* Clients of the importer, in this process and in others, each with a part of the BO. */
static void test_many_importers(struct pair pair)
{
	enum { CLIENTS = 6, PROCESSES = 4, TURNS = 8, PART = 16 };
	const size_t part_size = PART * IGT_RADEON_PAGE_SIZE;
	const uint64_t size = (uint64_t)PART * PROCESSES * IGT_RADEON_PAGE_SIZE;
	struct igt_radeon_bo imports[CLIENTS], again, expected, copy;
	int clients[CLIENTS], dma_buf;
	struct shared shared = {};
	uint64_t seed = new_seed();

	share(pair, size, 0, &shared);
	igt_radeon_fill(&shared.bo, seed);
	dma_buf = export(pair.exporter, &shared.bo);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		clients[i] = igt_radeon_reopen(pair.importer);
		igt_radeon_bo_import(clients[i], dma_buf, size, &imports[i]);
		/* One client has one BO of it. */
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
			/* Its own part, as it has written it a moment ago. */
			igt_assert_f(!memcmp((char *)found.map + child * part_size,
					     (char *)source.map + child * part_size,
					     part_size),
				     "process %d does not see what it has written in turn %u\n",
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
		     "the CPU does not see what the processes have written\n");
	igt_radeon_check(&copy, seed + TURNS - 1, "written by several processes");
	igt_radeon_bo_close(pair.exporter, &copy);
	igt_radeon_bo_close(pair.exporter, &expected);
	close(dma_buf);
	unshare(pair, &shared);
}

/*
 * The exporter closes its BO while the importer has it: the pages are the importer's, and nobody
 * else gets them. Then they go, and come back with other contents.
 */
static void test_lifetime(struct pair pair)
{
	enum { OTHERS = 64 };
	const uint64_t size = 256 * KIB;
	struct igt_radeon_bo others[OTHERS], again;
	uint64_t seed = new_seed(), seeds[OTHERS];
	struct shared shared = {};
	int dma_buf;

	/* Once the importer's GPU is at work on it. */
	share(pair, size, 0, &shared);
	gpu_fill(pair.importer, &shared.import, seed);
	igt_radeon_bo_close(pair.exporter, &shared.bo);
	for (unsigned int i = 0; i < OTHERS; i++) {
		igt_radeon_bo_create(pair.exporter, size, GTT, 0, &others[i]);
		seeds[i] = new_seed();
		igt_radeon_fill(&others[i], seeds[i]);
	}
	gpu_check(pair.importer, &shared.import, seed, "imported, the exporter's handle is closed");
	seed = new_seed();
	gpu_fill(pair.importer, &shared.import, seed);
	for (unsigned int i = 0; i < OTHERS; i++)
		igt_radeon_check(&others[i], seeds[i], "beside an imported BO that was written");
	gpu_check(pair.importer, &shared.import, seed, "written after the exporter's handle was closed");

	/* What is left of it can be given on, and comes back to the exporter. */
	dma_buf = export(pair.importer, &shared.import);
	igt_radeon_bo_close(pair.importer, &shared.import);
	igt_radeon_bo_import(pair.exporter, dma_buf, size, &again);
	gpu_check(pair.exporter, &again, seed, "back with the exporter");
	igt_radeon_bo_close(pair.exporter, &again);
	igt_radeon_bo_import(pair.importer, dma_buf, size, &again);
	gpu_check(pair.importer, &again, seed, "imported again after all handles were closed");
	close(dma_buf);
	/* The last reference goes while the GPU writes. */
	create_vram(pair.importer, size, &shared.bo);
	igt_radeon_blit(pair.importer, &again, &shared.bo);
	igt_radeon_bo_close(pair.importer, &again);
	for (unsigned int i = 0; i < OTHERS; i++) {
		igt_radeon_bo_close(pair.exporter, &others[i]);
		igt_radeon_bo_create(pair.exporter, size, GTT, 0, &others[i]);
		igt_radeon_check_zero(&others[i], "new, where a shared BO may have been");
	}
	igt_radeon_bo_wait(pair.importer, &shared.bo);
	for (unsigned int i = 0; i < OTHERS; i++) {
		igt_radeon_check_zero(&others[i], "new, and the importer has done");
		igt_radeon_bo_close(pair.exporter, &others[i]);
	}
	igt_radeon_bo_close(pair.importer, &shared.bo);
}

/* More than both GTTs have room for, a few at a time: what is not given back is missing. */
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
	/* Cards with much GTT: within the test's time. */
	turns = most * 3 / 2 / size;
	if (turns > 1024)
		turns = 1024;
	for (unsigned int turn = 0; turn < turns + AT_ONCE; turn++) {
		unsigned int i = turn % AT_ONCE;

		if (shared[i].bo.handle) {
			igt_radeon_check(&shared[i].bo, seeds[i], "written by the importer, among others");
			/* Whoever goes first. */
			if (turn & AT_ONCE)
				igt_radeon_bo_close(pair.exporter, &shared[i].bo);
			unshare(pair, &shared[i]);
		}
		if (turn >= turns)
			continue;
		share(pair, size, igt_radeon_caching[turn % IGT_RADEON_CACHINGS].flags, &shared[i]);
		igt_radeon_check_zero(&shared[i].bo, "new");
		seeds[i] = new_seed();
		gpu_fill(pair.importer, &shared[i].import, seeds[i]);
	}
}

/* A BO that comes back is no BO of its own. */
static void test_comes_back(struct pair pair)
{
	struct igt_radeon_bo again, own;
	struct shared shared = {};
	int dma_buf;

	share(pair, 64 * KIB, 0, &shared);
	dma_buf = export(pair.importer, &shared.import);
	igt_radeon_bo_import(pair.exporter, dma_buf, shared.bo.size, &again);
	igt_assert_eq_u32(again.handle, shared.bo.handle);
	close(dma_buf);
	dma_buf = export(pair.exporter, &shared.bo);
	igt_radeon_bo_import(pair.exporter, dma_buf, shared.bo.size, &own);
	igt_assert_eq_u32(own.handle, shared.bo.handle);
	igt_radeon_bo_import(pair.importer, dma_buf, shared.bo.size, &again);
	igt_assert_eq_u32(again.handle, shared.import.handle);
	close(dma_buf);
	check_ways(pair, &shared);
	unshare(pair, &shared);
}

static uint64_t available_memory(void)
{
	uint64_t kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib * KIB;
}

static struct igt_helper_process hog = { .use_SIGKILL = true };

/* Takes memory until little is left, gives some back, and so on, until it is killed. */
static void take_memory(void)
{
	enum { PIECES = 16384 };
	static void *pieces[PIECES];
	const uint64_t size = 4 * MIB, floor = 96 * MIB;
	unsigned int count = 0;

	for (;;) {
		while (count < PIECES && available_memory() > floor) {
			void *piece = mmap(NULL, size, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

			if (piece == MAP_FAILED)
				break;
			pieces[count++] = piece;
		}
		usleep(20000);
		for (unsigned int i = 0; i < 8 && count; i++)
			munmap(pieces[--count], size);
	}
}

/*
 * Shared BOs of all sizes while memory is short and signals interrupt what sleeps. A request may
 * fail for lack of memory, and is then without effect; what is shared is right.
 */
static void test_pressure(struct pair pair, bool pressure)
{
	enum { TURNS = 96 };
	unsigned int failed = 0, random = 1;

	if (pressure)
		igt_fork_helper(&hog)
			take_memory();
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
			ret = import(pair, &shared.bo, &shared.import);
			igt_radeon_check(&shared.bo, seed, "imported, or not, while memory was short");
		}
		if (ret) {
			igt_assert_f(ret == -ENOMEM && pressure, "%" PRIu64 " bytes: %s\n", size,
				     strerror(-ret));
			failed++;
		} else {
			gpu_check(pair.importer, &shared.import, seed, "imported while memory was short");
			seed = new_seed();
			gpu_fill(pair.importer, &shared.import, seed);
			igt_radeon_check(&shared.bo, seed, "written by the importer while memory was short");
		}
		unshare(pair, &shared);
	}
	igt_info("%u of %d failed for lack of memory\n", failed, TURNS);
	igt_assert_lte(failed, TURNS / 2);
}

/*
 * A BO is copied when it is imported by a GPU that does not reach its pages, and only the first
 * time: its pages are of those that both reach from then on.
 */
static void test_copies(struct pair pair, bool probed)
{
	const uint64_t sizes[] = { 4 * KIB, 12 * KIB, 64 * KIB, 1 * MIB, 4 * MIB };
	int another = igt_radeon_reopen(pair.importer);
	unsigned int known = 0;

	igt_require_f(igt_radeon_has_shared_counts(pair.exporter),
		      "this kernel does not count copies of shared BOs\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes) * IGT_RADEON_CACHINGS; i++) {
		const uint64_t size = sizes[i / IGT_RADEON_CACHINGS];
		uint64_t copies, bytes, avoided, refused, seed = new_seed();
		struct shared shared = {};
		struct igt_radeon_bo second;
		enum reach expected;
		int dma_buf;

		igt_radeon_bo_create(pair.exporter, size, GTT,
				     igt_radeon_caching[i % IGT_RADEON_CACHINGS].flags, &shared.bo);
		expected = reach(pair, &shared.bo, probed);
		igt_radeon_fill(&shared.bo, seed);
		known += expected != UNKNOWN;

		copies = igt_radeon_shared_count(pair.exporter, "copies");
		bytes = igt_radeon_shared_count(pair.exporter, "copied_bytes");
		avoided = igt_radeon_shared_count(pair.exporter, "copies_avoided");
		refused = igt_radeon_shared_count(pair.exporter, "refused");
		igt_assert_eq(import(pair, &shared.bo, &shared.import), 0);
		check_all(pair, &shared, seed, "imported");
		check_ways(pair, &shared);
		/* Others, and once more: the pages are good for them as well. */
		dma_buf = export(pair.exporter, &shared.bo);
		igt_radeon_bo_import(another, dma_buf, size, &second);
		igt_radeon_bo_close(pair.importer, &shared.import);
		igt_radeon_bo_import(pair.importer, dma_buf, size, &shared.import);
		check_ways(pair, &shared);
		igt_radeon_bo_close(another, &second);
		close(dma_buf);
		copies = igt_radeon_shared_count(pair.exporter, "copies") - copies;
		bytes = igt_radeon_shared_count(pair.exporter, "copied_bytes") - bytes;
		avoided = igt_radeon_shared_count(pair.exporter, "copies_avoided") - avoided;
		unshare(pair, &shared);

		igt_assert_eq_u64(igt_radeon_shared_count(pair.exporter, "refused"), refused);
		if (expected == NOT_REACHED)
			igt_assert_f(copies == 1,
				     "%" PRIu64 " bytes out of reach were copied %" PRIu64 " times\n",
				     size, copies);
		else if (expected == REACHED)
			igt_assert_f(copies == 0,
				     "%" PRIu64 " bytes within reach were copied %" PRIu64 " times\n",
				     size, copies);
		igt_assert_f(copies <= 1, "%" PRIu64 " bytes were copied %" PRIu64 " times\n", size,
			     copies);
		igt_assert_f(copies ? bytes > 0 && bytes <= size : bytes == 0,
			     "%" PRIu64 " copies of a BO of %" PRIu64 " bytes had %" PRIu64 " bytes\n",
			     copies, size, bytes);
		igt_assert_f(copies || avoided, "a BO was shared without a copy, and none was counted as avoided\n");
	}
	close(another);
	igt_info("%u of %zu BOs are known to be reached, or not\n", known,
		 ARRAY_SIZE(sizes) * IGT_RADEON_CACHINGS);
}

/* Nothing that the two GPUs share goes through a bounce buffer. */
static void test_no_bounce(struct pair pair)
{
	const uint64_t sizes[] = { 4 * KIB, 64 * KIB, 1 * MIB + 4 * KIB, 4 * MIB };
	struct shared shared[ARRAY_SIZE(sizes)] = {};
	int64_t used = swiotlb_start(), most;
	int errors[ARRAY_SIZE(sizes)];

	igt_require_f(used >= 0, "this kernel does not tell what its bounce buffer holds\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct igt_radeon_bo *imported = &shared[i].import;

		igt_radeon_bo_create(pair.exporter, sizes[i], GTT, 0, &shared[i].bo);
		errors[i] = import(pair, &shared[i].bo, imported);
		if (errors[i])
			continue;
		errors[i] = __igt_radeon_cs(pair.importer, &imported, 1, GTT);
		igt_radeon_bo_wait(pair.importer, &shared[i].import);
	}
	most = swiotlb_taken(used);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		unshare(pair, &shared[i]);
	igt_assert_f(most == 0, "%" PRId64 " slots of the bounce buffer were taken\n", most);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		igt_assert_f(errors[i] == 0, "%" PRIu64 " bytes: %s\n", sizes[i],
			     strerror(-errors[i]));
}

/* The next device from *number on: of a driver of that name, or of any but radeon; -1 without. */
static int open_foreign(const char *name, unsigned int *number)
{
	for (; *number < 64; ++*number) {
		char path[32];
		drmVersionPtr version;
		bool found;
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%u", *number);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version &&
			(name ? !strcmp(version->name, name) : strcmp(version->name, "radeon"));
		if (found)
			igt_info("%s is a device of %s\n", path, version->name);
		drmFreeVersion(version);
		if (found) {
			++*number;
			return fd;
		}
		close(fd);
	}
	return -1;
}

/*
 * Pages of an exporter that knows nothing of what this GPU reaches. It takes them and they are
 * right, both ways, or it refuses them; if it reaches them all, it takes them.
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
		igt_assert_f(reach_all(fd) != REACHED,
			     "%" PRIu64 " bytes that the GPU reaches are refused: %s\n",
			     bo->size, strerror(-ret));
		igt_radeon_check(bo, seed, "foreign pages that the GPU has refused");
	}
	igt_info("%" PRIu64 " foreign bytes: %s\n", bo->size, ret ? strerror(-ret) : "shared");
	igt_radeon_bo_close(fd, &import);
	igt_radeon_bo_close(fd, &copy);
}

static const uint64_t foreign_sizes[] = { 4 * KIB, 64 * KIB, 1 * MIB, 4 * MIB };

/* BOs of a driver that gets their pages from anywhere. */
static void test_foreign(int fd, const char *driver)
{
	unsigned int number = 0;
	int foreign = open_foreign(driver, &number);

	igt_require_f(foreign >= 0, "there is no device of %s\n", driver);
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
		dma_buf = export(foreign, &bo);
		check_foreign(fd, &bo, dma_buf);
		igt_radeon_bo_close(foreign, &bo);
		close(dma_buf);
	}
	close(foreign);
}

/* A process's own pages, which udmabuf exports. */
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
		igt_assert_f(dma_buf >= 0, "udmabuf exports nothing: %s\n", strerror(errno));
		check_foreign(fd, &bo, dma_buf);
		close(dma_buf);
		munmap(bo.map, bo.size);
		close(memory);
	}
	close(udmabuf);
}

/*
 * Devices of other drivers import a BO, or say that they do not. The BO is right for the GPU and
 * the CPU meanwhile, and afterwards it may go to VRAM again.
 */
static void test_imported_by_others(int fd)
{
	unsigned int number = 0, devices = 0;
	int foreign;

	while ((foreign = open_foreign(NULL, &number)) >= 0) {
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
		dma_buf = export(fd, &bo);
		ret = drmPrimeFDToHandle(foreign, dma_buf, &handle) ? -errno : 0;
		errno = 0;
		igt_info("imports: %s\n", ret ? strerror(-ret) : "yes");
		gpu_check(fd, &bo, seed, "imported by a device that is no Radeon");
		seed = new_seed();
		gpu_fill(fd, &bo, seed);
		igt_radeon_check(&bo, seed, "written by the GPU while another device has it");
		if (!ret)
			gem_close(foreign, handle);
		close(dma_buf);
		close(foreign);
		igt_radeon_bo_move(fd, &bo, VRAM);
		igt_radeon_check(&bo, seed, "moved to VRAM once nobody shares it");
		igt_radeon_bo_close(fd, &bo);
	}
	igt_require_f(devices, "there is no device of another driver that imports BOs\n");
}

/* A client's own memory is not to be given to others by the driver. */
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
	/* As parts of subtest names: what is exported is the tested GPU's, or the other's. */
	static const char *const whose[] = { "own", "others" };
	int fd = -1, other = -1;

	igt_fixture() {
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon_accel(fd);
	}

	igt_describe("Memory of a client's own, as a BO, is not exported.");
	igt_subtest("user-memory-stays")
		test_userptr(fd);

	igt_fixture()
		igt_require_radeon_blit(fd);

	igt_describe("BOs of a driver that has pages from anywhere are right, or refused.");
	igt_subtest("foreign-pages")
		test_foreign(fd, "vgem");

	igt_describe("BOs of a virtual machine's GPU are right, or refused.");
	igt_subtest("virtual-pages")
		test_foreign(fd, "virtio_gpu");

	igt_describe("Pages of a process, which udmabuf exports, are right, or refused.");
	igt_subtest("process-pages")
		test_udmabuf(fd);

	igt_describe("A BO that a device of another driver imports stays right.");
	igt_subtest("imported-by-others")
		test_imported_by_others(fd);

	igt_fixture() {
		other = igt_radeon_open_other(fd);
		igt_require_f(other >= 0, "there is no other Radeon to share with\n");
		igt_require_radeon_accel(other);
		igt_require_radeon_blit(other);
	}
	directions[0] = (struct pair){ .exporter = fd, .importer = other };
	directions[1] = (struct pair){ .exporter = other, .importer = fd };

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		const char *name = igt_radeon_caching[i].name;

		igt_describe("The other GPU reads BOs of all sizes, as they were when it imported them and later.");
		igt_subtest_f("other-reads-%s", name)
			test_sizes(directions[0], i, READS, REREADS);

		igt_describe("The other GPU writes BOs of all sizes; CPU and GPU of the exporter see it.");
		igt_subtest_f("other-writes-%s", name)
			test_sizes(directions[0], i, WRITES, WRITES);

		igt_describe("The GPU reads BOs of all sizes of the other, as they were when it imported them and later.");
		igt_subtest_f("reads-others-%s", name)
			test_sizes(directions[1], i, READS, REREADS);

		igt_describe("The GPU writes BOs of all sizes of the other; CPU and GPU of the exporter see it.");
		igt_subtest_f("writes-others-%s", name)
			test_sizes(directions[1], i, WRITES, WRITES);
	}

	for (int i = 0; i < 2; i++) {
		struct pair pair = directions[i];

		igt_describe("A BO that is in VRAM when it is exported.");
		igt_subtest_f("from-vram-%s", whose[i])
			test_resident(pair, VRAM);

		igt_describe("A BO that is bound to GTT when it is exported.");
		igt_subtest_f("from-gtt-%s", whose[i])
			test_resident(pair, GTT);

		igt_describe("A BO that has no page yet when it is exported.");
		igt_subtest_f("from-nowhere-%s", whose[i])
			test_resident(pair, CPU);

		igt_describe("The importer waits for the exporter's GPU, and the CPU does.");
		igt_subtest_f("waits-for-exporter-%s", whose[i])
			test_fences(pair, fd, true);

		igt_describe("The exporter waits for the importer's GPU, and the CPU does.");
		igt_subtest_f("waits-for-importer-%s", whose[i])
			test_fences(pair, fd, false);

		igt_describe("A BO is imported while the exporter's GPU writes it.");
		igt_subtest_f("while-written-%s", whose[i])
			test_import_while_written(pair, fd);

		igt_describe("Both GPUs write one BO in turn, and each reads what the other wrote.");
		igt_subtest_f("turns-%s", whose[i])
			test_turns(pair);

		igt_describe("Several clients and processes import one BO.");
		igt_subtest_f("many-importers-%s", whose[i])
			test_many_importers(pair);

		igt_describe("A BO lives as long as somebody has it, and its pages are nobody else's.");
		igt_subtest_f("lifetime-%s", whose[i])
			test_lifetime(pair);

		igt_describe("More BOs are shared, one after the other, than there is room for.");
		igt_subtest_f("reuse-%s", whose[i])
			test_reuse(pair);

		igt_fixture() {
			slow("latency", 0);
			slow("pace", 0);
		}

		igt_describe("An imported BO that is exported comes back as the BO that it is.");
		igt_subtest_f("comes-back-%s", whose[i])
			test_comes_back(pair);

		igt_describe("BOs are shared while signals interrupt.");
		igt_subtest_f("signals-%s", whose[i])
			test_pressure(pair, false);

		igt_fixture()
			igt_stop_signal_helper();

		igt_describe("BOs are shared while memory is short and signals interrupt.");
		igt_subtest_f("memory-short-%s", whose[i])
			test_pressure(pair, true);

		/* They run on when a test has failed, and when it has not. */
		igt_fixture() {
			igt_stop_signal_helper();
			igt_stop_helper(&hog);
		}

		igt_describe("A BO is copied once if the importer does not reach its pages, and else never.");
		igt_subtest_f("copies-%s", whose[i])
			test_copies(pair, i == 0 && igt_radeon_has_probe());

		igt_describe("Sharing takes nothing of the bounce buffer.");
		igt_subtest_f("no-bounce-%s", whose[i])
			test_no_bounce(pair);
	}

	/* Last of all: stock kernels oops. */
	for (int i = 0; i < 2; i++) {
		igt_describe("A BO that the display needs in VRAM, and one that is shared and then displayed.");
		igt_subtest_f("displayed-%s", whose[i])
			test_displayed(directions[i]);

		igt_describe("A shared BO as a frame buffer leaves the one that is shown where it is.");
		igt_subtest_f("shown-%s", whose[i])
			test_shown(directions[i]);
	}

	igt_fixture() {
		close(other);
		drm_close_driver(fd);
	}
}
