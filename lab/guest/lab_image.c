// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Test pictures for the display; see lab_image.h.
 */
#include <stdlib.h>
#include <string.h>

#include "lab_console.h"
#include "lab_image.h"

#define WHITE	0xffffff
#define CORNER	16u

struct lab_image lab_image_new(unsigned int width, unsigned int height)
{
	struct lab_image image = { .width = width, .height = height };

	image.pixels = calloc((size_t)width * height, sizeof(*image.pixels));
	if (!image.pixels)
		lab_die("image", "out of memory for %u x %u pixels", width, height);
	return image;
}

struct lab_image lab_image_copy(const struct lab_image *from)
{
	struct lab_image image = lab_image_new(from->width, from->height);

	memcpy(image.pixels, from->pixels,
	       (size_t)from->width * from->height * sizeof(*image.pixels));
	return image;
}

void lab_image_free(struct lab_image *image)
{
	free(image->pixels);
	*image = (struct lab_image){ 0 };
}

static uint32_t crc_byte(uint32_t crc, uint8_t byte)
{
	static uint32_t table[256];
	int n, bit;

	for (n = 0; n < 256 && !table[255]; n++) {
		uint32_t c = n;

		for (bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
		table[n] = c;
	}
	return crc >> 8 ^ table[(crc ^ byte) & 0xff];
}

static void set(struct lab_image *image, unsigned int x, unsigned int y, uint32_t color)
{
	if (x < image->width && y < image->height)
		image->pixels[(size_t)y * image->width + x] = color;
}

static void rect(struct lab_image *image, unsigned int x, unsigned int y, unsigned int width,
		 unsigned int height, uint32_t color)
{
	unsigned int i, j;

	for (j = 0; j < height; j++)
		for (i = 0; i < width; i++)
			set(image, x + i, y + j, color);
}

static void bars(struct lab_image *image, unsigned int top, unsigned int bottom)
{
	static const uint32_t colors[] = {
		0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x000000,
	};
	unsigned int x, y;

	for (y = top; y < bottom; y++)
		for (x = 0; x < image->width; x++)
			set(image, x, y, colors[x * 8 / image->width]);
}

static void ramps(struct lab_image *image, unsigned int top, unsigned int bottom)
{
	static const uint32_t units[] = { 0x010000, 0x000100, 0x000001, 0x010101 };
	unsigned int x, y;

	for (y = top; y < bottom; y++) {
		uint32_t unit = units[(y - top) * 4 / (bottom - top)];

		for (x = 0; x < image->width; x++)
			set(image, x, y, unit * (x * 256 / image->width));
	}
}

/* Alternating black and white pixels. */
static void checks(struct lab_image *image, unsigned int top, unsigned int bottom)
{
	unsigned int x, y;

	for (y = top; y < bottom; y++)
		for (x = 0; x < image->width; x++)
			set(image, x, y, (x + y) % 2 ? WHITE : 0);
}

/* The bits of @number as blocks, two rows of 16. */
static void blocks(struct lab_image *image, unsigned int top, unsigned int bottom, uint32_t number)
{
	unsigned int i, size = image->width / 20;

	rect(image, 0, top, image->width, bottom - top, 0x101828);
	for (i = 0; i < 32; i++)
		rect(image, (i % 16 + 2) * size, top + (i / 16 + 1) * size, size - 2, size - 2,
		     number >> (31 - i) & 1 ? 0xffa000 : 0x404858);
}

static void frame(struct lab_image *image)
{
	unsigned int w = image->width, h = image->height;

	rect(image, 0, 0, w, 1, WHITE);
	rect(image, 0, h - 1, w, 1, WHITE);
	rect(image, 0, 0, 1, h, WHITE);
	rect(image, w - 1, 0, 1, h, WHITE);
	if (w < CORNER * 2 || h < CORNER * 2)
		return;
	rect(image, 1, 1, CORNER, CORNER, 0xd02020);
	rect(image, w - 1 - CORNER, 1, CORNER, CORNER, 0x20a020);
	rect(image, 1, h - 1 - CORNER, CORNER, CORNER, 0x2040d0);
	rect(image, w - 1 - CORNER, h - 1 - CORNER, CORNER, CORNER, 0xd0c020);
}

void lab_image_pattern(struct lab_image *image, const char *label)
{
	unsigned int h = image->height;
	uint32_t crc = 0;

	for (; *label; label++)
		crc = crc_byte(crc, *label);
	bars(image, 0, h * 3 / 8);
	ramps(image, h * 3 / 8, h * 5 / 8);
	checks(image, h * 5 / 8, h * 5 / 8 + 8);
	blocks(image, h * 5 / 8 + 8, h, crc);
	frame(image);
}

void lab_image_overlay(struct lab_image *image, const struct lab_image *top, int x, int y)
{
	int i, j;

	for (j = 0; j < (int)top->height; j++) {
		for (i = 0; i < (int)top->width; i++) {
			uint32_t pixel = top->pixels[j * top->width + i];

			if (pixel >> 24 == 0xff && x + i >= 0 && y + j >= 0)
				set(image, x + i, y + j, pixel & 0xffffff);
		}
	}
}

void lab_image_to_rgb565(struct lab_image *image)
{
	size_t i, count = (size_t)image->width * image->height;

	for (i = 0; i < count; i++) {
		uint32_t pixel = image->pixels[i];
		uint32_t r = pixel >> 19 & 0x1f, g = pixel >> 10 & 0x3f, b = pixel >> 3 & 0x1f;

		/* The high bits again in the low ones: full scale stays full. */
		image->pixels[i] = (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 |
				   (b << 3 | b >> 2);
	}
}

uint32_t lab_image_crc(const struct lab_image *image)
{
	size_t i, count = (size_t)image->width * image->height;
	uint32_t crc = UINT32_MAX;
	int n;

	for (i = 0; i < count; i++)
		for (n = 16; n >= 0; n -= 8)
			crc = crc_byte(crc, image->pixels[i] >> n);
	return ~crc;
}
