// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The policy of TTM's page pool: where the BO pages of a device are allocated.
 */

#define pr_fmt(fmt) "[TTM] " fmt

#include <linux/cc_platform.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
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
#include <drm/ttm/ttm_dma_limit.h>

#include "ttm_backing_cap.h"

/**
 * DOC: Backing of BO pages
 *
 * On most machines BO pages are *shared* pages: the pool allocates them with alloc_pages()
 * and maps them for the device. They belong to no device, so a BO can be shared without a
 * copy. A device that does not reach all memory gets pages from below 4 GiB.
 *
 * On two kinds of machines the DMA API would copy such pages to bounce buffers when they
 * are mapped, which breaks GPUs:
 *
 * * In a Xen PV domain the kernel's frame numbers are not those of the machine. A page from
 *   below 4 GiB may be above 4 GiB on the bus, and adjacent pages need not be adjacent
 *   there.
 * * With memory encryption a device cannot read a page unless it is decrypted.
 *
 * There, BO pages are coherent memory of the device. Coherent memory belongs to one device
 * and is slow to allocate, so no other machine uses it. In particular the address of I/O
 * memory does not matter: drm_need_swiotlb() looks at its end, which is above 4 GiB on
 * most machines.
 *
 * Device and machine are sampled once, when the device is bound. So is the module parameter
 * "backing", which overrides the choice. Only the pool device of a hypervisor can change
 * later; see ttm_backing_cap.c.
 */

static const char * const backing_names[] = {
	[TTM_BACKING_AUTO] = "auto",
	[TTM_BACKING_FORCE_SHARED] = "shared",
	[TTM_BACKING_FORCE_DEVICE] = "device",
	[TTM_BACKING_FORCE_HYPERVISOR] = "hypervisor",
};

static enum ttm_backing_force backing_force;

/**
 * ttm_backing_parse() - parse a value of the parameter "backing"
 * @name: value; a newline at its end is ignored
 * @force: set to its meaning
 *
 * Return: 0, or -EINVAL for an unknown value; @force is not changed then.
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
MODULE_PARM_DESC(backing, "Where BO pages are allocated: auto (default), shared, device, hypervisor");

#ifdef CONFIG_XEN_PV
/*
 * The end of the machine's memory: Xen may give a domain any frame of the machine. Every
 * domain may make this hypercall, which returns the highest frame number.
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
 * ttm_backing_forced() - read the parameter "backing"
 *
 * Return: its current value.
 */
enum ttm_backing_force ttm_backing_forced(void)
{
	return READ_ONCE(backing_force);
}

/**
 * ttm_backing_facts_get() - find out what the choice for a device depends on
 * @dev: device, its DMA mask set
 * @facts: set to the facts
 *
 * A device behind an IOMMU that Xen lets the domain program has no DMA ops of its own. It
 * needs no coherent memory, so it does not count as one of a Xen PV domain.
 */
void ttm_backing_facts_get(struct device *dev, struct ttm_backing_facts *facts)
{
	*facts = (struct ttm_backing_facts) {
		.xen_pv = xen_pv_domain() && get_dma_ops(dev),
		.mem_encrypt = cc_platform_has(CC_ATTR_MEM_ENCRYPT),
		.limited = dma_addressing_limited(dev),
		.reach = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit),
		.bus_end = U64_MAX,
		.translated = ttm_dma_translated(dev),
	};
	/* Coherent memory has a mask of its own. */
	facts->reach = min_not_zero(facts->reach, dev->coherent_dma_mask);
	if (facts->xen_pv)
		facts->bus_end = xen_bus_end();
}

static void choose_by_machine(const struct ttm_backing_facts *facts,
			      struct ttm_backing *backing)
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

/**
 * ttm_backing_choose() - choose a backing
 * @facts: facts about device and machine
 * @force: the user's choice
 * @backing: set to the choice
 *
 * The result depends on the arguments alone. The KUnit test has the table of the policy.
 */
void ttm_backing_choose(const struct ttm_backing_facts *facts,
			enum ttm_backing_force force,
			struct ttm_backing *backing)
{
	*backing = (struct ttm_backing) {
		.dma32 = facts->limited,
		.single = facts->xen_pv,
		.reaches_all = facts->xen_pv && facts->bus_end - 1 <= facts->reach,
	};

	if (force == TTM_BACKING_FORCE_SHARED) {
		backing->kind = TTM_BACKING_SHARED;
		backing->reason = "forced by the parameter backing";
	} else if (force == TTM_BACKING_FORCE_DEVICE) {
		backing->kind = TTM_BACKING_DEVICE;
		backing->reason = "forced by the parameter backing";
	} else {
		choose_by_machine(facts, backing);
	}
	ttm_backing_apply_cap(facts, force, backing);
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
 * ttm_backing_get() - choose a backing for a device and log it
 * @dev: device
 * @facts: facts about device and machine
 * @force: the user's choice when the device was bound
 * @backing: set to the choice
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
