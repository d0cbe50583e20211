// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * foreign-export: a GPU imports from an exporter that ignores what the GPU can reach.
 *
 * The exporter is raw_export.ko. Bus addresses that the GPU drives are used as they are, and the
 * card finds each page through its GART, with what the CPU writes later. Addresses beyond its
 * reach, a mapping of another size than the buffer's or of parts of pages, a buffer larger than
 * the GTT and bounced pages are each refused with their own errno, and the card finds no page.
 * At an unbind the driver returns all imports to the exporter, even if a process has a handle.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <radeon_drm.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"
#include "raw_export/raw_export.h"

#define TEST	"foreign-export"
#define PAGES	24u
#define BOUNCED	"/sys/module/raw_export/parameters/bounced"

/**
 * struct kind - a kind of buffer.
 * @name: name in the result
 * @kind: the exporter's name for it
 * @refusal: errno of the import, or 0
 * @any_address: this is the errno for all addresses
 */
static const struct kind {
	const char *name;
	enum raw_export_kind kind;
	int refusal;
	bool any_address;
} kinds[] = {
	{ "as-it-is", RAW_EXPORT_AS_IT_IS, 0, false },
	{ "short", RAW_EXPORT_SHORT, EINVAL, false },
	{ "long", RAW_EXPORT_LONG, EINVAL, false },
	{ "unaligned", RAW_EXPORT_UNALIGNED, EINVAL, true },
	{ "huge", RAW_EXPORT_HUGE, ENOMEM, true },
	/* Refused if the DMA API has bounced pages. */
	{ "mapped", RAW_EXPORT_MAPPED, 0, true },
};

static struct lab_card card;

static unsigned int card_bits(void)
{
	unsigned int bits = 0;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/dma_mask_bits", card.pci);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%u", &bits) != 1 || !bits)
		lab_die(TEST, "%s has no DMA mask", path);
	fclose(file);
	return bits;
}

/* Number of pages in the card's GART that begin with a word. */
static unsigned int found_by_card(uint64_t word)
{
	char command[64], reply[2048];
	unsigned int count;
	int ret;

	snprintf(command, sizeof(command), "find %" PRIx64, word);
	ret = lab_card_command(card.name, command, reply, sizeof(reply));
	if (ret || sscanf(reply, "ok %u", &count) != 1)
		lab_die(TEST, "the card cannot search its GART: %s",
			ret == -EREMOTEIO ? reply : strerror(-ret));
	return count;
}

/* Number of pages that the exporter's last mapping by the DMA API has bounced. */
static unsigned int bounced_pages(void)
{
	FILE *file = fopen(BOUNCED, "re");
	unsigned int count;

	if (!file || fscanf(file, "%u", &count) != 1)
		lab_die(TEST, "%s cannot be read", BOUNCED);
	fclose(file);
	return count;
}

static void write_word(const struct lab_bo *bo, uint64_t word)
{
	for (unsigned int i = 0; i < PAGES; i++)
		*(volatile uint64_t *)((uint8_t *)bo->map + i * LAB_PAGE_SIZE) = word;
	__sync_synchronize();
}

/*
 * Makes a buffer of the exporter's with the word in each page, and has the GPU import it into its
 * GTT. Returns 0 or the import's errno.
 */
static int import(int exporter, const char *name, uint64_t word, struct raw_export_create *create,
		  struct lab_bo *bo)
{
	struct lab_bo *list[1] = { bo };
	int ret;

	bo->size = PAGES * LAB_PAGE_SIZE;
	create->pages = PAGES;
	if (ioctl(exporter, RAW_EXPORT_CREATE, create))
		lab_die(name, "raw_export.ko makes no buffer: %s", strerror(errno));
	bo->map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, create->fd, 0);
	if (bo->map == MAP_FAILED)
		lab_die(name, "it cannot be mapped: %s", strerror(errno));
	write_word(bo, word);
	ret = drmPrimeFDToHandle(card.fd, create->fd, &bo->handle) ? errno : 0;
	/* A stream that uses the BO binds it to the GTT. */
	if (!ret) {
		ret = -lab_move(&card, list, 1, RADEON_GEM_DOMAIN_GTT);
		if (!ret)
			ret = -lab_bo_wait(&card, bo);
	}
	return ret;
}

