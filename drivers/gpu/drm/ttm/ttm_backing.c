// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Where a device's BO pages come from: the policy of TTM's page pool.
 */

#define pr_fmt(fmt) "[TTM] " fmt

#include <linux/cc_platform.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#include <xen/xen.h>
#ifdef CONFIG_XEN_PV
#include <asm/xen/hypercall.h>
#include <xen/interface/memory.h>
#include <xen/page.h>
#endif

#include <drm/drm_util.h>
#include <drm/ttm/ttm_backing.h>

#include "ttm_pool_cap.h"

/**
 * DOC: Backing of BO pages
 *
 * A page that the CPU sees at one address may be at another on the bus. Where the
 * two are the same, or an IOMMU makes them whatever is wanted, BO pages are the
 * system's: anyone allocates them, every device that reaches them maps them, and
 * a BO is shared without a copy. A device with few address bits gets its pages
 * from below 4 GiB.
 *
 * Two machines are different. In a Xen PV domain the frame numbers of the kernel
 * are not those of the machine: a page from below 4 GiB may be above it on the bus,
 * and neighbours are not neighbours there. With memory encryption a page is
 * useless to a device until it is decrypted. Mapping a page then means to copy it
 * through swiotlb, behind the back of a GPU which reads and writes it as it likes.
 * There the pages have to be coherent memory of the device.
 *
 * A hypervisor can say so itself, by a pool device: which zones of memory have to be
 * coherent, and whether such memory has to belong to one device at all. Where it need
 * not, BO pages are nobody's, and a BO is shared without a copy there as well. A zone
 * that it does not name is shared memory as on bare metal, unless this kernel knows
 * better: where mapping a page may copy it, the pool device is not believed.
 *
 * On all others this would be pure loss: coherent memory belongs to one device. So
 * nothing but these reasons leads there; in particular not where the machine
 * has its I/O memory, which drm_need_swiotlb() goes by: its end is above 4 GiB
 * on most machines, whatever memory they have.
 *
 * The parameter "backing" of the module overrides the choice for devices that are
 * bound after it was set. What is found out of device and machine is found out when
 * the device is bound, too: of all that the choice depends on, only the pool device may
 * come and go.
 */

static const char * const backing_names[] = {
	[TTM_BACKING_AUTO] = "auto",
	[TTM_BACKING_FORCE_SHARED] = "shared",
	[TTM_BACKING_FORCE_DEVICE] = "device",
	[TTM_BACKING_FORCE_HYPERVISOR] = "hypervisor",
};

static enum ttm_backing_force backing_force;

/**
 * ttm_backing_parse() - a value of the parameter "backing"
 * @name: "auto", "shared", "device" or "hypervisor", a newline at its end is ignored
 * @force: set to its meaning
 *
 * Return: 0, or -EINVAL for any other name; @force is left alone then.
 */
int ttm_backing_parse(const char *name, enum ttm_backing_force *force)
{
	int i = __sysfs_match_string(backing_names, ARRAY_SIZE(backing_names), name);

	if (i < 0)
		return i;
	*force = i;
	return 0;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_backing_parse);

static int backing_set(const char *value, const struct kernel_param *kp)
{
	int ret = ttm_backing_parse(value, kp->arg);

	if (ret)
		pr_err("backing=%.16s is unknown: choose auto, shared, device or hypervisor\n",
		       value);
	return ret;
}

static int backing_get(char *buffer, const struct kernel_param *kp)
{
	const enum ttm_backing_force *force = kp->arg;

	return sysfs_emit(buffer, "%s\n", backing_names[*force]);
}

static const struct kernel_param_ops backing_ops = {
	.set = backing_set,
	.get = backing_get,
};

module_param_cb(backing, &backing_ops, &backing_force, 0644);
MODULE_PARM_DESC(backing, "Where BO pages come from: auto (default), shared, device, hypervisor");

#ifdef CONFIG_XEN_PV
/*
 * Xen's frames, not ours: a domain may be given any frame of the machine. The
 * call is open to every domain and returns the number of frames.
 */
static u64 xen_bus_end(void)
{
	long frames = HYPERVISOR_memory_op(XENMEM_maximum_ram_page, NULL);

	return frames > 0 ? ((u64)frames + 1) << XEN_PAGE_SHIFT : U64_MAX;
}
#else
static u64 xen_bus_end(void)
{
	return U64_MAX;
}
#endif

