// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The PCI driver of the pool device.
 */

#define pr_fmt(fmt) "[TTM] " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <drm/drm_util.h>

#include "ttm_global_dma_pool.h"
#include "ttm_pool_cap.h"
#include "ttm_pool_pci.h"

/**
 * DOC: Pool device
 *
 * In a virtual machine the hypervisor knows whether the bus address of a page differs from
 * its physical address, and which devices reach the page. The pool device is a PCI function
 * without hardware that passes this on: its capability says in which of the kernel's zones BO
 * pages have to be coherent memory. This is its driver.
 *
 * There is one pool device for the whole machine. It may be bound before or after the GPUs,
 * and be unbound at any time. Each change starts a new generation. Before a GPU's pool
 * allocates pages it compares the generation with that of its backing, and chooses the
 * backing again if they differ. Pages in use stay valid, and are returned to the pool that
 * they are from.
 *
 * A malformed capability is rejected; the pool behaves as if there were no pool device.
 *
 * The ID is experimental, so the module has no alias for it and is not loaded automatically.
 */

/* Held while a pool device is bound or unbound. */
static DEFINE_MUTEX(bind_lock);
/*
 * Guards what follows. GPUs take it with a dma_resv held, so nothing is allocated under it, and
 * no device is registered.
 */
static DEFINE_MUTEX(state_lock);
static struct device *bound;
static struct ttm_pool_cap bound_cap;
static unsigned int generation;

static char *ids;
module_param_named(pool_device, ids, charp, 0444);
MODULE_PARM_DESC(pool_device, "More PCI IDs of pool devices: VENDOR:DEVICE[,VENDOR:DEVICE]..., in hexadecimal");

/**
 * ttm_pool_device_generation() - the generation of the pool device
 *
 * Return: a number that changes whenever a pool device is bound or unbound.
 */
unsigned int ttm_pool_device_generation(void)
{
	return READ_ONCE(generation);
}

/**
 * ttm_pool_device_get() - get the capability of the pool device
 * @cap: set to the capability if there is a pool device
 * @present: set to whether there is one
 *
 * May sleep.
 *
 * Return: the generation of the result.
 */
unsigned int ttm_pool_device_get(struct ttm_pool_cap *cap, bool *present)
{
	unsigned int now;

	mutex_lock(&state_lock);
	*present = bound;
	if (bound)
		*cap = bound_cap;
	now = generation;
	mutex_unlock(&state_lock);
	return now;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_pool_device_get);

/* Start a new generation, with or without a pool device. */
static void set_state(struct device *dev, const struct ttm_pool_cap *cap)
{
	mutex_lock(&state_lock);
	bound = dev;
	if (cap)
		bound_cap = *cap;
	WRITE_ONCE(generation, generation + 1);
	mutex_unlock(&state_lock);
}

/**
 * ttm_pool_device_add() - use a pool device
 * @dev: pool device
 * @cap: its capability
 *
 * Logs an error. May sleep, and register devices. GPUs that see the new generation find the
 * global DMA pools open.
 *
 * Return: 0; -EBUSY if there is one already; or the error of ttm_global_dma_pool_open().
 */
int ttm_pool_device_add(struct device *dev, const struct ttm_pool_cap *cap)
{
	int ret;

	mutex_lock(&bind_lock);
	if (bound) {
		dev_err(dev, "pool device refused: %s is one already; unbind that one first\n",
			dev_name(bound));
		ret = -EBUSY;
		goto out;
	}
	ret = ttm_global_dma_pool_open(cap);
	if (ret)
		dev_err(dev, "pool device refused: no pools of coherent pages could be made (%d)\n",
			ret);
	else
		set_state(dev, cap);
out:
	mutex_unlock(&bind_lock);
	return ret;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_pool_device_add);

/**
 * ttm_pool_device_del() - stop using the pool device
 *
 * May sleep.
 */
void ttm_pool_device_del(void)
{
	mutex_lock(&bind_lock);
	/* Before the pools are closed: a GPU that finds them closed chooses again. */
	set_state(NULL, NULL);
	ttm_global_dma_pool_close();
	mutex_unlock(&bind_lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_pool_device_del);

static int read_cap(struct pci_dev *pdev, struct ttm_pool_cap *cap, char *why, size_t size)
{
	u8 raw[TTM_POOL_CAP_SIZE];
	unsigned int pos, i;
	u32 word;

	pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR);
	if (!pos) {
		snprintf(why, size, "it has no vendor-specific capability");
		return -EINVAL;
	}
	if (pos + sizeof(raw) > PCI_CFG_SPACE_SIZE) {
		snprintf(why, size, "capability at %02xh does not fit into config space", pos);
		return -EINVAL;
	}
	for (i = 0; i < sizeof(raw); i += sizeof(word)) {
		if (pci_read_config_dword(pdev, pos + i, &word)) {
			snprintf(why, size, "config space cannot be read at %02xh", pos + i);
			return -EIO;
		}
		put_unaligned_le32(word, raw + i);
	}
	return ttm_pool_cap_parse(raw, cap, why, size);
}

