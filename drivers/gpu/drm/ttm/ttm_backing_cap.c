// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The part of the policy that depends on a pool device.
 */

#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include <drm/ttm/ttm_backing.h>

#include "ttm_backing_cap.h"
#include "ttm_global_dma_pool.h"
#include "ttm_pool_cap.h"

/**
 * DOC: Backing by a pool device
 *
 * A pool device says in which zones of memory BO pages have to be coherent, and whether a bus
 * address of coherent memory is valid for every device. If it is, BO pages of these zones
 * come from the global DMA pools: they belong to no GPU, and an importer that reaches them
 * needs no copy.
 * In other zones BO pages are shared pages as on bare metal. The exception is a device for
 * which the kernel knows that mapping such a page may bounce it: it gets coherent memory of
 * its own.
 *
 * Devices whose addresses are translated do not use the addresses that the pool device
 * describes, so it does not apply to them.
 */

/* The number of address bits that the device reaches completely. */
static unsigned int reach_bits(const struct ttm_backing_facts *facts)
{
	return facts->reach == U64_MAX ? 64 : ilog2(facts->reach + 1);
}

/* The zones that shared pages for the device would be from; see ttm_pool.c. */
static u32 zones_of(const struct ttm_backing_facts *facts)
{
	if (facts->limited || reach_bits(facts) <= 32)
		return TTM_POOL_ZONE_DMA32;
	return TTM_POOL_ZONE_NORMAL |
		(IS_ENABLED(CONFIG_HIGHMEM) ? TTM_POOL_ZONE_HIGHMEM : 0);
}

/* Whether the device may lose contents of shared pages, even if the pool device allows them. */
static bool may_bounce(const struct ttm_backing_facts *facts,
		       const struct ttm_backing *backing)
{
	if (backing->harm)
		return true;
	/* The kernel knows Xen's bus itself. */
	if (facts->xen_pv)
		return false;
	return (facts->cap->flags & TTM_POOL_FLAG_NOT_CONTIGUOUS) &&
		reach_bits(facts) < facts->cap->width;
}

static void choose_by_cap(const struct ttm_backing_facts *facts, bool forced,
			  struct ttm_backing *backing)
{
	const u32 zones = zones_of(facts);
	const bool dma32 = zones == TTM_POOL_ZONE_DMA32;

	if (facts->cap->flags & TTM_POOL_FLAG_NOT_CONTIGUOUS)
		backing->single = true;

	if (!forced && !(facts->cap->zones & zones)) {
		if (may_bounce(facts, backing)) {
			backing->kind = TTM_BACKING_DEVICE;
			backing->reason = dma32 ?
				"pool device leaves out DMA32, but pages may be bounced" :
				"pool device leaves out NORMAL, but pages may be bounced";
			return;
		}
		backing->kind = TTM_BACKING_SHARED;
		backing->reason = dma32 ? "pool device leaves out DMA32" :
					  "pool device leaves out NORMAL";
		return;
	}
	if (backing->private) {
		backing->kind = TTM_BACKING_DEVICE;
		backing->reason = "pool device: coherent memory belongs to one device";
		return;
	}
	if (facts->noncoherent || facts->no_global) {
		backing->kind = TTM_BACKING_DEVICE;
		backing->reason = "pool device: memory of no GPU would not be DMA coherent";
		return;
	}
	if (reach_bits(facts) < TTM_GLOBAL_DMA_WIDTH_MIN) {
		backing->kind = TTM_BACKING_DEVICE;
		backing->reason = "device reaches less than 32 bits";
		return;
	}
	backing->kind = TTM_BACKING_HYPERVISOR;
	backing->reason = forced ? "forced by the parameter backing" :
			  dma32 ? "pool device names DMA32" : "pool device names NORMAL";
}

/**
 * ttm_backing_apply_cap() - apply what a pool device says to a choice
 * @facts: facts about device, machine and pool device
 * @force: the user's choice
 * @backing: the choice without a pool device; changed if there is one
 */
void ttm_backing_apply_cap(const struct ttm_backing_facts *facts,
			   enum ttm_backing_force force, struct ttm_backing *backing)
{
	if (!facts->cap || facts->translated)
		return;
	backing->private = !(facts->cap->flags & TTM_POOL_FLAG_SHAREABLE);
	backing->coherent32 = facts->cap->zones & TTM_POOL_ZONE_DMA32;
	if (force == TTM_BACKING_AUTO || force == TTM_BACKING_FORCE_HYPERVISOR)
		choose_by_cap(facts, force == TTM_BACKING_FORCE_HYPERVISOR, backing);
}
