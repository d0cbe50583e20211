// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A card: makes the blocks of its family, and answers accesses to its BARs.
 *
 * BAR0 is VRAM, BAR1 the first 256 bytes of the registers in I/O space, BAR2
 * the registers. QEMU maps BAR0 into the guest where it can; accesses that
 * arrive here as messages touch the same memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/card.h"
#include "core/irq.h"
#include "core/regs.h"
#include "core/trace.h"
#include "core/work.h"

#define PCI_CLASS_VGA		0x03000000u

/* pci_add_bar() flags, as in the low bits of a BAR */
#define BAR_IO			0x1u
#define BAR_MEM			0x0u
#define BAR_MEM_PREFETCH	0x8u

/* MM_INDEX bit 31: MM_DATA reaches the framebuffer instead of a register. */
#define MM_APERTURE		(1u << 31)

/* Lengths of one access that the bus can make. */
static bool access_ok(uint64_t off, uint32_t len, uint64_t size)
{
	return off < size && len <= size - off;
}

static uint32_t mm_data_read(struct card *card, uint32_t off)
{
	uint32_t index = card->regs[REG_MM_INDEX / 4];
	uint32_t val = ~0u;

	(void)off;
	if (index & MM_APERTURE) {
		index &= ~(MM_APERTURE | 3u);
		if (index < card->info->vram_size)
			memcpy(&val, card->vram + index, sizeof(val));
		return val;
	}
	index &= ~3u;
	if (index >= CARD_MMIO_SIZE || index == REG_MM_DATA)
		return val;
	return card_reg_read(card, index);
}

static void mm_data_write(struct card *card, uint32_t off, uint32_t val,
			  enum reg_source source)
{
	uint32_t index = card->regs[REG_MM_INDEX / 4];

	(void)off;
	if (index & MM_APERTURE) {
		index &= ~(MM_APERTURE | 3u);
		if (index < card->info->vram_size)
			memcpy(card->vram + index, &val, sizeof(val));
		return;
	}
	index &= ~3u;
	if (index >= CARD_MMIO_SIZE || index == REG_MM_DATA)
		return;
	card_reg_write(card, index, val, source);
}

static const struct reg_ops mm_data_ops = {
	.read = mm_data_read,
	.write = mm_data_write,
};

/* Straps and status that software cannot change. */
static const struct reg_ops read_only_ops = {
	.write = card_ignore_write,
};

/*
 * The memory controller never has work that software could see as pending.
 * r100_mc_wait_for_idle() and r300_mc_wait_for_idle() look at different bits.
 */
static uint32_t mc_status_read(struct card *card, uint32_t off)
{
	(void)off;
	return card->info->family->generation >= GENERATION_R300 ? 1u << 4 : 1u << 2;
}

static const struct reg_ops mc_status_ops = {
	.read = mc_status_read,
	.write = card_ignore_write,
};

static void trace_reg(const char *what, uint32_t off, uint32_t len, uint32_t val)
{
	const char *name = reg_name(off & ~3u);

	if (name)
		trace(TRACE_REG, "%s %s%+d/%u = %08x", what, name,
		      (int)(off & 3), len, val);
	else
		trace(TRACE_REG, "%s %04x/%u = %08x", what, off, len, val);
}

/* The bus cuts wide accesses into dwords; smaller ones arrive as they are. */
static void mmio_read(struct card *card, uint32_t off, uint8_t *buf,
		      uint32_t len)
{
	while (len) {
		uint32_t n = 4 - (off & 3);
		uint32_t val;

		if (n > len)
			n = len;
		pthread_mutex_lock(&card->lock);
		val = has_fault(card, REGISTERS_ONES) ? ~0u : card_reg_read(card, off);
		pthread_mutex_unlock(&card->lock);
		trace_reg("R", off, n, val);
		memcpy(buf, (uint8_t *)&val + (off & 3), n);
		off += n;
		buf += n;
		len -= n;
	}
}

static void mmio_write(struct card *card, uint32_t off, const uint8_t *buf,
		       uint32_t len)
{
	while (len) {
		uint32_t n = 4 - (off & 3);
		uint32_t val;

		if (n > len)
			n = len;
		pthread_mutex_lock(&card->lock);
		/* A part of a register is merged with what it holds. */
		val = n == 4 ? 0 : card->regs[off / 4];
		memcpy((uint8_t *)&val + (off & 3), buf, n);
		trace_reg("W", off, n, val);
		if (!has_fault(card, REGISTERS_ONES))
			card_reg_write(card, off, val, REG_FROM_CPU);
		pthread_mutex_unlock(&card->lock);
		off += n;
		buf += n;
		len -= n;
	}
}

