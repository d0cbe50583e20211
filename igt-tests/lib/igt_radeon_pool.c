// SPDX-License-Identifier: MIT

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drmtest.h"
#include "igt_core.h"
#include "igt_debugfs.h"
#include "igt_radeon.h"
#include "igt_radeon_pool.h"

/**
 * SECTION:igt_radeon_pool
 * @short_description: TTM page pool of a Radeon
 * @title: Radeon page pool
 * @include: igt_radeon_pool.h
 *
 * Reads what debugfs says of the page pool of a radeon device: ttm_backing and radeon_dma_buf of
 * the device, and the pool's own directory. Kernels without the device-aware page pool have only
 * the latter; igt_radeon_has_backing() tells them apart.
 */

/* Reads a file, as much as fits; empty if it cannot be read. */
static size_t read_all(int file, char *text, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (file >= 0 && used < size - 1) {
		got = read(file, text + used, size - 1 - used);
		if (got <= 0)
			break;
		used += got;
	}
	text[used] = '\0';
	return used;
}

static size_t debugfs_file(int fd, const char *name, char *text, size_t size)
{
	int file = igt_debugfs_open(fd, name, O_RDONLY);
	size_t used = read_all(file, text, size);

	if (file >= 0)
		close(file);
	return used;
}

/* Finds the line that begins with the key; gets the text after the key. */
static bool debugfs_line(int fd, const char *name, const char *key, char *text, size_t size)
{
	char file[4096], *save, *line;
	size_t length = strlen(key);

	debugfs_file(fd, name, file, sizeof(file));
	for (line = strtok_r(file, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, key, length) || (line[length] != ' ' && line[length] != '\0'))
			continue;
		line += length;
		snprintf(text, size, "%s", line + strspn(line, " "));
		return true;
	}
	return false;
}

static bool backing_line(int fd, const char *key, char *text, size_t size)
{
	return debugfs_line(fd, "ttm_backing", key, text, size);
}

/**
 * igt_radeon_has_backing:
 * @fd: DRM device
 *
 * Returns: whether the kernel has the device-aware page pool, which reports its choice in
 * ttm_backing.
 */
bool igt_radeon_has_backing(int fd)
{
	char text[64];

	return backing_line(fd, "backing", text, sizeof(text));
}

/**
 * igt_radeon_backing_text:
 * @fd: DRM device
 * @key: first word of a line of ttm_backing
 * @text: gets the rest of that line
 * @size: bytes at @text
 *
 * Reads a line of ttm_backing, which has to exist.
 */
void igt_radeon_backing_text(int fd, const char *key, char *text, size_t size)
{
	igt_assert_f(backing_line(fd, key, text, size), "ttm_backing has no line '%s'\n", key);
}

/* Reads the numbers of a line; returns how many there are. */
static unsigned int backing_numbers(int fd, const char *key,
				    uint64_t numbers[IGT_RADEON_CACHINGS])
{
	char text[256], *save, *word;
	unsigned int count = 0;

	igt_radeon_backing_text(fd, key, text, sizeof(text));
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *end;

		igt_assert_f(count < IGT_RADEON_CACHINGS, "ttm_backing: '%s' has more than %u\n",
			     key, count);
		numbers[count++] = strtoull(word, &end, 10);
		igt_assert_f(*end == '\0', "ttm_backing: '%s' has '%s'\n", key, word);
	}
	return count;
}

/**
 * igt_radeon_backing:
 * @fd: DRM device
 * @key: first word of a line of ttm_backing with one number, or one for each caching mode
 *
 * Returns: the sum of that line's numbers.
 */
uint64_t igt_radeon_backing(int fd, const char *key)
{
	uint64_t numbers[IGT_RADEON_CACHINGS] = {}, sum = 0;

	backing_numbers(fd, key, numbers);
	for (unsigned int i = 0; i < IGT_RADEON_CACHINGS; i++)
		sum += numbers[i];
	return sum;
}

/**
 * igt_radeon_backing_mode:
 * @fd: DRM device
 * @key: first word of a line of ttm_backing with a number for each caching mode
 * @mode: index of #igt_radeon_caching
 *
 * Returns: that mode's number.
 */
uint64_t igt_radeon_backing_mode(int fd, const char *key, unsigned int mode)
{
	uint64_t numbers[IGT_RADEON_CACHINGS] = {};

	igt_assert_lte(mode, backing_numbers(fd, key, numbers) - 1);
	return numbers[mode];
}

/**
 * igt_radeon_has_shared_counts:
 * @fd: DRM device
 *
 * Returns: whether the kernel counts, in radeon_dma_buf, what the imports of this device's BOs
 * cost.
 */
bool igt_radeon_has_shared_counts(int fd)
{
	char text[64];

	return debugfs_line(fd, "radeon_dma_buf", "copies", text, sizeof(text));
}

/**
 * igt_radeon_shared_count:
 * @fd: DRM device
 * @key: first word of a line of radeon_dma_buf
 *
 * Returns: that line's number.
 */
uint64_t igt_radeon_shared_count(int fd, const char *key)
{
	char text[64], *end;
	uint64_t count;

	igt_assert_f(debugfs_line(fd, "radeon_dma_buf", key, text, sizeof(text)),
		     "radeon_dma_buf has no line '%s'\n", key);
	count = strtoull(text, &end, 10);
	igt_assert_f(end != text && *end == '\0', "radeon_dma_buf: '%s' has '%s'\n", key, text);
	return count;
}

