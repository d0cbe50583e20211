// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * modeset: does the card show what it is given?
 *
 * Draws a picture, sets a mode, and has the card's model compute the CRC of the scanned-out
 * screen: on each CRTC with each connected connector, in two modes and two pixel formats, with
 * the cursor, and across page flips. With --picture it sets one picture and has the model save it,
 * with --refused it tries to show framebuffers that the card cannot show.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <drm_fourcc.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_image.h"
#include "lab_kms.h"
#include "lab_options.h"

#define FLIPS		6
#define VBLANKS		5
#define CURSOR_SIZE	64u	/* the only size of R100 to R500 */

/**
 * struct output - one CRTC with one connector.
 * @crtc: the CRTC's number, as the card and drmWaitVBlank() count
 * @crtc_id: its DRM object
 * @connector: the connector
 * @name: e.g. "crtc0.VGA-1"
 */
struct output {
	unsigned int crtc;
	uint32_t crtc_id;
	const drmModeConnector *connector;
	char name[48];
};

static struct lab_card card;
static bool refused;

LAB_PRINTF(4, 5)
static void outcome(const struct output *output, const char *what, enum lab_outcome outcome,
		    const char *fmt, ...)
{
	char name[96], text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(name, sizeof(name), "%s.modeset.%s.%s", card.name, output->name, what);
	lab_result(outcome, name, "%s", text);
}

static struct lab_framebuffer framebuffer_new(unsigned int width, unsigned int height,
					      unsigned int depth, unsigned int bpp)
{
	return lab_framebuffer_new(card.fd, "modeset", width, height, depth, bpp);
}

static void put_rgb565(struct lab_framebuffer *fb, const struct lab_image *image)
{
	unsigned int x, y;

	for (y = 0; y < image->height; y++) {
		uint16_t *line = (uint16_t *)(fb->map + (size_t)y * fb->pitch);
		const uint32_t *pixels = image->pixels + (size_t)y * image->width;

		for (x = 0; x < image->width; x++)
			line[x] = (pixels[x] >> 8 & 0xf800) | (pixels[x] >> 5 & 0x07e0) |
				  (pixels[x] >> 3 & 0x001f);
	}
}

static struct lab_image picture(const struct output *output, const drmModeModeInfo *mode,
				unsigned int variant)
{
	struct lab_image image = lab_image_new(mode->hdisplay, mode->vdisplay);
	char label[96];

	snprintf(label, sizeof(label), "%s CRTC %u %u", output->name, output->crtc, variant);
	lab_image_pattern(&image, label);
	return image;
}

static int wait_vblanks(const struct output *output, unsigned int count, unsigned int *sequence)
{
	drmVBlank vblank = { 0 };

	vblank.request.type = DRM_VBLANK_RELATIVE |
			      (output->crtc << DRM_VBLANK_HIGH_CRTC_SHIFT &
			       DRM_VBLANK_HIGH_CRTC_MASK);
	vblank.request.sequence = count;
	if (drmWaitVBlank(card.fd, &vblank))
		return -errno;
	if (sequence)
		*sequence = vblank.reply.sequence;
	return 0;
}

/* Saves the wrong screen beside the results. */
static void save_wrong(const struct output *output, const char *what)
{
	char command[200], reply[512];

	snprintf(command, sizeof(command), "screenshot %u wrong-%s-%s-%s.png", output->crtc,
		 card.name, output->name, what);
	lab_card_command(card.name, command, reply, sizeof(reply));
}

static void report(const struct output *output, const char *what,
		   const struct lab_image *expected)
{
	char text[300];
	bool same;

	if (!lab_supervised()) {
		outcome(output, what, LAB_SKIP, "without the lab the screen cannot be read");
		return;
	}
	same = lab_screen_compare(card.name, output->crtc, expected, text, sizeof(text));
	if (!same)
		save_wrong(output, what);
	outcome(output, what, same ? LAB_PASS : LAB_FAIL, "%s", text);
}

