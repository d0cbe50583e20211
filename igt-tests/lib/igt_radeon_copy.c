// SPDX-License-Identifier: MIT

#include "drmtest.h"
#include "igt_core.h"
#include "igt_radeon_copy.h"

/**
 * SECTION:igt_radeon_copy
 * @short_description: Copy commands of R600 to GCN2
 * @title: Radeon copy commands
 * @include: igt_radeon_copy.h
 *
 * Encodes command streams that copy linear memory. Nothing here needs a GPU:
 * lib/tests/igt_radeon_copies.c checks the streams, igt_radeon_blit() submits them.
 */

#define PACKET2			0x80000000u
#define PACKET3(op, count)	(3u << 30 | (uint32_t)(count) << 16 | (op) << 8)
#define PACKET3_NOP		0x10
#define PACKET3_CP_DMA		0x41
#define PACKET3_DMA_DATA	0x50
#define  CP_SYNC		(1u << 31)
#define PACKET3_SET_CONFIG_REG	0x68
#define  WAIT_UNTIL		((0x8040 - 0x8000) / 4)
#define   WAIT_CP_DMA_IDLE	(1u << 8)
/* A NOP whose dword is the index of a relocation. */
#define RELOC_NOP		PACKET3(PACKET3_NOP, 0)
#define RELOC_DWORDS		4
/* GCN2 has no type 2 packets. */
#define GCN2_PAD		PACKET3(PACKET3_NOP, 0x3fff)

#define DMA_COPY		(3u << 28)
#define  DMA_BYTES		(1u << 26)
#define DMA_NOP			(15u << 28)

/* Streams are padded to a multiple of this. */
#define ALIGN_DWORDS		8u

/**
 * struct engine - the copy command of an engine
 * @most: bytes of one packet: the largest size in pages that its count holds
 * @dwords: dwords of one packet, with its relocations
 * @last: dwords that follow the last packet
 * @pad: dword that does nothing
 */
struct engine {
	uint32_t most;
	unsigned int dwords;
	unsigned int last;
	uint32_t pad;
};

static const struct engine engines[] = {
	/* 21 bits of bytes */
	[IGT_RADEON_CP_DMA] = { 0x1ff000, 10, 3, PACKET2 },
	[IGT_RADEON_DMA_DATA] = { 0x1ff000, 7, 0, GCN2_PAD },
	/* 16 bits of dwords on RV770; later GPUs have 20 and take these packets, too. */
	[IGT_RADEON_DMA] = { 0x3f000, 5, 0, DMA_NOP },
	/* 20 bits of bytes */
	[IGT_RADEON_SI_DMA] = { 0xff000, 5, 0, DMA_NOP },
};

static uint32_t low(uint64_t address)
{
	return address;
}

static uint32_t high(uint64_t address)
{
	/* All of these GPUs have 40 address bits. */
	return address >> 32 & 0xff;
}

/**
 * igt_radeon_copy_packets:
 * @engine: engine, of R600 or later
 * @bytes: size of a copy
 *
 * Returns: number of copy packets that it takes.
 */
unsigned int igt_radeon_copy_packets(enum igt_radeon_engine engine, uint64_t bytes)
{
	igt_assert(engine < ARRAY_SIZE(engines) && engines[engine].most);
	return (bytes + engines[engine].most - 1) / engines[engine].most;
}

/**
 * igt_radeon_copy_dwords:
 * @engine: engine, of R600 or later
 * @bytes: size of a copy
 *
 * Returns: length of its stream, with padding.
 */
unsigned int igt_radeon_copy_dwords(enum igt_radeon_engine engine, uint64_t bytes)
{
	unsigned int packets = igt_radeon_copy_packets(engine, bytes);
	unsigned int dwords = packets * engines[engine].dwords + engines[engine].last;

	return (dwords + ALIGN_DWORDS - 1) / ALIGN_DWORDS * ALIGN_DWORDS;
}

/* Writes one packet of at most engines[engine].most bytes. */
static void encode_packet(enum igt_radeon_engine engine, uint64_t to, uint64_t from,
			  uint32_t bytes, bool last, uint32_t *ib)
{
	const uint32_t sync = last ? CP_SYNC : 0;
	const uint32_t cp_dma[] = {
		PACKET3(PACKET3_CP_DMA, 4),
		low(from), high(from) | sync, low(to), high(to), bytes,
		RELOC_NOP, 0 * RELOC_DWORDS, RELOC_NOP, 1 * RELOC_DWORDS,
	};
	const uint32_t dma_data[] = {
		PACKET3(PACKET3_DMA_DATA, 5), sync,
		low(from), high(from), low(to), high(to), bytes,
	};
	const uint32_t dma[] = {
		DMA_COPY | (engine == IGT_RADEON_SI_DMA ? DMA_BYTES | bytes : bytes / 4),
		low(to), low(from), high(to), high(from),
	};

	switch (engine) {
	case IGT_RADEON_CP_DMA:
		memcpy(ib, cp_dma, sizeof(cp_dma));
		break;
	case IGT_RADEON_DMA_DATA:
		memcpy(ib, dma_data, sizeof(dma_data));
		break;
	default:
		memcpy(ib, dma, sizeof(dma));
	}
}

/**
 * igt_radeon_copy_encode:
 * @engine: engine, of R600 or later
 * @to: address that is written; an offset in its BO where the kernel adds the BO's address
 * @from: address that is read, in the same way
 * @bytes: size, a multiple of 4
 * @ib: filled in, igt_radeon_copy_dwords() long
 *
 * Encodes a copy. Before Cayman the kernel adds the addresses of BOs by relocations. A CP_DMA
 * packet refers to the first one for @from and to the second one for @to. The async DMA engine
 * takes two for each packet, in the order of the packets, @from first.
 */
void igt_radeon_copy_encode(enum igt_radeon_engine engine, uint64_t to, uint64_t from,
			    uint64_t bytes, uint32_t *ib)
{
	unsigned int dwords = igt_radeon_copy_dwords(engine, bytes), at = 0;

	igt_assert(bytes && bytes % 4 == 0);
	while (bytes) {
		uint32_t most = engines[engine].most, part = bytes < most ? bytes : most;

		encode_packet(engine, to, from, part, part == bytes, ib + at);
		at += engines[engine].dwords;
		to += part;
		from += part;
		bytes -= part;
	}
	if (engine == IGT_RADEON_CP_DMA) {
		ib[at++] = PACKET3(PACKET3_SET_CONFIG_REG, 1);
		ib[at++] = WAIT_UNTIL;
		ib[at++] = WAIT_CP_DMA_IDLE;
	}
	while (at < dwords)
		ib[at++] = engines[engine].pad;
}
