// SPDX-License-Identifier: MIT
/*
 * Tests of what only an observer outside of the kernel sees: the pages that GTT addresses lead to
 * after a BO is freed, and the frame that is displayed. All of them need the probe of
 * lib/igt_radeon_probe.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "igt.h"
#include "igt_radeon.h"
#include "igt_radeon_blit.h"
#include "igt_radeon_probe.h"

IGT_TEST_DESCRIPTION("Check what the GPU sees, by an observer outside of the kernel");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

/* Gives each page of a BO the same, unique first word. */
static void mark(const struct igt_radeon_bo *bo, uint64_t word)
{
	for (uint64_t offset = 0; offset < bo->size; offset += IGT_RADEON_PAGE_SIZE) {
		uint64_t *page = (uint64_t *)((char *)bo->map + offset);

		__atomic_store_n(&page[0], word, __ATOMIC_RELAXED);
		__atomic_store_n(&page[1], offset, __ATOMIC_RELAXED);
	}
}

enum end { CLOSED, MOVED, EXITED };

/*
 * The probe finds the pages of a BO while they are bound. When the BO is gone, none of them may be
 * found in GTT, and all of their addresses have to lead to the same page, the dummy page.
 */
static void test_dead(int fd, uint32_t flags, enum end end)
{
	const uint64_t word = 0x1dea1dea00000000ull | flags << 8 | end | (uint64_t)getpid() << 16;
	const unsigned int pages = 24;
	uint64_t addresses[IGT_RADEON_MAX_FOUND], bus[IGT_RADEON_MAX_FOUND];
	uint64_t now[IGT_RADEON_MAX_FOUND], found[IGT_RADEON_MAX_FOUND];
	int own = igt_radeon_reopen(fd);
	struct igt_radeon_bo bo, after;
	unsigned int count;

	igt_radeon_bo_create(own, pages * 4 * KIB, GTT, flags, &bo);
	mark(&bo, word);
	/* A stream binds the BO, if the driver has not done so before. */
	igt_radeon_bo_move(own, &bo, GTT);
	count = igt_radeon_find_pages(word, addresses);
	igt_assert_f(count == pages, "the GPU finds %u pages of a BO of %u\n", count, pages);
	igt_radeon_translate(addresses, count, bus);
	for (unsigned int i = 0; i < count; i++)
		igt_assert_f(bus[i], "%#" PRIx64 " has a page and no bus address\n", addresses[i]);

	switch (end) {
	case CLOSED:
		igt_radeon_bo_close(own, &bo);
		break;
	case MOVED:
		igt_radeon_bo_move(own, &bo, VRAM);
		break;
	case EXITED:
		/* A mapping keeps the BO; the end of a process removes both. */
		munmap(bo.map, bo.size);
		break;
	}
	if (end != MOVED)
		close(own);
	/* The kernel frees pages when the GPU is done with them: wait for a later stream. */
	igt_radeon_bo_create(fd, 4 * KIB, VRAM, 0, &after);
	igt_radeon_bo_move(fd, &after, VRAM);
	for (int i = 0; i < 100; i++) {
		igt_radeon_translate(addresses, count, now);
		if (now[0] != bus[0])
			break;
		usleep(20000);
	}

	for (unsigned int i = 0; i < count; i++) {
		igt_assert_f(now[i] != bus[i],
			     "page %u: %#" PRIx64 " still leads to %#" PRIx64 "\n",
			     i, addresses[i], bus[i]);
		/* A page of another BO would differ from the dummy page. */
		igt_assert_f(now[i] == now[0],
			     "page %u: %#" PRIx64 " leads to %#" PRIx64 ", page 0 to %#" PRIx64
			     "\n", i, addresses[i], now[i], now[0]);
	}
	count = igt_radeon_find_pages(word, found);
	igt_assert_f(count == 0, "the GPU still finds %u pages, the first at %#" PRIx64 "\n",
		     count, found[0]);
	igt_radeon_bo_close(fd, &after);
	if (end == MOVED) {
		igt_radeon_bo_close(own, &bo);
		close(own);
	}
}