static bool set_mode(const struct output *output, const drmModeModeInfo *mode, uint32_t fb,
		     const char *what)
{
	drmModeModeInfo copy = *mode;
	uint32_t connector = output->connector->connector_id;
	int ret;

	if (drmModeSetCrtc(card.fd, output->crtc_id, fb, 0, 0, &connector, 1, &copy)) {
		outcome(output, what, LAB_FAIL, "%u x %u cannot be set: %s", mode->hdisplay,
			mode->vdisplay, strerror(errno));
		return false;
	}
	/* A frame later the new start address is in use. */
	ret = wait_vblanks(output, 2, NULL);
	if (ret) {
		outcome(output, what, LAB_FAIL, "no vertical blank: %s", strerror(-ret));
		return false;
	}
	return true;
}

static void test_mode(const struct output *output, const drmModeModeInfo *mode, bool rgb565)
{
	unsigned int bpp = rgb565 ? 16 : 32;
	struct lab_framebuffer fb = framebuffer_new(mode->hdisplay, mode->vdisplay,
						    rgb565 ? 16 : 24, bpp);
	struct lab_image image = picture(output, mode, bpp);
	char what[48];

	snprintf(what, sizeof(what), "%ux%u-%u", mode->hdisplay, mode->vdisplay, bpp);
	if (rgb565) {
		lab_image_to_rgb565(&image);
		put_rgb565(&fb, &image);
	} else {
		lab_framebuffer_put(&fb, &image);
	}
	if (set_mode(output, mode, fb.id, what))
		report(output, what, &image);
	lab_image_free(&image);
	lab_framebuffer_free(&fb);
}

/* A ring with a dot: a shifted or mirrored cursor looks different. */
static struct lab_image cursor_image(void)
{
	struct lab_image image = lab_image_new(CURSOR_SIZE, CURSOR_SIZE);
	int x, y, r = CURSOR_SIZE / 2;

	for (y = 0; y < 2 * r; y++) {
		for (x = 0; x < 2 * r; x++) {
			int d = (x - r) * (x - r) + (y - r) * (y - r);
			bool ring = d < r * r && d > (r - 10) * (r - 10);
			bool dot = (x - 24) * (x - 24) + (y - 28) * (y - 28) < 36;

			if (ring || dot)
				image.pixels[y * 2 * r + x] =
					0xff000000 | (x * 4) << 16 | (y * 4) << 8 | 0x40;
		}
	}
	return image;
}

static void test_cursor(const struct output *output, const drmModeModeInfo *mode)
{
	int right = mode->hdisplay - 20, bottom = mode->vdisplay - 30;
	const struct {
		const char *what;
		int x, y;
	} places[] = {
		{ "cursor-inside", 100, 77 },
		{ "cursor-top-left", -10, -21 },
		{ "cursor-bottom-right", right, bottom },
	};
	struct lab_framebuffer fb = framebuffer_new(mode->hdisplay, mode->vdisplay, 24, 32);
	struct lab_framebuffer cursor_fb = framebuffer_new(CURSOR_SIZE, CURSOR_SIZE, 0, 32);
	struct lab_image image = picture(output, mode, 1), cursor = cursor_image(), both;
	unsigned int i;

	lab_framebuffer_put(&fb, &image);
	lab_framebuffer_put(&cursor_fb, &cursor);
	if (!set_mode(output, mode, fb.id, "cursor"))
		goto out;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (drmModeSetCursor(card.fd, output->crtc_id, cursor_fb.handle, CURSOR_SIZE,
				     CURSOR_SIZE) ||
		    drmModeMoveCursor(card.fd, output->crtc_id, places[i].x, places[i].y)) {
			outcome(output, places[i].what, LAB_FAIL, "%s", strerror(errno));
			continue;
		}
		wait_vblanks(output, 2, NULL);
		both = lab_image_copy(&image);
		lab_image_overlay(&both, &cursor, places[i].x, places[i].y);
		report(output, places[i].what, &both);
		lab_image_free(&both);
	}
	drmModeSetCursor(card.fd, output->crtc_id, 0, 0, 0);
	wait_vblanks(output, 2, NULL);
	report(output, "cursor-off", &image);
out:
	lab_image_free(&cursor);
	lab_image_free(&image);
	lab_framebuffer_free(&cursor_fb);
	lab_framebuffer_free(&fb);
}

