// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The command processor: packets, rings, indirect buffers, fences, hostile streams. */
#include "cmocka_card.h"

#include <string.h>
#include <unistd.h>

#include "core/work.h"
#include "core/regs.h"

#define BUSY	(1u << 31)

static void emit_fence(struct fixture *f, uint32_t seq)
{
	const uint32_t fence[] = {
		PKT0(REG_WAIT_UNTIL, 1), 3u << 16,
		PKT0(REG_SCRATCH_REG0, 1), seq,
		PKT0(REG_GEN_INT_STATUS, 1), INT_SW_FIRE,
	};

	ring_emit_all(f, fence, 6);
}

static bool wait_idle(struct fixture *f, uint64_t ms)
{
	uint64_t end = now_ms() + ms;

	while (reg_read(f, REG_RBBM_STATUS) & BUSY) {
		if (now_ms() > end)
			return false;
		usleep(1000);
	}
	return true;
}

/* As r100_asic_reset() does it. */
static void soft_reset(struct fixture *f)
{
	reg_write(f, REG_CP_CSQ_CNTL, 0);
	reg_write(f, REG_RBBM_SOFT_RESET, 0x5c);
	reg_write(f, REG_RBBM_SOFT_RESET, 0);
	reg_write(f, REG_RBBM_SOFT_RESET, 1);
	reg_write(f, REG_RBBM_SOFT_RESET, 0);
	fixture_setup(f);
}

static void ring_test(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_SCRATCH_REG3, 0xcafedead);
	ring_emit(f, PKT0(REG_SCRATCH_REG3, 1));
	ring_emit(f, 0xdeadbeef);
	ring_commit(f);
	assert_true(reg_read(f, REG_RBBM_STATUS) & BUSY);
	work_run_to_idle(f->card);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG3), 0xdeadbeef);
	assert_int_equal(reg_read(f, REG_CP_RB_RPTR), 2);
	assert_int_equal(reg_read(f, REG_RBBM_STATUS), 64);
}

static void stopped_cp(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_CP_CSQ_CNTL, 0);
	ring_emit(f, PKT0(REG_SCRATCH_REG3, 1));
	ring_emit(f, 1);
	ring_run(f);
	assert_int_equal(reg_read(f, REG_CP_RB_RPTR), 0);
	reg_write(f, REG_CP_CSQ_CNTL, 4u << 28);
	work_run_to_idle(f->card);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG3), 1);
}

static void packet_types(void **state)
{
	struct fixture *f = *state;
	const uint32_t dwords[] = {
		PKT2,
		PKT0(REG_SCRATCH_REG0, 3), 1, 2, 3,
		PKT0_ONE(REG_SCRATCH_REG3, 3), 4, 5, 6,
		PKT1(REG_SCRATCH_REG4, REG_BIOS_0_SCRATCH), 7, 8,
		PKT3(PACKET3_NOP, 2), PKT0(REG_SCRATCH_REG5, 1), 9,
		PKT3(0x77, 1), 0,			/* no such packet */
		PKT3(PACKET3_3D_DRAW_IMMD, 3), 0, 0, 0,
		PKT0(REG_SCRATCH_REG6, 1), 10,
	};

	ring_emit_all(f, dwords, sizeof(dwords) / 4);
	ring_run(f);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 1);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG1), 2);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG2), 3);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG3), 6);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG4), 7);
	assert_int_equal(reg_read(f, REG_BIOS_0_SCRATCH), 8);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG5), 0);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG6), 10);
	assert_true(stat_get(f, packets_bad) == 1);
	assert_true(stat_get(f, packets_3d) == 1);
	assert_true(stat_get(f, packets) == 8);
	assert_true(stat_get(f, ring_dwords) == sizeof(dwords) / 4);
}

/* Without a 3D engine a draw is counted, whichever dword of it has the number of vertices. */
static void draws_are_counted(void **state)
{
	struct fixture *f = *state;
	static const uint32_t dwords[] = {
		PKT3(PACKET3_3D_LOAD_VBPNTR, 2), 0, 0,
		PKT3(PACKET3_3D_DRAW_VBUF, 2), 9u << 16, 1u << 16,
		PKT3(PACKET3_3D_DRAW_IMMD, 3), 9u << 16, 2u << 16, 9u << 16,
		PKT3(PACKET3_3D_RNDR_GEN_INDX_PRIM, 4), 9u << 16, 9u << 16, 9u << 16, 4u << 16,
		PKT3(PACKET3_3D_DRAW_INDX_2, 2), 0xffffu << 16, 9u << 16,
		PKT3(PACKET3_3D_DRAW_VBUF, 1), 9u << 16,
		PKT0(REG_SCRATCH_REG0, 1), 1,
	};

	ring_emit_all(f, dwords, sizeof(dwords) / 4);
	ring_run(f);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 1);
	assert_true(stat_get(f, packets_3d) == 6);
	assert_true(stat_get(f, draws_skipped) == 4);
	assert_true(stat_get(f, vertices_skipped) == 7 + 0xffff);
	assert_true(stat_get(f, packets_bad) == 0);
}

