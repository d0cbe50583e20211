// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Memory controller: routes each access of the card to VRAM, through the GART
 * to the bus, or nowhere.
 *
 * The framebuffer is at the addresses in MC_FB_LOCATION; the family's kind of
 * GART handles all others. For each piece of an access the configuration is
 * copied under a separate lock, so that no lock of the card is held while
 * memory is accessed.
 */
#include "mem/mc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem/gart.h"
#include "core/regs.h"
#include "core/trace.h"

/*
 * A dword is accessed atomically: at the same time the guest's CPU polls fences
 * and writes page table entries in VRAM.
 */
static void vram_copy(uint8_t *vram, void *buf, size_t len, bool write)
{
	uint32_t val;

	if (len == sizeof(val) && !((uintptr_t)vram % sizeof(val))) {
		if (write) {
			memcpy(&val, buf, sizeof(val));
			__atomic_store_n((uint32_t *)vram, val, __ATOMIC_RELEASE);
		} else {
			val = __atomic_load_n((uint32_t *)vram, __ATOMIC_ACQUIRE);
			memcpy(buf, &val, sizeof(val));
		}
	} else if (write) {
		memcpy(vram, buf, len);
	} else {
		memcpy(buf, vram, len);
	}
}

/**
 * mc_fb_offset() - find an address in the framebuffer
 * @card: card
 * @config: configuration
 * @addr: MC address
 * @offset: gets the offset in VRAM, which may lie beyond its end
 *
 * Return: true if MC_FB_LOCATION covers the address.
 */
bool mc_fb_offset(const struct card *card, const struct mc_config *config,
		  uint64_t addr, uint64_t *offset)
{
	(void)card;
	if (addr < config->fb_start || addr > config->fb_end)
		return false;
	*offset = addr - config->fb_start;
	return true;
}

/**
 * tlb_lookup() - look for a GART page in the TLB
 * @card: card
 * @page: page of the GART, below GART_MAX_PAGES
 * @pte: gets its table entry
 *
 * Return: true if it was there.
 */
bool tlb_lookup(struct card *card, uint32_t page, uint32_t *pte)
{
	struct mc *mc = card->mc;
	struct tlb_entry *entry = &mc->tlb[page];
	bool hit;

	pthread_mutex_lock(&mc->lock);
	hit = entry->gen == mc->tlb_gen ||
	      (entry->gen && has_fault(card, GART_STALE));
	*pte = entry->pte;
	pthread_mutex_unlock(&mc->lock);
	return hit;
}

/**
 * tlb_insert() - keep a table entry that was read
 * @card: card
 * @page: page of the GART, below GART_MAX_PAGES
 * @pte: table entry
 * @gen: generation before the entry was read: if there was a flush since, the
 *	entry may be old, and the TLB does not take it as valid
 */
void tlb_insert(struct card *card, uint32_t page, uint32_t pte, uint32_t gen)
{
	struct mc *mc = card->mc;

	pthread_mutex_lock(&mc->lock);
	mc->tlb[page] = (struct tlb_entry){ .gen = gen, .pte = pte };
	pthread_mutex_unlock(&mc->lock);
}

/* Forget all entries, &mc->lock held. */
static void tlb_invalidate(struct mc *mc)
{
	if (++mc->tlb_gen == 0) {
		memset(mc->tlb, 0, GART_MAX_PAGES * sizeof(*mc->tlb));
		mc->tlb_gen = 1;
	}
}

/**
 * tlb_flush() - invalidate the TLB
 * @card: card, &card.lock held
 */
void tlb_flush(struct card *card)
{
	stat_inc(card, gart_flushes);
	pthread_mutex_lock(&card->mc->lock);
	tlb_invalidate(card->mc);
	pthread_mutex_unlock(&card->mc->lock);
}

static int refuse(struct card *card, uint64_t addr, bool write)
{
	static atomic_bool warned;

	stat_inc(card, dma_refused);
	trace(TRACE_GART, "DMA %s %#llx refused", write ? "write to" : "read from",
	      (unsigned long long)addr);
	warn_once_print(&warned, "DMA %s %#llx refused: not memory, or beyond the card's reach",
			write ? "write to" : "read from",
			(unsigned long long)addr);
	return -EFAULT;
}

/* May the card drive these bus addresses now? */
static bool dma_allowed(struct card *card, const struct mc_config *config,
			uint64_t addr, size_t len)
{
	return pci_bus_master(&card->pci) && !config->bus_master_off &&
	       !has_fault(card, REGISTERS_ONES) &&
	       (addr + len - 1) >> card->info->dma_bits == 0;
}

