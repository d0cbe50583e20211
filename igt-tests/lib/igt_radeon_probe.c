// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "igt_core.h"
#include "igt_radeon_probe.h"

/**
 * SECTION:igt_radeon_probe
 * @short_description: Observer of a Radeon outside of the kernel
 * @title: Radeon probe
 * @include: igt_radeon_probe.h
 *
 * An emulated GPU can tell what it sees: the frame it displays, and the pages that its GTT
 * addresses lead to. It can also be slow on request. IGT_RADEON_PROBE names a program that asks it:
 *
 *     $IGT_RADEON_PROBE crc CRTC           "ok crc=HEX width=N height=N": the displayed frame
 *     $IGT_RADEON_PROBE latency USEC       "ok": streams take at least that long from now on
 *     $IGT_RADEON_PROBE pace USEC          "ok": copying a page takes at least that long
 *     $IGT_RADEON_PROBE find WORD          "ok COUNT ADDRESS...": GTT addresses of the pages that
 *                                          begin with this 64-bit word
 *     $IGT_RADEON_PROBE translate ADDR...  "ok BUS...": the bus address of each GTT address,
 *                                          "none" for an address without a page
 */

/**
 * igt_radeon_has_probe:
 *
 * Returns: whether IGT_RADEON_PROBE is set.
 */
bool igt_radeon_has_probe(void)
{
	const char *probe = getenv("IGT_RADEON_PROBE");

	return probe && *probe;
}

/**
 * igt_require_radeon_probe:
 *
 * Skips unless there is a probe.
 */
void igt_require_radeon_probe(void)
{
	igt_require_f(igt_radeon_has_probe(), "IGT_RADEON_PROBE is not set\n");
}

/**
 * igt_radeon_probe:
 * @command: arguments of the program
 * @answer: gets the line that the program prints, without the "ok"
 * @size: bytes at @answer
 *
 * Runs the probe, which has to answer "ok".
 */
void igt_radeon_probe(const char *command, char *answer, size_t size)
{
	char line[4096] = "";
	FILE *pipe;

	snprintf(line, sizeof(line), "%s %s", getenv("IGT_RADEON_PROBE"), command);
	pipe = popen(line, "r");
	igt_assert_f(pipe, "%s: %s\n", line, strerror(errno));
	if (!fgets(line, sizeof(line), pipe))
		line[0] = '\0';
	pclose(pipe);
	igt_assert_f(!strncmp(line, "ok", 2), "the probe answers '%s' to '%s'\n", line, command);
	line[strcspn(line, "\n")] = '\0';
	snprintf(answer, size, "%s", line + 2 + (line[2] == ' '));
}

/**
 * igt_radeon_find_pages:
 * @word: first 64-bit word of the pages
 * @addresses: gets their GTT addresses
 *
 * Asks the probe, and fails if there are more than IGT_RADEON_MAX_FOUND.
 *
 * Returns: number of pages in the GTT that begin with the word.
 */
unsigned int igt_radeon_find_pages(uint64_t word, uint64_t addresses[IGT_RADEON_MAX_FOUND])
{
	char command[64], text[4096], *save, *next;
	unsigned int count, i;

	snprintf(command, sizeof(command), "find %016" PRIx64, word);
	igt_radeon_probe(command, text, sizeof(text));
	next = strtok_r(text, " ", &save);
	igt_assert(next);
	count = strtoul(next, NULL, 10);
	igt_assert_lte(count, IGT_RADEON_MAX_FOUND);
	for (i = 0; i < count; i++) {
		next = strtok_r(NULL, " ", &save);
		igt_assert_f(next, "the probe reports %u addresses and lists %u\n", count, i);
		addresses[i] = strtoull(next, NULL, 16);
	}
	return count;
}

/**
 * igt_radeon_translate:
 * @addresses: GTT addresses
 * @count: number of addresses, IGT_RADEON_MAX_FOUND at most
 * @bus: gets the bus address of each, 0 for an address without a page
 *
 * Asks the probe for the bus addresses of GTT addresses.
 */
void igt_radeon_translate(const uint64_t *addresses, unsigned int count, uint64_t *bus)
{
	char command[32 + IGT_RADEON_MAX_FOUND * 9] = "translate", text[4096], *save, *next = text;

	for (unsigned int i = 0; i < count; i++) {
		size_t used = strlen(command);

		snprintf(command + used, sizeof(command) - used, " %" PRIx64, addresses[i]);
	}
	igt_radeon_probe(command, text, sizeof(text));
	for (unsigned int i = 0; i < count; i++) {
		next = strtok_r(i ? NULL : text, " ", &save);
		igt_assert_f(next, "the probe answers for %u of %u addresses\n", i, count);
		bus[i] = strcmp(next, "none") ? strtoull(next, NULL, 16) : 0;
	}
}
