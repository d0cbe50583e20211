// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * foreign-import: BOs that are imported by a device that is not a GPU and may drive fewer bits.
 *
 * The device is QEMU's edu with edu_dma.ko: it reads and writes a BO at the bus addresses that the
 * exporter gave. For BOs of several sizes and caching modes: the device reads what the GPU wrote
 * just before the import, the CPU and the GPU read what the device writes, and the device reads
 * what the CPU writes later. No page may be beyond the device's bits or bounced, and the exporter
 * copies a BO at most once.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xf86drm.h>

#include "edu_dma/edu_dma.h"
#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"
#include "lab_pattern.h"

#define TEST		"foreign-import"
#define SWIOTLB_USED	"/sys/kernel/debug/swiotlb/io_tlb_used"

/* Pages of a BO that the device copies, a fifth of a second each. */
#define SAMPLES		6u

/*
 * Streams that keep the GPU busy. The first takes a second, and those submitted meanwhile take
 * another second together: about the time until the driver stops the GPU.
 */
#define BUSY_STREAMS	4

/**
 * struct load - one kind of BO.
 * @name: name in the result
 * @pages: its size
 * @flags: RADEON_GEM_GTT_*
 */
static const struct load {
	const char *name;
	unsigned int pages;
	uint32_t flags;
} loads[] = {
	{ "4k-cached", 1, 0 },
	{ "64k-wc", 16, RADEON_GEM_GTT_WC },
	{ "68k-cached", 17, 0 },
	{ "1028k-wc", 257, RADEON_GEM_GTT_WC },
	{ "3m-cached", 768, 0 },
};

static struct {
	const char *card, *device;
	bool expect_copies, expect_no_copy, expect_refusals, may_refuse, unbind;
} options = { .device = "/dev/edu-dma0" };

static const struct lab_option option_table[] = {
	LAB_OPTION_CARD(&options.card),
	{ "device", "FILE", "a device of edu_dma.ko (/dev/edu-dma0)", .text = &options.device },
	{ "expect-copies", NULL, "fail unless a BO has to be copied for the device",
	  .flag = &options.expect_copies },
	{ "expect-no-copy", NULL, "fail if a BO has to be copied",
	  .flag = &options.expect_no_copy },
	{ "may-refuse", NULL, "a refused import is right, too: the device has less than 32 bits",
	  .flag = &options.may_refuse },
	{ "expect-refusals", NULL, "the same, and fail unless an import is refused",
	  .flag = &options.expect_refusals },
	{ "unbind", NULL, "unbind the card while the device has a BO imported",
	  .flag = &options.unbind },
	{ 0 },
};

static const struct lab_program program = {
	.name = TEST,
	.purpose = "Has another device read and write BOs.",
	.options = option_table,
};

static struct lab_card card;
static char prefix[64];
static unsigned long long copies_seen;
static unsigned int refusals_seen;

static unsigned int wrong;

/* A number from a file in debugfs or sysfs, or -1 if there is none. */
static long long number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	long long value = -1;
	char line[128], name[32];

	if (!file)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), file)) {
		long long found;

		if (!key && sscanf(line, "%lld", &found) == 1)
			value = found;
		else if (key && sscanf(line, "%31s %lld", name, &found) == 2 && !strcmp(name, key))
			value = found;
	}
	fclose(file);
	return value;
}

static long long copies(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/radeon_dma_buf", card.minor);
	return number(path, "copies");
}

/* The pages that are copied: the first, the last, and some between. */
static unsigned int sample(unsigned int pages, unsigned int i)
{
	return pages <= SAMPLES ? i : (unsigned int)((uint64_t)(pages - 1) * i / (SAMPLES - 1));
}

static unsigned int samples(unsigned int pages)
{
	return pages < SAMPLES ? pages : SAMPLES;
}

/**
 * struct shared - a BO, its expected contents and its importer.
 * @load: its kind
 * @bo: the BO
 * @expected: its contents
 * @dma_buf: the exported BO
 * @device: the importer's file, or -1
 */
