/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SIMULATION_H
#define SIMULATION_H

#include "kernel_stubs.h"

/* The system's memory: how much there is, and the largest free block in it. */
struct sim_memory {
	unsigned long pages;
	unsigned int largest;
	unsigned long live;		/* pages that are allocated */
};

extern struct sim_memory sim_memory;
/* After so many visits sim_give_up() is called, which does not return. */
extern unsigned long sim_visit_limit;
void sim_give_up(void);

void sim_start(unsigned long gib, unsigned int cpus);
void sim_run(void (*function)(unsigned int thread), unsigned int threads);
unsigned long sim_clock(void);

#endif
