/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What tests of a display share: frame buffers, and comparison with the screen that the lab reads.
 * For drivers with KMS and dumb buffers.
 */
#ifndef LAB_KMS_H
#define LAB_KMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xf86drmMode.h>

#include "lab_image.h"

/**
 * struct lab_framebuffer - a dumb buffer that a CRTC can show.
 * @fd: DRM node it belongs to
 * @handle: GEM handle
 * @id: DRM framebuffer, 0 for a cursor
 * @pitch: bytes per line
 * @size: bytes
 * @map: CPU mapping
 */
struct lab_framebuffer {
	int fd;
	uint32_t handle, id, pitch;
	uint64_t size;
	uint8_t *map;
};

/**
 * lab_framebuffer_new() - create a frame buffer; ends the program on error.
 * @fd: DRM node
 * @test: name of the test, for the report
 * @width: pixels
 * @height: lines
 * @depth: colour bits of a pixel, 0 for a cursor
 * @bpp: bits of a pixel in memory
 *
 * Return: the buffer.
 */
struct lab_framebuffer lab_framebuffer_new(int fd, const char *test, unsigned int width,
					   unsigned int height, unsigned int depth,
					   unsigned int bpp);

/** lab_framebuffer_free() - free @fb. */
void lab_framebuffer_free(struct lab_framebuffer *fb);

/** lab_framebuffer_put() - copy @image to @fb, of the same size and 32 bits per pixel. */
void lab_framebuffer_put(struct lab_framebuffer *fb, const struct lab_image *image);

/**
 * struct lab_flip - the event of a page flip; zero before it.
 * @done: the event has come
 * @sequence: the frame in which the flip was completed
 */
struct lab_flip {
	bool done;
	unsigned int sequence;
};

/**
 * lab_flip_wait() - wait for the event of a page flip, for at most ten seconds.
 * @fd: DRM node
 * @flip: user data of drmModePageFlip()
 *
 * Return: false if the event does not come.
 */
bool lab_flip_wait(int fd, struct lab_flip *flip);

/** lab_preferred_mode() - the preferred mode of the monitor at @connector. */
const drmModeModeInfo *lab_preferred_mode(const drmModeConnector *connector);

/** lab_can_drive() - can CRTC number @crtc of @fd drive @connector? */
bool lab_can_drive(int fd, unsigned int crtc, const drmModeConnector *connector);

/**
 * struct lab_screen - what a CRTC shows, as the lab reads it.
 * @crc: CRC of the pixels, see lab_image_crc()
 * @width: pixels
 * @height: lines
 */
struct lab_screen {
	unsigned int crc, width, height;
};

/**
 * lab_screen_crc() - ask for the screen of a CRTC.
 * @card: the card's name
 * @crtc: number of the CRTC
 * @screen: filled in
 * @text: set to the error message
 * @size: its size in bytes
 *
 * Return: 0 or an error of lab_card_command().
 */
int lab_screen_crc(const char *card, unsigned int crtc, struct lab_screen *screen, char *text,
		   size_t size);

/**
 * lab_screen_compare() - is a picture on the screen, without one different pixel?
 * @card: the card's name
 * @crtc: number of the CRTC
 * @expected: the picture
 * @text: set to a message with the sizes and CRCs
 * @size: its size in bytes
 *
 * Return: true if it is.
 */
bool lab_screen_compare(const char *card, unsigned int crtc, const struct lab_image *expected,
			char *text, size_t size);

#endif
