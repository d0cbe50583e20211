// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Parses the option ROM as pci_get_rom_size(), radeon_get_bios() and
 * radeon_combios.c do, and compares it with the model it describes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bios/combios.h"
#include "display_fixture.h"
#include "core/regs.h"

static const char *const cards[] = { "rv370", "rv100" };
static const struct card_info *info;
static uint8_t *rom;
static size_t size;

static uint8_t r8(unsigned int off)
{
	assert_true(off < size);
	return rom[off];
}

static uint16_t r16(unsigned int off)
{
	return (uint16_t)(r8(off) | r8(off + 1) << 8);
}

static uint32_t r32(unsigned int off)
{
	return r16(off) | (uint32_t)r16(off + 2) << 16;
}

/* combios_get_table_offset() */
static uint16_t table(unsigned int entry)
{
	unsigned int header = r16(0x48);

	return entry < r8(header + 6) ? r16(header + entry) : 0;
}

static void load(const char *name)
{
	free(rom);
	info = card_info_find(name);
	rom = combios_build(info, &size);
	assert_non_null(rom);
}

static int teardown(void **state)
{
	(void)state;
	free(rom);
	rom = NULL;
	return 0;
}

static void firmware_and_kernel_accept_the_rom(void **state)
{
	(void)state;
	for (unsigned int c = 0; c < 2; c++) {
		unsigned int pcir;
		uint8_t sum = 0;

		load(cards[c]);
		assert_int_equal(r16(0), 0xaa55);
		assert_int_equal(r8(2) * 512, size);
		assert_int_equal(size & (size - 1), 0);
		for (size_t i = 0; i < size; i++)
			sum += rom[i];
		assert_int_equal(sum, 0);
		assert_int_equal(r8(3), 0xcb);	/* far return */
		pcir = r16(0x18);
		assert_memory_equal(rom + pcir, "PCIR", 4);
		assert_int_equal(r16(pcir + 4), 0x1002);
		assert_int_equal(r16(pcir + 6), info->pci_device);
		assert_int_equal(r16(pcir + 0x10) * 512, size);
		assert_int_equal(r8(pcir + 0x14), 0);	/* x86 */
		assert_true(r8(pcir + 0x15) & 0x80);	/* last image */
		assert_int_equal(r32(pcir + 0xc) >> 8, 0x030000);
	}
}

static void it_is_a_combios(void **state)
{
	unsigned int header;

	(void)state;
	load("rv370");
	header = r16(0x48);
	assert_int_not_equal(header, 0);
	assert_memory_not_equal(rom + header + 4, "ATOM", 4);
	assert_memory_not_equal(rom + header + 4, "MOTA", 4);
	assert_true(r8(header + 6) > 0x70);
	/* No initialisation, TV, panel or thermal tables. */
	static const uint8_t absent[] = { 0x0c, 0x32, 0x34, 0x40, 0x42, 0x46,
					  0x4c, 0x4e, 0x52, 0x58, 0x5e, 0x60,
					  0x68, 0x70 };
	for (size_t i = 0; i < sizeof(absent); i++)
		assert_int_equal(table(absent[i]), 0);
}

/* The clocks of the table are those the PLL registers give. */
static void clocks_agree_with_the_pll(void **state)
{
	(void)state;
	for (unsigned int c = 0; c < 2; c++) {
		struct card *card = display_card(cards[c]);
		uint32_t pll, div;

		load(cards[c]);
		pll = table(0x30);
		assert_int_not_equal(pll, 0);
		assert_true(r8(pll) <= 9);
		div = pll_rd(card, PLL_M_SPLL_REF_FB_DIV);
		/* radeon_legacy_get_engine_clock(), _memory_clock() */
		assert_int_equal(r16(pll + 0xa), 2 * (div >> 16 & 0xff) *
				 r16(pll + 0x1a) / (div & 0xff));
		assert_int_equal(r16(pll + 8), 2 * (div >> 8 & 0xff) *
				 r16(pll + 0x26) / (div & 0xff));
		assert_int_equal(pll_rd(card, PLL_SCLK_CNTL) & 7, 1);
		assert_int_equal(pll_rd(card, PLL_MCLK_CNTL) & 7, 1);
		assert_int_equal(r16(pll + 0xe), 2700);
		assert_true(r16(pll + 0x10) >= 2);
		/* A pixel clock of 65 MHz is in reach of a post divider. */
		assert_in_range(6500 * 4, r32(pll + 0x12), r32(pll + 0x16));
		card_free(card);
	}
}

static void connectors_and_memory(void **state)
{
	(void)state;
	for (unsigned int c = 0; c < 2; c++) {
		unsigned int conn, mem, off;

		load(cards[c]);
		conn = table(0x50);
		assert_int_equal(r16(conn + 2), 0x2300);
		assert_int_equal(r16(conn + 4), 0x3201);
		assert_int_equal(r16(conn + 6), 0);

		/* combios_write_ram_size(): revision 1, units of 2 MiB */
		mem = table(0x48);
		assert_int_equal(r8(mem - 1), 1);
		assert_int_equal(r8(mem) * 2u << 20, info->vram_size);
		/* the RAM reset table after it ends at once */
		for (off = mem; r8(off); off++)
			;
		assert_int_equal(r8(off + 3), 0xff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_teardown(f, teardown)
		T(firmware_and_kernel_accept_the_rom),
		T(it_is_a_combios),
		T(clocks_agree_with_the_pll),
		T(connectors_and_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