static void test_flips(const struct output *output, const drmModeModeInfo *mode)
{
	struct lab_framebuffer fb[2];
	struct lab_image image[2];
	unsigned int i, sequence = 0;
	char text[300] = "";
	struct lab_flip flip;
	bool good = true;

	for (i = 0; i < 2; i++) {
		fb[i] = framebuffer_new(mode->hdisplay, mode->vdisplay, 24, 32);
		image[i] = picture(output, mode, 0xf0 + i);
		lab_framebuffer_put(&fb[i], &image[i]);
	}
	if (!set_mode(output, mode, fb[0].id, "flip"))
		goto out;
	for (i = 1; good && i <= FLIPS; i++) {
		flip = (struct lab_flip){ 0 };
		if (drmModePageFlip(card.fd, output->crtc_id, fb[i % 2].id,
				    DRM_MODE_PAGE_FLIP_EVENT, &flip)) {
			snprintf(text, sizeof(text), "flip %u: %s", i, strerror(errno));
			good = false;
		} else if (!lab_flip_wait(card.fd, &flip)) {
			snprintf(text, sizeof(text), "flip %u: no event", i);
			good = false;
		} else if (i > 1 && (int)(flip.sequence - sequence) <= 0) {
			snprintf(text, sizeof(text), "flip %u at frame %u, the one before at %u",
				 i, flip.sequence, sequence);
			good = false;
		} else if (lab_supervised()) {
			good = lab_screen_compare(card.name, output->crtc, &image[i % 2], text,
						  sizeof(text));
		}
		sequence = flip.sequence;
	}
	if (good)
		snprintf(text, sizeof(text), "%u flips, each with its event%s", FLIPS,
			 lab_supervised() ? " and the new picture on the screen" : "");
	outcome(output, "flip", good ? LAB_PASS : LAB_FAIL, "%s", text);
out:
	for (i = 0; i < 2; i++) {
		lab_image_free(&image[i]);
		lab_framebuffer_free(&fb[i]);
	}
}

/* Waits for vertical blanks, with the CRTC on. */
static void test_vblank(const struct output *output, const drmModeModeInfo *mode)
{
	struct lab_framebuffer fb = framebuffer_new(mode->hdisplay, mode->vdisplay, 24, 32);
	unsigned int i, before = 0, after = 0;
	int ret;

	if (!set_mode(output, mode, fb.id, "vblank"))
		goto out;
	ret = wait_vblanks(output, 0, &before);
	for (i = 0; !ret && i < VBLANKS; i++, before = after) {
		ret = wait_vblanks(output, 1, &after);
		if (!ret && (int)(after - before) <= 0) {
			outcome(output, "vblank", LAB_FAIL, "frame %u after frame %u", after,
				before);
			goto out;
		}
	}
	if (ret)
		outcome(output, "vblank", LAB_FAIL, "wait %u: %s", i, strerror(-ret));
	else
		outcome(output, "vblank", LAB_PASS, "%u waits, each a frame later", VBLANKS);
out:
	lab_framebuffer_free(&fb);
}

static const drmModeModeInfo *second_mode(const drmModeConnector *connector,
					  const drmModeModeInfo *first)
{
	int i;

	for (i = 0; i < connector->count_modes; i++) {
		const drmModeModeInfo *mode = &connector->modes[i];

		if (mode->hdisplay != first->hdisplay && mode->vdisplay != first->vdisplay &&
		    !(mode->flags & (DRM_MODE_FLAG_INTERLACE | DRM_MODE_FLAG_DBLSCAN)))
			return mode;
	}
	return NULL;
}

/*
 * The kernel has to return an error for a framebuffer that the card cannot show, and keep showing
 * the previous one. TTM warns if the BO of the refused one is still pinned when it is freed.
 */