/**
 * mc_dma_read() - read from the bus
 * @card: card
 * @config: configuration
 * @addr: bus address
 * @buf: where the bytes go; all ones if refused
 * @len: number of bytes, not 0
 *
 * Any thread; takes the guest memory's lock.
 *
 * Return: 0, or -EFAULT if refused (counted).
 */
int mc_dma_read(struct card *card, const struct mc_config *config,
		uint64_t addr, void *buf, size_t len)
{
	if (dma_allowed(card, config, addr, len) &&
	    !guest_ram_read(&card->ram, addr, buf, len))
		return 0;
	memset(buf, 0xff, len);
	return refuse(card, addr, false);
}

static int dma_write(struct card *card, const struct mc_config *config,
		     uint64_t addr, const void *buf, size_t len)
{
	if (dma_allowed(card, config, addr, len) &&
	    !guest_ram_write(&card->ram, addr, buf, len))
		return 0;
	return refuse(card, addr, true);
}

static uint64_t address_mask(const struct card *card)
{
	return UINT64_MAX >> (64 - card->info->family->mc_bits);
}

/* Work out where addr leads, for at most len bytes. */
static void resolve(struct card *card, uint64_t addr, size_t len, bool write,
		    struct mc_config *config, struct mc_target *target)
{
	struct mc *mc = card->mc;
	uint64_t offset, span;
	uint32_t gen;

	pthread_mutex_lock(&mc->lock);
	*config = mc->config;
	gen = mc->tlb_gen;
	pthread_mutex_unlock(&mc->lock);

	*target = (struct mc_target){ 0 };
	if (mc_fb_offset(card, config, addr, &offset)) {
		target->addr = offset;
		span = config->fb_end - addr + 1;
		if (offset < card->info->vram_size) {
			target->place = MC_VRAM;
			if (span > card->info->vram_size - offset)
				span = card->info->vram_size - offset;
		} else {
			target->place = MC_HOLE;
		}
	} else {
		card->info->family->gart->translate(card, config, gen, addr, write, target);
		span = GART_PAGE_SIZE - (addr & GART_PAGE_MASK);
		if (target->place == MC_VRAM &&
		    span > card->info->vram_size - target->addr)
			span = card->info->vram_size - target->addr;
	}
	target->len = span < len ? span : len;
}

static void count(struct card *card, const struct mc_target *target, bool write)
{
	if (target->place == MC_DENIED)
		stat_inc(card, gart_denied);
	if (target->place == MC_DISCARD)
		stat_inc(card, gart_discarded);
	if (!target->translated)
		return;
	if (write)
		stat_inc(card, gart_writes);
	else
		stat_inc(card, gart_reads);
	if (target->addr >> 32)
		stat_inc(card, gart_above_4g);
}

static const char *place_name(enum mc_place place)
{
	return place == MC_DENIED ? "denied" :
	       place == MC_DISCARD ? "discarded" : "no VRAM there";
}

/**
 * mc_read() - read from the card's address space
 * @card: card; &card.lock not held, any thread
 * @addr: MC address; the space wraps at its end (&family.mc_bits)
 * @buf: where the bytes go
 * @len: number of bytes
 *
 * Return: 0, or -EFAULT if a part was refused; that part reads as ones.
 */
int mc_read(struct card *card, uint64_t addr, void *buf, size_t len)
{
	uint8_t *p = buf;
	int ret = 0;

	while (len) {
		struct mc_config config;
		struct mc_target target;

		addr &= address_mask(card);
		resolve(card, addr, len, false, &config, &target);
		count(card, &target, false);
		switch (target.place) {
		case MC_VRAM:
			vram_copy(card->vram + target.addr, p, target.len, false);
			break;
		case MC_BUS:
			if (mc_dma_read(card, &config, target.addr, p, target.len))
				ret = -EFAULT;
			break;
		default:
			trace(TRACE_GART, "read from MC %08llx: %s", (unsigned long long)addr,
			      place_name(target.place));
			memset(p, 0xff, target.len);
			ret = -EFAULT;
		}
		addr += target.len;
		p += target.len;
		len -= target.len;
	}
	return ret;
}

/**
 * mc_write() - write to the card's address space
 * @card: card; &card.lock not held, any thread
 * @addr: MC address; the space wraps at its end (&family.mc_bits)
 * @buf: the bytes
 * @len: number of bytes
 *
 * Return: 0, or -EFAULT if a part was refused; that part is dropped.
 */