static void run(int exporter, const struct kind *kind, unsigned int bits)
{
	struct raw_export_create create = { .kind = kind->kind };
	const uint64_t word = 0xf04e160000000000u | (uint64_t)kind->kind << 16 | bits;
	unsigned int found, wanted, bounced = 0;
	struct lab_bo bo = { 0 };
	char name[64];
	int ret, refusal;

	snprintf(name, sizeof(name), "%s." TEST ".%s", card.name, kind->name);
	ret = import(exporter, name, word, &create, &bo);
	refusal = kind->refusal;
	if (!kind->any_address && bits < 64 && create.last >> bits)
		refusal = ERANGE;
	if (kind->kind == RAW_EXPORT_MAPPED) {
		bounced = bounced_pages();
		refusal = bounced ? EOPNOTSUPP : 0;
	}
	wanted = refusal ? 0 : PAGES;
	found = found_by_card(word);
	if (!ret && found == PAGES) {
		/* A bounce buffer would have the word that was there before. */
		write_word(&bo, word ^ 1ULL << 32);
		found = found_by_card(word ^ 1ULL << 32);
	}
	if (ret != refusal)
		lab_result(LAB_FAIL, name, "addresses up to %#llx: %s instead of: %s",
			   (unsigned long long)create.last, ret ? strerror(ret) : "imported",
			   refusal ? strerror(refusal) : "imported");
	else if (found != wanted)
		lab_result(LAB_FAIL, name, "the card finds %u pages instead of %u", found, wanted);
	else
		lab_result(LAB_PASS, name, "addresses up to %#llx of %u bits, %u bounced: %s; the card finds %u pages",
			   (unsigned long long)create.last, bits, bounced,
			   ret ? strerror(ret) : "imported", found);
	lab_bo_close(&card, &bo);
	close(create.fd);
}

/* Number of devices that are attached to buffers of the exporter's. */
static unsigned int attached(const char *name)
{
	FILE *file = fopen("/sys/kernel/debug/dma_buf/bufinfo", "re");
	unsigned int sum = 0, count;
	bool ours = false;
	char line[256];

	if (!file)
		lab_die(name, "no list of attachments (bufinfo): %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "raw_export"))
			ours = true;
		if (sscanf(line, "Total %u devices attached", &count) == 1) {
			sum += ours ? count : 0;
			ours = false;
		}
	}
	fclose(file);
	return sum;
}

/* An unbind detaches an import, although this process has a handle of it. */
static void run_unbound(int exporter)
{
	struct raw_export_create create = { .kind = RAW_EXPORT_AS_IT_IS };
	struct lab_bo bo = { 0 };
	unsigned int before, after;
	char name[64];
	int ret;

	snprintf(name, sizeof(name), "%s." TEST ".unbound", card.name);
	ret = import(exporter, name, 0xf04e16feed000000u, &create, &bo);
	if (ret == ERANGE) {
		lab_result(LAB_SKIP, name, "the card does not reach the buffer");
	} else if (ret) {
		lab_die(name, "it was not imported: %s", strerror(ret));
	} else {
		before = attached(name);
		lab_card_unbind(&card, name, NULL);
		after = attached(name);
		lab_result(before == 1 && !after ? LAB_PASS : LAB_FAIL, name,
			   "%u devices were attached, and %u are after the unbind",
			   before, after);
	}
	lab_bo_close(&card, &bo);
	close(create.fd);
}

int main(int argc, char **argv)
{
	static const char *const choices[] = { "as-it-is", "short", "long", "unaligned", "huge",
					       "mapped", "unbound", NULL };
	const char *name = NULL, *only = NULL;
	const struct lab_option option_table[] = {
		LAB_OPTION_CARD(&name),
		{ "only", "KIND", "this kind of buffer alone; unbound leaves the card unbound",
		  .text = &only, .choices = choices },
		{ 0 },
	};
	const struct lab_program program = {
		.name = TEST,
		.purpose = "Has the card import buffers of raw_export.ko, valid and invalid.",
		.options = option_table,
	};
	unsigned int bits;
	int exporter;

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, name, true, TEST);
	exporter = open("/dev/raw-export", O_RDWR | O_CLOEXEC);
	if (exporter < 0)
		lab_die(TEST, "/dev/raw-export: %s: load raw_export.ko", strerror(errno));
	bits = card_bits();
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (only && strcmp(only, kinds[i].name))
			continue;
		run(exporter, &kinds[i], bits);
	}
	if (only && !strcmp(only, "unbound"))
		run_unbound(exporter);
	close(exporter);
	close(card.fd);
	return lab_finish();
}
