/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A card in a machine: guest RAM behind it, framebuffer, GART and ring set up
 * as the driver does it. Shared by the unit tests and the command fuzzer.
 */
#ifndef LAB_CARD_FIXTURE_H
#define LAB_CARD_FIXTURE_H

#include "core/card.h"

/* Guest RAM, bus addresses and bytes. */
#define LOW_BUS		0x00100000ull
#define LOW_SIZE	0x00400000u
#define HIGH_BUS	0x200000000ull	/* needs more than 32 bits */
#define HIGH_SIZE	0x00100000u
#define BEYOND_BUS	0x10000000000ull	/* needs more than 40 bits */
#define BEYOND_SIZE	0x00010000u

/* The card's address space. */
#define FB_MC		0xd0000000u
#define GART_MC		0xe0000000u
#define GART_PAGES	256u
#define TABLE_VRAM	0x00080000u	/* RV370: where in VRAM */
#define TABLE_RAM	0x00010000u	/* RV100: where in low RAM */

/* GART pages the fixture maps to low RAM, page n to LOW_BUS + n * 4096. */
#define RING_PAGE	64u
#define RING_DWORDS	4096u
#define WB_PAGE		80u
#define IB_PAGE		96u		/* to 127 */

#define RING_MC		(GART_MC + RING_PAGE * 4096)
#define WB_MC		(GART_MC + WB_PAGE * 4096)
#define IB_MC		(GART_MC + IB_PAGE * 4096)
#define WB_RPTR		1024u		/* as RADEON_WB_CP_RPTR_OFFSET */

/* Packet headers; count is the number of dwords after the header. */
#define PKT0(reg, count)	(((count) - 1) << 16 | (uint32_t)(reg) >> 2)
#define PKT0_ONE(reg, count)	(PKT0(reg, count) | 1u << 15)
#define PKT1(reg0, reg1)	(1u << 30 | (uint32_t)(reg1) >> 2 << 11 | \
				 (uint32_t)(reg0) >> 2)
#define PKT2			(2u << 30)
#define PKT3(op, count)		(3u << 30 | ((count) - 1) << 16 | (op) << 8)

/**
 * struct fixture - see above.
 * @card: card
 * @low: low RAM as the guest sees it
 * @high: RAM above 4 GiB
 * @beyond: RAM that no card reaches
 * @irq_fd: eventfd of the interrupt: MSI where the card has it, else INTx
 * @wptr: ring write pointer, dwords; not yet written to the card
 */
struct fixture {
	struct card *card;
	uint8_t *low, *high, *beyond;
	int irq_fd;
	uint32_t wptr;
};

struct fixture *fixture_new(const char *card);
void fixture_free(struct fixture *f);
void fixture_setup(struct fixture *f);

void reg_write(struct fixture *f, uint32_t off, uint32_t val);
uint32_t reg_read(struct fixture *f, uint32_t off);
void pcie_write(struct fixture *f, uint32_t index, uint32_t val);

void gart_map(struct fixture *f, uint32_t page, uint64_t bus, uint32_t bits);
void gart_flush(struct fixture *f);

void ring_emit(struct fixture *f, uint32_t dword);
void ring_emit_all(struct fixture *f, const uint32_t *dwords, size_t count);
void ring_commit(struct fixture *f);
void ring_run(struct fixture *f);
void ib_run(struct fixture *f, const uint32_t *dwords, size_t count);

uint32_t low32(struct fixture *f, uint32_t off);
void low32_set(struct fixture *f, uint32_t off, uint32_t val);
uint64_t irq_count(struct fixture *f);
uint64_t now_ms(void);

/* Entry bits of the PCIe GART. */
#define PTE_W	(1u << 2)
#define PTE_R	(1u << 3)
#define PTE_RW	(PTE_R | PTE_W)

#define stat_get(f, name) atomic_load(&(f)->card->stats.name)

#endif
