// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * flip-pending: is a page flip completed whose CRTC changes before the flip is done?
 *
 * A flip to a BO that the GPU is still copying to VRAM waits for the copy; the model delays each
 * row of it. Meanwhile the CRTC gets another picture, or is turned off, or the client ends. The
 * flip has to send its event, and the screen has to show the last picture that was requested.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_image.h"
#include "lab_kms.h"
#include "lab_options.h"

/* A picture of 640 x 480 is 300 rows of a page: at least three seconds. */
#define PACE_US		10000u
#define SCREEN_MS	2000u
#define SCREEN_POLL_MS	50u

/**
 * struct output - what is shown where.
 * @crtc: the CRTC's number, as the card counts
 * @crtc_id: its DRM object
 * @connector_id: a connected connector
 * @mode: its preferred mode
 */
static struct {
	unsigned int crtc;
	uint32_t crtc_id, connector_id;
	drmModeModeInfo mode;
} output;

static struct lab_card card;
static const char *which;

/* A BO in the GTT with a picture, as a framebuffer. */
struct slow_framebuffer {
	struct lab_bo bo;
	uint32_t id;
};

static void outcome(const char *what, const char *error)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.flip-pending.%s", card.name, what);
	if (error)
		lab_result(LAB_FAIL, name, "%s", error);
	else
		lab_result(LAB_PASS, name, "the screen shows what was asked for last");
}

static struct lab_image picture(unsigned int variant)
{
	struct lab_image image = lab_image_new(output.mode.hdisplay, output.mode.vdisplay);
	char label[64];

	snprintf(label, sizeof(label), "%s %u", card.name, variant);
	lab_image_pattern(&image, label);
	return image;
}

static void find_output(void)
{
	drmModeRes *res = drmModeGetResources(card.fd);
	int i;

	for (i = 0; res && i < res->count_connectors && !output.crtc_id; i++) {
		drmModeConnector *connector = drmModeGetConnector(card.fd, res->connectors[i]);
		int c;

		for (c = 0; connector && connector->connection == DRM_MODE_CONNECTED &&
		     connector->count_modes && c < res->count_crtcs && !output.crtc_id; c++) {
			if (!lab_can_drive(card.fd, c, connector))
				continue;
			output.crtc = c;
			output.crtc_id = res->crtcs[c];
			output.connector_id = connector->connector_id;
			output.mode = *lab_preferred_mode(connector);
		}
		drmModeFreeConnector(connector);
	}
	drmModeFreeResources(res);
	if (!output.crtc_id)
		lab_die("flip-pending", "no monitor is connected to %s", card.name);
}

static struct lab_framebuffer framebuffer(unsigned int variant)
{
	struct lab_framebuffer fb = lab_framebuffer_new(card.fd, "flip-pending",
							output.mode.hdisplay,
							output.mode.vdisplay, 24, 32);
	struct lab_image image = picture(variant);

	lab_framebuffer_put(&fb, &image);
	lab_image_free(&image);
	return fb;
}

static struct slow_framebuffer slow_framebuffer(unsigned int variant)
{
	uint32_t pitch = output.mode.hdisplay * 4;
	struct lab_image image = picture(variant);
	struct slow_framebuffer fb;
	uint64_t size = (uint64_t)pitch * output.mode.vdisplay;
	int ret;

	size = (size + LAB_PAGE_SIZE - 1) / LAB_PAGE_SIZE * LAB_PAGE_SIZE;
	ret = lab_bo_create(&card, size, RADEON_GEM_DOMAIN_GTT, &fb.bo);
	if (ret)
		lab_die("flip-pending", "BO for a picture: %s", strerror(-ret));
	memcpy(fb.bo.map, image.pixels, (size_t)pitch * output.mode.vdisplay);
	if (drmModeAddFB(card.fd, output.mode.hdisplay, output.mode.vdisplay, 24, 32, pitch,
			 fb.bo.handle, &fb.id))
		lab_die("flip-pending", "framebuffer of a BO: %s", strerror(errno));
	lab_image_free(&image);
	return fb;
}

static int set_mode(uint32_t fb)
{
	if (!fb)
		return drmModeSetCrtc(card.fd, output.crtc_id, 0, 0, 0, NULL, 0, NULL) ? -errno : 0;
	return drmModeSetCrtc(card.fd, output.crtc_id, fb, 0, 0, &output.connector_id, 1,
			      &output.mode) ? -errno : 0;
}

/* Shows @fb, and begins a flip to a slow BO. */
static void begin_flip(uint32_t fb, struct slow_framebuffer *slow, struct lab_flip *flip)
{
	int ret = set_mode(fb);

	if (ret)
		lab_die("flip-pending", "setting a mode: %s", strerror(-ret));
	lab_slow_down(card.name, "flip-pending", "pace", PACE_US);
	if (drmModePageFlip(card.fd, output.crtc_id, slow->id, DRM_MODE_PAGE_FLIP_EVENT, flip))
		lab_die("flip-pending", "flip: %s", strerror(errno));
	if (lab_supervised() && !lab_bo_busy(&card, &slow->bo, NULL))
		lab_die("flip-pending", "the flip's BO is not busy");
}

