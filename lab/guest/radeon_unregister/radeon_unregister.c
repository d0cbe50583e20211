// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Lets Debian's unmodified radeon.ko be unloaded.
 *
 * The driver has no &pci_driver.remove (6.12.117 and 7.3.4; it went when the
 * allocation of the device became devm_drm_dev_alloc()). An unbind frees its device
 * without unregistering it: the interrupt, the device nodes and the frame buffer are
 * left and point into an unloaded module, and the kernel oopses. This module does
 * before each unbind what .remove did, and nothing for a driver that does it itself.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <drm/drm_crtc_helper.h>
#include <drm/drm_drv.h>

static int on_bus_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct device *dev = data;
	struct pci_driver *driver;
	struct drm_device *drm;

	if (event != BUS_NOTIFY_UNBIND_DRIVER || strcmp(dev->driver->name, "radeon"))
		return NOTIFY_DONE;
	driver = container_of(dev->driver, struct pci_driver, driver);
	drm = pci_get_drvdata(to_pci_dev(dev));
	if (driver->remove || !drm)
		return NOTIFY_DONE;
	dev_info(dev, "unregistering the DRM device for radeon\n");
	/* A CRTC that is on keeps its frame buffer pinned; 7.3's fbdev frees it so. */
	drm_helper_force_disable_all(drm);
	drm_dev_unregister(drm);
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = on_bus_event };

static int __init radeon_unregister_init(void)
{
	return bus_register_notifier(&pci_bus_type, &notifier);
}
module_init(radeon_unregister_init);

static void __exit radeon_unregister_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &notifier);
}
module_exit(radeon_unregister_exit);

MODULE_DESCRIPTION("Unregisters radeon's DRM device on unbind");
MODULE_LICENSE("Dual MIT/GPL");