/**
 * igt_radeon_coherent_pool_used:
 * @fd: DRM device
 *
 * Returns: whether BO pages of this device are coherent pages from the device's pool. Kernels
 * without ttm_backing show it in ttm_page_pool, which is "unused" for other devices.
 */
bool igt_radeon_coherent_pool_used(int fd)
{
	char text[4096];

	if (igt_radeon_has_backing(fd)) {
		igt_radeon_backing_text(fd, "backing", text, sizeof(text));
		return strcmp(text, "shared") != 0;
	}
	if (!debugfs_file(fd, "ttm_page_pool", text, sizeof(text))) {
		/* Some kernels have the file of the first device in the root. */
		char path[256];
		int file;

		snprintf(path, sizeof(path), "%s/ttm_page_pool", igt_debugfs_mount());
		file = open(path, O_RDONLY);
		igt_require_f(file >= 0, "this kernel has neither ttm_backing nor ttm_page_pool in debugfs\n");
		read_all(file, text, sizeof(text));
		close(file);
	}
	return strncmp(text, "unused", 6) != 0;
}

/**
 * igt_radeon_ttm_module:
 *
 * Returns: the name of the module with radeon's TTM, which is also the name of its directories in
 * sysfs and debugfs. It is "rttm" where radeon uses a TTM beside the kernel's own.
 */
const char *igt_radeon_ttm_module(void)
{
	return access("/sys/module/rttm/holders/radeon", F_OK) ? "ttm" : "rttm";
}

static size_t ttm_file(const char *name, char *text, size_t size)
{
	char path[256];
	size_t used;
	int file;

	snprintf(path, sizeof(path), "%s/%s/%s", igt_debugfs_mount(), igt_radeon_ttm_module(),
		 name);
	file = open(path, O_RDONLY);
	igt_require_f(file >= 0, "%s: %s\n", path, strerror(errno));
	used = read_all(file, text, size);
	close(file);
	return used;
}

/**
 * igt_radeon_shrink_pool:
 *
 * Runs the page pool's shrinker once, as the kernel does under memory pressure.
 */
void igt_radeon_shrink_pool(void)
{
	char text[64];

	ttm_file("page_pool_shrink", text, sizeof(text));
}

/**
 * igt_radeon_shrink_chunks:
 * @fd: DRM device
 *
 * Runs the shrinker until it has freed all chunks without a page in use.
 */
void igt_radeon_shrink_chunks(int fd)
{
	/*
	 * Each run frees some pages of one of several pools. It also returns the pages of the
	 * per-CPU lists to their chunks, which can free more chunks.
	 */
	for (int i = 0; i < 500 && (igt_radeon_backing(fd, "chunks_free") ||
				    igt_radeon_backing(fd, "per_cpu")); i++)
		igt_radeon_shrink_pool();
	igt_assert_f(igt_radeon_backing(fd, "chunks_free") == 0,
		     "the shrinker leaves unused chunks\n");
}

/**
 * igt_radeon_shared_pool_pages:
 * @limit: gets the limit of the pool in pages, or NULL
 *
 * Returns: free pages in the pool that all devices share.
 */
uint64_t igt_radeon_shared_pool_pages(uint64_t *limit)
{
	char text[8192], *save, *line;
	uint64_t sum = 0;

	if (limit)
		*limit = 0;

	ttm_file("page_pool", text, sizeof(text));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t pages, most;

		/* One line for all, or for each node. */
		if (sscanf(line, "total : %" SCNu64 " of %" SCNu64, &pages, &most) != 2)
			continue;
		sum += pages;
		if (limit && *limit < most)
			*limit = most;
	}
	return sum;
}

/**
 * igt_radeon_coherent_needed:
 * @fd: DRM device
 * @reason: gets the reason
 * @size: bytes at @reason
 *
 * Returns: whether devices need coherent memory on this machine: in a Xen PV domain, and where
 * memory is encrypted. Encryption is taken from ttm_backing, if the CPU supports it.
 */
bool igt_radeon_coherent_needed(int fd, char *reason, size_t size)
{
	char text[64];

	if (igt_radeon_xen_pv()) {
		snprintf(reason, size, "a Xen PV domain");
		return true;
	}
	if (backing_line(fd, "reason", text, sizeof(text)) && !strcmp(text, "memory encryption") &&
	    igt_radeon_cpu_encrypts()) {
		snprintf(reason, size, "memory is encrypted");
		return true;
	}
	snprintf(reason, size, "bus addresses are physical addresses");
	return false;
}

/**
 * igt_radeon_pool_device:
 * @name: gets the PCI address of the pool device, if there is one
 * @size: bytes at @name
 *
 * Returns: whether the page pool has bound the PCI function by which a hypervisor tells which
 * memory has to be coherent.
 */
bool igt_radeon_pool_device(char *name, size_t size)
{
	DIR *dir = opendir("/sys/bus/pci/drivers/ttm-pool");
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		/* Devices have a colon in their names: 0000:00:04.0 */
		if (!strchr(entry->d_name, ':'))
			continue;
		snprintf(name, size, "%s", entry->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}
