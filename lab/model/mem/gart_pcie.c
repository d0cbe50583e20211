// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The GART of PCI Express cards (RV370): table in VRAM, registers behind
 * PCIE_INDEX and PCIE_DATA, and a TLB that the driver has to flush.
 * See rv370_pcie_gart_enable() and rv370_pcie_gart_tlb_flush().
 */
#include "mem/gart.h"
#include "mem/mc.h"
#include "core/regs.h"
#include "core/trace.h"

/* TX_GART_CNTL */
#define GART_EN			(1u << 0)
#define UNMAPPED_MASK		(3u << 1)
#define UNMAPPED_PASS_THRU	(0u << 1)
#define UNMAPPED_CLAMP_LO	(1u << 1)
#define INVALIDATE_TLB		(1u << 8)

/* Table entry: bits 23:4 are address bits 31:12, bits 31:24 are 39:32. */
#define PTE_WRITE		(1u << 2)
#define PTE_READ		(1u << 3)
#define PTE_ADDR(pte)		((uint64_t)((pte) & 0xfffff0) << 8 | \
				 (uint64_t)((pte) >> 24) << 32)

#define LINK_WIDTH_X16		6u

/* A table outside of VRAM reads as empty: no permission for anything. */
static uint32_t table_entry(struct card *card, const struct mc_config *config,
			    uint32_t page)
{
	uint64_t addr = config->gart.table + page * 4;
	uint64_t offset;

	if (!mc_fb_offset(card, config, addr, &offset) ||
	    offset > card->info->vram_size - 4)
		return 0;
	return __atomic_load_n((uint32_t *)(card->vram + offset),
			       __ATOMIC_ACQUIRE);
}

static uint32_t entry(struct card *card, const struct mc_config *config,
		      uint32_t gen, uint32_t page)
{
	uint32_t pte;

	if (has_fault(card, GART_OFF_BY_ONE))
		page = (page + 1) % GART_MAX_PAGES;
	if (!tlb_lookup(card, page, &pte)) {
		pte = table_entry(card, config, page);
		tlb_insert(card, page, pte, gen);
	}
	return pte;
}

static void look_up(struct card *card, const struct mc_config *config, uint32_t gen,
		    uint64_t addr, bool write, struct mc_target *target)
{
	uint32_t page = (uint32_t)(addr - config->gart.start) / GART_PAGE_SIZE;
	uint32_t pte = entry(card, config, gen, page);

	if (!(pte & (write ? PTE_WRITE : PTE_READ))) {
		target->place = MC_DENIED;
		return;
	}
	target->place = MC_BUS;
	target->translated = true;
	target->addr = PTE_ADDR(pte) | (addr & GART_PAGE_MASK);
	if (has_fault(card, GART_TRUNCATE))
		target->addr = (uint32_t)target->addr;
}

/* Discarded reads go to the page in VRAM that TX_DISCARD_RD_ADDR names. */
static void discard(struct card *card, const struct mc_config *config,
		    uint64_t addr, bool write, struct mc_target *target)
{
	uint64_t offset;

	target->place = MC_DISCARD;
	if (write)
		return;
	addr = (config->gart.discard_read & ~(uint64_t)GART_PAGE_MASK) |
	       (addr & GART_PAGE_MASK);
	if (!mc_fb_offset(card, config, addr, &offset) ||
	    offset >= card->info->vram_size)
		return;
	stat_inc(card, gart_discarded);
	target->place = MC_VRAM;
	target->addr = offset;
}

/*
 * The entry's permission bits always apply, because the driver always sets them; CHK_RW_VALID_EN is
 * ignored.
 */
