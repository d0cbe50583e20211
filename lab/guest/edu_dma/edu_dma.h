/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Interface of edu_dma.ko: /dev/edu-dma0, /dev/edu-dma1, ... Each open file has one import.
 */
#ifndef EDU_DMA_H
#define EDU_DMA_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct edu_dma_import - import a dma-buf, until the file is closed.
 * @fd: dma-buf
 * @bits: set to the device's bus address bits, by the driver's parameter
 * @segments: set to the number of contiguous ranges of bus addresses
 * @pad: zero
 * @first: set to the lowest of these addresses
 * @last: set to the highest, that of the last byte
 */
struct edu_dma_import {
	__s32 fd;
	__u32 bits;
	__u32 segments;
	__u32 pad;
	__u64 first;
	__u64 last;
};

/**
 * struct edu_dma_copy - have the device copy between the import and user memory.
 * @offset: bytes into the dma-buf
 * @user: address of @size bytes
 * @size: bytes, at most EDU_DMA_COPY_MAX
 * @write: into the dma-buf; otherwise from it
 */
struct edu_dma_copy {
	__u64 offset;
	__u64 user;
	__u32 size;
	__u32 write;
};

#define EDU_DMA_COPY_MAX	4096

#define EDU_DMA_IMPORT		_IOWR('e', 1, struct edu_dma_import)
#define EDU_DMA_COPY		_IOW('e', 2, struct edu_dma_copy)

#endif
