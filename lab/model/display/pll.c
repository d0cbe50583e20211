// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * PLL registers behind CLOCK_CNTL_INDEX and CLOCK_CNTL_DATA, and the pixel
 * clocks that their dividers give.
 *
 * A divider takes effect at once, so an atomic update is over when the driver
 * looks: radeon_pll_write_update() waits for that without a limit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "display/display.h"
#include "display/display_blocks.h"
#include "core/regs.h"

#define INDEX_COUNT		64u
#define INDEX_MASK		0x3fu
#define INDEX_WRITE		(1u << 7)
#define INDEX_DIV_SEL(v)	(((v) >> 8) & 3)

/* of PPLL_CNTL and P2PLL_CNTL */
#define DIV_RESET		(1u << 0)
#define DIV_SLEEP		(1u << 1)
#define ATOMIC_UPDATE		(1u << 15)	/* W starts it, R: not over yet */
#define REF_DIV_MASK		0x3ffu
#define R300_REF_DIV_ACC_SHIFT	18
#define FB_DIV_MASK		0x7ffu
#define POST_DIV(v)		(((v) >> 16) & 7)
#define CLK_SRC_PLL		3u	/* of VCLK_ECP_CNTL and PIXCLKS_CNTL */
#define CLK_SRC_UNDIVIDED	1u	/* of SCLK_CNTL and MCLK_CNTL */
#define MC_BUSY			(1u << 16)
#define DLL_READY		(1u << 19)

struct pll {
	uint32_t reg[INDEX_COUNT];
};

static uint32_t pll_data_read(struct card *card, uint32_t off)
{
	(void)off;
	return card->pll->reg[card->regs[REG_CLOCK_CNTL_INDEX / 4] & INDEX_MASK];
}

static void pll_data_write(struct card *card, uint32_t off, uint32_t val,
			   enum reg_source source)
{
	uint32_t index = card->regs[REG_CLOCK_CNTL_INDEX / 4];

	(void)off;
	(void)source;
	if (!(index & INDEX_WRITE))
		return;
	index &= INDEX_MASK;
	switch (index) {
	case PLL_PPLL_REF_DIV:
	case PLL_P2PLL_REF_DIV:
		val &= ~ATOMIC_UPDATE;
		break;
	case PLL_CLK_PWRMGT_CNTL:
		/* combios_parse_pll_table() waits for both */
		val = (val & ~MC_BUSY) | DLL_READY;
		break;
	}
	card->pll->reg[index] = val;
}

/* CLOCK_CNTL_INDEX is plain storage, its DIV_SEL bits included. */
static const struct reg_ops pll_data_ops = {
	.read = pll_data_read,
	.write = pll_data_write,
};

/**
 * pll_pixel_clock() - pixel clock of a CRTC
 * @card: card, &card.lock held
 * @crtc: 0 for the PPLL, 1 for the P2PLL
 *
 * radeon_set_pll() is the source of the fields. On R300 the PPLL's reference
 * divider is the accumulator field, elsewhere and for the P2PLL the low bits.
 *
 * Return: Hz, or 0 if the PLL is off or a divider is zero.
 */
uint64_t pll_pixel_clock(struct card *card, unsigned int crtc)
{
	static const unsigned int post_div[8] = { 1, 2, 4, 8, 3, 16, 6, 12 };
	const uint32_t *reg = card->pll->reg;
	uint32_t cntl, ref, div;

	if (crtc) {
		cntl = reg[PLL_P2PLL_CNTL];
		ref = reg[PLL_P2PLL_REF_DIV];
		div = reg[PLL_P2PLL_DIV_0];
	} else {
		cntl = reg[PLL_PPLL_CNTL];
		ref = reg[PLL_PPLL_REF_DIV];
		if (card->info->family->generation >= GENERATION_R300)
			ref >>= R300_REF_DIV_ACC_SHIFT;
		div = reg[PLL_PPLL_DIV_0 +
			  INDEX_DIV_SEL(card->regs[REG_CLOCK_CNTL_INDEX / 4])];
	}
	ref &= REF_DIV_MASK;
	if (!ref || (cntl & (DIV_RESET | DIV_SLEEP)))
		return 0;
	return REF_CLOCK_10KHZ * 10000ull * (div & FB_DIV_MASK) /
	       (ref * post_div[POST_DIV(div)]);
}

static int init(struct card *card)
{
	card->pll = calloc(1, sizeof(*card->pll));
	if (!card->pll)
		return -ENOMEM;
	card_claim_regs(card, REG_CLOCK_CNTL_DATA, REG_CLOCK_CNTL_DATA, &pll_data_ops);
	return 0;
}

/*
 * Dividers as a BIOS leaves them: engine and memory clock as in
 * the COMBIOS table, both pixel clocks at VGA's 25.2 MHz
 */
static void reset(struct card *card)
{
	uint32_t *reg = card->pll->reg;
	uint32_t ref = REF_DIV | REF_DIV << R300_REF_DIV_ACC_SHIFT;
	uint32_t div = 5u << 16 | 179;	/* 27 MHz * 179 / 12 / 16 */

	memset(reg, 0, sizeof(card->pll->reg));
	card->regs[REG_CLOCK_CNTL_INDEX / 4] = 3u << 8;
	reg[PLL_M_SPLL_REF_FB_DIV] = SPLL_FB_DIV << 16 | MPLL_FB_DIV << 8 |
				     REF_DIV;
	reg[PLL_SCLK_CNTL] = CLK_SRC_UNDIVIDED;
	reg[PLL_MCLK_CNTL] = CLK_SRC_UNDIVIDED;
	reg[PLL_CLK_PWRMGT_CNTL] = DLL_READY;
	reg[PLL_PPLL_REF_DIV] = ref;
	reg[PLL_P2PLL_REF_DIV] = REF_DIV;
	for (unsigned int i = PLL_PPLL_DIV_0; i <= PLL_PPLL_DIV_3; i++)
		reg[i] = div;
	reg[PLL_P2PLL_DIV_0] = div;
	reg[PLL_VCLK_ECP_CNTL] = CLK_SRC_PLL;
	reg[PLL_PIXCLKS_CNTL] = CLK_SRC_PLL;
}

static void fini(struct card *card)
{
	free(card->pll);
	card->pll = NULL;
}

const struct block pll_block = { .init = init, .reset = reset, .fini = fini };
