// SPDX-License-Identifier: MIT
/*
 * The copy commands of lib/igt_radeon_copy.c against streams that are written down here, dword by
 * dword, from the packets' descriptions in the kernel (r600d.h, evergreend.h, sid.h, cikd.h).
 */

#include <inttypes.h>
#include <string.h>

#include "igt.h"
#include "igt_radeon_copy.h"

IGT_TEST_DESCRIPTION("Check the encoding of radeon copy commands");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)

static const struct {
	const char *name;
	enum igt_radeon_engine engine;
	uint64_t to, from, bytes;
	unsigned int dwords;
	uint32_t ib[24];
} streams[] = {
	{
		.name = "cp-dma", .engine = IGT_RADEON_CP_DMA,
		.to = 0x3000, .from = 0x1000, .bytes = 8 * KIB, .dwords = 16,
		.ib = {
			0xc0044100, 0x00001000, 0x80000000, 0x00003000, 0x00000000, 0x00002000,
			0xc0001000, 0, 0xc0001000, 4,
			0xc0016800, 0x00000010, 0x00000100,
			0x80000000, 0x80000000, 0x80000000,
		},
	}, {
		/* Only the last packet waits. */
		.name = "cp-dma-two-packets", .engine = IGT_RADEON_CP_DMA,
		.to = 0, .from = 0, .bytes = 2 * MIB, .dwords = 24,
		.ib = {
			0xc0044100, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x001ff000,
			0xc0001000, 0, 0xc0001000, 4,
			0xc0044100, 0x001ff000, 0x80000000, 0x001ff000, 0x00000000, 0x00001000,
			0xc0001000, 0, 0xc0001000, 4,
			0xc0016800, 0x00000010, 0x00000100,
			0x80000000,
		},
	}, {
		.name = "dma", .engine = IGT_RADEON_DMA,
		.to = 0x2000, .from = 0x7000, .bytes = 4 * KIB, .dwords = 8,
		.ib = {
			0x30000400, 0x00002000, 0x00007000, 0, 0,
			0xf0000000, 0xf0000000, 0xf0000000,
		},
	}, {
		/* In a virtual address space, above 4 GiB. */
		.name = "dma-high", .engine = IGT_RADEON_DMA,
		.to = 0x1fffff0000, .from = 0x2ffff00000, .bytes = 256 * KIB, .dwords = 16,
		.ib = {
			0x3000fc00, 0xffff0000, 0xfff00000, 0x1f, 0x2f,
			0x30000400, 0x0002f000, 0xfff3f000, 0x20, 0x2f,
			0xf0000000, 0xf0000000, 0xf0000000, 0xf0000000, 0xf0000000, 0xf0000000,
		},
	}, {
		.name = "si-dma", .engine = IGT_RADEON_SI_DMA,
		.to = 0x100800000, .from = 0x800000, .bytes = 1 * MIB, .dwords = 16,
		.ib = {
			0x340ff000, 0x00800000, 0x00800000, 1, 0,
			0x34001000, 0x008ff000, 0x008ff000, 1, 0,
			0xf0000000, 0xf0000000, 0xf0000000, 0xf0000000, 0xf0000000, 0xf0000000,
		},
	}, {
		.name = "dma-data", .engine = IGT_RADEON_DMA_DATA,
		.to = 0x2aabb000, .from = 0x345678000, .bytes = 12 * KIB, .dwords = 8,
		.ib = {
			0xc0055000, 0x80000000, 0x45678000, 3, 0x2aabb000, 0, 0x00003000,
			0xffff1000,
		},
	},
};

static void test_stream(unsigned int number)
{
	uint32_t ib[ARRAY_SIZE(streams[0].ib)] = {};

	igt_assert_eq(igt_radeon_copy_dwords(streams[number].engine, streams[number].bytes),
		      streams[number].dwords);
	igt_radeon_copy_encode(streams[number].engine, streams[number].to, streams[number].from,
			       streams[number].bytes, ib);
	for (unsigned int i = 0; i < ARRAY_SIZE(ib); i++)
		igt_assert_f(ib[i] == streams[number].ib[i],
			     "dword %u is %#010x, expected %#010x\n", i, ib[i],
			     streams[number].ib[i]);
}

/* Bytes of the async DMA engine's packets of a large copy, which have to follow each other. */
static void test_large(enum igt_radeon_engine engine, uint32_t header, unsigned int unit)
{
	const uint64_t bytes = 64 * MIB + 4 * KIB, to = 0x7fe00000, from = 0x100000000;
	unsigned int packets = igt_radeon_copy_packets(engine, bytes);
	unsigned int dwords = igt_radeon_copy_dwords(engine, bytes);
	uint32_t *ib = calloc(dwords, sizeof(*ib));
	uint64_t done = 0;

	igt_assert(ib);
	igt_radeon_copy_encode(engine, to, from, bytes, ib);
	for (unsigned int i = 0; i < packets; i++) {
		const uint32_t *packet = ib + 5 * i;

		igt_assert_eq_u32(packet[0] & 0xfff00000, header);
		igt_assert_eq_u64(packet[1] | (uint64_t)packet[3] << 32, to + done);
		igt_assert_eq_u64(packet[2] | (uint64_t)packet[4] << 32, from + done);
		done += (packet[0] & 0xfffff) * unit;
		/* RV770 ignores the upper bits of the count. */
		igt_assert(unit == 1 || !(packet[0] & 0xf0000));
	}
	igt_assert_eq_u64(done, bytes);
	for (unsigned int i = 5 * packets; i < dwords; i++)
		igt_assert_eq_u32(ib[i], 0xf0000000);
	free(ib);
}

int igt_main()
{
	for (unsigned int i = 0; i < ARRAY_SIZE(streams); i++) {
		igt_describe("Compare a stream with the packets' descriptions.");
		igt_subtest(streams[i].name)
			test_stream(i);
	}

	igt_describe("Check that the packets of a large copy follow each other.");
	igt_subtest("dma-large")
		test_large(IGT_RADEON_DMA, 0x30000000, 4);

	igt_describe("Check that the packets of a large copy follow each other.");
	igt_subtest("si-dma-large")
		test_large(IGT_RADEON_SI_DMA, 0x34000000, 1);
}