/* BOs that are closed before a reset of the GPU and freed during or after it. */
static void test_dead_after_reset(int fd)
{
	enum { ROUNDS = 4, BOS = 48 };
	const uint64_t size = 68 * KIB;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		const uint64_t word = 0x4e5e700000000000ull | (uint64_t)getpid() << 16 | round;
		uint64_t addresses[IGT_RADEON_MAX_FOUND];
		struct igt_radeon_bo bos[BOS];
		unsigned int left = 0;

		for (unsigned int i = 0; i < BOS; i++) {
			igt_radeon_bo_create(fd, size, GTT, 0, &bos[i]);
			mark(&bos[i], word);
			igt_radeon_bo_move_async(fd, &bos[i], GTT);
		}
		for (unsigned int i = 0; i < BOS; i++)
			igt_radeon_bo_close(fd, &bos[i]);
		igt_radeon_reset_gpu(fd);
		for (unsigned int turn = 0; turn < 50; turn++) {
			left = igt_radeon_find_pages(word, addresses);
			if (!left)
				break;
			usleep(100000);
		}
		igt_assert_f(left == 0, "the GPU still reaches %u pages of freed BOs\n", left);
	}
}

/* User memory that is unmapped must not stay bound. */
static void test_dead_after_munmap(int fd)
{
	const uint64_t word = 0x05e40f0000000000ull | getpid(), size = 16 * KIB;
	uint64_t addresses[IGT_RADEON_MAX_FOUND];
	struct igt_radeon_bo bo;

	igt_radeon_ignore_complaints();
	igt_require_radeon_user_memory(fd, size, true, &bo);
	mark(&bo, word);
	igt_assert_eq(__igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, GTT), 0);
	igt_assert_eq(__igt_radeon_bo_wait(fd, &bo), 0);
	igt_assert_eq(igt_radeon_find_pages(word, addresses), size / IGT_RADEON_PAGE_SIZE);

	munmap(bo.map, size);
	bo.map = NULL;
	/* radeon_isolation has this as a failure. */
	igt_require_f(__igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, GTT) < 0,
		      "this kernel accepts streams with unmapped user memory\n");
	igt_assert_eq(igt_radeon_find_pages(word, addresses), 0);
	igt_radeon_bo_close(fd, &bo);
}

/* BOs at the same GTT addresses one after the other: the GPU must not see the old pages. */
static void test_no_stale(int fd, uint32_t flags)
{
	const uint64_t old = 0x01dba5e000000000ull | getpid(), new = old ^ 0xff00000000ull;
	uint64_t addresses[IGT_RADEON_MAX_FOUND];
	struct igt_radeon_bo bo;

	for (unsigned int turn = 0; turn < 8; turn++) {
		igt_radeon_bo_create(fd, (3 + turn) * 4 * KIB, GTT, flags, &bo);
		mark(&bo, turn & 1 ? new : old);
		igt_radeon_bo_move(fd, &bo, GTT);
		igt_assert_eq(igt_radeon_find_pages(turn & 1 ? old : new, addresses), 0);
		igt_assert_eq(igt_radeon_find_pages(turn & 1 ? new : old, addresses), 3 + turn);
		igt_radeon_bo_close(fd, &bo);
	}
}

/* Slow streams, each with one interrupt, so that every lost interrupt shows. */
static void test_interrupts(int fd)
{
	enum { STREAMS = 32 };
	struct igt_radeon_bo bo;
	char answer[64];
	uint64_t before, count;

	igt_radeon_bo_create(fd, 4 * KIB, GTT, 0, &bo);
	igt_radeon_bo_move(fd, &bo, GTT);
	igt_radeon_probe("latency 30000", answer, sizeof(answer));
	before = igt_radeon_interrupts(fd);
	for (unsigned int i = 0; i < STREAMS; i++)
		igt_radeon_bo_move(fd, &bo, GTT);
	count = igt_radeon_interrupts(fd) - before;
	igt_radeon_probe("latency 0", answer, sizeof(answer));
	igt_radeon_bo_close(fd, &bo);
	igt_info("%" PRIu64 " interrupts for %d waits\n", count, STREAMS);
	/* On a busy machine a few streams end before the wait begins. */
	igt_assert_lte_u64(STREAMS * 7 / 8, count);
}

