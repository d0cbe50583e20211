// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Control socket: counters, screenshots, faults and lookups, for tests.
 *
 * Lines in, one line out for each (line_server.c):
 *
 *   stats                  every counter as name=value
 *   crc CRTC               CRC-32 of the frame on the screen, RGB order
 *   screenshot CRTC PATH   the frame as a PNG file
 *   latency USEC           least time from a fence's fetch to its completion
 *   pace USEC              least time for each row of a copy; the driver copies a page a row
 *   fault NAME|none        inject this fault (fault.h), or none
 *   read ADDR LEN          bytes the card sees at a memory controller address
 *   translate ADDR...      the bus address that each leads to, or "none"
 *   ring                   ring pointers, and whether the card is busy or hung
 *   find WORD              how many pages in the GART begin with that 64-bit
 *                          word, and the addresses of the first 64 of them
 *
 * Answers start with "ok" or "error"; an error says what was wrong. The socket
 * belongs to the host: the guest reaches it only through the lab's supervisor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/card.h"
#include "control.h"
#include "cp/cp.h"
#include "display/display.h"
#include "bus/line_server.h"
#include "mem/mc.h"
#include "core/fault.h"

#define CONTROL_READ_MAX	256u
#define CONTROL_FIND_MAX	64u
#define LATENCY_MAX_US		1000000u
#define PACE_MAX_US		10000u

static void do_stats(struct card *card, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "ok");

#define X(name) \
	if (used < size) \
		used += (size_t)snprintf(out + used, size - used, " %s=%llu", \
			#name, (unsigned long long)card->stats.name);
	CARD_STATS(X)
#undef X
}

static void do_ring(struct card *card, char *out, size_t size)
{
	struct cp_state state;

	cp_get_state(card, &state);
	snprintf(out, size, "ok rptr=%u wptr=%u busy=%u hung=%u", state.rptr, state.wptr,
		 state.busy, state.hung);
	for (unsigned int i = 0; i < CP_SCRATCH_COUNT; i++) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, " scratch%u=%u", i, state.scratch[i]);
	}
}

static void do_crc(struct card *card, unsigned int crtc, char *out, size_t size)
{
	struct scanout frame;
	int ret = scanout_frame(card, crtc, &frame);

	if (ret) {
		snprintf(out, size, "error crtc %u: %s", crtc, strerror(-ret));
		return;
	}
	snprintf(out, size, "ok crc=%08lx width=%u height=%u",
		 crc32(0, frame.rgb, frame.width * frame.height * 3),
		 frame.width, frame.height);
	free(frame.rgb);
}

static void do_read(struct card *card, uint64_t addr, uint32_t len, char *out,
		    size_t size)
{
	uint8_t bytes[CONTROL_READ_MAX];
	size_t used;
	int ret;

	if (len > sizeof(bytes)) {
		snprintf(out, size, "error length %u is over the limit of %u",
			 len, CONTROL_READ_MAX);
		return;
	}
	ret = mc_read(card, addr, bytes, len);
	used = (size_t)snprintf(out, size, "ok %s ",
				ret ? "refused" : "answered");
	for (uint32_t i = 0; i < len && used + 2 < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%02x",
					 bytes[i]);
}

static void do_find(struct card *card, uint64_t word, char *out, size_t size)
{
	uint64_t addrs[CONTROL_FIND_MAX];
	unsigned int count = mc_gart_find(card, word, addrs, CONTROL_FIND_MAX);
	size_t used = (size_t)snprintf(out, size, "ok %u", count);

	for (unsigned int i = 0; i < count && i < CONTROL_FIND_MAX && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, " %" PRIx64, addrs[i]);
}

static void do_translate(struct card *card, char *list, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "ok");
	char *save, *word;

	for (word = strtok_r(list, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		unsigned long addr;
		uint64_t bus;
		char *end;

		errno = 0;
		addr = strtoul(word, &end, 16);
		if (*end || errno || addr > UINT32_MAX) {
			snprintf(out, size, "error '%.20s' is not an address of 32 bits in hexadecimal",
				 word);
			return;
		}
		if (size - used < sizeof(" 0123456789abcdef")) {
			snprintf(out, size, "error too many addresses for one answer");
			return;
		}
		if (mc_bus_address(card, addr, &bus))
			used += (size_t)snprintf(out + used, size - used, " %" PRIx64, bus);
		else
			used += (size_t)snprintf(out + used, size - used, " none");
	}
}

/**
 * control_command() - carry out a line of the control socket
 * @priv: the card
 * @line: the line
 * @out: takes the answer
 * @size: bytes in @out
 */
void control_command(void *priv, char *line, char *out, size_t size)
{
	struct card *card = priv;
	unsigned int n, len;
	unsigned long long word;
	char path[LINE_SERVER_MAX];

	if (!strcmp(line, "stats")) {
		do_stats(card, out, size);
	} else if (!strcmp(line, "ring")) {
		do_ring(card, out, size);
	} else if (sscanf(line, "crc %u", &n) == 1) {
		do_crc(card, n, out, size);
	} else if (sscanf(line, "screenshot %u %1000[^\n]", &n, path) == 2) {
		int ret = scanout_png(card, n, path);

		if (ret)
			snprintf(out, size, "error screenshot of crtc %u to %s: %s",
				 n, path, strerror(-ret));
		else
			snprintf(out, size, "ok %s", path);
	} else if (sscanf(line, "latency %u", &n) == 1) {
		if (n > LATENCY_MAX_US) {
			snprintf(out, size, "error latency %u us is over the limit of %u us",
				 n, LATENCY_MAX_US);
			return;
		}
		pthread_mutex_lock(&card->lock);
		card->latency_us = n;
		pthread_mutex_unlock(&card->lock);
		snprintf(out, size, "ok");
	} else if (sscanf(line, "pace %u", &n) == 1) {
		if (n > PACE_MAX_US) {
			snprintf(out, size, "error pace %u us is over the limit of %u us",
				 n, PACE_MAX_US);
			return;
		}
		card->pace_us = n;
		snprintf(out, size, "ok");
	} else if (!strncmp(line, "fault ", strlen("fault "))) {
		const char *name = line + strlen("fault ");
		unsigned int fault = fault_by_name(name);

		if (!fault && strcmp(name, "none")) {
			snprintf(out, size, "error there is no fault '%.40s'", name);
			return;
		}
		card_set_faults(card, fault);
		snprintf(out, size, "ok");
	} else if (sscanf(line, "read %llx %u", &word, &len) == 2) {
		do_read(card, word, len, out, size);
	} else if (!strncmp(line, "translate ", strlen("translate "))) {
		do_translate(card, line + strlen("translate "), out, size);
	} else if (sscanf(line, "find %llx", &word) == 1) {
		do_find(card, word, out, size);
	} else {
		snprintf(out, size,
			 "error unknown command '%.100s': choose stats, ring, crc CRTC, screenshot CRTC PATH, latency USEC, pace USEC, fault NAME|none, read ADDR LEN, translate ADDR..., find WORD",
			 line);
	}
}
