// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * screen-picture: does a display server show what its clients draw?
 *
 * With --write it writes a picture of the size of the card's monitor, which a client draws on the
 * whole screen. Otherwise it reads what the card scans out: until that is the picture, or with
 * --changes, until it changes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xf86drmMode.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_image.h"
#include "lab_kms.h"
#include "lab_options.h"

#define TEST		"screen-picture"
#define POLL_MS		500
#define WAIT_DEFAULT	120

static struct lab_card card;
static uint64_t number, wait_seconds = WAIT_DEFAULT;
static bool changes;
/* With --changes: the screen at the first look. */
static struct lab_screen first;

static struct lab_image picture(unsigned int width, unsigned int height)
{
	struct lab_image image = lab_image_new(width, height);
	char label[64];

	snprintf(label, sizeof(label), "%s %u", card.name, (unsigned int)number);
	lab_image_pattern(&image, label);
	return image;
}

/* Of the preferred size of the first monitor, as the servers choose it. */
static struct lab_image preferred_picture(void)
{
	drmModeRes *res = drmModeGetResources(card.fd);
	struct lab_image image = { 0 };
	int i;

	for (i = 0; res && i < res->count_connectors && !image.pixels; i++) {
		drmModeConnector *connector = drmModeGetConnector(card.fd, res->connectors[i]);

		if (connector && connector->connection == DRM_MODE_CONNECTED &&
		    connector->count_modes) {
			const drmModeModeInfo *mode = lab_preferred_mode(connector);

			image = picture(mode->hdisplay, mode->vdisplay);
		}
		drmModeFreeConnector(connector);
	}
	drmModeFreeResources(res);
	if (!image.pixels)
		lab_die(TEST, "no monitor is connected to %s", card.name);
	return image;
}

/* A portable pixmap, which netpbm turns into what a client reads. */
static void write_picture(const char *name)
{
	struct lab_image image = preferred_picture();
	size_t i, count = (size_t)image.width * image.height;
	FILE *file = fopen(name, "w");

	if (!file)
		lab_die(TEST, "%s: %s", name, strerror(errno));
	fprintf(file, "P6\n%u %u\n255\n", image.width, image.height);
	for (i = 0; i < count; i++) {
		putc(image.pixels[i] >> 16 & 0xff, file);
		putc(image.pixels[i] >> 8 & 0xff, file);
		putc(image.pixels[i] & 0xff, file);
	}
	if (ferror(file) | fclose(file))
		lab_die(TEST, "%s cannot be written: %s", name, strerror(errno));
	lab_image_free(&image);
}

/* Is this CRTC's screen what is waited for? */
static bool looks_right(unsigned int crtc, const drmModeModeInfo *mode, char *text, size_t size)
{
	struct lab_screen now;
	struct lab_image image;
	bool same;

	if (!changes) {
		image = picture(mode->hdisplay, mode->vdisplay);
		same = lab_screen_compare(card.name, crtc, &image, text, size);
		lab_image_free(&image);
		return same;
	}
	if (lab_screen_crc(card.name, crtc, &now, text, size))
		return false;
	if (!first.width)
		first = now;
	snprintf(text, size, "screen %u x %u CRC %08x, before %08x", now.width, now.height,
		 now.crc, first.crc);
	return now.crc != first.crc;
}

/* Of the first CRTC that is on. */
static bool seen(char *text, size_t size)
{
	drmModeRes *res = drmModeGetResources(card.fd);
	bool on = false, right = false;
	int i;

	snprintf(text, size, "no CRTC is on");
	for (i = 0; res && i < res->count_crtcs && !on; i++) {
		drmModeCrtc *crtc = drmModeGetCrtc(card.fd, res->crtcs[i]);

		on = crtc && crtc->mode_valid && crtc->buffer_id;
		if (on)
			right = looks_right(i, &crtc->mode, text, size);
		drmModeFreeCrtc(crtc);
	}
	drmModeFreeResources(res);
	return right;
}

static void watch(void)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	double end = lab_seconds() + wait_seconds;
	char name[64], text[300], command[80], reply[300];
	bool right;

	snprintf(name, sizeof(name), "%s." TEST, card.name);
	if (!lab_supervised()) {
		lab_result(LAB_SKIP, name, "without the lab the screen cannot be read");
		return;
	}
	while (!(right = seen(text, sizeof(text))) && lab_seconds() < end)
		nanosleep(&pause, NULL);
	if (!right) {
		snprintf(command, sizeof(command), "screenshot 0 wrong-%s-picture-%u.png",
			 card.name, (unsigned int)number);
		lab_card_command(card.name, command, reply, sizeof(reply));
	}
	lab_result(right ? LAB_PASS : LAB_FAIL, name, "%s", text);
}

int main(int argc, char **argv)
{
	const char *name = NULL, *file = NULL;
	const struct lab_option option_table[] = {
		LAB_OPTION_CARD(&name),
		{ "number", "N", "of the picture (0): each has another CRC", .number = &number,
		  .max = 255 },
		{ "write", "FILE", "write the picture as a portable pixmap", .text = &file },
		{ "changes", .help = "wait for a change of the screen, not for the picture",
		  .flag = &changes },
		{ "wait", "SECONDS", "how long at most (120)", .number = &wait_seconds,
		  .max = 3600 },
		{ 0 },
	};
	const struct lab_program program = {
		.name = TEST,
		.purpose = "Writes a picture for a client, or waits until the card shows it.",
		.options = option_table,
	};

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, name, false, TEST);
	if (file)
		write_picture(file);
	else
		watch();
	close(card.fd);
	return lab_finish();
}
