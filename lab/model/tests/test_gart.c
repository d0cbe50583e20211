// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The memory controller and both kinds of GART: what an address leads to. */
#include "cmocka_card.h"

#include <string.h>

#include <linux/pci_regs.h>

#include "mem/gart.h"
#include "mem/mc.h"
#include "core/regs.h"

#define PAGE_MC(page)	(GART_MC + (page) * 4096)

static uint32_t read32(struct fixture *f, uint32_t addr)
{
	uint32_t val = 0;

	mc_read(f->card, addr, &val, sizeof(val));
	return val;
}

static int write32(struct fixture *f, uint32_t addr, uint32_t val)
{
	return mc_write(f->card, addr, &val, sizeof(val));
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t val;

	memcpy(&val, p, sizeof(val));
	return val;
}

static void set_command(struct fixture *f, uint8_t val)
{
	assert_int_equal(pci_config_write(&f->card->pci, 4, &val, 1), 0);
}

static void framebuffer(void **state)
{
	struct fixture *f = *state;
	uint32_t end = FB_MC + f->card->info->vram_size;

	assert_int_equal(write32(f, FB_MC + 0x1234, 0x11223344), 0);
	assert_int_equal(get32(f->card->vram + 0x1234), 0x11223344);
	assert_int_equal(write32(f, end - 4, 5), 0);
	assert_int_equal(get32(f->card->vram + f->card->info->vram_size - 4), 5);
	/* MC_FB_LOCATION covers more than VRAM: the rest is a hole. */
	reg_write(f, REG_MC_FB_LOCATION, (end & 0xffff0000u) | FB_MC >> 16);
	assert_int_not_equal(write32(f, end, 6), 0);
	assert_int_equal(read32(f, end), 0xffffffffu);
	assert_int_equal(write32(f, end - 2, 7), -14);
	assert_int_equal(get32(f->card->vram + f->card->info->vram_size - 4), 0x70005);
}

static void moved_framebuffer(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_MC_FB_LOCATION, 0x13ff1000);
	assert_int_equal(write32(f, 0x10000010, 0xabcd), 0);
	assert_int_equal(get32(f->card->vram + 0x10), 0xabcd);
	reg_write(f, REG_MC_FB_LOCATION, 0x10001300);	/* ends before it starts */
	assert_int_not_equal(write32(f, 0x10000010, 1), 0);
	assert_int_equal(get32(f->card->vram + 0x10), 0xabcd);
}

static void translation(void **state)
{
	struct fixture *f = *state;

	/* The pages are swapped, so that order shows. */
	gart_map(f, 130, LOW_BUS + 0x201000, PTE_RW);
	gart_map(f, 131, LOW_BUS + 0x200000, PTE_RW);
	gart_flush(f);
	assert_int_equal(write32(f, PAGE_MC(130) + 8, 0xaaaa), 0);
	assert_int_equal(low32(f, 0x201008), 0xaaaa);
	low32_set(f, 0x200010, 0xbbbb);
	assert_int_equal(read32(f, PAGE_MC(131) + 0x10), 0xbbbb);
	assert_true(stat_get(f, gart_writes) == 1);
	assert_true(stat_get(f, gart_reads) == 1);
	/* An access across the border is cut there. */
	assert_int_equal(write32(f, PAGE_MC(131) - 2, 0x12345678), 0);
	assert_int_equal(low32(f, 0x201ffc) >> 16, 0x5678);
	assert_int_equal(low32(f, 0x200000) & 0xffff, 0x1234);
}

/* A card that is gone does no DMA. */
static void fault_gone(void **state)
{
	struct fixture *f = *state;

	gart_map(f, 130, LOW_BUS + 0x3000, PTE_RW);
	gart_flush(f);
	f->card->faults = 1u << FAULT_INDEX_REGISTERS_ONES;
	assert_int_not_equal(write32(f, PAGE_MC(130), 0xbad), 0);
	f->card->faults = 0;
	assert_int_equal(write32(f, PAGE_MC(130), 0xcafe), 0);
}

