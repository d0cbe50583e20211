// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A software PCI function that is TTM's pool device in a Xen PV domain.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/dma-map-ops.h>
#include <linux/ioport.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>
#include <xen/interface/memory.h>
#include <xen/page.h>
#include <xen/xen.h>

#include <uapi/drm/ttm_pool_device.h>

/**
 * DOC: Pool device of a Xen PV domain
 *
 * The pool device is a PCI function without hardware. A hypervisor uses it to tell TTM which memory
 * has to be coherent for GPUs. An emulator can add it to its machine. A PV domain has no emulator:
 * the buses of dom0 are those of the real machine. So this module adds the function inside the
 * domain. The facts are the same in each PV domain: the machine frame of a page differs from its
 * frame number in the kernel, adjacent pages are not adjacent on the bus, and without an IOMMU a
 * bus address is valid for all devices.
 *
 * The function is the only one on a host bridge of its own PCI domain. The domain number is
 * 0x10000 or more. Firmware and the hypercalls by which dom0 tells Xen of its devices (see
 * drivers/xen/pci.c) use 16 bits, so the function is unknown to both.
 */

/* PCI domains from here on are unknown to the firmware and to Xen. */
#define XEN_TTM_POOL_DOMAIN_MIN		(U16_MAX + 1)

#define XEN_TTM_POOL_DEVFN		PCI_DEVFN(0, 0)
/* Offset of the capability. */
#define XEN_TTM_POOL_CAP		PCI_STD_HEADER_SIZEOF

#define XEN_TTM_POOL_ZONES_NARROW	TTM_POOL_ZONE_DMA32
#define XEN_TTM_POOL_ZONES_ALL		(TTM_POOL_ZONE_DMA32 | TTM_POOL_ZONE_NORMAL)

static unsigned int zones = XEN_TTM_POOL_ZONES_ALL;
module_param(zones, uint, 0444);
MODULE_PARM_DESC(zones, "Zones that have to be coherent: 1 (DMA32), 3 (DMA32 and NORMAL, default)");

/**
 * struct xen_ttm_pool - private data of the host bridge
 * @sysdata: x86's data of a bus
 * @buses: the range of bus numbers, which is a single one
 * @lock: protects @config; x86 does not serialize accesses to config space
 * @config: config space of the function
 *
 * Exists as long as there is a reference to the bridge, its bus or the function, which may
 * be longer than this module is loaded.
 */
struct xen_ttm_pool {
	struct pci_sysdata sysdata;
	struct resource buses;
	raw_spinlock_t lock;
	u8 config[PCI_CFG_SPACE_SIZE];
};

static struct pci_host_bridge *pool_bridge;

/* Writable bits. The function decodes no addresses, so the bits that enable it are fixed. */
static const u8 writable[PCI_STD_HEADER_SIZEOF] = {
	[PCI_COMMAND] = PCI_COMMAND_MASTER | PCI_COMMAND_PARITY,
	[PCI_COMMAND + 1] = (PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE) >> 8,
	[PCI_CACHE_LINE_SIZE] = 0xff,
	[PCI_LATENCY_TIMER] = 0xff,
	[PCI_INTERRUPT_LINE] = 0xff,
};

static struct xen_ttm_pool *bus_to_pool(struct pci_bus *bus)
{
	return container_of(to_pci_sysdata(bus), struct xen_ttm_pool, sysdata);
}

