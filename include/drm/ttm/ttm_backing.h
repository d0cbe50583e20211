/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_BACKING_H_
#define _TTM_BACKING_H_

#include <linux/types.h>

struct device;
struct ttm_pool_cap;

/**
 * enum ttm_backing_kind - where the pages of a device's BOs are allocated
 * @TTM_BACKING_SHARED: pages of the system, mapped for the device; they belong to no
 *	device and can be mapped for others
 * @TTM_BACKING_DEVICE: coherent memory of the device, from chunks
 * @TTM_BACKING_HYPERVISOR: coherent memory from the global DMA pools, which belongs to no
 *	device
 */
enum ttm_backing_kind {
	TTM_BACKING_SHARED,
	TTM_BACKING_DEVICE,
	TTM_BACKING_HYPERVISOR,
};

/**
 * struct ttm_backing_facts - what the choice depends on
 * @xen_pv: Xen PV domain: the kernel's frame numbers differ from those on the bus, and
 *	mapping a page may bounce it
 * @iommu: an IOMMU maps all memory to addresses that the device reaches
 * @bounced: the DMA API bounces a page that is within the device's reach
 * @noncoherent: the device does not see the contents of the CPU's caches
 * @limited: the device did not reach all memory of this kernel when it was bound
 * @outgrown: it did, but memory beyond its reach was plugged in since
 * @hotplug: memory may be plugged in later
 * @no_zone: this kernel has no zone of the memory below 4 GiB
 * @reach: highest bus address that the device can use
 * @bus_end: first bus address after the machine's memory; U64_MAX without @xen_pv
 * @translated: the device's addresses are translated; see ttm_dma_translated()
 * @no_global: devices of the pool's own, which belong to no GPU, are not DMA coherent
 * @cap: the capability of the pool device, or NULL without one
 */
struct ttm_backing_facts {
	bool xen_pv;
	bool iommu;
	bool bounced;
	bool noncoherent;
	bool limited;
	bool outgrown;
	bool hotplug;
	bool no_zone;
	u64 reach;
	u64 bus_end;
	bool translated;
	bool no_global;
	const struct ttm_pool_cap *cap;
};

/**
 * enum ttm_backing_force - the user's choice
 * @TTM_BACKING_AUTO: no choice; the facts decide
 * @TTM_BACKING_FORCE_SHARED: shared pages
 * @TTM_BACKING_FORCE_DEVICE: coherent memory of the device
 * @TTM_BACKING_FORCE_HYPERVISOR: coherent memory of no device, for all zones; without a
 *	pool device as @TTM_BACKING_AUTO
 */
enum ttm_backing_force {
	TTM_BACKING_AUTO,
	TTM_BACKING_FORCE_SHARED,
	TTM_BACKING_FORCE_DEVICE,
	TTM_BACKING_FORCE_HYPERVISOR,
};

/**
 * struct ttm_backing - the choice
 * @kind: where pages are allocated
 * @reason: why, for the log
 * @harm: why the device would lose contents of shared pages, for the log; else NULL
 * @dma32: shared pages have to be below 4 GiB; does not change while the device is bound
 * @single: adjacent pages are not adjacent on the bus, so shared pages are mapped one by
 *	one
 * @reaches_all: the device reaches all memory of the machine, so coherent memory may
 *	consist of single pages
 * @private: by the pool device, bus addresses of coherent memory are valid only for the
 *	device that it was allocated for
 * @coherent32: by the pool device, BO pages below 4 GiB have to be coherent memory
 */
struct ttm_backing {
	enum ttm_backing_kind kind;
	const char *reason;
	const char *harm;
	bool dma32;
	bool single;
	bool reaches_all;
	bool private;
	bool coherent32;
};

bool ttm_behind_iommu(struct device *dev);
bool ttm_coherent_is_decrypted(struct device *dev);
int ttm_backing_facts_get(struct device *dev, struct ttm_backing_facts *facts);
bool ttm_backing_outgrown(struct device *dev, const struct ttm_backing_facts *facts);
void ttm_backing_choose(const struct ttm_backing_facts *facts,
			enum ttm_backing_force force,
			struct ttm_backing *backing);
int ttm_backing_parse(const char *name, enum ttm_backing_force *force);
enum ttm_backing_force ttm_backing_forced(void);
void ttm_backing_get(struct device *dev, const struct ttm_backing_facts *facts,
		     enum ttm_backing_force force, struct ttm_backing *backing);
const char *ttm_backing_name(const struct ttm_backing *backing);

#endif