struct shared {
	const struct load *load;
	struct lab_bo bo;
	uint8_t *expected;
	int dma_buf;
	int device;
};

static void complain(const struct shared *shared, const char *what)
{
	char name[96];

	snprintf(name, sizeof(name), "%s.%s", prefix, shared->load->name);
	lab_result(LAB_FAIL, name, "%s", what);
	wrong++;
}

static void compare(const struct shared *shared, const void *got, uint64_t offset, size_t size,
		    const char *reader)
{
	unsigned int bad = 0, first = 0;
	char text[160];

	for (uint64_t page = 0; page < size; page += LAB_PAGE_SIZE) {
		if (!memcmp((const uint8_t *)got + page, shared->expected + offset + page,
			    LAB_PAGE_SIZE))
			continue;
		if (!bad++)
			first = (unsigned int)((offset + page) / LAB_PAGE_SIZE);
	}
	if (!bad)
		return;
	snprintf(text, sizeof(text), "%s reads %u of %zu pages wrong, the first is page %u",
		 reader, bad, size / LAB_PAGE_SIZE, first);
	complain(shared, text);
}

static bool device_copy(const struct shared *shared, unsigned int page, void *data, bool write)
{
	struct edu_dma_copy copy = {
		.offset = (uint64_t)page * LAB_PAGE_SIZE,
		.user = (uintptr_t)data,
		.size = LAB_PAGE_SIZE,
		.write = write,
	};
	char text[96];

	if (!ioctl(shared->device, EDU_DMA_COPY, &copy))
		return true;
	snprintf(text, sizeof(text), "the device cannot %s page %u: %s", write ? "write" : "read",
		 page, strerror(errno));
	complain(shared, text);
	return false;
}

static void device_reads(const struct shared *shared, const char *what)
{
	uint8_t data[LAB_PAGE_SIZE];

	for (unsigned int i = 0; i < samples(shared->load->pages); i++) {
		unsigned int page = sample(shared->load->pages, i);

		memset(data, 0xaa, sizeof(data));
		if (device_copy(shared, page, data, false))
			compare(shared, data, (uint64_t)page * LAB_PAGE_SIZE, LAB_PAGE_SIZE, what);
	}
}

/* Changes the expected contents: all pages, or the sampled ones. */
static void expect(const struct shared *shared, uint8_t write, bool sampled)
{
	struct lab_pattern pattern = {
		.set = 1, .write = write, .bo = (uint16_t)(shared->load - loads),
	};
	uint8_t *all = shared->expected;

	if (!sampled) {
		lab_pattern_fill(all, shared->bo.size, &pattern);
		return;
	}
	for (unsigned int i = 0; i < samples(shared->load->pages); i++) {
		unsigned int page = sample(shared->load->pages, i);

		pattern.bo = (uint16_t)(0x100 + page);
		lab_pattern_fill(all + (uint64_t)page * LAB_PAGE_SIZE, LAB_PAGE_SIZE, &pattern);
	}
}

static void device_writes(const struct shared *shared)
{
	/* The device read other pages than the BO's, and would write to them. */
	if (wrong)
		return;
	expect(shared, 2, true);
	for (unsigned int i = 0; i < samples(shared->load->pages); i++) {
		unsigned int page = sample(shared->load->pages, i);

		device_copy(shared, page, shared->expected + (uint64_t)page * LAB_PAGE_SIZE, true);
	}
}

/* The GPU reads the BO through its GART when it moves the BO to VRAM. */
static void gpu_reads(struct shared *shared)
{
	struct lab_bo *list[1] = { &shared->bo };
	uint32_t domain = 0;
	int ret;

	ret = lab_move(&card, list, 1, RADEON_GEM_DOMAIN_VRAM);
	if (!ret)
		ret = lab_bo_wait(&card, &shared->bo);
	if (ret || lab_bo_busy(&card, &shared->bo, &domain) ||
	    domain != RADEON_GEM_DOMAIN_VRAM) {
		complain(shared, "the GPU has not moved it to VRAM after the importer closed it");
		return;
	}
	compare(shared, shared->bo.map, 0, shared->bo.size, "the GPU");
}

