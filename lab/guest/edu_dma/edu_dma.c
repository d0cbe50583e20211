// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Imports dma-bufs for QEMU's "edu" device, as a capture card or an encoder imports them.
 *
 * The device copies between bus addresses, which the driver programs, and 4096 bytes of its own.
 * It does not check them: a wrong address is another page, which a test detects. QEMU chooses
 * how many bits it drives (dma_mask=); the driver cannot read that and has a parameter for it.
 * Each copy takes the device a tenth of a second.
 *
 * The registers are those of docs/specs/edu.rst in QEMU.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iopoll.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "edu_dma.h"

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8

#define EDU_ID		0x00
#define EDU_ID_MAGIC	0xed
#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_CMD	0x98
#define  EDU_DMA_RUN	BIT(0)
#define  EDU_DMA_TO_RAM	BIT(1)
#define EDU_BUFFER	0x40000
#define EDU_BUFFER_SIZE	4096
#define EDU_TIMEOUT_US	(20 * USEC_PER_SEC)
#define EDU_MAX		4

static unsigned int bits[EDU_MAX] = { 32, 32, 32, 32 };
module_param_array(bits, uint, NULL, 0444);
MODULE_PARM_DESC(bits, "Bus address bits of each device, in the order of the bus (32)");

/**
 * struct edu - a device.
 * @pdev: its PCI device
 * @misc: its device file
 * @name: the file's name
 * @regs: its registers
 * @lock: protects its engine and @bounce
 * @bounce: a page through which user space and the device exchange data
 * @bounce_addr: its bus address
 * @bits: bus address bits
 */
struct edu {
	struct pci_dev *pdev;
	struct miscdevice misc;
	char name[16];
	void __iomem *regs;
	struct mutex lock;
	void *bounce;
	dma_addr_t bounce_addr;
	unsigned int bits;
};

/**
 * struct edu_file - an open file, with at most one import.
 * @edu: device
 * @lock: protects the members below
 * @dma_buf: the imported buffer, or NULL
 * @attach: attachment
 * @sgt: mapping
 */
struct edu_file {
	struct edu *edu;
	struct mutex lock;
	struct dma_buf *dma_buf;
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
};

static unsigned int devices;

static int edu_run(struct edu *edu, u64 src, u64 dst, u32 size, u32 cmd)
{
	u32 state;

	writeq(src, edu->regs + EDU_DMA_SRC);
	writeq(dst, edu->regs + EDU_DMA_DST);
	writeq(size, edu->regs + EDU_DMA_COUNT);
	writeq(cmd | EDU_DMA_RUN, edu->regs + EDU_DMA_CMD);
	return readl_poll_timeout(edu->regs + EDU_DMA_CMD, state, !(state & EDU_DMA_RUN),
				  2000, EDU_TIMEOUT_US);
}

/* Copies from one bus address to another, through the device's memory. */
static int edu_copy_bus(struct edu *edu, dma_addr_t src, dma_addr_t dst, u32 size)
{
	int ret = edu_run(edu, src, EDU_BUFFER, size, 0);

	return ret ?: edu_run(edu, EDU_BUFFER, dst, size, EDU_DMA_TO_RAM);
}

/* The bus address of a byte of the import; limits @size to the bytes that follow it there. */
static dma_addr_t edu_bus(struct edu_file *file, u64 offset, u32 *size)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(file->sgt, sg, i) {
		if (offset < sg_dma_len(sg)) {
			*size = min_t(u64, *size, sg_dma_len(sg) - offset);
			return sg_dma_address(sg) + offset;
		}
		offset -= sg_dma_len(sg);
	}
	*size = 0;
	return 0;
}

static int edu_copy(struct edu_file *file, const struct edu_dma_copy *copy)
{
	struct edu *edu = file->edu;
	u32 done = 0, size;
	dma_addr_t bus;
	long left;
	int ret;

	if (copy->size > EDU_DMA_COPY_MAX || copy->offset > file->dma_buf->size ||
	    copy->size > file->dma_buf->size - copy->offset || copy->write > 1)
		return -EINVAL;

	/* A read waits for writes, a write for all accesses. */
	left = dma_resv_wait_timeout(file->dma_buf->resv, dma_resv_usage_rw(copy->write), true,
				     10 * HZ);
	if (left <= 0)
		return left ?: -ETIMEDOUT;

	if (copy->write && copy_from_user(edu->bounce, u64_to_user_ptr(copy->user), copy->size))
		return -EFAULT;
	while (done < copy->size) {
		size = copy->size - done;
		bus = edu_bus(file, copy->offset + done, &size);
		if (!size)
			return -ENXIO;
		if (copy->write)
			ret = edu_copy_bus(edu, edu->bounce_addr + done, bus, size);
		else
			ret = edu_copy_bus(edu, bus, edu->bounce_addr + done, size);
		if (ret)
			return ret;
		done += size;
	}
	if (!copy->write && copy_to_user(u64_to_user_ptr(copy->user), edu->bounce, copy->size))
		return -EFAULT;
	return 0;
}