/*
 * Another GPU imports a BO while this GPU, which is slowed down, writes it. If its pages have
 * to move, the kernel must wait, or the data that is written to the old pages is lost.
 */
static void test_import_while_written(int fd)
{
	enum { ROUNDS = 4 };
	const uint64_t size = 2 * MIB;
	int other = igt_radeon_open_other(fd);
	struct igt_radeon_bo source, bo, imported, copy;
	char answer[64];

	igt_require_f(other >= 0, "there is only one Radeon\n");
	igt_require_radeon_accel(other);
	igt_require_radeon_blit(fd);
	igt_require_radeon_blit(other);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		int dma_buf;

		igt_radeon_bo_create(fd, size, VRAM, 0, &source);
		igt_radeon_fill(&source, 2 * round);
		igt_radeon_bo_create(fd, size, GTT, 0, &bo);
		igt_radeon_fill(&bo, 2 * round + 1);
		igt_radeon_bo_create(other, size, VRAM, 0, &copy);
		igt_radeon_probe("pace 500", answer, sizeof(answer));
		igt_radeon_blit(fd, &bo, &source);
		dma_buf = prime_handle_to_fd(fd, bo.handle);
		igt_radeon_bo_import(other, dma_buf, size, &imported);
		igt_radeon_probe("pace 0", answer, sizeof(answer));
		igt_radeon_blit(other, &copy, &imported);
		igt_radeon_bo_wait(other, &copy);
		igt_radeon_check(&copy, 2 * round, "imported while it was written");
		igt_radeon_check(&bo, 2 * round, "imported while it was written");
		igt_radeon_bo_close(other, &copy);
		igt_radeon_bo_close(other, &imported);
		igt_radeon_bo_close(fd, &bo);
		igt_radeon_bo_close(fd, &source);
		close(dma_buf);
	}
	close(other);
}

