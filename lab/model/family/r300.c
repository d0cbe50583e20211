// SPDX-License-Identifier: GPL-2.0 OR MIT
/* R300 and R400: of these, the cards on PCI Express. */
#include "bios/combios.h"
#include "core/block.h"
#include "core/irq.h"
#include "core/regs.h"
#include "core/work.h"
#include "cp/cp.h"
#include "display/display.h"
#include "engine/engine_2d.h"
#include "engine/null_3d.h"
#include "engine/packets_2d.h"
#include "engine/r300/draw.h"
#include "mem/gart.h"
#include "mem/mc.h"

static const struct block *const blocks[] = {
	&work_block, &mc_block, &engine_2d_block, &r300_block, &irq_block, &cp_block, &pll_block,
	&display_block, NULL,
};

static const struct packet3 packets[PACKET3_COUNT] = {
	PACKETS_COMMON,
	PACKETS_2D,
	PACKETS_R300,
	PACKETS_3D_NULL_R100,
	PACKETS_3D_NULL_CLEARS,
};

static const struct posted_reg posted[] = {
	/* r300_mc_init(): two channels, 128 bit */
	{ REG_MEM_CNTL, 1 },
	{ 0, 0 },
};

const struct family family_r300 = {
	.generation = GENERATION_R300,
	.blocks = blocks,
	.packets = packets,
	.gart = &gart_pcie,
	.mc_bits = 32,
	.posted = posted,
	.bios = combios_build,
};