/* Packets cross the end of the ring, and the pages it lies in. */
static void ring_wraps(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 1; i <= 3000; i++) {
		ring_emit(f, PKT0(REG_SCRATCH_REG0, 2));
		ring_emit(f, i);
		ring_emit(f, ~i);
		if (i % 500)
			continue;
		ring_run(f);
		assert_int_equal(reg_read(f, REG_SCRATCH_REG0), i);
		assert_int_equal(reg_read(f, REG_SCRATCH_REG1), ~i);
	}
	assert_true(stat_get(f, packets) == 3000);
}

static void incomplete_packet(void **state)
{
	struct fixture *f = *state;

	ring_emit(f, PKT0(REG_SCRATCH_REG0, 2));
	ring_emit(f, 1);
	ring_run(f);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 0);
	assert_int_equal(reg_read(f, REG_CP_RB_RPTR), 0);
	assert_true(reg_read(f, REG_RBBM_STATUS) & BUSY);
	ring_emit(f, 2);
	ring_run(f);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 1);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG1), 2);
	assert_false(reg_read(f, REG_RBBM_STATUS) & BUSY);
}

static void indirect_buffer(void **state)
{
	struct fixture *f = *state;
	uint32_t dwords[2000];

	for (uint32_t i = 0; i < 2000; i += 2) {
		dwords[i] = PKT0(REG_SCRATCH_REG1, 1);
		dwords[i + 1] = i;
	}
	ib_run(f, dwords, 2000);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG1), 1998);
	assert_true(stat_get(f, ib_count) == 1);
	assert_true(stat_get(f, ib_dwords) == 2000);
}

static void cut_indirect_buffer(void **state)
{
	struct fixture *f = *state;
	const uint32_t dwords[] = {
		PKT0(REG_SCRATCH_REG1, 1), 1, PKT0(REG_SCRATCH_REG2, 3), 2, 3,
	};

	ib_run(f, dwords, 5);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG1), 1);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG2), 0);
	assert_true(stat_get(f, packets_bad) == 1);
	ring_emit(f, PKT0(REG_SCRATCH_REG3, 1));	/* the ring continues */
	ring_emit(f, 4);
	ring_run(f);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG3), 4);
}

/* A buffer that starts itself would never end. */
static void nested_indirect_buffer(void **state)
{
	struct fixture *f = *state;
	const uint32_t dwords[] = {
		PKT0(REG_CP_IB_BASE, 2), IB_MC, 5, PKT0(REG_SCRATCH_REG1, 1), 1,
	};

	ib_run(f, dwords, 5);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG1), 1);
	assert_true(stat_get(f, ib_count) == 1);
	assert_true(stat_get(f, packets_bad) == 1);
}

static void stream_cannot_reprogram(void **state)
{
	struct fixture *f = *state;
	const uint32_t regs[] = {
		REG_CP_RB_BASE, REG_CP_RB_CNTL, REG_CP_RB_RPTR_ADDR, REG_CP_RB_RPTR, REG_CP_RB_WPTR,
		REG_CP_RB_RPTR_WR, REG_CP_CSQ_CNTL, REG_RBBM_SOFT_RESET,
	};
	const size_t count = sizeof(regs) / sizeof(regs[0]);
	uint32_t dwords[64], before[8];

	for (size_t i = 0; i < count; i++) {
		dwords[2 * i] = PKT0(regs[i], 1);
		dwords[2 * i + 1] = 0x1000;
		before[i] = reg_read(f, regs[i]);
	}
	/* The same through the back door. */
	dwords[2 * count] = PKT0(REG_MM_INDEX, 2);
	dwords[2 * count + 1] = REG_CP_RB_RPTR_WR;
	dwords[2 * count + 2] = 0;
	ib_run(f, dwords, 2 * count + 3);
	for (size_t i = 0; i < count; i++)
		if (regs[i] != REG_CP_RB_RPTR && regs[i] != REG_CP_RB_WPTR)
			assert_int_equal(reg_read(f, regs[i]), before[i]);
	assert_int_equal(reg_read(f, REG_CP_RB_RPTR), f->wptr);
	assert_true(stat_get(f, packets_bad) == count + 1);
	assert_true(stat_get(f, resets) == 0);
}

