// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * foreign-export: a GPU imports what an exporter gives that does not ask what it reaches.
 *
 * The exporter is raw_export.ko. Bus addresses that the GPU drives are taken as they are, and the
 * card finds each page through its GART. Addresses that it does not drive, a mapping that is too
 * short and one of copies are refused, with an error that tells which, and the card finds nothing.
 * If the card goes, what it had imported goes back at once, whoever has a handle of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
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
#include "raw_export/raw_export.h"

#define TEST	"foreign-export"
#define PAGES	24u

static const struct kind {
	const char *name;
	enum raw_export_fault fault;
	int refusal;
} kinds[] = {
	{ "as-it-is", RAW_EXPORT_AS_IT_IS, 0 },
	{ "short", RAW_EXPORT_SHORT, EINVAL },
	{ "bounced", RAW_EXPORT_BOUNCED, EOPNOTSUPP },
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
		lab_die(TEST, "%s does not tell how far the card reaches", path);
	fclose(file);
	return bits;
}

/* Pages that begin with a word, as the card finds them through its GART. */
static unsigned int found_by_card(uint64_t word)
{
	char command[64], reply[2048];
	unsigned int count;
	int ret;

	snprintf(command, sizeof(command), "find %" PRIx64, word);
	ret = lab_card_command(card.name, command, reply, sizeof(reply));
	if (ret || sscanf(reply, "ok %u", &count) != 1)
		lab_die(TEST, "the card does not tell what it reaches: %s",
			ret == -EREMOTEIO ? reply : strerror(-ret));
	return count;
}

/*
 * A buffer of the exporter's, with the word in each page, which the card has in its GTT if it takes
 * it. Returns 0, or why it does not.
 */
static int import(int exporter, const char *name, uint64_t word, struct raw_export_create *create,
		  struct lab_bo *bo)
{
	struct lab_bo *list[1] = { bo };
	int ret;

	bo->size = PAGES * LAB_PAGE_SIZE;
	create->pages = PAGES;
	if (ioctl(exporter, RAW_EXPORT_CREATE, create))
		lab_die(name, "nothing to import: %s", strerror(errno));
	bo->map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, create->fd, 0);
	if (bo->map == MAP_FAILED)
		lab_die(name, "it cannot be mapped: %s", strerror(errno));
	for (unsigned int i = 0; i < PAGES; i++)
		*(volatile uint64_t *)((uint8_t *)bo->map + i * LAB_PAGE_SIZE) = word;
	__sync_synchronize();
	ret = drmPrimeFDToHandle(card.fd, create->fd, &bo->handle) ? errno : 0;
	/* A stream that needs it puts it into GTT. */
	if (!ret) {
		ret = -lab_move(&card, list, 1, RADEON_GEM_DOMAIN_GTT);
		if (!ret)
			ret = -lab_bo_wait(&card, bo);
	}
	return ret;
}

static void run(int exporter, const struct kind *kind, unsigned int bits)
{
	struct raw_export_create create = { .fault = kind->fault };
	const uint64_t word = 0xf04e160000000000u | (uint64_t)kind->fault << 16 | bits;
	struct lab_bo bo = { 0 };
	unsigned int found, wanted;
	char name[64];
	int ret, refusal;

	snprintf(name, sizeof(name), "%s." TEST ".%s", card.name, kind->name);
	ret = import(exporter, name, word, &create, &bo);
	refusal = bits < 64 && create.last >> bits ? ERANGE : kind->refusal;
	wanted = refusal ? 0 : PAGES;
	found = found_by_card(word);
	if (ret != refusal)
		lab_result(LAB_FAIL, name, "addresses up to %#llx: %s, and not: %s",
			   (unsigned long long)create.last, ret ? strerror(ret) : "imported",
			   refusal ? strerror(refusal) : "imported");
	else if (found != wanted)
		lab_result(LAB_FAIL, name, "the card finds %u pages, and not %u", found, wanted);
	else
		lab_result(LAB_PASS, name, "addresses up to %#llx of %u bits: %s; the card finds %u pages",
			   (unsigned long long)create.last, bits,
			   ret ? strerror(ret) : "imported", found);
	lab_bo_close(&card, &bo);
	close(create.fd);
}

/* How many devices have buffers of the exporter's attached. */
static unsigned int attached(const char *name)
{
	FILE *file = fopen("/sys/kernel/debug/dma_buf/bufinfo", "re");
	unsigned int sum = 0, count;
	bool ours = false;
	char line[256];

	if (!file)
		lab_die(name, "the kernel does not tell what is attached: %s", strerror(errno));
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

/* Whoever has a handle of an import of a card that has gone keeps nothing from the exporter. */
static void run_unbound(int exporter)
{
	struct raw_export_create create = { .fault = RAW_EXPORT_AS_IT_IS };
	struct lab_bo bo = { 0 };
	unsigned int before, after;
	char name[64];
	int ret;

	snprintf(name, sizeof(name), "%s." TEST ".unbound", card.name);
	ret = import(exporter, name, 0xf04e16feed000000u, &create, &bo);
	if (ret == ERANGE) {
		lab_result(LAB_SKIP, name, "the card does not reach it");
	} else if (ret) {
		lab_die(name, "it was not imported: %s", strerror(ret));
	} else {
		before = attached(name);
		lab_card_unbind(&card, name);
		after = attached(name);
		lab_result(before == 1 && !after ? LAB_PASS : LAB_FAIL, name,
			   "%u devices have it attached, and %u once the card has gone", before,
			   after);
	}
	lab_bo_close(&card, &bo);
	close(create.fd);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: foreign-export [--card rv370|rv100] [--only as-it-is|short|bounced|unbound]\n"
		"                      [--pages-hidden]\n"
		"Has the card import buffers of raw_export.ko, right and wrong. Unbound is only on\n"
		"request: the card goes, and does not come back by itself.\n"
		"  --pages-hidden     the kernel has CONFIG_DMABUF_DEBUG: what is bounced it cannot see\n");
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "card", required_argument, NULL, 'c' },
		{ "only", required_argument, NULL, 'o' },
		{ "pages-hidden", no_argument, NULL, 'p' },
		{ 0 },
	};
	const char *name = NULL, *only = NULL;
	unsigned int bits, ran = 0;
	bool hidden = false;
	int exporter, c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'c')
			name = optarg;
		else if (c == 'o')
			only = optarg;
		else if (c == 'p')
			hidden = true;
		else
			usage();
	}
	if (optind != argc)
		usage();
	lab_card_open_or_die(&card, name, true, TEST);
	exporter = open("/dev/raw-export", O_RDWR | O_CLOEXEC);
	if (exporter < 0)
		lab_die(TEST, "/dev/raw-export: %s: load raw_export.ko", strerror(errno));
	bits = card_bits();
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (only && strcmp(only, kinds[i].name))
			continue;
		if (hidden && kinds[i].fault == RAW_EXPORT_BOUNCED) {
			char skipped[64];

			snprintf(skipped, sizeof(skipped), "%s." TEST ".%s", card.name,
				 kinds[i].name);
			lab_result(LAB_SKIP, skipped, "the kernel hides an exporter's pages");
			ran++;
			continue;
		}
		run(exporter, &kinds[i], bits);
		ran++;
	}
	if (only && !strcmp(only, "unbound")) {
		run_unbound(exporter);
		ran++;
	}
	if (!ran)
		usage();
	close(exporter);
	close(card.fd);
	return lab_exit_status();
}
