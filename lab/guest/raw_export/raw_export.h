/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What raw_export.ko offers on /dev/raw-export.
 */
#ifndef RAW_EXPORT_H
#define RAW_EXPORT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** enum raw_export_fault - what is wrong with the mappings of a buffer. */
enum raw_export_fault {
	/** @RAW_EXPORT_AS_IT_IS: nothing, unless the importer does not reach its pages */
	RAW_EXPORT_AS_IT_IS,
	/** @RAW_EXPORT_SHORT: the last page is missing */
	RAW_EXPORT_SHORT,
	/** @RAW_EXPORT_BOUNCED: they lead to copies of the pages, below 4 GiB */
	RAW_EXPORT_BOUNCED,
};

/**
 * struct raw_export_create - make a dma-buf, which can be mapped by mmap().
 * @pages: its size, from 2 to RAW_EXPORT_PAGES_MAX
 * @fault: enum raw_export_fault
 * @fd: set to it
 * @pad: zero
 * @last: set to the highest bus address that importers will be given, of the last byte
 */
struct raw_export_create {
	__u32 pages;
	__u32 fault;
	__s32 fd;
	__u32 pad;
	__u64 last;
};

#define RAW_EXPORT_PAGES_MAX	1024

#define RAW_EXPORT_CREATE	_IOWR('r', 1, struct raw_export_create)

#endif