static int edu_import(struct edu_file *file, struct edu_dma_import *import)
{
	struct device *dev = &file->edu->pdev->dev;
	struct scatterlist *sg;
	int i, ret;

	if (file->dma_buf)
		return -EBUSY;
	file->dma_buf = dma_buf_get(import->fd);
	if (IS_ERR(file->dma_buf)) {
		ret = PTR_ERR(file->dma_buf);
		goto none;
	}
	file->attach = dma_buf_attach(file->dma_buf, dev);
	if (IS_ERR(file->attach)) {
		ret = PTR_ERR(file->attach);
		goto put;
	}
	file->sgt = dma_buf_map_attachment_unlocked(file->attach, DMA_BIDIRECTIONAL);
	if (IS_ERR(file->sgt)) {
		ret = PTR_ERR(file->sgt);
		goto detach;
	}

	import->bits = file->edu->bits;
	import->segments = file->sgt->nents;
	import->first = U64_MAX;
	import->last = 0;
	for_each_sgtable_dma_sg(file->sgt, sg, i) {
		import->first = min_t(u64, import->first, sg_dma_address(sg));
		import->last = max_t(u64, import->last,
				     (u64)sg_dma_address(sg) + sg_dma_len(sg) - 1);
	}
	return 0;

detach:
	dma_buf_detach(file->dma_buf, file->attach);
put:
	dma_buf_put(file->dma_buf);
none:
	file->dma_buf = NULL;
	return ret;
}

static long edu_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct edu_file *file = filp->private_data;
	void __user *user = (void __user *)arg;
	struct edu_dma_import import;
	struct edu_dma_copy copy;
	long ret;

	mutex_lock(&file->lock);
	switch (cmd) {
	case EDU_DMA_IMPORT:
		if (copy_from_user(&import, user, sizeof(import))) {
			ret = -EFAULT;
			break;
		}
		ret = edu_import(file, &import);
		if (!ret && copy_to_user(user, &import, sizeof(import)))
			ret = -EFAULT;
		break;
	case EDU_DMA_COPY:
		if (!file->dma_buf) {
			ret = -ENXIO;
			break;
		}
		if (copy_from_user(&copy, user, sizeof(copy))) {
			ret = -EFAULT;
			break;
		}
		mutex_lock(&file->edu->lock);
		ret = edu_copy(file, &copy);
		mutex_unlock(&file->edu->lock);
		break;
	default:
		ret = -ENOTTY;
	}
	mutex_unlock(&file->lock);
	return ret;
}

static int edu_open(struct inode *inode, struct file *filp)
{
	struct edu *edu = container_of(filp->private_data, struct edu, misc);
	struct edu_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	file->edu = edu;
	mutex_init(&file->lock);
	filp->private_data = file;
	return 0;
}

static int edu_release(struct inode *inode, struct file *filp)
{
	struct edu_file *file = filp->private_data;

	if (file->dma_buf) {
		dma_buf_unmap_attachment_unlocked(file->attach, file->sgt, DMA_BIDIRECTIONAL);
		dma_buf_detach(file->dma_buf, file->attach);
		dma_buf_put(file->dma_buf);
	}
	mutex_destroy(&file->lock);
	kfree(file);
	return 0;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.open = edu_open,
	.release = edu_release,
	.unlocked_ioctl = edu_ioctl,
};

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int ret;

	if (devices == EDU_MAX)
		return -ENOSPC;
	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	edu->pdev = pdev;
	edu->bits = bits[devices];
	if (!edu->bits || edu->bits > 64)
		return dev_err_probe(&pdev->dev, -EINVAL, "bits=%u is not from 1 to 64\n",
				     edu->bits);
	mutex_init(&edu->lock);
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(edu->bits));
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "no DMA with %u bits\n", edu->bits);
	/* Its engine counts from where it starts, however far. */
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	edu->regs = pcim_iomap(pdev, 0, 0);
	if (!edu->regs)
		return -ENOMEM;
	if ((readl(edu->regs + EDU_ID) & 0xff) != EDU_ID_MAGIC)
		return dev_err_probe(&pdev->dev, -ENODEV, "not an edu device\n");
	pci_set_master(pdev);
	edu->bounce = dmam_alloc_coherent(&pdev->dev, EDU_DMA_COPY_MAX, &edu->bounce_addr,
					  GFP_KERNEL);
	if (!edu->bounce)
		return -ENOMEM;

	snprintf(edu->name, sizeof(edu->name), "edu-dma%u", devices);
	edu->misc.minor = MISC_DYNAMIC_MINOR;
	edu->misc.name = edu->name;
	edu->misc.fops = &edu_fops;
	edu->misc.parent = &pdev->dev;
	edu->misc.mode = 0600;
	ret = misc_register(&edu->misc);
	if (ret)
		return ret;
	pci_set_drvdata(pdev, edu);
	devices++;
	return 0;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	misc_deregister(&edu->misc);
	mutex_destroy(&edu->lock);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

/* Open files would outlive the device: the lab unloads the module and never unbinds it. */
static struct pci_driver edu_driver = {
	.name = "edu-dma",
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
	.driver = { .suppress_bind_attrs = true },
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("Imports dma-bufs for QEMU's edu device");
MODULE_LICENSE("Dual MIT/GPL");
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("DMA_BUF");
#else
MODULE_IMPORT_NS(DMA_BUF);
#endif