static uint32_t crc32_update(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

/* Draws a picture whose pixels all differ; returns the CRC of its red, green and blue bytes. */
static uint32_t draw(uint32_t *pixels, unsigned int pitch, unsigned int width,
		     unsigned int height, uint32_t picture)
{
	uint32_t crc = ~0u;

	for (unsigned int y = 0; y < height; y++) {
		for (unsigned int x = 0; x < width; x++) {
			uint32_t pixel = (y * width + x + (picture << 24)) * 0x9e3779b1u >> 8;

			pixels[y * pitch / 4 + x] = pixel;
			for (int shift = 16; shift >= 0; shift -= 8)
				crc = crc32_update(crc, pixel >> shift);
		}
	}
	return ~crc;
}

/* The first monitor and what drives it. */
struct display {
	drmModeRes *resources;
	drmModeConnector *connector;
	drmModeModeInfo *mode;
	unsigned int crtc;
};

static void display_open(int fd, struct display *display)
{
	igt_require_f(drmSetMaster(fd) == 0 || drmIsMaster(fd), "another client is DRM master\n");
	display->resources = drmModeGetResources(fd);
	igt_assert(display->resources);
	display->connector = igt_radeon_find_monitor(fd, display->resources, &display->crtc);
	igt_require_f(display->connector, "no monitor is connected\n");
	display->mode = &display->connector->modes[0];
}

/* Returns 0 or a negative errno. */
static int display_show(int fd, const struct display *display, uint32_t fb)
{
	return drmModeSetCrtc(fd, display->resources->crtcs[display->crtc], fb, 0, 0,
			      &display->connector->connector_id, 1, display->mode);
}

static void display_close(int fd, struct display *display)
{
	drmModeSetCrtc(fd, display->resources->crtcs[display->crtc], 0, 0, 0, NULL, 0, NULL);
	drmModeFreeConnector(display->connector);
	drmModeFreeResources(display->resources);
	drmDropMaster(fd);
}

/* The frame that the monitor gets has this CRC and the mode's size. */
static void check_frame(const struct display *display, uint32_t expect, const char *when)
{
	unsigned int shown = 0, width = 0, height = 0;
	char command[32], answer[128];

	/* A new frame buffer is displayed from the next frame on. */
	snprintf(command, sizeof(command), "crc %u", display->crtc);
	for (int i = 0; i < 20; i++) {
		usleep(50000);
		igt_radeon_probe(command, answer, sizeof(answer));
		igt_assert_f(sscanf(answer, "crc=%x width=%u height=%u", &shown, &width,
				    &height) == 3, "the probe answers '%s'\n", answer);
		if (shown == expect)
			break;
	}
	igt_assert_f(shown == expect && width == display->mode->hdisplay &&
		     height == display->mode->vdisplay,
		     "%s: displayed: %ux%u, CRC %08x; drawn: %ux%u, CRC %08x\n", when, width,
		     height, shown, display->mode->hdisplay, display->mode->vdisplay, expect);
}

static void test_scanout(int fd)
{
	struct drm_mode_create_dumb create = { .bpp = 32 };
	struct drm_mode_destroy_dumb destroy = {};
	struct drm_mode_map_dumb map = {};
	struct display display;
	uint32_t *pixels, id;

	display_open(fd, &display);
	create.width = display.mode->hdisplay;
	create.height = display.mode->vdisplay;
	do_ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &create);
	map.handle = create.handle;
	do_ioctl(fd, DRM_IOCTL_MODE_MAP_DUMB, &map);
	pixels = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, map.offset);
	igt_assert(pixels != MAP_FAILED);
	igt_assert_eq(drmModeAddFB(fd, create.width, create.height, 24, 32, create.pitch,
				   create.handle, &id), 0);
	igt_assert_eq(display_show(fd, &display, id), 0);
	check_frame(&display, draw(pixels, create.pitch, create.width, create.height, 0),
		    "a dumb buffer");
	display_close(fd, &display);
	drmModeRmFB(fd, id);
	munmap(pixels, create.size);
	destroy.handle = create.handle;
	do_ioctl(fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
}

/* A BO that is a frame buffer, with a picture. */
struct screen {
	struct igt_radeon_bo bo;
	uint32_t fb, crc;
};

static void screen_create(int fd, const struct display *display, uint32_t domain,
			  struct screen *screen)
{
	static uint32_t picture;
	const unsigned int width = display->mode->hdisplay, height = display->mode->vdisplay;
	uint64_t size = (uint64_t)width * 4 * height + IGT_RADEON_PAGE_SIZE - 1;

	igt_radeon_bo_create(fd, size - size % IGT_RADEON_PAGE_SIZE, domain, 0, &screen->bo);
	screen->crc = draw(screen->bo.map, width * 4, width, height, ++picture);
	igt_assert_eq(drmModeAddFB(fd, width, height, 24, 32, width * 4, screen->bo.handle,
				   &screen->fb), 0);
}

static void screen_destroy(int fd, struct screen *screen)
{
	drmModeRmFB(fd, screen->fb);
	igt_radeon_bo_close(fd, &screen->bo);
}

/* Returns 0 or a negative errno. */
static int import_elsewhere(int fd, const struct igt_radeon_bo *bo, int importer,
			    uint32_t *handle)
{
	int dma_buf = prime_handle_to_fd(fd, bo->handle);
	int ret = drmPrimeFDToHandle(importer, dma_buf, handle) ? -errno : 0;

	close(dma_buf);
	errno = 0;
	return ret;
}

/*
 * Displays a BO that another device has imported, or shares a BO that is displayed. If the driver
 * accepts the second request the displayed frame has to be right; if not, the first use must not
 * change.
 */