/* While it is imported, device, CPU and GPU read what the others write. */
static void use(struct shared *shared)
{
	device_reads(shared, "the device");
	device_writes(shared);
	compare(shared, shared->bo.map, 0, shared->bo.size, "the CPU");
	expect(shared, 3, true);
	for (unsigned int i = 0; i < samples(shared->load->pages); i++) {
		uint64_t offset = (uint64_t)sample(shared->load->pages, i) * LAB_PAGE_SIZE;

		memcpy((uint8_t *)shared->bo.map + offset, shared->expected + offset,
		       LAB_PAGE_SIZE);
	}
	__sync_synchronize();
	device_reads(shared, "after a write by the CPU, the device");
}

/* Creates a BO with contents and has the device import it. Returns 0 or the import's errno. */
static int share(struct shared *shared, const char *name, struct edu_dma_import *import)
{
	const struct load *load = shared->load;
	struct lab_bo *list[1] = { &shared->bo };
	int ret;

	ret = lab_bo_create_flags(&card, (uint64_t)load->pages * LAB_PAGE_SIZE,
				  RADEON_GEM_DOMAIN_VRAM, load->flags, &shared->bo);
	if (ret)
		lab_die(name, "no BO of %u pages: %s", load->pages, strerror(-ret));
	shared->expected = malloc(shared->bo.size);
	if (!shared->expected)
		lab_die(name, "out of memory");
	expect(shared, 1, false);
	memcpy(shared->bo.map, shared->expected, shared->bo.size);

	/* The GPU may still be writing the BO when the device imports it. */
	ret = lab_move(&card, list, 1, RADEON_GEM_DOMAIN_GTT);
	if (ret)
		lab_die(name, "the GPU does not move it: %s", strerror(-ret));
	if (drmPrimeHandleToFD(card.fd, shared->bo.handle, DRM_CLOEXEC | DRM_RDWR,
			       &shared->dma_buf))
		lab_die(name, "it cannot be exported: %s", strerror(errno));
	shared->device = open(options.device, O_RDWR | O_CLOEXEC);
	if (shared->device < 0)
		lab_die(name, "%s: %s: boot with EDU=yes and load edu_dma.ko",
			options.device, strerror(errno));
	import->fd = shared->dma_buf;
	return ioctl(shared->device, EDU_DMA_IMPORT, import) ? errno : 0;
}

/*
 * Closes BOs that the GPU is still using: TTM keeps them until it is idle. The driver waits for the
 * GPU before it stops it, so TTM frees them while the driver walks its list of BOs that are in use.
 * (A driver that walks the list without the lock never ends on RV370.)
 */
static void leave_busy(const char *name)
{
	struct lab_bo bos[8], *list[8];
	unsigned int i, n;
	int ret = 0;

	for (n = 0; n < 8 && !ret; n++) {
		list[n] = &bos[n];
		ret = lab_bo_create_flags(&card, 1 << 20, RADEON_GEM_DOMAIN_GTT, 0, list[n]);
	}
	lab_slow_down(card.name, name, "latency", 1000000);
	for (i = 0; i < BUSY_STREAMS && !ret; i++)
		ret = lab_move(&card, list, n, RADEON_GEM_DOMAIN_GTT);
	if (ret)
		lab_die(name, "the GPU cannot be kept busy: %s", strerror(-ret));
	if (lab_bo_busy(&card, list[0], NULL) != 1)
		lab_die(name, "the GPU is not busy with BOs that were just submitted");
	for (i = 0; i < n; i++)
		lab_bo_close(&card, list[i]);
}

/*
 * The exporter's driver is unbound, and the device keeps working: it keeps the pages that it has
 * imported, and no other user gets them. The CPU's mapping and the handle are unusable, but can be
 * closed.
 */
