// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Interrupt status and enable.
 *
 * The card asserts its interrupt while a status bit is set and enabled. The
 * driver acknowledges bit by bit until it reads no status (r100_irq_process()),
 * so one MSI per rising edge is enough, and one more on rearm if bits are
 * pending. With a message for every new bit, the handler of one would acknowledge
 * the next bit as well, and the next message would count as spurious.
 */
#include "core/irq.h"

#include <errno.h>
#include <stdlib.h>

#include "core/regs.h"
#include "core/trace.h"

#define MSI_REARM	(1u << 0)

/**
 * struct irq - interrupt state; &card.lock protects it.
 * @status: GEN_INT_STATUS
 * @unheard: bits of @status that a fault keeps from the guest
 * @fired: number of software interrupts, for the fault
 */
struct irq {
	uint32_t status;
	uint32_t unheard;
	uint64_t fired;
};

static bool asserted(const struct card *card)
{
	return card->irq->status & ~card->irq->unheard &
	       card->regs[REG_GEN_INT_CNTL / 4];
}

static void update(struct card *card)
{
	if (pci_irq_set(&card->pci, asserted(card)))
		stat_inc(card, irqs);
}

void irq_raise(struct card *card, uint32_t bits)
{
	card->irq->status |= bits;
	card->irq->unheard &= ~bits;
	update(card);
}

/* A fence: r100_fence_ring_emit() writes FIRE after the sequence number. */
static void fire(struct card *card)
{
	struct irq *irq = card->irq;

	stat_inc(card, fences);
	irq->fired++;
	if (has_fault(card, IRQ_LOST) && !(irq->fired % 2) &&
	    !(irq->status & INT_SW)) {
		/* The status bit can be read, but no interrupt is sent. */
		irq->status |= INT_SW;
		irq->unheard |= INT_SW;
		stat_inc(card, irqs_lost);
		return;
	}
	irq_raise(card, INT_SW);
}

static uint32_t status_read(struct card *card, uint32_t off)
{
	(void)off;
	return card->irq->status;
}

/* FIRE reads as 0, so a driver that writes back the value it read does not fire again. */
static void status_write(struct card *card, uint32_t off, uint32_t val,
			 enum reg_source source)
{
	struct irq *irq = card->irq;

	(void)off;
	(void)source;
	irq->status &= ~val;
	irq->unheard &= irq->status;
	update(card);
	if (val & INT_SW_FIRE)
		fire(card);
}

static const struct reg_ops status_ops = {
	.read = status_read,
	.write = status_write,
};

static void cntl_write(struct card *card, uint32_t off, uint32_t val,
		       enum reg_source source)
{
	(void)source;
	card->regs[off / 4] = val;
	update(card);
}

static const struct reg_ops cntl_ops = {
	.write = cntl_write,
};

static void rearm_write(struct card *card, uint32_t off, uint32_t val,
			enum reg_source source)
{
	(void)source;
	card->regs[off / 4] = val;
	if ((val & MSI_REARM) && asserted(card) && pci_irq_message(&card->pci))
		stat_inc(card, irqs);
}

static const struct reg_ops rearm_ops = {
	.write = rearm_write,
};

static int init(struct card *card)
{
	card->irq = calloc(1, sizeof(*card->irq));
	if (!card->irq)
		return -ENOMEM;
	card_claim_regs(card, REG_GEN_INT_STATUS, REG_GEN_INT_STATUS, &status_ops);
	card_claim_regs(card, REG_GEN_INT_CNTL, REG_GEN_INT_CNTL, &cntl_ops);
	if (card->info->irq == CARD_IRQ_MSI)
		card_claim_regs(card, REG_MSI_REARM_EN, REG_MSI_REARM_EN, &rearm_ops);
	return 0;
}

static void reset(struct card *card)
{
	*card->irq = (struct irq){ 0 };
	update(card);
}

static void fini(struct card *card)
{
	free(card->irq);
	card->irq = NULL;
}

const struct block irq_block = { .init = init, .reset = reset, .fini = fini };