/**
 * card_bar_read() - the guest's CPU reads from a BAR
 * @card: card; front thread, &card.lock not held
 * @bar: BAR number, 0 to 2, or 6 for the ROM
 * @off: byte offset
 * @buf: where the bytes go
 * @len: number of bytes
 *
 * Return: 0, or -EINVAL outside of the BAR.
 */
int card_bar_read(struct card *card, unsigned int bar, uint64_t off, void *buf,
		  uint32_t len)
{
	switch (bar) {
	case 0:
		if (!access_ok(off, len, card->info->vram_size))
			return -EINVAL;
		memcpy(buf, card->vram + off, len);
		return 0;
	case 1:
		if (!access_ok(off, len, CARD_IO_SIZE))
			return -EINVAL;
		mmio_read(card, (uint32_t)off, buf, len);
		return 0;
	case 2:
		if (!access_ok(off, len, CARD_MMIO_SIZE))
			return -EINVAL;
		mmio_read(card, (uint32_t)off, buf, len);
		return 0;
	case PCI_ROM_BAR:
		if (!access_ok(off, len, card->rom_size))
			return -EINVAL;
		memcpy(buf, card->rom + off, len);
		return 0;
	}
	return -EINVAL;
}

/**
 * card_bar_write() - the guest's CPU writes to a BAR
 * @card: card; front thread, &card.lock not held
 * @bar: BAR number, 0 to 2
 * @off: byte offset
 * @buf: the bytes
 * @len: number of bytes
 *
 * Return: 0, or -EINVAL outside of the BAR or where it cannot be written.
 */
int card_bar_write(struct card *card, unsigned int bar, uint64_t off,
		   const void *buf, uint32_t len)
{
	switch (bar) {
	case 0:
		if (!access_ok(off, len, card->info->vram_size))
			return -EINVAL;
		memcpy(card->vram + off, buf, len);
		return 0;
	case 1:
		if (!access_ok(off, len, CARD_IO_SIZE))
			return -EINVAL;
		mmio_write(card, (uint32_t)off, buf, len);
		return 0;
	case 2:
		if (!access_ok(off, len, CARD_MMIO_SIZE))
			return -EINVAL;
		mmio_write(card, (uint32_t)off, buf, len);
		return 0;
	}
	return -EINVAL;
}

static void card_init_pci(struct card *card)
{
	const struct card_info *info = card->info;

	pci_init(&card->pci, info->pci_vendor, info->pci_device, PCI_CLASS_VGA,
		 info->pci_subvendor, info->pci_subdevice);
	pci_add_bar(&card->pci, 0, BAR_MEM_PREFETCH, info->vram_size);
	pci_add_bar(&card->pci, 1, BAR_IO, CARD_IO_SIZE);
	pci_add_bar(&card->pci, 2, BAR_MEM, CARD_MMIO_SIZE);
	pci_add_bar(&card->pci, PCI_ROM_BAR, BAR_MEM, card->rom_size);
	pci_add_intx(&card->pci);
	if (info->bus == CARD_BUS_PCIE)
		pci_add_pcie_endpoint(&card->pci);
	if (info->irq == CARD_IRQ_MSI)
		pci_add_msi(&card->pci);
	pci_add_power_management(&card->pci);
}

/* Without power VRAM loses its contents. Only a fault of the model does that. */
static void forget_vram(struct card *card)
{
	if (has_fault(card, VRAM_FORGOTTEN))
		memset(card->vram, 0xdb, card->info->vram_size);
}

/**
 * card_config_write() - the guest writes to configuration space
 * @card: card; front thread, &card.lock not held
 * @off: byte offset
 * @buf: the bytes
 * @len: number of bytes
 *
 * Return: 0, or -EINVAL outside of configuration space.
 */
int card_config_write(struct card *card, uint64_t off, const void *buf, uint32_t len)
{
	bool was_in_d3 = pci_in_d3(&card->pci);
	int ret = pci_config_write(&card->pci, off, buf, len);

	if (!was_in_d3 && pci_in_d3(&card->pci)) {
		trace(TRACE_PCI, "D3");
		forget_vram(card);
	}
	return ret;
}