static void run_unbound(const struct load *load)
{
	struct shared shared = { .load = load, .device = -1 };
	struct edu_dma_import import = { 0 };
	char name[96];
	int ret;

	snprintf(name, sizeof(name), "%s.unbound", prefix);
	ret = share(&shared, name, &import);
	if (ret)
		lab_die(name, "it was not imported: %s", strerror(ret));
	device_reads(&shared, "the device");
	leave_busy(name);
	lab_card_unbind(&card, name, NULL);
	lab_slow_down(card.name, name, "latency", 0);
	device_reads(&shared, "after the unbind, the device");
	device_writes(&shared);
	device_reads(&shared, "after its own write, the device");
	if (lab_bo_wait(&card, &shared.bo) != -ENODEV)
		complain(&shared, "an ioctl after the unbind does not return ENODEV");
	close(shared.device);
	close(shared.dma_buf);
	lab_bo_close(&card, &shared.bo);
	free(shared.expected);
	if (!wrong)
		lab_result(LAB_PASS, name, "the device reads and writes %u pages after the unbind",
			   load->pages);
}

static void run(const struct load *load)
{
	struct shared shared = { .load = load, .device = -1 };
	long long copies_before = copies(), slots_before = number(SWIOTLB_USED, NULL);
	long long copied, slots;
	struct edu_dma_import import = { 0 };
	char name[96], text[160];
	int ret;

	wrong = 0;
	snprintf(name, sizeof(name), "%s.%s", prefix, load->name);
	ret = share(&shared, name, &import);
	copied = copies() - copies_before;
	slots = number(SWIOTLB_USED, NULL) - slots_before;
	if (ret == EOPNOTSUPP && options.may_refuse) {
		refusals_seen++;
		compare(&shared, shared.bo.map, 0, shared.bo.size, "the CPU");
	} else if (ret) {
		snprintf(text, sizeof(text), "it was not imported: %s", strerror(ret));
		complain(&shared, text);
	} else {
		if (import.bits < 64 && import.last >> import.bits) {
			snprintf(text, sizeof(text), "mapped to %#llx, the device has %u bits",
				 (unsigned long long)import.last, import.bits);
			complain(&shared, text);
		}
		use(&shared);
	}
	close(shared.device);
	close(shared.dma_buf);
	gpu_reads(&shared);
	lab_bo_close(&card, &shared.bo);
	free(shared.expected);

	if (slots > 0) {
		snprintf(text, sizeof(text), "%lld slots of the bounce buffer are in use", slots);
		complain(&shared, text);
	}
	if (copied > 1) {
		snprintf(text, sizeof(text), "%lld copies were made", copied);
		complain(&shared, text);
	}
	if (copied > 0)
		copies_seen += (unsigned long long)copied;
	if (!wrong && ret)
		lab_result(LAB_PASS, name, "refused, and the BO is unchanged");
	else if (!wrong)
		lab_result(LAB_PASS, name,
			   "%u pages in %u segments up to %#llx of %u bits, %lld copies",
			   load->pages, import.segments, (unsigned long long)import.last,
			   import.bits, copied);
}

int main(int argc, char **argv)
{
	char name[80];

	lab_parse_options(&program, argc, argv);
	options.may_refuse |= options.expect_refusals;
	lab_card_open_or_die(&card, options.card, true, TEST);
	snprintf(prefix, sizeof(prefix), "%s." TEST ".%.32s", card.name,
		 options.device + strlen("/dev/") * !strncmp(options.device, "/dev/", 5));
	for (unsigned int i = 0; i < sizeof(loads) / sizeof(loads[0]) && !options.unbind; i++)
		run(&loads[i]);
	if (options.unbind)
		run_unbound(&loads[3]);
	if (options.expect_copies || options.expect_no_copy) {
		snprintf(name, sizeof(name), "%s.copies", prefix);
		lab_result(options.expect_copies == !!copies_seen ? LAB_PASS : LAB_FAIL, name,
			   "%llu BOs were copied for the device", copies_seen);
	}
	if (options.expect_refusals) {
		snprintf(name, sizeof(name), "%s.refusals", prefix);
		lab_result(refusals_seen ? LAB_PASS : LAB_FAIL, name,
			   "%u imports were refused", refusals_seen);
	}
	close(card.fd);
	return lab_finish();
}
