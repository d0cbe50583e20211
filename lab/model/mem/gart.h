/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * GART: from an address of the card to an address on the bus. What mc.c and
 * the kinds of table (gart_pcie.c, gart_pci.c) share among themselves.
 */
#ifndef LAB_GART_H
#define LAB_GART_H

#include "core/card.h"

#define GART_PAGE_SIZE	4096u
#define GART_PAGE_MASK	(GART_PAGE_SIZE - 1)
#define GART_MAX_PAGES	(1u << 20)	/* 4 GiB of 4 KiB pages */

/** enum mc_place - what an address of the card belongs to. */
enum mc_place {
	MC_VRAM,	/* VRAM, at &mc_target.addr */
	MC_BUS,		/* the bus, at &mc_target.addr */
	MC_DISCARD,	/* nothing: discarded by the GART */
	MC_DENIED,	/* nothing: refused by the page's permission bits */
	MC_HOLE,	/* nothing: inside MC_FB_LOCATION, but beyond VRAM */
};

/**
 * struct mc_target - where an access goes.
 * @place: kind of memory
 * @addr: VRAM offset or bus address
 * @len: bytes from there that the translation holds for
 * @translated: went through a GART entry
 */
struct mc_target {
	enum mc_place place;
	uint64_t addr;
	size_t len;
	bool translated;
};

/**
 * struct gart_config - a GART as its registers describe it.
 * @enabled: addresses from @start to @end are translated
 * @start: first address of the card
 * @end: last address, inclusive
 * @table: where the table is: MC address (PCIE) or bus address (PCI)
 * @unmapped: what happens to addresses outside of it, TX_GART_CNTL or AIC_CNTL bits
 * @discard_read: MC address that discarded reads go to (PCIE)
 */
struct gart_config {
	bool enabled;
	uint64_t start, end;
	uint64_t table;
	uint32_t unmapped;
	uint64_t discard_read;
};

/**
 * struct mc_config - all that a translation depends on.
 * @fb_start: first MC address of the framebuffer
 * @fb_end: last, inclusive
 * @bus_master_off: the card's own bus master disable (BUS_CNTL, RV100)
 * @gart: the GART
 */
struct mc_config {
	uint64_t fb_start, fb_end;
	bool bus_master_off;
	struct gart_config gart;
};

/** struct tlb_entry - a cached GART entry; valid if @gen is the TLB's. */
struct tlb_entry {
	uint32_t gen;
	uint32_t pte;
};

/**
 * struct mc - memory controller.
 * @lock: protects @config and the TLB; no other lock is taken inside it
 * @config: see above; copied out for each translation
 * @pcie: registers behind PCIE_INDEX; &card.lock protects them
 * @tlb: one entry per GART page, so that nothing is ever evicted: hardware may
 *	keep an entry for any time, and a missing flush in a driver is always
 *	noticed here. Untouched pages of it cost no memory.
 * @tlb_gen: entries of another generation are invalid
 */
struct mc {
	pthread_mutex_t lock;
	struct mc_config config;
	uint32_t pcie[256];
	struct tlb_entry *tlb;
	uint32_t tlb_gen;
};

/* mc.c */
bool mc_fb_offset(const struct card *card, const struct mc_config *config,
		  uint64_t addr, uint64_t *offset);
int mc_dma_read(struct card *card, const struct mc_config *config,
		uint64_t addr, void *buf, size_t len);
bool tlb_lookup(struct card *card, uint32_t page, uint32_t *pte);
void tlb_insert(struct card *card, uint32_t page, uint32_t pte, uint32_t gen);
void tlb_flush(struct card *card);

/**
 * struct gart_kind - a kind of GART, which keeps &mc.config.gart up to date.
 * @init: claim its registers
 * @reset: power-on state; &card.lock held, the registers are zero
 * @translate: work out place and address of an MC address that is not the framebuffer's, valid to
 *	the end of the page; any thread, without locks. @gen is the TLB's generation at the time
 *	of @config
 */
struct gart_kind {
	void (*init)(struct card *card);
	void (*reset)(struct card *card);
	void (*translate)(struct card *card, const struct mc_config *config, uint32_t gen,
			  uint64_t addr, bool write, struct mc_target *target);
};

extern const struct gart_kind gart_pcie, gart_pci;

#endif
