// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Fuzz target: what a guest can feed to the engine. The input is a card, GART
 * entries, register writes and a command stream; the stream lies in guest RAM,
 * where it reaches itself, the table, and all of the address space.
 *
 * Input, little endian: byte 0 bit 0 picks the card, bit 1 puts the stream in
 * an indirect buffer; byte 1 GART entries (page u8, entry u32); byte 2
 * register writes (offset u16, value u32); then the stream, dwords.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "card_fixture.h"
#include "core/work.h"
#include "core/regs.h"
#include "mem/gart.h"

#define BUDGET		20000u	/* keeps one run at a few milliseconds */
#define MAX_STREAM	4000u	/* dwords */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fixture *fixture(unsigned int which)
{
	static struct fixture *cards[2];
	struct fixture *f = cards[which];

	if (!f) {
		f = fixture_new(which ? "rv100" : "rv370");
		cards[which] = f;
	}
	/* The same start for every input. */
	madvise(f->card->vram, f->card->info->vram_size, MADV_REMOVE);
	madvise(f->low, LOW_SIZE, MADV_REMOVE);
	madvise(f->high, HIGH_SIZE, MADV_REMOVE);
	card_reset(f->card);
	fixture_setup(f);
	work_set_budget(f->card, BUDGET);
	return f;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t val;

	memcpy(&val, p, sizeof(val));
	return val;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint32_t stream[MAX_STREAM];
	unsigned int flags, entries, writes;
	struct fixture *f;
	size_t count;

	if (size < 3)
		return 0;
	flags = data[0];
	entries = data[1];
	writes = data[2];
	data += 3;
	size -= 3;

	f = fixture(flags & 1);
	for (; entries && size >= 5; entries--, data += 5, size -= 5) {
		uint8_t *table = f->card->info->family->gart == &gart_pcie ?
			f->card->vram + TABLE_VRAM : f->low + TABLE_RAM;

		memcpy(table + data[0] * 4u, data + 1, 4);
	}
	gart_flush(f);
	for (; writes && size >= 6; writes--, data += 6, size -= 6)
		reg_write(f, (data[0] | (uint32_t)data[1] << 8) & 0xfffcu,
			  get32(data + 2));

	count = size / 4 < MAX_STREAM ? size / 4 : MAX_STREAM;
	memcpy(stream, data, count * 4);
	if (flags & 2) {
		ib_run(f, stream, count);
	} else {
		ring_emit_all(f, stream, count);
		ring_run(f);
	}
	return 0;
}
