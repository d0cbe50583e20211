/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The software Radeon: one card, put together from its hardware blocks.
 *
 * A card is a 64 KiB register file, VRAM and the blocks of its family (block.h), which live behind
 * the registers. Each block has its own file and claims its registers with card_claim_regs(); an
 * unclaimed register is plain storage. The differences between cards are data, in lab/cards.list.
 *
 * Threads
 * -------
 * The *front* thread (main.c, front.c) serves vfio-user, the display clock and the
 * control socket. The *engine* thread (work.c) executes rings and draws. The
 * front must answer QEMU within milliseconds, so it never waits for the engine:
 *
 * - &card.lock protects the registers and the blocks' state. It is held for
 *   the time of a register access, never across a draw or a stream.
 * - Memory behind the memory controller is accessed without &card.lock.
 *
 * Everything that the guest can write is hostile input: no register value,
 * packet, page table entry or address may crash the process, make it touch
 * memory other than guest RAM and VRAM, or keep the front thread from answering.
 */
#ifndef LAB_CARD_H
#define LAB_CARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/guest_ram.h"
#include "bus/pci.h"
#include "core/block.h"
#include "core/fault.h"

#define CARD_MMIO_SIZE	0x10000u	/* BAR2, bytes */
#define CARD_IO_SIZE	0x100u		/* BAR1, bytes */

struct card;
struct work;
struct mc;
struct cp;
struct engine_2d;
struct r300;
struct irq;
struct pll;
struct display;

/** enum card_bus - what a card plugs into. */
enum card_bus { CARD_BUS_PCI, CARD_BUS_PCIE };

/** enum card_irq - how a card interrupts: by INTx alone, or by MSI as well. */
enum card_irq { CARD_IRQ_INTX, CARD_IRQ_MSI };

/** enum reg_source - who accesses a register. */
enum reg_source {
	REG_FROM_CPU,	/* the guest's CPU, through a BAR: front thread */
	REG_FROM_CP,	/* a packet in a ring or indirect buffer: engine thread */
};

/**
 * struct card_info - what differs between two cards: a row of lab/cards.list.
 * @name: name on the command line and in the lab, e.g. "rv370"
 * @product: name of the product, e.g. "ATI Radeon X300 (RV370)"
 * @pci_vendor: PCI vendor ID
 * @pci_device: PCI device ID
 * @pci_subvendor: PCI subsystem vendor ID
 * @pci_subdevice: PCI subsystem device ID
 * @bus: PCI Express cards have that capability
 * @irq: kind of interrupt
 * @dma_bits: width of the bus addresses the card can drive
 * @vram_size: VRAM in bytes, a power of two
 * @family: what it is made of
 */
struct card_info {
	const char *name;
	const char *product;
	uint16_t pci_vendor;
	uint16_t pci_device;
	uint16_t pci_subvendor;
	uint16_t pci_subdevice;
	enum card_bus bus;
	enum card_irq irq;
	unsigned int dma_bits;
	uint32_t vram_size;
	const struct family *family;
};

/**
 * struct card_stats - what the card has done, read by the control socket.
 *
 * All counters only grow; the engine and the front add to them without a lock.
 */
#define CARD_STATS(X) \
	X(ring_dwords)		/* dwords fetched from the ring */ \
	X(ib_count)		/* indirect buffers executed */ \
	X(ib_dwords)		/* dwords fetched from indirect buffers */ \
	X(packets)		/* packets of all types executed */ \
	X(packets_bad)		/* packets that are malformed or not known */ \
	X(packets_3d)		/* 3D packets taken */ \
	X(draws)		/* 3D draws done */ \
	X(draw_vertices)	/* their vertices */ \
	X(draw_pixels)		/* their pixels that have passed the depth test */ \
	X(draws_skipped)	/* draws that need what is not modelled */ \
	X(vertices_skipped)	/* their vertices */ \
	X(fifo_overflows)	/* CPU draws dropped, the FIFO was full */ \
	X(blits)		/* 2D operations done */ \
	X(blit_bytes)		/* bytes written by 2D operations */ \
	X(dma_copies)		/* r200_copy_dma style copies */ \
	X(fences)		/* software interrupts fired by a stream */ \
	X(irqs)			/* interrupts sent to the guest */ \
	X(irqs_lost)		/* interrupts dropped by a fault */ \
	X(gart_reads)		/* GART translations for a read */ \
	X(gart_writes)		/* GART translations for a write */ \
	X(gart_above_4g)	/* of these, to a bus address of 4 GiB or more */ \
	X(gart_denied)		/* refused by the entry's permission bits */ \
	X(gart_discarded)	/* outside of the GART, discarded */ \
	X(gart_flushes)		/* TLB invalidations */ \
	X(dma_refused)		/* beyond the card's address width or guest RAM */ \
	X(writebacks)		/* scratch and read-pointer writebacks */ \
	X(streams_stopped)	/* runaway command streams stopped */ \
	X(resets)		/* soft resets by the driver */ \
	X(vblanks)		/* vertical blanks of a running CRTC */ \
	X(flips)		/* page flips latched */ \
	X(ddc_bytes)		/* EDID bytes read */