static void test_refused(const struct output *output, const char *what, uint64_t bytes,
			 uint32_t format, unsigned int cpp)
{
	const drmModeModeInfo *first = lab_preferred_mode(output->connector);
	const drmModeModeInfo *second = second_mode(output->connector, first);
	struct lab_framebuffer fb = framebuffer_new(first->hdisplay, first->vdisplay, 24, 32);
	struct lab_image image = picture(output, first, 2);
	uint32_t connector = output->connector->connector_id, id = 0;
	uint32_t handles[4] = { 0 }, pitches[4] = { 0 }, offsets[4] = { 0 };
	drmModeModeInfo mode;
	struct lab_bo bo;
	int ret;

	lab_framebuffer_put(&fb, &image);
	if (!second) {
		outcome(output, what, LAB_FAIL, "the monitor has only one size");
		goto out;
	}
	if (!set_mode(output, first, fb.id, what))
		goto out;
	ret = lab_bo_create(&card, bytes, RADEON_GEM_DOMAIN_GTT, &bo);
	if (ret) {
		outcome(output, what, LAB_FAIL, "a BO of %llu bytes: %s",
			(unsigned long long)bytes, strerror(-ret));
		goto out;
	}
	mode = *second;
	handles[0] = bo.handle;
	pitches[0] = mode.hdisplay * cpp;
	if (drmModeAddFB2(card.fd, mode.hdisplay, mode.vdisplay, format, handles, pitches,
			  offsets, &id, 0))
		lab_die("modeset", "framebuffer of a BO: %s", strerror(errno));
	if (drmModeSetCrtc(card.fd, output->crtc_id, id, 0, 0, &connector, 1, &mode)) {
		wait_vblanks(output, 2, NULL);
		report(output, what, &image);
	} else {
		outcome(output, what, LAB_FAIL, "a BO of %llu bytes, %u bytes a pixel, is shown",
			(unsigned long long)bo.size, cpp);
	}
	drmModeRmFB(card.fd, id);
	lab_bo_close(&card, &bo);
out:
	lab_image_free(&image);
	lab_framebuffer_free(&fb);
}

static void too_small(const struct output *output, const char *what, int ret)
{
	outcome(output, what, ret == -EINVAL ? LAB_PASS : LAB_FAIL, "%s",
		ret ? strerror(-ret) : "no error");
}

/*
 * A framebuffer or a cursor that is larger than its BO would show the memory of other BOs. The CRTC
 * rounds the pitch up to 8 pixels.
 */
static void test_too_small(const struct output *output)
{
	const drmModeModeInfo *mode = lab_preferred_mode(output->connector);
	const uint32_t pitch = mode->hdisplay * 4, bytes = pitch * mode->vdisplay;
	const struct {
		const char *what;
		uint32_t pitch, bytes;
	} framebuffers[] = {
		{ "too-small", pitch, bytes - LAB_PAGE_SIZE },
		{ "too-small-pitch", pitch + 4, bytes + mode->vdisplay * 4 },
	};
	struct lab_bo bo;
	unsigned int i;
	uint32_t id;
	int ret;

	for (i = 0; i < sizeof(framebuffers) / sizeof(*framebuffers); i++) {
		ret = lab_bo_create(&card, framebuffers[i].bytes, RADEON_GEM_DOMAIN_VRAM, &bo);
		if (ret)
			lab_die("modeset", "BO: %s", strerror(-ret));
		ret = drmModeAddFB(card.fd, mode->hdisplay, mode->vdisplay, 24, 32,
				   framebuffers[i].pitch, bo.handle, &id);
		too_small(output, framebuffers[i].what, ret);
		if (!ret)
			drmModeRmFB(card.fd, id);
		lab_bo_close(&card, &bo);
	}
	ret = lab_bo_create(&card, LAB_PAGE_SIZE, RADEON_GEM_DOMAIN_VRAM, &bo);
	if (ret)
		lab_die("modeset", "BO: %s", strerror(-ret));
	ret = drmModeSetCursor(card.fd, output->crtc_id, bo.handle, CURSOR_SIZE, CURSOR_SIZE);
	too_small(output, "too-small-cursor", ret);
	if (!ret)
		drmModeSetCursor(card.fd, output->crtc_id, 0, 0, 0);
	lab_bo_close(&card, &bo);
}

static void test_all_refused(const struct output *output)
{
	struct drm_radeon_gem_info info = { 0 };

	if (drmCommandWriteRead(card.fd, DRM_RADEON_GEM_INFO, &info, sizeof(info)))
		lab_die("modeset", "size of VRAM: %s", strerror(errno));
	test_refused(output, "too-large", info.vram_size + LAB_PAGE_SIZE, DRM_FORMAT_XRGB8888, 4);
	test_refused(output, "unknown-format", info.vram_size / 2, DRM_FORMAT_XRGB16161616F, 8);
	test_too_small(output);
}

