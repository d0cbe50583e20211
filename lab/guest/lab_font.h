/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A font for titles on test pictures: capitals, digits, a few signs. */
#ifndef LAB_FONT_H
#define LAB_FONT_H

#include <stdint.h>

#define LAB_FONT_WIDTH	5u
#define LAB_FONT_HEIGHT	7u

/**
 * lab_font_glyph() - the shape of a character.
 * @c: character; lower case looks like upper, unknown ones like a box
 *
 * Return: LAB_FONT_HEIGHT rows, top first; bit 4 is the leftmost pixel.
 */
const uint8_t *lab_font_glyph(char c);

#endif
