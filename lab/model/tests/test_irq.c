// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Interrupts: status, enable, acknowledge, and what the guest is sent. */
#include "cmocka_card.h"

#include "core/irq.h"
#include "core/regs.h"

static void raise_bits(struct fixture *f, uint32_t bits)
{
	pthread_mutex_lock(&f->card->lock);
	irq_raise(f->card, bits);
	pthread_mutex_unlock(&f->card->lock);
}

static void fire_reads_zero(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_GEN_INT_STATUS, INT_SW_FIRE);
	assert_int_equal(reg_read(f, REG_GEN_INT_STATUS), INT_SW);
	/* r100_irq_ack() writes back what it read, and must not fire again. */
	reg_write(f, REG_GEN_INT_STATUS, INT_SW);
	assert_int_equal(reg_read(f, REG_GEN_INT_STATUS), 0);
	assert_true(stat_get(f, fences) == 1);
}

static void enable(void **state)
{
	struct fixture *f = *state;

	raise_bits(f, INT_SW | INT_CRTC_VBLANK);
	assert_true(irq_count(f) == 0);
	reg_write(f, REG_GEN_INT_CNTL, INT_CRTC2_VBLANK);
	assert_true(irq_count(f) == 0);
	reg_write(f, REG_GEN_INT_CNTL, INT_SW);	/* pending already */
	assert_true(irq_count(f) == 1);
	reg_write(f, REG_GEN_INT_CNTL, 0);
	irq_count(f);				/* INTx fired again until then */
	assert_int_equal(reg_read(f, REG_GEN_INT_STATUS), INT_SW | INT_CRTC_VBLANK);
	assert_true(irq_count(f) == 0);
}

static void one_message_per_edge(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_GEN_INT_CNTL, INT_SW | INT_CRTC_VBLANK);
	raise_bits(f, INT_SW);
	raise_bits(f, INT_CRTC_VBLANK);
	raise_bits(f, INT_SW);
	assert_true(irq_count(f) == 1);
	/* Acknowledged in part: the line stays up, no edge. */
	reg_write(f, REG_GEN_INT_STATUS, INT_SW);
	assert_int_equal(reg_read(f, REG_GEN_INT_STATUS), INT_CRTC_VBLANK);
	assert_true(irq_count(f) == 0);
	reg_write(f, REG_GEN_INT_STATUS, INT_CRTC_VBLANK);
	raise_bits(f, INT_SW);
	assert_true(irq_count(f) == 1);
}

static void rearm(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_GEN_INT_CNTL, INT_SW);
	reg_write(f, REG_MSI_REARM_EN, 1);
	assert_true(irq_count(f) == 0);
	raise_bits(f, INT_SW);
	assert_true(irq_count(f) == 1);
	reg_write(f, REG_MSI_REARM_EN, 1);		/* still pending */
	assert_true(irq_count(f) == 1);
	reg_write(f, REG_GEN_INT_STATUS, INT_SW);
	reg_write(f, REG_MSI_REARM_EN, 1);
	assert_true(irq_count(f) == 0);
}

static void level(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_GEN_INT_CNTL, INT_SW);
	raise_bits(f, INT_SW);
	assert_true(irq_count(f) == 1);		/* unmasks, and is still up */
	assert_true(irq_count(f) == 1);
	reg_write(f, REG_GEN_INT_STATUS, INT_SW);
	irq_count(f);
	assert_true(irq_count(f) == 0);
}

static void both_crtcs(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_GEN_INT_CNTL, INT_CRTC2_VBLANK);
	raise_bits(f, INT_CRTC_VBLANK);
	assert_true(irq_count(f) == 0);
	raise_bits(f, INT_CRTC2_VBLANK);
	assert_true(irq_count(f) == 1);
	assert_int_equal(reg_read(f, REG_GEN_INT_STATUS), 1u << 0 | 1u << 9);
}

static void fault_lost(void **state)
{
	struct fixture *f = *state;
	uint64_t sent = 0;

	f->card->faults = 1u << FAULT_INDEX_IRQ_LOST;
	reg_write(f, REG_GEN_INT_CNTL, INT_SW | INT_CRTC_VBLANK);
	for (int i = 0; i < 10; i++) {
		reg_write(f, REG_GEN_INT_STATUS, INT_SW_FIRE);
		assert_int_equal(reg_read(f, REG_GEN_INT_STATUS), INT_SW);
		reg_write(f, REG_GEN_INT_CNTL, INT_SW | INT_CRTC_VBLANK);
		if (f->card->info->irq == CARD_IRQ_MSI)
			reg_write(f, REG_MSI_REARM_EN, 0);
		sent += !!irq_count(f);
		reg_write(f, REG_GEN_INT_STATUS, INT_SW);
		irq_count(f);
	}
	assert_true(sent == 5);
	assert_true(stat_get(f, irqs_lost) == 5);
	raise_bits(f, INT_CRTC_VBLANK);		/* others are not lost */
	assert_true(irq_count(f) == 1);
}

static void reset(void **state)
{
	struct fixture *f = *state;

	reg_write(f, REG_GEN_INT_CNTL, INT_SW);
	raise_bits(f, INT_SW);
	card_reset(f->card);
	assert_int_equal(reg_read(f, REG_GEN_INT_STATUS), 0);
	assert_int_equal(reg_read(f, REG_GEN_INT_CNTL), 0);
}

/* A removed card sends one last interrupt and asserts no line. It returns in its power-on state. */
static void fault_gone(void **state)
{
	struct fixture *f = *state;
	uint32_t enable_all = ~0u, val = 0;

	reg_write(f, REG_GEN_INT_CNTL, INT_SW);
	card_set_faults(f->card, 1u << FAULT_INDEX_REGISTERS_ONES);
	assert_true(irq_count(f) == 1);
	assert_true(irq_count(f) == 0);
	assert_int_equal(card_bar_read(f->card, 2, REG_GEN_INT_STATUS, &val, 4), 0);
	assert_int_equal(val, ~0u);
	val = 0;
	assert_int_equal(card_bar_read(f->card, 1, REG_GEN_INT_STATUS, &val, 2), 0);
	assert_int_equal(val, 0xffff);
	assert_int_equal(card_bar_write(f->card, 2, REG_GEN_INT_CNTL, &enable_all, 4), 0);
	raise_bits(f, INT_SW);
	assert_true(irq_count(f) == 0);
	card_set_faults(f->card, 0);
	assert_int_equal(reg_read(f, REG_GEN_INT_CNTL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(fire_reads_zero), BOTH(enable), RV370(one_message_per_edge),
		RV370(rearm), RV100(level), BOTH(both_crtcs),
		BOTH(fault_lost), BOTH(fault_gone), BOTH(reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
