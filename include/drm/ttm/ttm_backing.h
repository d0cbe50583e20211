/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_BACKING_H_
#define _TTM_BACKING_H_

#include <linux/types.h>

struct device;
struct ttm_pool_cap;

/**
 * enum ttm_backing_kind - where the pages of a device's BOs come from
 * @TTM_BACKING_SHARED: the system's pages, mapped for the device; they belong to
 *	no device and any other may have them mapped too
 * @TTM_BACKING_DEVICE: coherent memory of the device, from chunks
 * @TTM_BACKING_HYPERVISOR: coherent memory of no device, from chunks that all devices
 *	share which reach them
 */
enum ttm_backing_kind {
	TTM_BACKING_SHARED,
	TTM_BACKING_DEVICE,
	TTM_BACKING_HYPERVISOR,
};

/**
 * struct ttm_backing_facts - what the choice depends on
 * @xen_pv: the frame numbers of this kernel are not those on the bus, and mapping a
 *	page may bounce it
 * @mem_encrypt: a device sees plain memory only where it was made so
 * @limited: the device does not reach all of this kernel's memory
 * @reach: highest bus address that the device can use
 * @bus_end: first bus address beyond the machine's memory; with @xen_pv alone
 * @translated: an IOMMU or an offset is between the device and the bus, so that the
 *	bus addresses of others mean nothing to it
 * @cap: what the pool device says, or NULL without one
 */
struct ttm_backing_facts {
	bool xen_pv;
	bool mem_encrypt;
	bool limited;
	u64 reach;
	u64 bus_end;
	bool translated;
	const struct ttm_pool_cap *cap;
};

/**
 * enum ttm_backing_force - what the user asks for
 * @TTM_BACKING_AUTO: nothing: the facts decide
 * @TTM_BACKING_FORCE_SHARED: shared pages
 * @TTM_BACKING_FORCE_DEVICE: coherent memory of the device
 * @TTM_BACKING_FORCE_HYPERVISOR: coherent memory of no device, whatever zones the pool
 *	device names; without a pool device as with @TTM_BACKING_AUTO
 */
enum ttm_backing_force {
	TTM_BACKING_AUTO,
	TTM_BACKING_FORCE_SHARED,
	TTM_BACKING_FORCE_DEVICE,
	TTM_BACKING_FORCE_HYPERVISOR,
};

/**
 * struct ttm_backing - the choice
 * @kind: where pages come from
 * @reason: why, for people
 * @dma32: shared pages have to come from below 4 GiB
 * @single: bus addresses of neighbouring pages have nothing to do with each other:
 *	shared pages are mapped one by one
 * @private: bus addresses of coherent memory hold for the device alone that it was
 *	allocated for, as a pool device says
 * @coherent32: memory below 4 GiB has to be coherent, as a pool device says: shared
 *	pages from there will not do
 * @reaches_all: the device reaches any page of the machine, so coherent memory
 *	may be made of single pages as they come
 * @width: bits of the bus addresses that the device reaches and the machine has; with
 *	TTM_BACKING_HYPERVISOR, else 0
 */
struct ttm_backing {
	enum ttm_backing_kind kind;
	const char *reason;
	bool dma32;
	bool single;
	bool private;
	bool coherent32;
	bool reaches_all;
	unsigned int width;
};

void ttm_backing_facts_get(struct device *dev, const struct ttm_pool_cap *cap,
			   struct ttm_backing_facts *facts);
void ttm_backing_choose(const struct ttm_backing_facts *facts,
			enum ttm_backing_force force,
			struct ttm_backing *backing);
int ttm_backing_parse(const char *name, enum ttm_backing_force *force);
enum ttm_backing_force ttm_backing_forced(void);
void ttm_backing_get(struct device *dev, const struct ttm_backing_facts *facts,
		     enum ttm_backing_force force, struct ttm_backing *backing);
bool ttm_backing_remapped(struct device *dev);
bool ttm_backing_translated(struct device *dev);
const char *ttm_backing_name(const struct ttm_backing *backing);

#endif