/* Auto-increment runs out of the register file. */
static void registers_end(void **state)
{
	struct fixture *f = *state;
	static uint32_t dwords[0x3fff + 2];

	dwords[0] = PKT0(0x7ffc, 0x4000);
	ib_run(f, dwords, 0x4001);
	assert_true(stat_get(f, packets_bad) > 0);
	assert_true(stat_get(f, streams_stopped) == 0);
}

static void packet_larger_than_ring(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 16; i++)
		ring_emit(f, PKT3(PACKET3_NOP, 0x4000));
	ring_run(f);
	assert_true(reg_read(f, REG_RBBM_STATUS) & BUSY);
	assert_true(stat_get(f, streams_stopped) == 1);
	soft_reset(f);
	assert_int_equal(reg_read(f, REG_RBBM_STATUS), 64);
	assert_true(stat_get(f, resets) == 1);
	emit_fence(f, 7);
	ring_run(f);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 7);
}

static void budget(void **state)
{
	struct fixture *f = *state;

	work_set_budget(f->card, 1000);
	for (int i = 0; i < 999; i++)
		ring_emit(f, PKT2);
	ring_run(f);
	assert_true(stat_get(f, streams_stopped) == 0);
	for (int i = 0; i < 1001; i++)
		ring_emit(f, PKT2);
	ring_run(f);
	assert_true(stat_get(f, streams_stopped) == 1);
	assert_true(reg_read(f, REG_RBBM_STATUS) & BUSY);
	ring_commit(f);			/* another kick does not help */
	work_run_to_idle(f->card);
	assert_true(reg_read(f, REG_RBBM_STATUS) & BUSY);
	assert_true(stat_get(f, streams_stopped) == 1);
	soft_reset(f);
	assert_int_equal(reg_read(f, REG_RBBM_STATUS), 64);
}

static void writeback(void **state)
{
	struct fixture *f = *state;

	emit_fence(f, 0x1234);
	ring_run(f);
	assert_int_equal(low32(f, WB_PAGE * 4096), 0x1234);
	assert_int_equal(low32(f, WB_PAGE * 4096 + WB_RPTR), f->wptr);
	/* Not all scratch registers are written back. */
	reg_write(f, REG_SCRATCH_UMSK, 2);
	emit_fence(f, 0x5678);
	ring_emit(f, PKT0(REG_SCRATCH_REG1, 1));
	ring_emit(f, 0x9abc);
	ring_run(f);
	assert_int_equal(low32(f, WB_PAGE * 4096), 0x1234);
	assert_int_equal(low32(f, WB_PAGE * 4096 + 4), 0x9abc);
	/* A write by the CPU is done by the engine, not at once. */
	reg_write(f, REG_SCRATCH_REG1, 0xdef0);
	assert_int_equal(low32(f, WB_PAGE * 4096 + 4), 0x9abc);
	work_run_to_idle(f->card);
	assert_int_equal(low32(f, WB_PAGE * 4096 + 4), 0xdef0);
}

static void no_writeback(void **state)
{
	struct fixture *f = *state;

	emit_fence(f, 0x1234);
	ring_run(f);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 0x1234);
	assert_int_equal(low32(f, WB_PAGE * 4096), 0);
	assert_int_equal(low32(f, WB_PAGE * 4096 + WB_RPTR), 0);
	assert_true(stat_get(f, writebacks) == 0);
}

static void read_pointer_registers(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_CP_RB_RPTR, 5);
	assert_int_equal(reg_read(f, REG_CP_RB_RPTR), 0);
	reg_write(f, REG_CP_RB_RPTR_WR, 5);		/* not enabled */
	assert_int_equal(reg_read(f, REG_CP_RB_RPTR), 0);
	reg_write(f, REG_CP_RB_CNTL, 1u << 31 | 11);
	reg_write(f, REG_CP_RB_RPTR_WR, 5);
	assert_int_equal(reg_read(f, REG_CP_RB_RPTR), 5);
}

