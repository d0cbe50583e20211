/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Interface of raw_export.ko: /dev/raw-export.
 */
#ifndef RAW_EXPORT_H
#define RAW_EXPORT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** enum raw_export_kind - the mappings that importers of a buffer get. */
enum raw_export_kind {
	/** @RAW_EXPORT_AS_IT_IS: the pages' own bus addresses, in the importer's reach or not */
	RAW_EXPORT_AS_IT_IS,
	/** @RAW_EXPORT_SHORT: the same without the last page */
	RAW_EXPORT_SHORT,
	/** @RAW_EXPORT_LONG: the same with the first page once more at the end */
	RAW_EXPORT_LONG,
	/** @RAW_EXPORT_UNALIGNED: the same, and the first address is 512 bytes into the page */
	RAW_EXPORT_UNALIGNED,
	/** @RAW_EXPORT_HUGE: the same, and the buffer claims to have RAW_EXPORT_HUGE_SIZE bytes */
	RAW_EXPORT_HUGE,
	/** @RAW_EXPORT_MAPPED: what the DMA API makes of the pages; see the parameter "bounced" */
	RAW_EXPORT_MAPPED,
};

#define RAW_EXPORT_HUGE_SIZE	(1ULL << 40)

/**
 * struct raw_export_create - make a dma-buf, which mmap() can map.
 * @pages: its size, from 2 to RAW_EXPORT_PAGES_MAX
 * @kind: enum raw_export_kind
 * @fd: set to the dma-buf
 * @pad: zero
 * @last: set to the highest bus address that importers get, of the last byte
 */
struct raw_export_create {
	__u32 pages;
	__u32 kind;
	__s32 fd;
	__u32 pad;
	__u64 last;
};

#define RAW_EXPORT_PAGES_MAX	1024

#define RAW_EXPORT_CREATE	_IOWR('r', 1, struct raw_export_create)

#endif
