// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The card's connectors: the one table from which the COMBIOS connector table,
 * the DDC buses with a monitor on them, and the monitors' EDIDs are made.
 */
#include "display/display_blocks.h"
#include "core/regs.h"

const struct connector connectors[CONNECTOR_COUNT] = {
	/* CRT, DDC_VGA, primary DAC */
	{ .name = "VGA", .combios = 0x2300, .ddc_reg = REG_GPIO_VGA_DDC },
	/* DVI-I, DDC_DVI, internal TMDS and TV DAC */
	{ .name = "DVI", .combios = 0x3201, .ddc_reg = REG_GPIO_DVI_DDC,
	  .digital = true },
};