/* The copy ends, and the work of the flip runs. */
static void end_copy(const struct slow_framebuffer *slow)
{
	const struct timespec pause = { .tv_nsec = 500000000 };

	lab_slow_down(card.name, "flip-pending", "pace", 0);
	if (slow)
		lab_bo_wait_or_die(&card, &slow->bo, "flip-pending");
	nanosleep(&pause, NULL);
}

/* Returns NULL, or what is wrong. */
static const char *compare_screen(unsigned int variant)
{
	const struct timespec pause = { .tv_nsec = SCREEN_POLL_MS * 1000000L };
	struct lab_image image = picture(variant);
	static char text[300];
	unsigned int ms;
	bool same = false;

	for (ms = 0; lab_supervised() && !same && ms < SCREEN_MS; ms += SCREEN_POLL_MS) {
		same = lab_screen_compare(card.name, output.crtc, &image, text, sizeof(text));
		nanosleep(&pause, NULL);
	}
	lab_image_free(&image);
	return same || !lab_supervised() ? NULL : text;
}

static void test_modeset(void)
{
	struct lab_framebuffer first = framebuffer(1), last = framebuffer(3);
	struct slow_framebuffer slow = slow_framebuffer(2);
	struct lab_flip flip = { 0 };
	const char *error = NULL;

	begin_flip(first.id, &slow, &flip);
	if (set_mode(last.id))
		error = "the mode cannot be set";
	end_copy(&slow);
	if (!error)
		error = compare_screen(3);
	if (!error && !lab_flip_wait(card.fd, &flip))
		error = "the flip has sent no event";
	outcome("modeset", error);
	set_mode(0);
	drmModeRmFB(card.fd, slow.id);
	lab_bo_close(&card, &slow.bo);
	lab_framebuffer_free(&last);
	lab_framebuffer_free(&first);
}

static void test_off(void)
{
	struct lab_framebuffer first = framebuffer(4), last = framebuffer(6);
	struct slow_framebuffer slow = slow_framebuffer(5);
	struct lab_flip flip = { 0 }, second = { 0 };
	const char *error = NULL;

	begin_flip(first.id, &slow, &flip);
	if (set_mode(0))
		error = "the CRTC cannot be turned off";
	end_copy(&slow);
	if (!error && !lab_flip_wait(card.fd, &flip))
		error = "the flip has sent no event";
	if (!error && set_mode(first.id))
		error = "the mode cannot be set again";
	if (!error && drmModePageFlip(card.fd, output.crtc_id, last.id, DRM_MODE_PAGE_FLIP_EVENT,
				      &second))
		error = "the next flip is refused";
	if (!error && !lab_flip_wait(card.fd, &second))
		error = "the next flip has sent no event";
	if (!error)
		error = compare_screen(6);
	outcome("off", error);
	set_mode(0);
	drmModeRmFB(card.fd, slow.id);
	lab_bo_close(&card, &slow.bo);
	lab_framebuffer_free(&last);
	lab_framebuffer_free(&first);
}

/* The client is a separate process, and the only one that has the card open. */
static void test_gone(void)
{
	const char *error = NULL;
	int status;
	pid_t child;

	close(card.fd);
	child = fork();
	if (child < 0)
		lab_die("flip-pending", "fork: %s", strerror(errno));
	if (!child) {
		struct lab_framebuffer first;
		struct slow_framebuffer slow;
		struct lab_flip flip = { 0 };

		lab_card_open_or_die(&card, which, false, "flip-pending");
		first = framebuffer(7);
		slow = slow_framebuffer(8);
		begin_flip(first.id, &slow, &flip);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		error = "the client could not begin a flip";
	lab_card_open_or_die(&card, which, false, "flip-pending");
	struct lab_framebuffer last = framebuffer(9);

	end_copy(NULL);
	if (!error && set_mode(last.id))
		error = "the mode cannot be set";
	if (!error)
		error = compare_screen(9);
	outcome("gone", error);
	set_mode(0);
	lab_framebuffer_free(&last);
}

int main(int argc, char **argv)
{
	const struct lab_option option_table[] = { LAB_OPTION_CARD(&which), { 0 } };
	const struct lab_program program = {
		.name = "flip-pending",
		.purpose = "Changes a CRTC while a page flip is pending. Needs the lab's model.",
		.options = option_table,
	};

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, which, false, "flip-pending");
	find_output();
	test_modeset();
	test_off();
	test_gone();
	close(card.fd);
	return lab_finish();
}