static void above_4g(void **state)
{
	struct fixture *f = *state;

	gart_map(f, 130, HIGH_BUS + 0x3000, PTE_RW);
	gart_flush(f);
	assert_int_equal(write32(f, PAGE_MC(130) + 4, 0xcafe), 0);
	assert_int_equal(get32(f->high + 0x3004), 0xcafe);
	assert_true(stat_get(f, gart_above_4g) == 1);
	f->card->faults = 1u << FAULT_INDEX_GART_TRUNCATE;
	write32(f, PAGE_MC(130) + 4, 0xbad);
	assert_int_equal(get32(f->high + 0x3004), 0xcafe);
}

/* mc_bus_address() and mc_gart_find() translate like an access, without counting. */
static void watched(void **state)
{
	struct fixture *f = *state;
	const uint64_t word = 0x0123456789abcdefull;
	uint64_t reads = stat_get(f, gart_reads), bus = 1;
	uint64_t addrs[2] = { 0 };

	gart_map(f, 130, LOW_BUS + 0x201000, PTE_RW);
	gart_map(f, 132, LOW_BUS + 0x203000, PTE_RW);
	gart_map(f, 133, LOW_BUS + 0x204000, PTE_RW);
	gart_flush(f);
	assert_true(mc_bus_address(f->card, PAGE_MC(130) + 8, &bus));
	assert_true(bus == LOW_BUS + 0x201008);
	assert_false(mc_bus_address(f->card, FB_MC, &bus));
	assert_int_equal(mc_gart_find(f->card, word, addrs, 2), 0);
	memcpy(f->low + 0x203000, &word, sizeof(word));
	assert_int_equal(mc_gart_find(f->card, word, addrs, 2), 1);
	assert_int_equal(addrs[0], PAGE_MC(132));
	/* Only words at the start of a page are found: three. There is room for two addresses. */
	memcpy(f->low + 0x202008, &word, sizeof(word));
	memcpy(f->low + 0x201000, &word, sizeof(word));
	memcpy(f->low + 0x204000, &word, sizeof(word));
	assert_int_equal(mc_gart_find(f->card, word, addrs, 2), 3);
	assert_int_equal(addrs[0], PAGE_MC(130));
	assert_int_equal(addrs[1], PAGE_MC(132));
	assert_true(stat_get(f, gart_reads) == reads);
}

static void permissions(void **state)
{
	struct fixture *f = *state;

	gart_map(f, 130, LOW_BUS + 0x200000, PTE_R);
	gart_map(f, 131, LOW_BUS + 0x201000, PTE_W);
	gart_map(f, 132, LOW_BUS + 0x202000, 0);
	gart_flush(f);
	low32_set(f, 0x200000, 1);
	low32_set(f, 0x201000, 2);
	assert_int_equal(read32(f, PAGE_MC(130)), 1);
	assert_int_not_equal(write32(f, PAGE_MC(130), 9), 0);
	assert_int_equal(low32(f, 0x200000), 1);
	assert_int_equal(read32(f, PAGE_MC(131)), 0xffffffffu);
	assert_int_equal(write32(f, PAGE_MC(131), 9), 0);
	assert_int_equal(low32(f, 0x201000), 9);
	assert_int_equal(read32(f, PAGE_MC(132)), 0xffffffffu);
	assert_true(stat_get(f, gart_denied) == 3);
}

static void forgotten_flush(void **state)
{
	struct fixture *f = *state;

	gart_map(f, 130, LOW_BUS + 0x200000, PTE_RW);
	gart_flush(f);
	write32(f, PAGE_MC(130), 1);
	gart_map(f, 130, LOW_BUS + 0x201000, PTE_RW);
	write32(f, PAGE_MC(130), 2);
	assert_int_equal(low32(f, 0x200000), 2);	/* still the old page */
	assert_int_equal(low32(f, 0x201000), 0);
	gart_flush(f);
	write32(f, PAGE_MC(130), 3);
	assert_int_equal(low32(f, 0x201000), 3);
	/* Moving the table is a flush, too. */
	memset(f->card->vram + 0x100000, 0, 4096);
	pcie_write(f, PCIE_TX_GART_BASE, FB_MC + 0x100000);
	assert_int_not_equal(write32(f, PAGE_MC(130), 4), 0);
	assert_int_equal(low32(f, 0x201000), 3);
}

