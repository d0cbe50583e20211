// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Reads EDIDs through the GPIO registers with an I2C master that sets and
 * reads the lines as radeon_i2c.c and i2c-algo-bit do.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "display/display.h"
#include "display/display_blocks.h"
#include "display_fixture.h"
#include "core/regs.h"

static struct card *card;
static uint32_t pad;

static int setup(void **state)
{
	(void)state;
	card = display_card("rv370");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	card_free(card);
	return 0;
}

static void set_line(uint32_t en, bool level)
{
	uint32_t val = rd(card, pad) & ~en;

	wr(card, pad, level ? val : val | en);
}

static void sda(bool level)
{
	set_line(1u << 16, level);
}

static bool get_sda(void)
{
	return rd(card, pad) & 1u << 8;
}

static void scl(bool level)
{
	set_line(1u << 17, level);
	/* sclhi() waits until the clock line is seen to follow */
	assert_int_equal(!!(rd(card, pad) & 1u << 9), level);
}

/* pre_xfer(): outputs low, all pins inputs, pins for software */
static void begin(uint32_t reg)
{
	pad = reg;
	wr(card, pad, rd(card, pad) & ~3u);
	wr(card, pad, rd(card, pad) & ~(3u << 16));
	wr(card, pad, rd(card, pad) | 3u << 24);
	assert_true(rd(card, pad) & 1u << 9);
	sda(false);
	scl(false);
}

static void repeated_start(void)
{
	sda(true);
	scl(true);
	sda(false);
	scl(false);
}

static void stop(void)
{
	sda(false);
	scl(true);
	sda(true);
}

static bool send(uint8_t byte)
{
	bool ack;

	for (int i = 7; i >= 0; i--) {
		sda(byte >> i & 1);
		scl(true);
		scl(false);
	}
	sda(true);
	scl(true);
	ack = !get_sda();
	scl(false);
	return ack;
}

static uint8_t receive(bool ack)
{
	unsigned int byte = 0;

	sda(true);
	for (int i = 0; i < 8; i++) {
		scl(true);
		byte = byte << 1 | get_sda();
		scl(false);
	}
	if (ack)
		sda(false);
	scl(true);
	scl(false);
	return (uint8_t)byte;
}

static bool read_edid(uint32_t reg, uint8_t offset, uint8_t *buf, size_t len)
{
	begin(reg);
	if (!send(0xa0) || !send(offset)) {
		stop();
		return false;
	}
	repeated_start();
	if (!send(0xa1)) {
		stop();
		return false;
	}
	for (size_t i = 0; i < len; i++)
		buf[i] = receive(i + 1 < len);
	stop();
	return true;
}

static void edid_arrives_on_every_connector(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CONNECTOR_COUNT; i++) {
		uint8_t built[128], edid[128];

		edid_build(card->info, i, built);
		/* radeon_ddc_probe() reads 8 bytes first */
		assert_true(read_edid(connectors[i].ddc_reg, 0, edid, 8));
		assert_memory_equal(edid, built, 8);
		assert_true(read_edid(connectors[i].ddc_reg, 0, edid, 128));
		assert_memory_equal(edid, built, 128);
		assert_true(read_edid(connectors[i].ddc_reg, 54, edid, 18));
		assert_memory_equal(edid, built + 54, 18);
	}
	assert_int_equal(card->stats.ddc_bytes, CONNECTOR_COUNT * (8 + 128 + 18));
}

static void other_addresses_do_not_answer(void **state)
{
	uint8_t edid[8];

	(void)state;
	assert_false(read_edid(REG_GPIO_MONID, 0, edid, 8));
	assert_false(read_edid(REG_GPIO_CRT2_DDC, 0, edid, 8));
	assert_int_equal(rd(card, REG_GPIO_VGA_DDC) & 0x300, 0x300);
	begin(REG_GPIO_VGA_DDC);
	assert_false(send(0x60));	/* E-DDC segment pointer */
	stop();
	begin(REG_GPIO_VGA_DDC);
	assert_true(send(0xa0));	/* and the bus still works */
	stop();
}

/* Writes do not change the EEPROM; a transfer cut short does not jam the bus. */
static void eeprom_is_read_only(void **state)
{
	uint8_t built[128], edid[128];

	(void)state;
	edid_build(card->info, 0, built);
	begin(REG_GPIO_VGA_DDC);
	assert_true(send(0xa0));
	assert_true(send(0));
	assert_true(send(0x5a));
	repeated_start();
	assert_true(send(0xa1));
	scl(true);
	assert_true(read_edid(REG_GPIO_VGA_DDC, 0, edid, 128));
	assert_memory_equal(edid, built, 128);
}

/* After a byte that is not acknowledged the EEPROM leaves the bus alone. */
static void read_ends_without_acknowledge(void **state)
{
	(void)state;
	begin(REG_GPIO_VGA_DDC);
	assert_true(send(0xa0));
	assert_true(send(6));
	repeated_start();
	assert_true(send(0xa1));
	assert_int_equal(receive(false), 0xff);
	assert_true(get_sda());		/* the next byte would begin with a 0 */
	stop();
}

static void edid_is_valid(void **state)
{
	static const uint8_t header[8] = { 0, 255, 255, 255, 255, 255, 255, 0 };

	(void)state;
	for (unsigned int i = 0; i < CONNECTOR_COUNT; i++) {
		uint8_t edid[128], sum = 0;
		const uint8_t *t = edid + 54;
		unsigned int htotal, vtotal;

		edid_build(card->info, i, edid);
		for (unsigned int k = 0; k < 128; k++)
			sum += edid[k];
		assert_int_equal(sum, 0);
		assert_memory_equal(edid, header, 8);
		assert_int_equal(edid[18] << 8 | edid[19], 0x0103);
		assert_int_equal(edid[20] >> 7, connectors[i].digital);
		assert_int_equal(edid[126], 0);
		/* preferred: 1024x768, 60 Hz to within a tenth */
		assert_int_equal(t[2] | (t[4] & 0xf0) << 4, 1024);
		assert_int_equal(t[5] | (t[7] & 0xf0) << 4, 768);
		htotal = 1024 + (t[3] | (t[4] & 0xf) << 8);
		vtotal = 768 + (t[6] | (t[7] & 0xf) << 8);
		assert_in_range((t[0] | t[1] << 8) * 100000ull / (htotal * vtotal),
				599, 601);
		assert_memory_equal(edid + 72, "\0\0\0\xfc\0RV370 ", 11);
		assert_memory_equal(edid + 83, connectors[i].name, 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(edid_arrives_on_every_connector),
		T(other_addresses_do_not_answer),
		T(eeprom_is_read_only),
		T(read_ends_without_acknowledge),
		T(edid_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
