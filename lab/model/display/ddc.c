// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * DDC: I2C buses that the driver drives bit by bit through GPIO registers
 * (radeon_i2c.c, i2c-algo-bit), with the monitor's EDID EEPROM on them.
 */
#include "display/display.h"
#include "display/display_blocks.h"
#include "core/regs.h"

/* Bit 0 of each group is data, bit 1 clock (combios_setup_i2c_bus()). */
#define GPIO_A_DATA	(1u << 0)	/* level driven when enabled */
#define GPIO_A_CLK	(1u << 1)
#define GPIO_Y_DATA	(1u << 8)	/* level of the pin */
#define GPIO_Y_CLK	(1u << 9)
#define GPIO_EN_DATA	(1u << 16)	/* drive the pin; else pulled up */
#define GPIO_EN_CLK	(1u << 17)

#define EDID_I2C_ADDRESS	0x50

static void send_bit(struct ddc_bus *bus)
{
	bus->pull_low = !(bus->shift >> (7 - bus->bits) & 1);
}

static void send_byte(struct ddc_bus *bus)
{
	bus->phase = I2C_SEND;
	bus->bits = 0;
	bus->shift = bus->pointer < EDID_SIZE ? bus->edid[bus->pointer] : 0xff;
	bus->pointer++;
	send_bit(bus);
}

/* Does the EEPROM acknowledge the byte it has received? */
static bool accept_byte(struct ddc_bus *bus)
{
	if (bus->phase == I2C_ADDRESS)
		return bus->present && bus->shift >> 1 == EDID_I2C_ADDRESS;
	if (bus->phase == I2C_OFFSET)
		bus->pointer = bus->shift;
	return true;	/* data: the EEPROM is write protected */
}

static void after_acknowledge(struct ddc_bus *bus)
{
	bool read = bus->phase == I2C_ADDRESS && (bus->shift & 1);

	bus->pull_low = false;
	bus->bits = 0;
	if (read)
		send_byte(bus);
	else
		bus->phase = bus->phase == I2C_ADDRESS ? I2C_OFFSET : I2C_DATA;
}

static void clock_rises(struct ddc_bus *bus)
{
	bus->clocked = true;
	if (bus->phase == I2C_SEND) {
		if (bus->bits == 8)
			bus->nack = bus->sda;
	} else if (bus->bits < 8) {
		bus->shift = (uint8_t)(bus->shift << 1 | bus->sda);
	}
}

static void clock_falls(struct card *card, struct ddc_bus *bus)
{
	if (bus->phase == I2C_IDLE || !bus->clocked)
		return;
	bus->clocked = false;
	bus->bits++;
	if (bus->phase == I2C_SEND) {
		if (bus->bits < 8) {
			send_bit(bus);
		} else if (bus->bits == 8) {
			bus->pull_low = false;
			stat_inc(card, ddc_bytes);
		} else if (bus->nack) {
			bus->phase = I2C_IDLE;
		} else {
			send_byte(bus);
		}
	} else if (bus->bits == 8) {
		bus->pull_low = accept_byte(bus);
		if (!bus->pull_low)
			bus->phase = I2C_IDLE;
	} else if (bus->bits == 9) {
		after_acknowledge(bus);
	}
}

/* Data changes while the clock is high: start or stop condition. */
static void data_changes(struct ddc_bus *bus)
{
	bus->phase = bus->sda ? I2C_IDLE : I2C_ADDRESS;
	bus->bits = 0;
	bus->clocked = false;
	bus->pull_low = false;
}

static void bus_update(struct card *card, struct ddc_bus *bus, bool scl,
		       bool sda)
{
	bool data_changed = sda != bus->sda;

	if (scl && !bus->scl) {
		bus->sda = sda;
		bus->scl = true;
		clock_rises(bus);
	} else if (!scl && bus->scl) {
		bus->scl = false;
		clock_falls(card, bus);
		bus->sda = sda;
	} else {
		bus->sda = sda;
		if (scl && data_changed)
			data_changes(bus);
	}
}

static struct ddc_bus *ddc_bus(struct card *card, uint32_t off)
{
	return &card->display->ddc[(off - REG_GPIO_VGA_DDC) / 4];
}

static uint32_t gpio_read(struct card *card, uint32_t off)
{
	const struct ddc_bus *bus = ddc_bus(card, off);
	uint32_t val = card->regs[off / 4] & ~(GPIO_Y_DATA | GPIO_Y_CLK);

	if (bus->scl)
		val |= GPIO_Y_CLK;
	if (bus->sda && !bus->pull_low)
		val |= GPIO_Y_DATA;
	return val;
}

static void gpio_write(struct card *card, uint32_t off, uint32_t val,
		       enum reg_source source)
{
	(void)source;
	card->regs[off / 4] = val;
	bus_update(card, ddc_bus(card, off),
		   !(val & GPIO_EN_CLK) || (val & GPIO_A_CLK),
		   !(val & GPIO_EN_DATA) || (val & GPIO_A_DATA));
}

static const struct reg_ops gpio_ops = {
	.read = gpio_read, .write = gpio_write,
};

/**
 * ddc_init() - claim the GPIO registers and plug in the connectors' monitors
 * @card: card being made
 */
void ddc_init(struct card *card)
{
	for (unsigned int i = 0; i < CONNECTOR_COUNT; i++) {
		struct ddc_bus *bus = ddc_bus(card, connectors[i].ddc_reg);

		bus->present = true;
		edid_build(card->info, i, bus->edid);
	}
	card_claim_regs(card, REG_GPIO_VGA_DDC, REG_GPIO_CRT2_DDC, &gpio_ops);
}

/**
 * ddc_reset() - all lines released, EEPROMs idle
 * @card: card, &card.lock held
 */
void ddc_reset(struct card *card)
{
	for (unsigned int i = 0; i < DDC_COUNT; i++) {
		struct ddc_bus *bus = &card->display->ddc[i];

		bus->scl = bus->sda = true;
		bus->phase = I2C_IDLE;
		bus->bits = 0;
		bus->clocked = bus->pull_low = bus->nack = false;
		bus->pointer = 0;
	}
}