/* &card.lock held. VRAM keeps its contents, as it does on a warm reset. */
static void card_reset_locked(struct card *card)
{
	const struct family *family = card->info->family;

	memset(card->regs, 0, sizeof(card->regs));
	/* One aperture is all VRAM. */
	card->regs[REG_CONFIG_MEMSIZE / 4] = card->info->vram_size;
	card->regs[REG_CONFIG_APER_SIZE / 4] = card->info->vram_size;
	for (const struct posted_reg *reg = family->posted; reg->off; reg++)
		card->regs[reg->off / 4] = reg->val;
	for (const struct block *const *block = family->blocks; *block; block++)
		if ((*block)->reset)
			(*block)->reset(card);
}

/**
 * card_reset() - device reset: registers, config space and interrupts
 * @card: card; front thread, &card.lock not held
 */
void card_reset(struct card *card)
{
	/*
	 * First the bus: without its GART a card passes addresses through, and
	 * a draw that is still running must not reach RAM that way.
	 */
	pci_reset(&card->pci);
	forget_vram(card);
	pthread_mutex_lock(&card->lock);
	card_reset_locked(card);
	pthread_mutex_unlock(&card->lock);
}

/**
 * card_set_faults() - inject these faults from now on, and no others
 * @card: card; front thread, &card.lock not held
 * @faults: bits of fault.h
 *
 * A card whose registers begin to read ones was removed while it had an interrupt on its way. When
 * it is back its registers are as after power-on.
 */
void card_set_faults(struct card *card, unsigned int faults)
{
	pthread_mutex_lock(&card->lock);
	if (faults & ~card->faults & (1u << FAULT_INDEX_REGISTERS_ONES)) {
		irq_raise(card, card->regs[REG_GEN_INT_CNTL / 4]);
		/* First: a card without its GART passes addresses through. */
		card->faults = faults;
		card_reset_locked(card);
	}
	card->faults = faults;
	pthread_mutex_unlock(&card->lock);
}

/**
 * card_new() - make a card in its power-on state
 * @info: what kind
 * @vram_fd: shared memory of &card_info.vram_size bytes that becomes its VRAM,
 *	which the card closes; -1 makes it anew
 *
 * The engine thread is not started: work_start() does that.
 *
 * Return: the card, or NULL with errno set.
 */
struct card *card_new(const struct card_info *info, int vram_fd)
{
	struct card *card = calloc(1, sizeof(*card));

	if (!card)
		return NULL;
	card->info = info;
	card->vram_fd = vram_fd;
	pthread_mutex_init(&card->lock, NULL);
	guest_ram_init(&card->ram);
	card->rom = info->family->bios(info, &card->rom_size);
	if (!card->rom)
		goto fail;
	card_init_pci(card);

	/* Sealed: the client maps it, and a shorter file would be SIGBUS here. */
	if (vram_fd < 0) {
		card->vram_fd = memfd_create("vram",
					     MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (card->vram_fd < 0 ||
		    ftruncate(card->vram_fd, (off_t)info->vram_size) ||
		    fcntl(card->vram_fd, F_ADD_SEALS,
			  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
			goto fail;
	}
	card->vram = mmap(NULL, info->vram_size, PROT_READ | PROT_WRITE,
			  MAP_SHARED, card->vram_fd, 0);
	if (card->vram == MAP_FAILED) {
		card->vram = NULL;
		goto fail;
	}
	for (const struct block *const *block = info->family->blocks; *block; block++)
		if ((*block)->init && (*block)->init(card)) {
			errno = ENOMEM;
			goto fail;
		}
	card_claim_regs(card, REG_MM_DATA, REG_MM_DATA, &mm_data_ops);
	card_claim_regs(card, REG_MC_STATUS, REG_MC_STATUS, &mc_status_ops);
	card_claim_regs(card, REG_CONFIG_APER_SIZE, REG_CONFIG_APER_SIZE,
			&read_only_ops);

	pthread_mutex_lock(&card->lock);
	card_reset_locked(card);
	pthread_mutex_unlock(&card->lock);
	return card;

fail:
	card_free(card);
	return NULL;
}

/**
 * card_free() - take a card apart
 * @card: card, or NULL
 */
void card_free(struct card *card)
{
	const struct block *const *blocks;
	size_t count = 0;

	if (!card)
		return;
	work_stop(card);
	blocks = card->info->family->blocks;
	while (blocks[count])
		count++;
	while (count--)
		if (blocks[count]->fini)
			blocks[count]->fini(card);
	free(card->rom);
	if (card->vram)
		munmap(card->vram, card->info->vram_size);
	if (card->vram_fd >= 0)
		close(card->vram_fd);
	guest_ram_fini(&card->ram);
	pci_fini(&card->pci);
	pthread_mutex_destroy(&card->lock);
	free(card);
}
