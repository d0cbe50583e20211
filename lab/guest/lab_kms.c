// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Frame buffers, and comparison with the screen; see lab_kms.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "lab_console.h"
#include "lab_kms.h"

#define EVENT_MS	10000

struct lab_framebuffer lab_framebuffer_new(int fd, const char *test, unsigned int width,
					   unsigned int height, unsigned int depth,
					   unsigned int bpp)
{
	struct lab_framebuffer fb = { .fd = fd };
	uint64_t offset;
	int ret;

	ret = drmModeCreateDumbBuffer(fd, width, height, bpp, 0, &fb.handle, &fb.pitch,
				      &fb.size);
	if (!ret)
		ret = drmModeMapDumbBuffer(fd, fb.handle, &offset);
	if (!ret && depth && drmModeAddFB(fd, width, height, depth, bpp, fb.pitch, fb.handle,
					  &fb.id))
		ret = -errno;
	if (ret)
		lab_die(test, "buffer of %u x %u pixels: %s", width, height, strerror(-ret));
	fb.map = mmap(NULL, fb.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	if (fb.map == MAP_FAILED)
		lab_die(test, "mapping a buffer: %s", strerror(errno));
	return fb;
}

void lab_framebuffer_free(struct lab_framebuffer *fb)
{
	munmap(fb->map, fb->size);
	if (fb->id)
		drmModeRmFB(fb->fd, fb->id);
	drmModeDestroyDumbBuffer(fb->fd, fb->handle);
	*fb = (struct lab_framebuffer){ 0 };
}

void lab_framebuffer_put(struct lab_framebuffer *fb, const struct lab_image *image)
{
	unsigned int y;

	for (y = 0; y < image->height; y++)
		memcpy(fb->map + (size_t)y * fb->pitch, image->pixels + (size_t)y * image->width,
		       image->width * sizeof(*image->pixels));
}

static void flip_done(int fd, unsigned int sequence, unsigned int sec, unsigned int usec,
		      void *data)
{
	struct lab_flip *flip = data;

	(void)fd;
	(void)sec;
	(void)usec;
	flip->done = true;
	flip->sequence = sequence;
}

bool lab_flip_wait(int fd, struct lab_flip *flip)
{
	drmEventContext context = { .version = 2, .page_flip_handler = flip_done };
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	while (!flip->done) {
		int ready = poll(&pfd, 1, EVENT_MS);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || drmHandleEvent(fd, &context))
			return false;
	}
	return true;
}

const drmModeModeInfo *lab_preferred_mode(const drmModeConnector *connector)
{
	int i;

	for (i = 0; i < connector->count_modes; i++)
		if (connector->modes[i].type & DRM_MODE_TYPE_PREFERRED)
			return &connector->modes[i];
	return &connector->modes[0];
}

bool lab_can_drive(int fd, unsigned int crtc, const drmModeConnector *connector)
{
	bool can = false;
	int i;

	for (i = 0; i < connector->count_encoders && !can; i++) {
		drmModeEncoder *encoder = drmModeGetEncoder(fd, connector->encoders[i]);

		if (encoder)
			can = encoder->possible_crtcs & (1u << crtc);
		drmModeFreeEncoder(encoder);
	}
	return can;
}

int lab_screen_crc(const char *card, unsigned int crtc, struct lab_screen *screen, char *text,
		   size_t size)
{
	char command[32], reply[256];
	const char *at;
	int ret;

	snprintf(command, sizeof(command), "crc %u", crtc);
	ret = lab_card_command(card, command, reply, sizeof(reply));
	if (ret) {
		snprintf(text, size, "no CRC from the card: %s %.150s", strerror(-ret),
			 ret == -EREMOTEIO ? reply : "");
		return ret;
	}
	at = strstr(reply, "crc=");
	if (!at || sscanf(at, "crc=%x width=%u height=%u", &screen->crc, &screen->width,
			  &screen->height) != 3) {
		snprintf(text, size, "no CRC in the card's answer '%.150s'", reply);
		return -EREMOTEIO;
	}
	return 0;
}

bool lab_screen_compare(const char *card, unsigned int crtc, const struct lab_image *expected,
			char *text, size_t size)
{
	unsigned int want = lab_image_crc(expected);
	struct lab_screen screen;

	if (lab_screen_crc(card, crtc, &screen, text, size))
		return false;
	snprintf(text, size, "screen %u x %u CRC %08x, drawn %u x %u CRC %08x", screen.width,
		 screen.height, screen.crc, expected->width, expected->height, want);
	return screen.crc == want && screen.width == expected->width &&
	       screen.height == expected->height;
}