static void test_output(const struct output *output)
{
	const drmModeModeInfo *first = lab_preferred_mode(output->connector);
	const drmModeModeInfo *second = second_mode(output->connector, first);

	test_mode(output, first, false);
	if (second)
		test_mode(output, second, false);
	else
		outcome(output, "second-mode", LAB_FAIL, "the monitor has only one size");
	test_mode(output, first, true);
	test_cursor(output, first);
	test_flips(output, first);
	test_vblank(output, first);
}

static void save_picture(const struct output *output, const char *name)
{
	const drmModeModeInfo *mode = lab_preferred_mode(output->connector);
	struct lab_framebuffer fb = framebuffer_new(mode->hdisplay, mode->vdisplay, 24, 32);
	struct lab_image image = picture(output, mode, 0);
	char command[160], reply[512] = "";
	int ret;

	lab_framebuffer_put(&fb, &image);
	if (!set_mode(output, mode, fb.id, "picture"))
		goto out;
	report(output, "picture", &image);
	snprintf(command, sizeof(command), "screenshot %u %.100s", output->crtc, name);
	ret = lab_card_command(card.name, command, reply, sizeof(reply));
	if (ret) {
		outcome(output, "screenshot", LAB_FAIL, "%s %s", strerror(-ret), reply);
	} else {
		outcome(output, "screenshot", LAB_PASS, "%s", reply);
		lab_row("screenshot", "%s", strncmp(reply, "ok ", 3) ? reply : reply + 3);
	}
out:
	lab_image_free(&image);
	lab_framebuffer_free(&fb);
}

static void crtcs_off(const drmModeRes *res)
{
	int i;

	for (i = 0; i < res->count_crtcs; i++)
		drmModeSetCrtc(card.fd, res->crtcs[i], 0, 0, 0, NULL, 0, NULL);
}

/* Tests each connected connector on each CRTC; a picture is shown on the first. */
static unsigned int for_each_output(const char *picture_name)
{
	drmModeRes *res = drmModeGetResources(card.fd);
	unsigned int outputs = 0;
	int i, c;

	if (!res)
		lab_die("modeset", "the card has no display: %s", strerror(errno));
	for (i = 0; i < res->count_crtcs; i++) {
		for (c = 0; c < res->count_connectors; c++) {
			drmModeConnector *connector =
				drmModeGetConnector(card.fd, res->connectors[c]);
			struct output output = { .crtc = i, .crtc_id = res->crtcs[i] };

			if (!connector || connector->connection != DRM_MODE_CONNECTED ||
			    !connector->count_modes || !lab_can_drive(card.fd, i, connector) ||
			    (picture_name && outputs)) {
				drmModeFreeConnector(connector);
				continue;
			}
			output.connector = connector;
			snprintf(output.name, sizeof(output.name), "crtc%d.%s-%u", i,
				 drmModeGetConnectorTypeName(connector->connector_type),
				 connector->connector_type_id);
			crtcs_off(res);
			if (picture_name)
				save_picture(&output, picture_name);
			else if (refused)
				test_all_refused(&output);
			else
				test_output(&output);
			outputs++;
			drmModeFreeConnector(connector);
		}
	}
	drmModeFreeResources(res);
	return outputs;
}

int main(int argc, char **argv)
{
	const char *name = NULL, *picture_name = NULL;
	const struct lab_option option_table[] = {
		LAB_OPTION_CARD(&name),
		{ "picture", "NAME", "show one picture and save the screen as NAME",
		  .text = &picture_name },
		{ "refused", NULL, "try to show framebuffers that the card cannot show",
		  .flag = &refused },
		{ 0 },
	};
	const struct lab_program program = {
		.name = "modeset",
		.purpose = "Compares what the card shows with what was drawn, or saves one picture.",
		.options = option_table,
	};

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, name, false, "modeset");
	if (!for_each_output(picture_name))
		lab_die("modeset", "no monitor is connected to %s", card.name);
	close(card.fd);
	return lab_finish();
}
