// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The policy of TTM's page pool: where the BO pages of a device are allocated.
 */

#define pr_fmt(fmt) "[TTM] " fmt

#include <linux/cc_platform.h>
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/gfp.h>
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
#include <drm/ttm/ttm_dma_limit.h>

#include "ttm_backing_cap.h"
#include "ttm_global_dma_pool.h"

/**
 * DOC: Backing of BO pages
 *
 * On most machines BO pages are *shared* pages: the pool allocates them with alloc_pages()
 * and maps them for the device. They belong to no device, so a BO can be shared without a
 * copy. A device that does not reach all memory gets pages from below 4 GiB. A device of 32
 * address bits always does, because memory may be plugged in later; while all memory is
 * below 4 GiB this excludes no page.
 *
 * A GPU uses a page as long as the BO has it, and TTM does not synchronize mappings. So a
 * page must not be bounced (copied to a bounce buffer) when it is mapped. On some machines
 * it may be:
 *
 * * In a Xen PV domain the kernel's frame numbers are not those of the machine. A page from
 *   below 4 GiB may be above 4 GiB on the bus, and adjacent pages need not be adjacent
 *   there.
 * * The DMA API may bounce every page of a device: the user forces it (swiotlb=force), the
 *   device has a restricted DMA pool, or it cannot read encrypted memory.
 * * A device may reach no zone of memory completely: it has less than 32 address bits, or
 *   memory beyond its reach was plugged in after it had been bound.
 *
 * There, BO pages are coherent memory of the device. Coherent memory belongs to one device
 * and is slow to allocate, so other machines do not use it. The exception is a device of 32
 * bits that is not DMA coherent: drivers use coherent memory for it today. The end of I/O
 * memory, which drm_need_swiotlb() tests, is above 4 GiB on most machines and is not used.
 *
 * Device, machine and the module parameter "backing", which overrides the choice, are
 * sampled when the device is bound. Memory that is plugged in later is noticed when pages
 * are next allocated. The same holds for a pool device; see ttm_backing_cap.c.
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
 * ttm_behind_iommu() - whether an IOMMU maps memory for a device
 * @dev: device
 *
 * Return: true if so: the device reaches every page. False if an IOMMU lets the device's
 * addresses through as they are.
 */
bool ttm_behind_iommu(struct device *dev)
{
#ifdef CONFIG_IOMMU_API
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && (domain->type & __IOMMU_DOMAIN_PAGING);
#else
	return false;
#endif
}

/**
 * ttm_coherent_is_decrypted() - whether coherent memory of a device is decrypted
 * @dev: device, its DMA mask set
 *
 * The DMA API decrypts it in a guest with encrypted memory. On a host with encrypted memory
 * (SME) it does so for a device that does not drive the address bit of encrypted memory,
 * unless the device is behind an IOMMU.
 *
 * Return: true if so: the CPU has to map it without encryption.
 */
bool ttm_coherent_is_decrypted(struct device *dev)
{
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return true;
	if (!cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT) || ttm_behind_iommu(dev))
		return false;
	/* The address of page 0 is the encryption bit alone. */
	return phys_to_dma(dev, 0) > min_not_zero(dev->coherent_dma_mask, dev->bus_dma_limit);
}

/* Whether bus addresses are Xen's, not those of an IOMMU in front of the device. */
static bool uses_xen_bus(const struct ttm_backing_facts *facts)
{
	return facts->xen_pv && !facts->iommu;
}

static bool reaches_xen_bus(const struct ttm_backing_facts *facts)
{
	return uses_xen_bus(facts) && facts->bus_end - 1 <= facts->reach;
}

static bool is_narrow(const struct ttm_backing_facts *facts)
{
	return facts->reach <= DMA_BIT_MASK(32);
}

/* The zone is fixed while the device is bound: pages return to the pool of their zone. */
static bool needs_dma32(const struct ttm_backing_facts *facts)
{
	if (facts->iommu || facts->xen_pv)
		return false;
	return facts->limited || (facts->hotplug && is_narrow(facts));
}

/* Whether the device reaches the whole zone of its shared pages. */
static bool reaches_zone(const struct ttm_backing_facts *facts)
{
	if (!facts->limited && !facts->outgrown)
		return true;
	return needs_dma32(facts) && !facts->no_zone && facts->reach >= DMA_BIT_MASK(32);
}

/* Whether mapping a page that the device reaches has bounced it. */
static bool page_bounced(struct device *dev, const struct ttm_backing_facts *facts,
			 struct page *page, dma_addr_t bus)
{
#ifdef CONFIG_XEN_PV
	if (facts->xen_pv)
		return bus != (dma_addr_t)pfn_to_bfn(page_to_xen_pfn(page)) << XEN_PAGE_SHIFT;
#endif
	/* DMA ops of an architecture remap pages instead, and need not report bouncing. */
	if (get_dma_ops(dev))
		return false;
	/* The size is limited by bounce buffers. */
	if (facts->noncoherent)
		return !facts->limited && dma_max_mapping_size(dev) != SIZE_MAX;
	/* Only bounce buffers need to be synchronized. */
	return dma_need_sync(dev, bus);
}

