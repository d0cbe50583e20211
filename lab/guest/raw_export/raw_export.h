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
	/** @RAW_EXPORT_BOUNCED: addresses of other pages, below 4 GiB */
	RAW_EXPORT_BOUNCED,
};

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