/* Logs each refusal: the driver core does not log -ENODEV. */
static int ttm_pool_device_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ttm_pool_cap cap;
	char why[96];

	if (read_cap(pdev, &cap, why, sizeof(why))) {
		pci_err(pdev, "pool device refused: %s; BO pages are chosen as if it were absent\n",
			why);
		return -ENODEV;
	}

	if (ttm_pool_device_add(&pdev->dev, &cap))
		return -ENODEV;

	pci_info(pdev, "pool device of \"%s\": zones %#x, flags %#x, bus addresses of %u bits\n",
		 cap.hypervisor, cap.zones, cap.flags, cap.width);
	return 0;
}

static void ttm_pool_device_remove(struct pci_dev *pdev)
{
	ttm_pool_device_del();
}

static const struct pci_device_id ttm_pool_device_ids[] = {
	{ PCI_DEVICE(TTM_POOL_PCI_VENDOR, TTM_POOL_PCI_DEVICE) },
	{ }
};

static struct pci_driver ttm_pool_device_driver = {
	.name = "ttm-pool",
	.id_table = ttm_pool_device_ids,
	.probe = ttm_pool_device_probe,
	.remove = ttm_pool_device_remove,
	.driver = {
		/* GPUs that are bound later use it. */
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};

/* Add the IDs of the parameter. Ignore a malformed one: TTM has to load for the GPUs. */
static void add_ids(void)
{
	char *copy = kstrdup(ids, GFP_KERNEL), *list = copy, *word;

	while (list && (word = strsep(&list, ","))) {
		unsigned int vendor, device;
		char end;

		if (sscanf(word, "%x:%x%c", &vendor, &device, &end) != 2 ||
		    vendor > 0xffff || device > 0xffff) {
			pr_err("pool_device=%.16s is not VENDOR:DEVICE in hexadecimal, like %04x:%04x: ignored\n",
			       word, TTM_POOL_PCI_VENDOR, TTM_POOL_PCI_DEVICE);
			continue;
		}
		if (pci_add_dynid(&ttm_pool_device_driver, vendor, device, PCI_ANY_ID,
				  PCI_ANY_ID, 0, 0, 0))
			pr_err("pool_device=%04x:%04x could not be added\n", vendor, device);
	}
	kfree(copy);
}

/**
 * ttm_pool_device_init() - register the driver of the pool device
 *
 * Return: 0 or a negative errno.
 */
int ttm_pool_device_init(void)
{
	int ret = pci_register_driver(&ttm_pool_device_driver);

	if (!ret)
		add_ids();
	return ret;
}

/**
 * ttm_pool_device_exit() - unregister the driver of the pool device
 */
void ttm_pool_device_exit(void)
{
	pci_unregister_driver(&ttm_pool_device_driver);
}

static int ttm_pool_device_show(struct seq_file *m, void *data)
{
	static const char * const zone_names[] = { "dma32", "normal", "highmem" };
	unsigned int i;

	mutex_lock(&state_lock);
	seq_printf(m, "%-15s %s\n", "pool_device", bound ? dev_name(bound) : "-");
	seq_printf(m, "%-15s %u\n", "generation", generation);
	if (bound) {
		seq_printf(m, "%-15s %s\n", "hypervisor", bound_cap.hypervisor);
		seq_printf(m, "%-15s", "zones");
		for (i = 0; i < ARRAY_SIZE(zone_names); i++)
			if (bound_cap.zones & BIT(i))
				seq_printf(m, " %s", zone_names[i]);
		seq_printf(m, "%s\n", bound_cap.zones ? "" : " -");
		seq_printf(m, "%-15s %s\n", "shareable",
			   str_yes_no(bound_cap.flags & TTM_POOL_FLAG_SHAREABLE));
		seq_printf(m, "%-15s %s\n", "contiguous",
			   str_yes_no(!(bound_cap.flags & TTM_POOL_FLAG_NOT_CONTIGUOUS)));
		seq_printf(m, "%-15s %u\n", "width", bound_cap.width);
	}
	mutex_unlock(&state_lock);
	ttm_global_dma_pool_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ttm_pool_device);

/**
 * ttm_pool_device_debugfs_init() - create the debugfs file "pool_device"
 * @parent: directory, which is removed with all files
 */
void ttm_pool_device_debugfs_init(struct dentry *parent)
{
	debugfs_create_file("pool_device", 0444, parent, NULL, &ttm_pool_device_fops);
}