static void no_cache(void **state)
{
	struct fixture *f = *state;

	gart_map(f, 130, LOW_BUS + 0x200000, 0);
	write32(f, PAGE_MC(130), 1);
	gart_map(f, 130, LOW_BUS + 0x201000, 0);
	write32(f, PAGE_MC(130), 2);
	assert_int_equal(low32(f, 0x200000), 1);
	assert_int_equal(low32(f, 0x201000), 2);
}

static void fault_stale(void **state)
{
	struct fixture *f = *state;

	f->card->faults = 1u << FAULT_INDEX_GART_STALE;
	gart_map(f, 130, LOW_BUS + 0x200000, PTE_RW);
	gart_flush(f);
	write32(f, PAGE_MC(130), 1);
	gart_map(f, 130, LOW_BUS + 0x201000, PTE_RW);
	gart_flush(f);
	write32(f, PAGE_MC(130), 2);
	assert_int_equal(low32(f, 0x200000), 2);
}

static void fault_off_by_one(void **state)
{
	struct fixture *f = *state;

	gart_map(f, 130, LOW_BUS + 0x200000, PTE_RW);
	gart_map(f, 131, LOW_BUS + 0x201000, PTE_RW);
	gart_flush(f);
	f->card->faults = 1u << FAULT_INDEX_GART_OFF_BY_ONE;
	write32(f, PAGE_MC(130), 1);
	assert_int_equal(low32(f, 0x200000), 0);
	assert_int_equal(low32(f, 0x201000), 1);
}

static void range(void **state)
{
	struct fixture *f = *state;

	gart_map(f, GART_PAGES - 1, LOW_BUS + 0x200000, PTE_RW);
	gart_map(f, GART_PAGES, LOW_BUS + 0x201000, PTE_RW);
	gart_flush(f);
	assert_int_equal(write32(f, PAGE_MC(GART_PAGES) - 4, 1), 0);
	assert_int_equal(low32(f, 0x200ffc), 1);
	assert_int_not_equal(write32(f, PAGE_MC(GART_PAGES), 2), 0);
	assert_int_not_equal(write32(f, GART_MC - 4, 2), 0);
	assert_int_equal(low32(f, 0x201000), 0);
	assert_true(stat_get(f, gart_discarded) == 2);
	assert_true(stat_get(f, dma_refused) == 0);
}

static void discarded_reads(void **state)
{
	struct fixture *f = *state;

	memset(f->card->vram + 0x5000, 0x5a, 4096);
	pcie_write(f, PCIE_TX_DISCARD_RD_ADDR_LO, FB_MC + 0x5000);
	assert_int_equal(read32(f, 0x12345678), 0x5a5a5a5a);
	pcie_write(f, PCIE_TX_DISCARD_RD_ADDR_LO, 0);
	assert_int_equal(read32(f, 0x12345678), 0xffffffffu);
	assert_true(stat_get(f, gart_discarded) == 2);
}

static void pass_through(void **state)
{
	struct fixture *f = *state;

	if (f->card->info->family->gart == &gart_pcie)
		pcie_write(f, PCIE_TX_GART_CNTL, 0);
	else
		reg_write(f, REG_AIC_CNTL, 0);
	assert_int_equal(write32(f, (uint32_t)LOW_BUS + 0x300000, 0x77), 0);
	assert_int_equal(low32(f, 0x300000), 0x77);
	assert_int_not_equal(write32(f, GART_MC, 1), 0);
	assert_true(stat_get(f, dma_refused) == 1);
}

static void clamp(void **state)
{
	struct fixture *f = *state;

	gart_map(f, 0, LOW_BUS + 0x200000, PTE_RW);
	pcie_write(f, PCIE_TX_GART_CNTL, 1u << 8 | 1u << 1 | 1);
	assert_int_equal(write32(f, 0x12345678, 0x99), 0);
	assert_int_equal(low32(f, 0x200678), 0x99);
}

static void bus_master(void **state)
{
	struct fixture *f = *state;

	low32_set(f, 0, 0x42);
	set_command(f, 0x03);
	assert_int_equal(read32(f, GART_MC), 0xffffffffu);
	assert_int_not_equal(write32(f, GART_MC, 1), 0);
	assert_int_equal(low32(f, 0), 0x42);
	assert_int_equal(write32(f, FB_MC, 1), 0);	/* is not DMA */
	set_command(f, 0x07);
	assert_int_equal(read32(f, GART_MC), 0x42);
	assert_true(stat_get(f, dma_refused) >= 2);
}

