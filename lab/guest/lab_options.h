/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the command lines of the guest's programs have in common.
 */
#ifndef LAB_OPTIONS_H
#define LAB_OPTIONS_H

#include <stdint.h>

/**
 * lab_number() - the number that an option's argument is.
 * @text: the argument; decimal, or with 0x in front
 * @min: least value
 * @max: greatest value
 * @usage: called for anything else; prints how the program is used and exits
 *
 * Return: the number.
 */
uint64_t lab_number(const char *text, uint64_t min, uint64_t max, void (*usage)(void));

#endif
