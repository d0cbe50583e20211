// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See card_fixture.h. A fixture that cannot be set up ends the test. */
#define _GNU_SOURCE
#include "card_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/work.h"
#include "core/regs.h"
#include "mem/gart.h"

static void check(bool ok)
{
	if (!ok)
		abort();
}

static uint8_t *add_ram(struct card *card, uint64_t bus, size_t size)
{
	int fd = memfd_create("ram", MFD_CLOEXEC);
	uint8_t *map;

	check(fd >= 0 && !ftruncate(fd, (off_t)size));
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(map != MAP_FAILED);
	check(!guest_ram_map(&card->ram, bus, size, PROT_READ | PROT_WRITE, fd, 0));
	close(fd);
	return map;
}

struct fixture *fixture_new(const char *name)
{
	struct fixture *f = calloc(1, sizeof(*f));

	check(f);
	f->card = card_new(card_info_find(name), -1);
	check(f->card);
	f->low = add_ram(f->card, LOW_BUS, LOW_SIZE);
	f->high = add_ram(f->card, HIGH_BUS, HIGH_SIZE);
	f->beyond = add_ram(f->card, BEYOND_BUS, BEYOND_SIZE);
	f->irq_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	check(f->irq_fd >= 0);
	if (f->card->info->irq == CARD_IRQ_MSI)
		pci_msi_connect(&f->card->pci, dup(f->irq_fd));
	else
		pci_intx_connect(&f->card->pci, dup(f->irq_fd));
	fixture_setup(f);
	return f;
}

void fixture_free(struct fixture *f)
{
	card_free(f->card);
	munmap(f->low, LOW_SIZE);
	munmap(f->high, HIGH_SIZE);
	munmap(f->beyond, BEYOND_SIZE);
	close(f->irq_fd);
	free(f);
}

/* What the driver does after power-on or a reset. */
void fixture_setup(struct fixture *f)
{
	uint8_t command[2] = { 0x07, 0x00 };	/* I/O, memory, bus master */
	uint32_t end = GART_MC + GART_PAGES * 4096;
	bool r300 = f->card->info->family->generation >= GENERATION_R300;

	check(!pci_config_write(&f->card->pci, 4, command, sizeof(command)));
	reg_write(f, REG_MC_FB_LOCATION,
		  ((FB_MC + f->card->info->vram_size - 1) & 0xffff0000u) | FB_MC >> 16);
	for (uint32_t page = 0; page < 128; page++)
		gart_map(f, page, LOW_BUS + page * 4096, PTE_RW);
	if (f->card->info->family->gart == &gart_pcie) {
		pcie_write(f, PCIE_TX_GART_CNTL, 3u << 1);
		pcie_write(f, PCIE_TX_GART_START_LO, GART_MC);
		pcie_write(f, PCIE_TX_GART_END_LO, end - 4096);
		pcie_write(f, PCIE_TX_GART_BASE, FB_MC + TABLE_VRAM);
		pcie_write(f, PCIE_TX_DISCARD_RD_ADDR_LO, FB_MC);
		pcie_write(f, PCIE_TX_GART_CNTL, 3u << 1 | 1);
		gart_flush(f);
	} else {
		reg_write(f, REG_AIC_CNTL, 1u << 1);
		reg_write(f, REG_AIC_LO_ADDR, GART_MC);
		reg_write(f, REG_AIC_HI_ADDR, end - 1);
		reg_write(f, REG_AIC_PT_BASE, (uint32_t)LOW_BUS + TABLE_RAM);
		reg_write(f, REG_AIC_CNTL, 1u << 1 | 1);
	}
	/* Ring of 4096 dwords, read pointer written back every 1024 at most. */
	reg_write(f, REG_CP_RB_CNTL, 1u << 31 | 1u << 27 | 9u << 8 | 11);
	reg_write(f, REG_CP_RB_BASE, RING_MC);
	reg_write(f, REG_CP_RB_RPTR_WR, 0);
	reg_write(f, REG_CP_RB_WPTR, 0);
	reg_write(f, REG_CP_RB_RPTR_ADDR, WB_MC + WB_RPTR);
	reg_write(f, REG_SCRATCH_ADDR, WB_MC);
	reg_write(f, REG_SCRATCH_UMSK, r300 ? 0xff : 0);
	reg_write(f, REG_CP_RB_CNTL,
		  (r300 ? 0 : 1u << 27) | 9u << 8 | 11);
	reg_write(f, REG_CP_CSQ_CNTL, 4u << 28);
	f->wptr = 0;
}