static void bus_master_disable(void **state)
{
	struct fixture *f = *state;

	low32_set(f, 0, 0x42);
	reg_write(f, REG_BUS_CNTL, 1u << 6);
	assert_int_equal(read32(f, GART_MC), 0xffffffffu);
	reg_write(f, REG_BUS_CNTL, 0);
	assert_int_equal(read32(f, GART_MC), 0x42);
}

static void unmapped_memory(void **state)
{
	struct fixture *f = *state;

	gart_map(f, 130, LOW_BUS + LOW_SIZE, PTE_RW);
	gart_flush(f);
	assert_int_not_equal(write32(f, PAGE_MC(130), 1), 0);
	assert_int_equal(read32(f, PAGE_MC(130)), 0xffffffffu);
	assert_true(stat_get(f, dma_refused) == 2);
}

/* A table that lies nowhere gives no access, and no crash. */
static void bad_table(void **state)
{
	struct fixture *f = *state;

	if (f->card->info->family->gart == &gart_pcie)
		pcie_write(f, PCIE_TX_GART_BASE,
			   FB_MC + f->card->info->vram_size - 4);
	else
		reg_write(f, REG_AIC_PT_BASE, 0xfffffffc);
	gart_flush(f);
	for (uint32_t page = 1; page < GART_PAGES; page++)
		assert_int_not_equal(write32(f, PAGE_MC(page), page), 0);
}

static void address_width(void **state)
{
	struct fixture *f = *state;
	const struct card_info *real = f->card->info;
	struct card_info info = *real;

	gart_map(f, 130, HIGH_BUS, PTE_RW);
	gart_flush(f);
	info.dma_bits = 33;
	f->card->info = &info;
	assert_int_not_equal(write32(f, PAGE_MC(130), 1), 0);
	info.dma_bits = 34;
	assert_int_equal(write32(f, PAGE_MC(130), 1), 0);
	assert_int_equal(get32(f->high), 1);
	f->card->info = real;
}

static void wrap(void **state)
{
	struct fixture *f = *state;
	uint8_t buf[8192];

	/* From the end of the address space to its start. */
	reg_write(f, REG_MC_FB_LOCATION, 0x0fff0000);
	memset(f->card->vram, 0x3c, sizeof(buf));
	mc_read(f->card, 0xfffff800u, buf, sizeof(buf));
	assert_int_equal(buf[0x800], 0x3c);
	assert_int_equal(buf[sizeof(buf) - 1], 0x3c);
}

static void set_power_state(struct fixture *f, uint8_t state)
{
	assert_int_equal(card_config_write(f->card, f->card->pci.pm_cap + PCI_PM_CTRL, &state, 1),
			 0);
}

/* VRAM keeps its contents in D3 and across a reset, except with the fault. */
static void fault_vram_forgotten(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(write32(f, FB_MC, 1), 0);
	set_power_state(f, 3);
	set_power_state(f, 0);
	card_reset(f->card);
	assert_int_equal(get32(f->card->vram), 1);
	f->card->faults = 1u << FAULT_INDEX_VRAM_FORGOTTEN;
	set_power_state(f, 0);
	assert_int_equal(get32(f->card->vram), 1);
	set_power_state(f, 3);
	assert_int_not_equal(get32(f->card->vram), 1);
	memset(f->card->vram, 1, 4);
	set_power_state(f, 3);
	assert_int_equal(get32(f->card->vram), 0x01010101);
	card_reset(f->card);
	assert_int_not_equal(get32(f->card->vram), 0x01010101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(framebuffer), BOTH(moved_framebuffer), BOTH(translation),
		RV370(above_4g), RV370(permissions), RV370(forgotten_flush),
		RV100(no_cache), BOTH(fault_gone), BOTH(fault_stale), BOTH(fault_off_by_one),
		BOTH(range), RV370(discarded_reads), BOTH(pass_through),
		RV370(clamp), BOTH(bus_master), RV100(bus_master_disable),
		BOTH(unmapped_memory), BOTH(bad_table), RV370(address_width),
		BOTH(wrap), BOTH(watched), BOTH(fault_vram_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