int mc_write(struct card *card, uint64_t addr, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	int ret = 0;

	while (len) {
		struct mc_config config;
		struct mc_target target;

		addr &= address_mask(card);
		resolve(card, addr, len, true, &config, &target);
		count(card, &target, true);
		switch (target.place) {
		case MC_VRAM:
			vram_copy(card->vram + target.addr, (void *)p, target.len,
				  true);
			break;
		case MC_BUS:
			if (dma_write(card, &config, target.addr, p, target.len))
				ret = -EFAULT;
			break;
		default:
			trace(TRACE_GART, "write to MC %08llx: %s", (unsigned long long)addr,
			      place_name(target.place));
			ret = -EFAULT;
		}
		addr += target.len;
		p += target.len;
		len -= target.len;
	}
	return ret;
}

/**
 * mc_bus_address() - translate an address without accessing it
 * @card: card; &card.lock not held, any thread
 * @addr: MC address
 * @bus: gets the bus address
 *
 * The same way as an access, the TLB included, but nothing is accessed or counted.
 *
 * Return: true if it leads to the bus.
 */
bool mc_bus_address(struct card *card, uint64_t addr, uint64_t *bus)
{
	struct mc_config config;
	struct mc_target target;

	resolve(card, addr & address_mask(card), 1, false, &config, &target);
	if (target.place != MC_BUS)
		return false;
	*bus = target.addr;
	return true;
}

/**
 * mc_gart_find() - pages that the card reaches through its GART, by their first word
 * @card: card; &card.lock not held, any thread
 * @word: first 64 bits of a page, little endian
 * @addrs: gets their MC addresses, lowest first
 * @max: entries in @addrs
 *
 * Return: how many there are, which may be more than @max.
 */
unsigned int mc_gart_find(struct card *card, uint64_t word, uint64_t *addrs,
			  unsigned int max)
{
	struct gart_config gart;
	unsigned int count = 0;

	pthread_mutex_lock(&card->mc->lock);
	gart = card->mc->config.gart;
	pthread_mutex_unlock(&card->mc->lock);
	if (!gart.enabled || gart.end < gart.start ||
	    gart.end - gart.start >= (uint64_t)GART_MAX_PAGES * GART_PAGE_SIZE)
		return 0;
	for (uint64_t addr = gart.start; addr < gart.end; addr += GART_PAGE_SIZE) {
		struct mc_config config;
		struct mc_target target;
		uint64_t found;

		resolve(card, addr & address_mask(card), sizeof(found), false, &config, &target);
		if (target.place != MC_BUS || target.len < sizeof(found) ||
		    !dma_allowed(card, &config, target.addr, sizeof(found)) ||
		    guest_ram_read(&card->ram, target.addr, &found, sizeof(found)) ||
		    found != word)
			continue;
		if (count < max)
			addrs[count] = addr;
		count++;
	}
	return count;
}

static void fb_location_write(struct card *card, uint32_t off, uint32_t val,
			      enum reg_source source)
{
	struct mc *mc = card->mc;

	(void)source;
	card->regs[off / 4] = val;
	pthread_mutex_lock(&mc->lock);
	mc->config.fb_start = (val & 0xffff) << 16;
	mc->config.fb_end = val | 0xffff;
	pthread_mutex_unlock(&mc->lock);
}

static const struct reg_ops fb_location_ops = {
	.write = fb_location_write,
};

static int init(struct card *card)
{
	struct mc *mc = calloc(1, sizeof(*mc));

	if (!mc)
		return -ENOMEM;
	mc->tlb = calloc(GART_MAX_PAGES, sizeof(*mc->tlb));
	if (!mc->tlb) {
		free(mc);
		return -ENOMEM;
	}
	pthread_mutex_init(&mc->lock, NULL);
	mc->tlb_gen = 1;
	card->mc = mc;

	card_claim_regs(card, REG_MC_FB_LOCATION, REG_MC_FB_LOCATION, &fb_location_ops);
	card->info->family->gart->init(card);
	return 0;
}

static void reset(struct card *card)
{
	struct mc *mc = card->mc;

	memset(mc->pcie, 0, sizeof(mc->pcie));
	pthread_mutex_lock(&mc->lock);
	mc->config = (struct mc_config){ .fb_end = 0xffff };
	tlb_invalidate(mc);
	pthread_mutex_unlock(&mc->lock);
	card->info->family->gart->reset(card);
}

static void fini(struct card *card)
{
	if (!card->mc)
		return;
	pthread_mutex_destroy(&card->mc->lock);
	free(card->mc->tlb);
	free(card->mc);
	card->mc = NULL;
}

const struct block mc_block = { .init = init, .reset = reset, .fini = fini };