/**
 * ttm_backing_forced() - what the user asks for at the moment
 *
 * Return: the parameter "backing".
 */
enum ttm_backing_force ttm_backing_forced(void)
{
	return READ_ONCE(backing_force);
}

/**
 * ttm_backing_remapped() - does anything bring all memory within the device's reach?
 * @dev: device
 *
 * DMA ops of an architecture's may remap as they like, as those of AMD's GART do. Those
 * of Xen know the bus address of a page, and bounce it where that is out of reach.
 *
 * Return: whether an IOMMU is between it and the bus.
 */
bool ttm_backing_remapped(struct device *dev)
{
	if (get_dma_ops(dev) && !xen_domain())
		return true;
#ifdef CONFIG_IOMMU_API
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (domain && (domain->type & __IOMMU_DOMAIN_PAGING))
		return true;
#endif
	return false;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_backing_remapped);

/**
 * ttm_backing_translated() - does anything give the device addresses of its own?
 * @dev: device
 *
 * An offset does, but it reaches no page that would be out of reach without.
 *
 * Return: whether an IOMMU or an offset is between it and the bus, so that the bus
 * addresses of others mean nothing to it.
 */
bool ttm_backing_translated(struct device *dev)
{
	return dev->dma_range_map || ttm_backing_remapped(dev);
}
EXPORT_SYMBOL(ttm_backing_translated);

/**
 * ttm_backing_facts_get() - find out what the choice for a device depends on
 * @dev: device, its DMA mask set
 * @cap: what the pool device says, or NULL without one; @facts point to it
 * @facts: filled in
 *
 * A Xen PV domain alone does not tell: a device behind an IOMMU that Xen lets the
 * domain program has no DMA ops of its own and no use for coherent memory.
 */
void ttm_backing_facts_get(struct device *dev, const struct ttm_pool_cap *cap,
			   struct ttm_backing_facts *facts)
{
	*facts = (struct ttm_backing_facts) {
		.xen_pv = xen_pv_domain() && get_dma_ops(dev),
		.mem_encrypt = cc_platform_has(CC_ATTR_MEM_ENCRYPT),
		.limited = dma_addressing_limited(dev),
		.reach = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit),
		.bus_end = U64_MAX,
		.translated = ttm_backing_translated(dev),
		.cap = cap,
	};
	/* Coherent memory has a mask of its own. */
	facts->reach = min_not_zero(facts->reach, dev->coherent_dma_mask);
	if (facts->xen_pv)
		facts->bus_end = xen_bus_end();
}

/* The choice without a pool device, but for the user's. */
static void choose_alone(const struct ttm_backing_facts *facts, struct ttm_backing *backing)
{
	if (facts->xen_pv) {
		backing->kind = TTM_BACKING_DEVICE;
		backing->reason = "Xen PV domain";
	} else if (facts->mem_encrypt) {
		backing->kind = TTM_BACKING_DEVICE;
		backing->reason = "memory encryption";
	} else {
		backing->kind = TTM_BACKING_SHARED;
		backing->reason = facts->limited ? "device does not reach all memory" :
						   "device reaches all memory";
	}
}

/* The last bit of addresses that are all within reach. */
static unsigned int reach_bits(const struct ttm_backing_facts *facts)
{
	return facts->reach == U64_MAX ? 64 : ilog2(facts->reach + 1);
}

/* The zones that shared pages for the device would be from, as ttm_pool.c asks for them. */
static u32 zones_of(const struct ttm_backing_facts *facts)
{
	if (facts->limited || reach_bits(facts) <= 32)
		return TTM_POOL_ZONE_DMA32;
	return TTM_POOL_ZONE_NORMAL |
		(IS_ENABLED(CONFIG_HIGHMEM) ? TTM_POOL_ZONE_HIGHMEM : 0);
}

/*
 * Could a shared page be copied when it is mapped? Then it is no BO page, whatever a
 * pool device says. A page of the kernel's may be anywhere on such a bus.
 */
static bool may_bounce(const struct ttm_backing_facts *facts)
{
	if (facts->mem_encrypt)
		return true;
	if (facts->xen_pv)
		return facts->bus_end - 1 > facts->reach;
	return (facts->cap->flags & TTM_POOL_FLAG_NOT_CONTIGUOUS) &&
		reach_bits(facts) < facts->cap->width;
}