struct card_stats {
#define X(name) _Atomic uint64_t name;
	CARD_STATS(X)
#undef X
};

#define stat_add(card, name, n) \
	atomic_fetch_add_explicit(&(card)->stats.name, (n), memory_order_relaxed)
#define stat_inc(card, name) stat_add(card, name, 1)

/**
 * struct reg_ops - behaviour of a register that is more than storage.
 * @read: returns the value; NULL reads the stored value
 * @write: takes the value; NULL stores it
 *
 * Called with &card.lock held. @off is the byte offset, a multiple of four.
 * A handler that needs the plain storage uses card->regs[off / 4].
 */
struct reg_ops {
	uint32_t (*read)(struct card *card, uint32_t off);
	void (*write)(struct card *card, uint32_t off, uint32_t val,
		      enum reg_source source);
};

/**
 * struct card - one card.
 * @info: what kind it is
 * @lock: protects @regs and the blocks' state
 * @regs: stored register values, indexed by byte offset / 4
 * @reg_ops: behaviour per register, NULL where it is plain storage
 * @vram: VRAM; the guest's CPU maps it through BAR0, and its accesses are not seen here
 * @vram_fd: the memfd behind @vram
 * @ram: guest memory, as far as the client lets the card reach it
 * @pci: config space and interrupt lines
 * @rom: option ROM image (COMBIOS)
 * @rom_size: its size in bytes
 * @latency_us: least time between fetching a fence and completing it
 * @pace_us: least time for each row of a copy
 * @faults: faults that are on (fault.h)
 * @stopping: set once when the process is about to end
 */
struct card {
	const struct card_info *info;
	pthread_mutex_t lock;
	uint32_t regs[CARD_MMIO_SIZE / 4];
	const struct reg_ops *reg_ops[CARD_MMIO_SIZE / 4];
	uint8_t *vram;
	int vram_fd;
	struct guest_ram ram;
	struct pci_function pci;
	uint8_t *rom;
	size_t rom_size;
	unsigned int latency_us;
	_Atomic unsigned int pace_us;
	_Atomic unsigned int faults;
	atomic_bool stopping;
	struct card_stats stats;

	struct work *work;
	struct mc *mc;
	struct cp *cp;
	struct engine_2d *e2d;
	struct r300 *r300;
	struct irq *irq;
	struct pll *pll;
	struct display *display;
};

/* card.c */
struct card *card_new(const struct card_info *info, int vram_fd);
void card_free(struct card *card);
void card_reset(struct card *card);
void card_set_faults(struct card *card, unsigned int faults);
int card_bar_read(struct card *card, unsigned int bar, uint64_t off, void *buf,
		  uint32_t len);
int card_config_write(struct card *card, uint64_t off, const void *buf, uint32_t len);
int card_bar_write(struct card *card, unsigned int bar, uint64_t off,
		   const void *buf, uint32_t len);

/* registers.c */
void card_claim_regs(struct card *card, uint32_t first, uint32_t last,
		     const struct reg_ops *ops);
uint32_t card_reg_read(struct card *card, uint32_t off);
void card_reg_write(struct card *card, uint32_t off, uint32_t val,
		    enum reg_source source);
void card_ignore_write(struct card *card, uint32_t off, uint32_t val,
		       enum reg_source source);

/* family/cards.c */
const struct card_info *card_info_find(const char *name);
void card_info_list(char *buf, size_t size);

#endif
