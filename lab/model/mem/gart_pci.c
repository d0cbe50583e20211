// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The GART of PCI cards (RV100): table in system memory, AIC registers. An
 * entry is a 32-bit page address; there are no permission bits, and the table
 * is read again at each access. See r100_pci_gart_enable().
 */
#include "mem/gart.h"
#include "mem/mc.h"
#include "core/regs.h"
#include "core/trace.h"

/* AIC_CNTL */
#define TRANSLATE_EN			(1u << 0)
#define DIS_OUT_OF_PCI_GART_ACCESS	(1u << 1)

#define BUS_MASTER_DIS			(1u << 6)	/* BUS_CNTL */

/*
 * The table is in memory like any other: the card reads it by DMA. A refused
 * read returns ones, which is not the address of a page.
 */
static uint32_t entry(struct card *card, const struct mc_config *config,
		      uint32_t gen, uint32_t page)
{
	uint32_t pte;

	if (has_fault(card, GART_OFF_BY_ONE))
		page = (page + 1) % GART_MAX_PAGES;
	if (has_fault(card, GART_STALE) && tlb_lookup(card, page, &pte))
		return pte;
	mc_dma_read(card, config, config->gart.table + page * 4,
		    &pte, sizeof(pte));
	if (has_fault(card, GART_STALE))
		tlb_insert(card, page, pte, gen);
	return pte;
}

static void translate(struct card *card, const struct mc_config *config, uint32_t gen,
		      uint64_t addr, bool write, struct mc_target *target)
{
	const struct gart_config *gart = &config->gart;
	uint32_t page;

	(void)write;
	if (gart->enabled && addr >= gart->start && addr <= gart->end) {
		page = (uint32_t)(addr - gart->start) / GART_PAGE_SIZE;
		target->place = MC_BUS;
		target->translated = true;
		target->addr = (entry(card, config, gen, page) & ~GART_PAGE_MASK) |
			       (addr & GART_PAGE_MASK);
	} else if (gart->unmapped & DIS_OUT_OF_PCI_GART_ACCESS) {
		target->place = MC_DISCARD;
	} else {
		target->place = MC_BUS;
		target->addr = addr;
	}
}

static void aic_write(struct card *card, uint32_t off, uint32_t val,
		      enum reg_source source)
{
	struct mc *mc = card->mc;
	const uint32_t *r = card->regs;
	struct gart_config gart;

	(void)source;
	card->regs[off / 4] = val;
	gart = (struct gart_config){
		.enabled = r[REG_AIC_CNTL / 4] & TRANSLATE_EN,
		.start = r[REG_AIC_LO_ADDR / 4] & ~GART_PAGE_MASK,
		.end = r[REG_AIC_HI_ADDR / 4] | GART_PAGE_MASK,
		.table = r[REG_AIC_PT_BASE / 4] & ~3u,
		.unmapped = r[REG_AIC_CNTL / 4] & DIS_OUT_OF_PCI_GART_ACCESS,
	};
	pthread_mutex_lock(&mc->lock);
	mc->config.gart = gart;
	pthread_mutex_unlock(&mc->lock);
	trace(TRACE_GART, "%s, MC %08llx to %08llx, table at %08llx",
	      gart.enabled ? "on" : "off", (unsigned long long)gart.start,
	      (unsigned long long)gart.end, (unsigned long long)gart.table);
}

static const struct reg_ops aic_ops = {
	.write = aic_write,
};

/* r100_bm_disable() and r100_enable_bm(). */
static void bus_cntl_write(struct card *card, uint32_t off, uint32_t val,
			   enum reg_source source)
{
	struct mc *mc = card->mc;

	(void)source;
	card->regs[off / 4] = val;
	pthread_mutex_lock(&mc->lock);
	mc->config.bus_master_off = val & BUS_MASTER_DIS;
	pthread_mutex_unlock(&mc->lock);
}

static const struct reg_ops bus_cntl_ops = {
	.write = bus_cntl_write,
};

static void init(struct card *card)
{
	card_claim_regs(card, REG_BUS_CNTL, REG_BUS_CNTL, &bus_cntl_ops);
	card_claim_regs(card, REG_AIC_CNTL, REG_AIC_CNTL, &aic_ops);
	card_claim_regs(card, REG_AIC_PT_BASE, REG_AIC_HI_ADDR, &aic_ops);
}

/* No translation, all addresses to the bus. */
static void reset(struct card *card)
{
	aic_write(card, REG_AIC_CNTL, 0, REG_FROM_CPU);
}

const struct gart_kind gart_pci = { .init = init, .reset = reset, .translate = translate };