/* The choice by a pool device. */
static void choose_by_cap(const struct ttm_backing_facts *facts, bool forced,
			  struct ttm_backing *backing)
{
	const u32 zones = zones_of(facts);
	const bool dma32 = zones == TTM_POOL_ZONE_DMA32;

	if (facts->cap->flags & TTM_POOL_FLAG_NOT_CONTIGUOUS)
		backing->single = true;

	if (!forced && !(facts->cap->zones & zones)) {
		if (may_bounce(facts)) {
			backing->kind = TTM_BACKING_DEVICE;
			backing->reason = dma32 ?
				"pool device leaves out DMA32, but pages may be out of reach" :
				"pool device leaves out NORMAL, but pages may be out of reach";
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
	if (reach_bits(facts) < TTM_POOL_WIDTH_MIN) {
		backing->kind = TTM_BACKING_DEVICE;
		backing->reason = "device reaches less than 32 bits";
		return;
	}
	backing->kind = TTM_BACKING_HYPERVISOR;
	backing->reason = forced ? "forced by the parameter backing" :
			  dma32 ? "pool device names DMA32" : "pool device names NORMAL";
	backing->width = min(reach_bits(facts), facts->cap->width);
}

/**
 * ttm_backing_choose() - choose by the facts
 * @facts: what is known of device and machine
 * @force: what the user wants
 * @backing: filled in with the choice
 *
 * A pure function; the table of the policy is its test.
 */
void ttm_backing_choose(const struct ttm_backing_facts *facts,
			enum ttm_backing_force force,
			struct ttm_backing *backing)
{
	*backing = (struct ttm_backing) {
		.dma32 = facts->limited,
		.single = facts->xen_pv,
		.private = facts->cap && !facts->translated &&
			   !(facts->cap->flags & TTM_POOL_FLAG_SHAREABLE),
		.coherent32 = facts->cap && !facts->translated &&
			      (facts->cap->zones & TTM_POOL_ZONE_DMA32),
		.reaches_all = facts->xen_pv && facts->bus_end - 1 <= facts->reach,
	};

	if (force == TTM_BACKING_FORCE_SHARED) {
		backing->kind = TTM_BACKING_SHARED;
		backing->reason = "forced by the parameter backing";
	} else if (force == TTM_BACKING_FORCE_DEVICE) {
		backing->kind = TTM_BACKING_DEVICE;
		backing->reason = "forced by the parameter backing";
	} else if (facts->cap && !facts->translated) {
		choose_by_cap(facts, force == TTM_BACKING_FORCE_HYPERVISOR, backing);
	} else {
		choose_alone(facts, backing);
	}
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_backing_choose);

/**
 * ttm_backing_name() - the name of a backing, as in the parameter and the log
 * @backing: choice
 *
 * Return: a string that is never freed.
 */
const char *ttm_backing_name(const struct ttm_backing *backing)
{
	switch (backing->kind) {
	case TTM_BACKING_DEVICE:
		return "device";
	case TTM_BACKING_HYPERVISOR:
		return "hypervisor";
	default:
		return "shared";
	}
}

/**
 * ttm_backing_get() - choose for a device and log it
 * @dev: device
 * @facts: what is known of it, from ttm_backing_facts_get(), and of the pool device
 * @force: what the user wanted when the device was bound
 * @backing: filled in with the choice
 */
void ttm_backing_get(struct device *dev, const struct ttm_backing_facts *facts,
		     enum ttm_backing_force force, struct ttm_backing *backing)
{
	ttm_backing_choose(facts, force, backing);
	dev_info(dev, "BO pages: %s%s (%s)\n", ttm_backing_name(backing),
		 backing->dma32 && backing->kind == TTM_BACKING_SHARED ?
		 ", below 4 GiB" : "", backing->reason);
	if (backing->kind == TTM_BACKING_SHARED && force == TTM_BACKING_FORCE_SHARED &&
	    (facts->xen_pv || facts->mem_encrypt))
		dev_warn(dev, "shared BO pages go through bounce buffers on this machine: expect wrong contents\n");
	if (force == TTM_BACKING_FORCE_HYPERVISOR && backing->kind != TTM_BACKING_HYPERVISOR)
		dev_warn(dev, "backing=hypervisor: %s\n", facts->cap ?
			 "the pool device's memory is not for this device" :
			 "there is no pool device");
}
