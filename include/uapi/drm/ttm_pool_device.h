/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
#ifndef _UAPI_DRM_TTM_POOL_DEVICE_H_
#define _UAPI_DRM_TTM_POOL_DEVICE_H_

/*
 * The TTM pool device: a PCI function without a BAR or an interrupt. It has one
 * vendor-specific capability, by which a hypervisor tells its guest which memory has to be
 * coherent for GPUs. The specification is Documentation/gpu/ttm-pool-device.rst.
 */

/* An ID from the range that the owner of the vendor ID has reserved for experiments. */
#define TTM_POOL_PCI_VENDOR		0x1af4
#define TTM_POOL_PCI_DEVICE		0x10f0
/* Memory controller, other. */
#define TTM_POOL_PCI_CLASS		0x058000

/* Offsets in the capability, bytes. Numbers are little endian. */
#define TTM_POOL_CAP_ID			0	/* 09h: vendor specific */
#define TTM_POOL_CAP_NEXT		1
#define TTM_POOL_CAP_LENGTH		2	/* TTM_POOL_CAP_SIZE */
#define TTM_POOL_CAP_VERSION		3	/* TTM_POOL_VERSION */
#define TTM_POOL_CAP_SIGNATURE		4	/* 4 bytes, TTM_POOL_SIGNATURE */
#define TTM_POOL_CAP_ZONES		8	/* 4 bytes, TTM_POOL_ZONE_* */
#define TTM_POOL_CAP_FLAGS		12	/* 4 bytes, TTM_POOL_FLAG_* */
#define TTM_POOL_CAP_WIDTH		16	/* widest bus address, in bits */
#define TTM_POOL_CAP_RESERVED		17	/* 3 bytes, zero */
#define TTM_POOL_CAP_HYPERVISOR		20	/* 12 bytes, as in CPUID 40000000h */
#define TTM_POOL_CAP_SIZE		32

#define TTM_POOL_VERSION		1
#define TTM_POOL_SIGNATURE		"TTMP"

/* BO pages of these zones have to be coherent memory. */
#define TTM_POOL_ZONE_DMA32		0x1	/* below 4 GiB */
#define TTM_POOL_ZONE_NORMAL		0x2	/* all that the kernel maps */
#define TTM_POOL_ZONE_HIGHMEM		0x4	/* all else, on 32-bit kernels */
#define TTM_POOL_ZONES			0x7

/* A bus address of coherent memory is valid for every device. */
#define TTM_POOL_FLAG_SHAREABLE		0x1
/* Adjacent pages need not be adjacent on the bus. */
#define TTM_POOL_FLAG_NOT_CONTIGUOUS	0x2
#define TTM_POOL_FLAGS			0x3

#define TTM_POOL_WIDTH_MIN		32
#define TTM_POOL_WIDTH_MAX		64

#endif
