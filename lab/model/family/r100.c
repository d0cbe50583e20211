// SPDX-License-Identifier: GPL-2.0 OR MIT
/* R100: the first Radeons, on AGP and PCI. */
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
#include "mem/gart.h"
#include "mem/mc.h"

static const struct block *const blocks[] = {
	&work_block, &mc_block, &engine_2d_block, &irq_block, &cp_block, &pll_block,
	&display_block, NULL,
};

static const struct packet3 packets[PACKET3_COUNT] = {
	PACKETS_COMMON,
	PACKETS_2D,
	PACKETS_3D_NULL_R100,
	PACKETS_3D_NULL_R300,
	PACKETS_3D_NULL_CLEARS,
};

static const struct posted_reg posted[] = {
	/* r100_vram_get_type(): DDR on a 64-bit bus */
	{ REG_MEM_SDRAM_MODE_REG, 1u << 30 },
	{ 0, 0 },
};

const struct family family_r100 = {
	.generation = GENERATION_R100,
	.blocks = blocks,
	.packets = packets,
	.gart = &gart_pci,
	.mc_bits = 32,
	.posted = posted,
	.bios = combios_build,
};
