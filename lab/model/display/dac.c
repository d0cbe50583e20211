// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Palettes, and the bits by which the driver senses what is connected.
 *
 * One palette per CRTC; DAC_CNTL2 selects which one the palette registers
 * reach (legacy_crtc_load_lut()). All colour depths go through it.
 */
#include "display/display_blocks.h"
#include "core/regs.h"

#define PALETTE_ACC_CTL		(1u << 5)	/* DAC_CNTL2: CRTC2's palette */
#define DAC_CMP_EN		(1u << 3)	/* DAC_CNTL */
#define DAC_CMP_OUTPUT		(1u << 7)
#define DAC2_CMP_OUT		(0xfu << 8)	/* DAC_CNTL2, all comparators */
#define TV_DAC_CMP		(7u << 29 | 1u << 5)	/* TV_DAC_CNTL, likewise */
#define FP_DETECT_SENSE		(1u << 8)	/* FP_GEN_CNTL, FP2_GEN_CNTL */

/* PALETTE_INDEX: the next entry to write, and the next one to read */
#define INDEX_WRITE(v)		((v) & 0xff)
#define INDEX_READ(v)		((v) >> 16 & 0xff)

static uint32_t *palette(struct card *card)
{
	return card->display->lut[!!(card->regs[REG_DAC_CNTL2 / 4] &
				     PALETTE_ACC_CTL)];
}

/* 8 bits per component to 10, so that 255 is full scale */
static uint32_t widen(uint32_t c)
{
	return (c & 0xff) << 2 | (c & 0xff) >> 6;
}

static uint32_t entry_from_8(uint32_t val)
{
	return widen(val >> 16) << 20 | widen(val >> 8) << 10 | widen(val);
}

static uint32_t entry_to_8(uint32_t e)
{
	return (e >> 22 & 0xff) << 16 | (e >> 12 & 0xff) << 8 | (e >> 2 & 0xff);
}

static uint32_t palette_read(struct card *card, uint32_t off)
{
	uint32_t *index = &card->regs[REG_PALETTE_INDEX / 4];
	uint32_t i = INDEX_READ(*index);
	uint32_t entry = palette(card)[i];

	*index = (*index & 0xffff) | ((i + 1) & 0xff) << 16;
	return off == REG_PALETTE_30_DATA ? entry : entry_to_8(entry);
}

static void palette_write(struct card *card, uint32_t off, uint32_t val,
			  enum reg_source source)
{
	uint32_t *index = &card->regs[REG_PALETTE_INDEX / 4];
	uint32_t i = INDEX_WRITE(*index);

	(void)source;
	palette(card)[i] = off == REG_PALETTE_30_DATA ? val & 0x3fffffff :
							entry_from_8(val);
	*index = (*index & ~0xffu) | ((i + 1) & 0xff);
}

/* A monitor loads the primary DAC's comparator: radeon_legacy_primary_dac_detect() */
static uint32_t dac_cntl_read(struct card *card, uint32_t off)
{
	uint32_t val = card->regs[off / 4] & ~DAC_CMP_OUTPUT;

	return val & DAC_CMP_EN ? val | DAC_CMP_OUTPUT : val;
}

/* Nothing loads the TV DAC: the DVI monitor is digital, there is no TV. */
static uint32_t dac_cntl2_read(struct card *card, uint32_t off)
{
	return card->regs[off / 4] & ~DAC2_CMP_OUT;
}

static uint32_t tv_dac_cntl_read(struct card *card, uint32_t off)
{
	return card->regs[off / 4] & ~TV_DAC_CMP;
}

/* Hot plug detect, r100_hpd_sense(): internal TMDS connected, external not */
static uint32_t fp_gen_cntl_read(struct card *card, uint32_t off)
{
	uint32_t val = card->regs[off / 4] & ~FP_DETECT_SENSE;

	return off == REG_FP_GEN_CNTL ? val | FP_DETECT_SENSE : val;
}

static const struct reg_ops palette_ops = {
	.read = palette_read, .write = palette_write,
};
static const struct reg_ops dac_cntl_ops = { .read = dac_cntl_read };
static const struct reg_ops dac_cntl2_ops = { .read = dac_cntl2_read };
static const struct reg_ops tv_dac_cntl_ops = { .read = tv_dac_cntl_read };
static const struct reg_ops fp_gen_cntl_ops = { .read = fp_gen_cntl_read };

/**
 * dac_init() - claim palette and detection registers
 * @card: card being made
 */
void dac_init(struct card *card)
{
	card_claim_regs(card, REG_PALETTE_DATA, REG_PALETTE_30_DATA,
			&palette_ops);
	card_claim_regs(card, REG_DAC_CNTL, REG_DAC_CNTL, &dac_cntl_ops);
	card_claim_regs(card, REG_DAC_CNTL2, REG_DAC_CNTL2, &dac_cntl2_ops);
	card_claim_regs(card, REG_TV_DAC_CNTL, REG_TV_DAC_CNTL,
			&tv_dac_cntl_ops);
	card_claim_regs(card, REG_FP_GEN_CNTL, REG_FP2_GEN_CNTL,
			&fp_gen_cntl_ops);
}

/**
 * dac_reset() - linear palettes
 * @card: card, &card.lock held
 */
void dac_reset(struct card *card)
{
	for (unsigned int n = 0; n < CRTC_COUNT; n++)
		for (uint32_t i = 0; i < 256; i++)
			card->display->lut[n][i] = entry_from_8(i * 0x010101);
}
