// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Names of registers and packets for the trace, from the lists in regs.h. */
#include <stddef.h>

#include "core/regs.h"
#include "core/trace.h"

/**
 * reg_name() - name of a register
 * @off: byte offset, a multiple of four
 *
 * Any thread. An offset that means different things on different cards has the
 * name it has on RV100.
 *
 * Return: the name, or NULL if the model knows none.
 */
const char *reg_name(uint32_t off)
{
	switch (off) {
#define X(name, offset) case offset: return #name;
	RADEON_REGS(X)
#undef X
	}
	return NULL;
}

/**
 * packet3_name() - name of a type-3 packet
 * @op: opcode, bits 15:8 of the header
 *
 * Any thread.
 *
 * Return: the name, or NULL if the model knows none.
 */
const char *packet3_name(unsigned int op)
{
	switch (op) {
#define X(name, opcode) case opcode: return #name;
	RADEON_PACKET3S(X)
#undef X
	}
	return NULL;
}
