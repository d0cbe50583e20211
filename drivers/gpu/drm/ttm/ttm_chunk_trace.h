/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Trace events of the chunk allocator: a chunk is allocated or freed.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ttm

#if !defined(_TTM_CHUNK_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _TTM_CHUNK_TRACE_H_

#include <linux/device.h>
#include <linux/tracepoint.h>

#include <drm/ttm/ttm_caching.h>

DECLARE_EVENT_CLASS(ttm_chunk,
		    TP_PROTO(struct device *dev, enum ttm_caching caching,
			     unsigned int pages, unsigned int order, int nid),
		    TP_ARGS(dev, caching, pages, order, nid),
		    TP_STRUCT__entry(__string(device, dev_name(dev))
				     __field(u32, caching)
				     __field(u32, pages)
				     __field(u32, order)
				     __field(int, nid)
				     ),
		    TP_fast_assign(__assign_str(device);
				   __entry->caching = caching;
				   __entry->pages = pages;
				   __entry->order = order;
				   __entry->nid = nid;
				   ),
		    TP_printk("device=%s caching=%s pages=%u piece_order=%u node=%d",
			      __get_str(device),
			      __print_symbolic(__entry->caching,
					       { ttm_cached, "cached" },
					       { ttm_write_combined, "wc" },
					       { ttm_uncached, "uc" }),
			      __entry->pages, __entry->order, __entry->nid)
);

DEFINE_EVENT(ttm_chunk, ttm_chunk_alloc,
	     TP_PROTO(struct device *dev, enum ttm_caching caching,
		      unsigned int pages, unsigned int order, int nid),
	     TP_ARGS(dev, caching, pages, order, nid)
);

DEFINE_EVENT(ttm_chunk, ttm_chunk_free,
	     TP_PROTO(struct device *dev, enum ttm_caching caching,
		      unsigned int pages, unsigned int order, int nid),
	     TP_ARGS(dev, caching, pages, order, nid)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE ttm_chunk_trace
#include <trace/define_trace.h>
