/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Trace of registers and packets by name: --trace reg,packet,... See trace.c. */
#ifndef LAB_TRACE_H
#define LAB_TRACE_H

#include <stdatomic.h>

#include <stdbool.h>
#include <stdint.h>

enum trace_class {
	TRACE_VFIO	= 1 << 0,	/* vfio-user messages */
	TRACE_PCI	= 1 << 1,	/* config space, interrupts */
	TRACE_REG	= 1 << 2,	/* register accesses, by name */
	TRACE_PACKET	= 1 << 3,	/* command processor packets, by name */
	TRACE_GART	= 1 << 4,	/* translations that fail, table setup */
	TRACE_2D	= 1 << 5,	/* 2D operations */
	TRACE_DISPLAY	= 1 << 6,	/* modes, flips, DDC */
	TRACE_3D	= 1 << 7,	/* 3D draws */
};

extern unsigned int trace_mask;
int trace_parse(const char *list);	/* 0, or -EINVAL for an unknown class */
void trace_print(enum trace_class cls, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
#define trace(cls, ...) \
	do { if (trace_mask & (cls)) trace_print(cls, __VA_ARGS__); } while (0)

/* Always printed: what a guest did wrong, at most once per message site. */
void warn_once_print(atomic_bool *done, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

const char *reg_name(uint32_t off);		/* "CP_RB_WPTR", or NULL */
const char *packet3_name(unsigned int op);	/* "CNTL_BITBLT_MULTI", or NULL */

#endif