static void test_scanout_shared(int fd)
{
	struct screen screen, shared;
	struct display display;
	unsigned int number = 0;
	uint32_t handle;
	int importer, ret;

	importer = igt_radeon_open_other(fd);
	if (importer < 0)
		importer = igt_radeon_open_foreign("vgem", &number);
	igt_require_f(importer >= 0, "there is no other Radeon and no vgem\n");
	igt_radeon_ignore_complaints();
	display_open(fd, &display);
	screen_create(fd, &display, VRAM, &screen);
	screen_create(fd, &display, GTT, &shared);
	igt_assert_eq(import_elsewhere(fd, &shared.bo, importer, &handle), 0);
	igt_assert_eq(display_show(fd, &display, screen.fb), 0);
	check_frame(&display, screen.crc, "before a shared BO is displayed");
	ret = display_show(fd, &display, shared.fb);
	usleep(100000);
	check_frame(&display, ret ? screen.crc : shared.crc,
		    ret ? "after a shared BO was refused" : "a shared BO");
	gem_close(importer, handle);

	igt_assert_eq(display_show(fd, &display, screen.fb), 0);
	ret = import_elsewhere(fd, &screen.bo, importer, &handle);
	/* Its contents are right in either case: what the CPU draws now is displayed. */
	screen.crc = draw(screen.bo.map, display.mode->hdisplay * 4, display.mode->hdisplay,
			  display.mode->vdisplay, 99);
	check_frame(&display, screen.crc, "after a displayed BO was imported");
	if (!ret)
		gem_close(importer, handle);
	/* A BO that was shared can be displayed. */
	igt_assert_eq(display_show(fd, &display, shared.fb), 0);
	check_frame(&display, shared.crc, "a BO that was shared before");
	display_close(fd, &display);
	screen_destroy(fd, &screen);
	screen_destroy(fd, &shared);
	close(importer);
}

int igt_main()
{
	int fd = -1;

	igt_fixture() {
		igt_require_radeon_probe();
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon_accel(fd);
	}

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		const char *name = igt_radeon_caching[i].name;
		uint32_t flags = igt_radeon_caching[i].flags;

		igt_describe("Check the GTT addresses of a BO after it is closed.");
		igt_subtest_f("dead-after-close-%s", name)
			test_dead(fd, flags, CLOSED);

		igt_describe("Check the GTT addresses of a BO after it is moved to VRAM.");
		igt_subtest_f("dead-after-move-%s", name)
			test_dead(fd, flags, MOVED);

		igt_describe("Check that the GPU sees the pages of a new BO and not those of an old one.");
		igt_subtest_f("no-stale-page-%s", name)
			test_no_stale(fd, flags);
	}

	igt_describe("Check the GTT addresses of a BO after its client exits.");
	igt_subtest("dead-after-exit")
		test_dead(fd, 0, EXITED);

	igt_describe("Check that the GPU does not reach user memory after it is unmapped.");
	igt_subtest("dead-after-munmap")
		test_dead_after_munmap(fd);

	igt_describe("Check that the GPU does not reach BOs that are freed during a reset.");
	igt_subtest("dead-after-reset")
		test_dead_after_reset(fd);

	igt_describe("Check that the GPU's interrupt ends each wait.");
	igt_subtest("interrupts")
		test_interrupts(fd);

	igt_describe("Import a BO into another GPU while this GPU writes it.");
	igt_subtest("import-while-written")
		test_import_while_written(fd);

	/* The GPU stays slow if the subtest fails. */
	igt_fixture() {
		char answer[64];

		igt_radeon_probe("pace 0", answer, sizeof(answer));
		igt_radeon_probe("latency 0", answer, sizeof(answer));
	}

	igt_describe("Check that the displayed frame matches the drawn picture.");
	igt_subtest("scanout")
		test_scanout(fd);

	igt_describe("Display a shared BO, share a displayed one, and check the frame.");
	igt_subtest("scanout-shared")
		test_scanout_shared(fd);

	igt_fixture()
		drm_close_driver(fd);
}
