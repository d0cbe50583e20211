/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Test pictures, drawn in memory for comparison with what the card shows.
 */
#ifndef LAB_IMAGE_H
#define LAB_IMAGE_H

#include <stdint.h>

/**
 * struct lab_image - a picture.
 * @width: pixels
 * @height: lines
 * @pixels: 00RRGGBB, rows without padding
 */
struct lab_image {
	unsigned int width, height;
	uint32_t *pixels;
};

/** lab_image_new() - a black picture; ends the program when out of memory. */
struct lab_image lab_image_new(unsigned int width, unsigned int height);

/** lab_image_copy() - a copy of @from; ends the program when out of memory. */
struct lab_image lab_image_copy(const struct lab_image *from);

/** lab_image_free() - frees the pixels of @image. */
void lab_image_free(struct lab_image *image);

/**
 * lab_image_pattern() - draw the test pattern.
 * @image: picture of any size; the pattern is complete from 320 x 240 on
 * @label: what the picture stands for; pictures with different labels differ
 *
 * Colour bars, ramps of each colour, single-pixel checks, the CRC of @label as
 * blocks, a frame at the very edge and a different colour in each corner: a
 * shifted, mirrored, wrapped or wrongly coloured picture has another CRC.
 */
void lab_image_pattern(struct lab_image *image, const char *label);

/**
 * lab_image_overlay() - put one picture on another, as the cursor plane does.
 * @image: picture below
 * @top: picture above: pixels with FFh in bits 31:24 cover, others do not
 * @x: left edge, may be negative or outside
 * @y: top edge
 */
void lab_image_overlay(struct lab_image *image, const struct lab_image *top, int x, int y);

/** lab_image_to_rgb565() - reduce @image to the colours of 16 bits per pixel. */
void lab_image_to_rgb565(struct lab_image *image);

/**
 * lab_image_crc() - CRC-32 (IEEE 802.3) of a picture.
 * @image: picture
 *
 * Return: the CRC of 3 bytes per pixel, R first: the control socket's "crc".
 */
uint32_t lab_image_crc(const struct lab_image *image);

#endif