void reg_write(struct fixture *f, uint32_t off, uint32_t val)
{
	pthread_mutex_lock(&f->card->lock);
	card_reg_write(f->card, off, val, REG_FROM_CPU);
	pthread_mutex_unlock(&f->card->lock);
}

uint32_t reg_read(struct fixture *f, uint32_t off)
{
	uint32_t val;

	pthread_mutex_lock(&f->card->lock);
	val = card_reg_read(f->card, off);
	pthread_mutex_unlock(&f->card->lock);
	return val;
}

void pcie_write(struct fixture *f, uint32_t index, uint32_t val)
{
	reg_write(f, REG_PCIE_INDEX, index);
	reg_write(f, REG_PCIE_DATA, val);
}

/* Write a table entry, without flushing. RV100 has no @bits. */
void gart_map(struct fixture *f, uint32_t page, uint64_t bus, uint32_t bits)
{
	uint32_t pte;

	if (f->card->info->family->gart == &gart_pcie) {
		pte = (uint32_t)(bus >> 8 & 0xfffff0) |
		      (uint32_t)(bus >> 32 & 0xff) << 24 | bits;
		memcpy(f->card->vram + TABLE_VRAM + page * 4, &pte, 4);
	} else {
		low32_set(f, TABLE_RAM + page * 4, (uint32_t)bus);
	}
}

/* As rv370_pcie_gart_tlb_flush(). */
void gart_flush(struct fixture *f)
{
	if (f->card->info->family->gart != &gart_pcie)
		return;
	pcie_write(f, PCIE_TX_GART_CNTL, 1u << 8 | 3u << 1 | 1);
	pcie_write(f, PCIE_TX_GART_CNTL, 3u << 1 | 1);
}

void ring_emit(struct fixture *f, uint32_t dword)
{
	low32_set(f, RING_PAGE * 4096 + f->wptr * 4, dword);
	f->wptr = (f->wptr + 1) % RING_DWORDS;
}

void ring_emit_all(struct fixture *f, const uint32_t *dwords, size_t count)
{
	while (count--)
		ring_emit(f, *dwords++);
}

void ring_commit(struct fixture *f)
{
	reg_write(f, REG_CP_RB_WPTR, f->wptr);
}

/* Commit and run on this thread. */
void ring_run(struct fixture *f)
{
	ring_commit(f);
	work_run_to_idle(f->card);
}

/* Execute dwords as an indirect buffer. */
void ib_run(struct fixture *f, const uint32_t *dwords, size_t count)
{
	memcpy(f->low + IB_PAGE * 4096, dwords, count * 4);
	ring_emit(f, PKT0(REG_CP_IB_BASE, 2));
	ring_emit(f, IB_MC);
	ring_emit(f, (uint32_t)count);
	ring_run(f);
}

uint32_t low32(struct fixture *f, uint32_t off)
{
	return __atomic_load_n((uint32_t *)(f->low + off), __ATOMIC_ACQUIRE);
}

void low32_set(struct fixture *f, uint32_t off, uint32_t val)
{
	__atomic_store_n((uint32_t *)(f->low + off), val, __ATOMIC_RELEASE);
}

/* Interrupts since the last call; INTx is unmasked as a guest's EOI does it. */
uint64_t irq_count(struct fixture *f)
{
	uint64_t n = 0;

	if (read(f->irq_fd, &n, sizeof(n)) != sizeof(n))
		n = 0;
	if (f->card->info->irq != CARD_IRQ_MSI)
		pci_intx_mask(&f->card->pci, false);
	return n;
}

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}