/* The DMA API does not say whether it bounces all pages of a device: map one. */
static int sample_bounced(struct device *dev, struct ttm_backing_facts *facts)
{
	struct page *page;
	dma_addr_t bus;

	/* An IOMMU bounces no whole page. A page out of reach is bounced on every machine. */
	if (facts->iommu || (!facts->xen_pv && !reaches_zone(facts)))
		return 0;

	page = alloc_page(GFP_KERNEL | (facts->limited ? GFP_DMA32 : 0));
	if (!page)
		return -ENOMEM;
	bus = dma_map_page(dev, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(dev, bus)) {
		facts->bounced = true;
	} else {
		facts->bounced = page_bounced(dev, facts, page, bus);
		dma_unmap_page(dev, bus, PAGE_SIZE, DMA_BIDIRECTIONAL);
	}
	__free_page(page);
	return 0;
}

/**
 * ttm_backing_facts_get() - sample the facts that the choice for a device depends on
 * @dev: device, its DMA mask set
 * @facts: set to the facts
 *
 * Maps a page for the device and unmaps it. May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int ttm_backing_facts_get(struct device *dev, struct ttm_backing_facts *facts)
{
	*facts = (struct ttm_backing_facts) {
		.xen_pv = xen_pv_domain(),
		.iommu = ttm_behind_iommu(dev),
		.noncoherent = !dev_is_dma_coherent(dev),
		.limited = dma_addressing_limited(dev),
		.hotplug = IS_ENABLED(CONFIG_MEMORY_HOTPLUG),
		.no_zone = IS_ENABLED(CONFIG_64BIT) && !IS_ENABLED(CONFIG_ZONE_DMA32),
		.reach = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit),
		.bus_end = U64_MAX,
		.translated = ttm_dma_translated(dev),
		.no_global = !ttm_global_dma_pool_coherent(),
	};
	/* Coherent memory has a mask of its own. */
	facts->reach = min_not_zero(facts->reach, dev->coherent_dma_mask);
	if (facts->xen_pv)
		facts->bus_end = xen_bus_end();
	return sample_bounced(dev, facts);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_backing_facts_get);

/**
 * ttm_backing_outgrown() - whether memory beyond a device's reach was plugged in
 * @dev: device
 * @facts: facts about it
 *
 * Return: true if it was plugged in after @facts were sampled, and they do not include it.
 */
bool ttm_backing_outgrown(struct device *dev, const struct ttm_backing_facts *facts)
{
	return !facts->limited && !READ_ONCE(facts->outgrown) && dma_addressing_limited(dev);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_backing_outgrown);

/* Why the device would lose contents of shared pages, or NULL. */
static const char *harm_of_shared(const struct ttm_backing_facts *facts)
{
	if (facts->noncoherent && is_narrow(facts))
		return "device is not DMA coherent";
	if (facts->iommu)
		return NULL;
	if (facts->xen_pv && !reaches_xen_bus(facts))
		return "pages that the device does not reach are bounced";
	if (!facts->xen_pv && !reaches_zone(facts))
		return facts->outgrown ? "memory that the device does not reach was plugged in" :
					 "device reaches no zone of memory";
	if (facts->bounced)
		return "the DMA API bounces pages of this device";
	return NULL;
}

static void choose_by_machine(const struct ttm_backing_facts *facts,
			      struct ttm_backing *backing)
{
	backing->kind = TTM_BACKING_DEVICE;
	if (uses_xen_bus(facts)) {
		backing->reason = "Xen PV domain";
		return;
	}
	if (backing->harm) {
		backing->reason = backing->harm;
		return;
	}

	backing->kind = TTM_BACKING_SHARED;
	if (facts->iommu)
		backing->reason = "device is behind an IOMMU";
	else if (facts->limited || facts->outgrown)
		backing->reason = "device does not reach all memory";
	else if (backing->dma32)
		backing->reason = "memory that the device does not reach may be plugged in";
	else
		backing->reason = "device reaches all memory";
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
		.harm = harm_of_shared(facts),
		.dma32 = needs_dma32(facts),
		.single = uses_xen_bus(facts),
		.reaches_all = reaches_xen_bus(facts),
	};

	if (force == TTM_BACKING_FORCE_SHARED) {
		backing->kind = TTM_BACKING_SHARED;
		backing->reason = backing->reaches_all && !backing->harm ?
			"forced by the parameter backing; device reaches every page" :
			"forced by the parameter backing";
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
	if (backing->kind == TTM_BACKING_SHARED && backing->harm)
		dev_warn(dev, "backing=shared: %s, and contents will be wrong: use backing=auto\n",
			 backing->harm);
	if (force == TTM_BACKING_FORCE_HYPERVISOR && backing->kind != TTM_BACKING_HYPERVISOR)
		dev_warn(dev, "backing=hypervisor: %s\n", facts->cap ?
			 "the pool device's memory is not for this device" :
			 "there is no pool device");
}