static int config_check(unsigned int devfn, int where, int size)
{
	if (devfn != XEN_TTM_POOL_DEVFN)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (where < 0 || where + size > PCI_CFG_SPACE_SIZE)
		return PCIBIOS_BAD_REGISTER_NUMBER;
	return PCIBIOS_SUCCESSFUL;
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int where, int size,
		       u32 *value)
{
	struct xen_ttm_pool *pool = bus_to_pool(bus);
	int ret = config_check(devfn, where, size);
	unsigned long flags;
	u32 read = 0;

	if (ret) {
		PCI_SET_ERROR_RESPONSE(value);
		return ret;
	}

	raw_spin_lock_irqsave(&pool->lock, flags);
	while (size--)
		read = read << 8 | pool->config[where + size];
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	*value = read;
	return PCIBIOS_SUCCESSFUL;
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where, int size,
			u32 value)
{
	struct xen_ttm_pool *pool = bus_to_pool(bus);
	int ret = config_check(devfn, where, size);
	unsigned long flags;

	if (ret)
		return ret;

	raw_spin_lock_irqsave(&pool->lock, flags);
	for (; size--; where++, value >>= 8) {
		u8 mask = where < ARRAY_SIZE(writable) ? writable[where] : 0;

		pool->config[where] = (pool->config[where] & ~mask) | (value & mask);
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops xen_ttm_pool_ops = {
	.read = config_read,
	.write = config_write,
};

/*
 * The number of bits of the machine's highest address, not the domain's. Every domain may
 * make this hypercall. It is not expected to fail; if it does, all bits are the safe answer.
 */
static u8 bus_address_width(void)
{
	long frame = HYPERVISOR_memory_op(XENMEM_maximum_ram_page, NULL);
	int width = frame > 0 ? fls64((u64)frame) + XEN_PAGE_SHIFT : TTM_POOL_WIDTH_MAX;

	return clamp(width, TTM_POOL_WIDTH_MIN, TTM_POOL_WIDTH_MAX);
}

static void config_init(u8 *config)
{
	u8 *cap = config + XEN_TTM_POOL_CAP;

	put_unaligned_le16(TTM_POOL_PCI_VENDOR, config + PCI_VENDOR_ID);
	put_unaligned_le16(TTM_POOL_PCI_DEVICE, config + PCI_DEVICE_ID);
	put_unaligned_le16(PCI_STATUS_CAP_LIST, config + PCI_STATUS);
	/* The revision, 0, is the lowest byte. */
	put_unaligned_le32(TTM_POOL_PCI_CLASS << 8, config + PCI_CLASS_REVISION);
	config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_NORMAL;
	put_unaligned_le16(TTM_POOL_PCI_VENDOR, config + PCI_SUBSYSTEM_VENDOR_ID);
	put_unaligned_le16(TTM_POOL_PCI_DEVICE, config + PCI_SUBSYSTEM_ID);
	config[PCI_CAPABILITY_LIST] = XEN_TTM_POOL_CAP;

	cap[TTM_POOL_CAP_ID] = PCI_CAP_ID_VNDR;
	cap[TTM_POOL_CAP_LENGTH] = TTM_POOL_CAP_SIZE;
	cap[TTM_POOL_CAP_VERSION] = TTM_POOL_VERSION;
	memcpy(cap + TTM_POOL_CAP_SIGNATURE, TTM_POOL_SIGNATURE, strlen(TTM_POOL_SIGNATURE));
	put_unaligned_le32(zones, cap + TTM_POOL_CAP_ZONES);
	put_unaligned_le32(TTM_POOL_FLAG_SHAREABLE | TTM_POOL_FLAG_NOT_CONTIGUOUS,
			   cap + TTM_POOL_CAP_FLAGS);
	cap[TTM_POOL_CAP_WIDTH] = bus_address_width();
	memcpy(cap + TTM_POOL_CAP_HYPERVISOR, XEN_SIGNATURE, strlen(XEN_SIGNATURE));
}

static int __init find_domain(void)
{
	return pci_bus_find_emul_domain_nr(0, XEN_TTM_POOL_DOMAIN_MIN, INT_MAX);
}

static struct pci_host_bridge *__init alloc_bridge(void)
{
	struct pci_host_bridge *bridge;
	struct xen_ttm_pool *pool;
	int domain;

	bridge = pci_alloc_host_bridge(sizeof(*pool));
	if (!bridge)
		return ERR_PTR(-ENOMEM);

	domain = find_domain();
	if (domain < 0) {
		pci_free_host_bridge(bridge);
		return ERR_PTR(domain);
	}
	/* The number is freed with the last reference to the bridge. */
	bridge->domain_nr = domain;

	pool = pci_host_bridge_priv(bridge);
	pool->sysdata.domain = domain;
	pool->sysdata.node = NUMA_NO_NODE;
	pool->buses.name = "TTM pool device";
	pool->buses.flags = IORESOURCE_BUS | IORESOURCE_PCI_FIXED;
	raw_spin_lock_init(&pool->lock);
	config_init(pool->config);

	pci_add_resource(&bridge->windows, &pool->buses);
	bridge->sysdata = &pool->sysdata;
	bridge->ops = &xen_ttm_pool_ops;
	return bridge;
}

static void remove_bus(struct pci_bus *bus)
{
	pci_stop_root_bus(bus);
	pci_remove_root_bus(bus);
}

/* The caller holds the PCI core's rescan lock. */
static int __init add_function(struct pci_host_bridge *bridge)
{
	struct pci_dev *pdev;
	int ret;

	ret = pci_scan_root_bus_bridge(bridge);
	if (ret)
		return ret;

	pdev = pci_get_slot(bridge->bus, XEN_TTM_POOL_DEVFN);
	if (!pdev) {
		remove_bus(bridge->bus);
		return -ENOMEM;
	}
	pci_info(pdev, "pool device for Xen PV: zones=%u, machine addresses of %u bits\n", zones,
		 bus_to_pool(bridge->bus)->config[XEN_TTM_POOL_CAP + TTM_POOL_CAP_WIDTH]);
	pci_dev_put(pdev);
	pci_bus_add_devices(bridge->bus);
	return 0;
}

static int __init xen_ttm_pool_init(void)
{
	struct pci_host_bridge *bridge;
	struct pci_dev *other;
	int ret;

	if (!xen_pv_domain()) {
		pr_err("not loaded: this is not a Xen PV domain, which alone can use it\n");
		return -ENODEV;
	}
	/* Without xen-swiotlb coherent memory has no machine addresses. */
	if (!get_arch_dma_ops()) {
		pr_err("not loaded: this domain has no DMA by xen-swiotlb: boot its kernel with iommu=soft\n");
		return -ENODEV;
	}
	if (zones != XEN_TTM_POOL_ZONES_NARROW && zones != XEN_TTM_POOL_ZONES_ALL) {
		pr_err("not loaded: zones=%u is unknown: choose %u (DMA32) or %u (DMA32 and NORMAL)\n",
		       zones, XEN_TTM_POOL_ZONES_NARROW, XEN_TTM_POOL_ZONES_ALL);
		return -EINVAL;
	}
	other = pci_get_device(TTM_POOL_PCI_VENDOR, TTM_POOL_PCI_DEVICE, NULL);
	if (other) {
		pr_err("not loaded: there is a pool device already, %s\n", pci_name(other));
		pci_dev_put(other);
		return -EEXIST;
	}

	pci_lock_rescan_remove();
	bridge = alloc_bridge();
	ret = PTR_ERR_OR_ZERO(bridge);
	if (!ret) {
		ret = add_function(bridge);
		if (ret)
			pci_free_host_bridge(bridge);
	}
	pci_unlock_rescan_remove();
	if (ret) {
		pr_err("not loaded: the function could not be made, error %d\n", ret);
		return ret;
	}
	pool_bridge = bridge;
	return 0;
}
module_init(xen_ttm_pool_init);

static void __exit xen_ttm_pool_exit(void)
{
	pci_lock_rescan_remove();
	remove_bus(pool_bridge->bus);
	pci_unlock_rescan_remove();
	pci_free_host_bridge(pool_bridge);
}
module_exit(xen_ttm_pool_exit);

MODULE_DESCRIPTION("TTM's pool device for Xen PV domains");
MODULE_AUTHOR("Radeon TTM pool developers <radeon-ttm-pool@localhost>");
MODULE_LICENSE("Dual MIT/GPL");