static void microcode(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_CP_ME_RAM_ADDR, 0);
	for (uint32_t i = 0; i < 256; i++) {
		reg_write(f, REG_CP_ME_RAM_DATAH, i);
		reg_write(f, REG_CP_ME_RAM_DATAL, ~i);
	}
	reg_write(f, REG_CP_ME_RAM_RADDR, 17);
	assert_int_equal(reg_read(f, REG_CP_ME_RAM_DATAH), 17);
	assert_int_equal(reg_read(f, REG_CP_ME_RAM_DATAL), ~17u);
	assert_int_equal(reg_read(f, REG_CP_ME_RAM_DATAH), 18);
}

static void fence_on_the_thread(void **state)
{
	struct fixture *f = *state;
	uint64_t start;

	f->card->latency_us = 50000;
	assert_int_equal(work_start(f->card), 0);
	reg_write(f, REG_GEN_INT_CNTL, INT_SW);
	emit_fence(f, 42);
	start = now_ms();
	ring_commit(f);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 0);	/* not in the write */
	assert_true(reg_read(f, REG_RBBM_STATUS) & BUSY);
	assert_true(wait_idle(f, 5000));
	assert_true(now_ms() - start >= 45);
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 42);
	assert_int_equal(reg_read(f, REG_GEN_INT_STATUS), INT_SW);
	assert_true(irq_count(f) == 1);
	work_stop(f->card);
}

/* An hour's latency, ended by a reset, and by the end of the process. */
static void latency_is_interrupted(void **state)
{
	struct fixture *f = *state;
	uint64_t start = now_ms();

	f->card->latency_us = 3600u * 1000000u;
	assert_int_equal(work_start(f->card), 0);
	emit_fence(f, 42);
	ring_commit(f);
	usleep(20000);
	soft_reset(f);
	assert_true(wait_idle(f, 2000));
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 0);
	emit_fence(f, 43);
	ring_commit(f);
	usleep(20000);
	work_stop(f->card);
	assert_true(now_ms() - start < 10000);
}

/* The largest rectangles there are, each more than a second of work. */
static void long_draw_is_interrupted(void **state)
{
	struct fixture *f = *state;
	const uint32_t fill[] = {
		PKT3(PACKET3_CNTL_PAINT_MULTI, 5),
		1u << 1 | 13u << 4 | 6u << 8 | 3u << 12 | 0x5au << 16,
		255u << 22 | FB_MC >> 10, 0xffffffff, 0, 8191u << 16 | 8191,
	};
	uint64_t start;

	assert_int_equal(work_start(f->card), 0);
	for (int i = 0; i < 60; i++)
		ring_emit_all(f, fill, 6);
	ring_commit(f);
	usleep(20000);
	start = now_ms();
	assert_true(reg_read(f, REG_RBBM_STATUS) & BUSY);
	soft_reset(f);
	assert_true(wait_idle(f, 2000));
	for (int i = 0; i < 60; i++)
		ring_emit_all(f, fill, 6);
	ring_commit(f);
	usleep(20000);
	work_stop(f->card);
	assert_true(now_ms() - start < 3000);
	assert_true(stat_get(f, blits) < 100);
}

static void device_reset_while_running(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(work_start(f->card), 0);
	for (int round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < 1000; i++) {
			ring_emit(f, PKT0(REG_SCRATCH_REG0, 1));
			ring_emit(f, i + 1);
		}
		ring_commit(f);
		card_reset(f->card);
		assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 0);
		assert_int_equal(reg_read(f, REG_CP_RB_RPTR), 0);
		fixture_setup(f);
	}
	emit_fence(f, 99);
	ring_commit(f);
	assert_true(wait_idle(f, 2000));
	assert_int_equal(reg_read(f, REG_SCRATCH_REG0), 99);
	work_stop(f->card);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(ring_test), BOTH(stopped_cp), BOTH(packet_types), RV100(draws_are_counted),
		BOTH(ring_wraps), BOTH(incomplete_packet), BOTH(indirect_buffer),
		BOTH(cut_indirect_buffer), BOTH(nested_indirect_buffer),
		BOTH(stream_cannot_reprogram), BOTH(registers_end),
		BOTH(packet_larger_than_ring), BOTH(budget), RV370(writeback),
		RV100(no_writeback), BOTH(read_pointer_registers), BOTH(microcode),
		BOTH(fence_on_the_thread), BOTH(latency_is_interrupted),
		RV370(long_draw_is_interrupted), BOTH(device_reset_while_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