static void translate(struct card *card, const struct mc_config *config, uint32_t gen,
		      uint64_t addr, bool write, struct mc_target *target)
{
	const struct gart_config *gart = &config->gart;

	if (gart->enabled && addr >= gart->start && addr <= gart->end) {
		look_up(card, config, gen, addr, write, target);
		return;
	}
	switch (gart->unmapped) {
	case UNMAPPED_PASS_THRU:
		target->place = MC_BUS;
		target->addr = addr;
		break;
	case UNMAPPED_CLAMP_LO:
		if (gart->enabled && gart->start <= gart->end &&
		    gart->start <= UINT32_MAX) {
			addr = gart->start | (addr & GART_PAGE_MASK);
			look_up(card, config, gen, addr, write, target);
			break;
		}
		/* Nothing to clamp to. */
		__attribute__((fallthrough));
	default:
		discard(card, config, addr, write, target);
	}
}

/* Registers to configuration; &card.lock held. */
static void update(struct card *card)
{
	struct mc *mc = card->mc;
	const uint32_t *r = mc->pcie;
	struct gart_config gart = {
		.enabled = r[PCIE_TX_GART_CNTL] & GART_EN,
		.start = (uint64_t)r[PCIE_TX_GART_START_HI] << 32 |
			 (r[PCIE_TX_GART_START_LO] & ~GART_PAGE_MASK),
		.end = (uint64_t)r[PCIE_TX_GART_END_HI] << 32 |
		       r[PCIE_TX_GART_END_LO] | GART_PAGE_MASK,
		.table = r[PCIE_TX_GART_BASE] & ~3u,
		.unmapped = r[PCIE_TX_GART_CNTL] & UNMAPPED_MASK,
		.discard_read = r[PCIE_TX_DISCARD_RD_ADDR_LO],
	};

	pthread_mutex_lock(&mc->lock);
	mc->config.gart = gart;
	pthread_mutex_unlock(&mc->lock);
	trace(TRACE_GART, "%s, MC %08llx to %08llx, table at MC %08llx",
	      gart.enabled ? "on" : "off", (unsigned long long)gart.start,
	      (unsigned long long)gart.end, (unsigned long long)gart.table);
}

static uint32_t pcie_data_read(struct card *card, uint32_t off)
{
	(void)off;
	return card->mc->pcie[card->regs[REG_PCIE_INDEX / 4] & 0xff];
}

static void pcie_data_write(struct card *card, uint32_t off, uint32_t val,
			    enum reg_source source)
{
	uint32_t index = card->regs[REG_PCIE_INDEX / 4] & 0xff;

	(void)off;
	(void)source;
	if (index == PCIE_LC_LINK_WIDTH_CNTL)	/* a link trains at once */
		val = (val & ~0x70u) | (val & 7) << 4;
	card->mc->pcie[index] = val;

	switch (index) {
	case PCIE_TX_GART_CNTL:
		update(card);
		if (val & INVALIDATE_TLB)
			tlb_flush(card);
		break;
	case PCIE_TX_GART_BASE:
	case PCIE_TX_GART_START_LO:
	case PCIE_TX_GART_START_HI:
	case PCIE_TX_GART_END_LO:
	case PCIE_TX_GART_END_HI:
		/* Entries are kept by page number: a moved table ends them. */
		update(card);
		tlb_flush(card);
		break;
	case PCIE_TX_DISCARD_RD_ADDR_LO:
	case PCIE_TX_DISCARD_RD_ADDR_HI:
		update(card);
		break;
	}
}

static const struct reg_ops pcie_data_ops = {
	.read = pcie_data_read,
	.write = pcie_data_write,
};

static void init(struct card *card)
{
	card_claim_regs(card, REG_PCIE_DATA, REG_PCIE_DATA, &pcie_data_ops);
}

/* GART off, sixteen lanes. */
static void reset(struct card *card)
{
	card->mc->pcie[PCIE_LC_LINK_WIDTH_CNTL] =
		LINK_WIDTH_X16 << 4 | LINK_WIDTH_X16;
	update(card);
}

const struct gart_kind gart_pcie = { .init = init, .reset = reset, .translate = translate };
