// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * registers-ones: can the driver handle a card that is gone?
 *
 * While the GPU copies and a page flip is pending, the model's registers begin to read ones. Each
 * call of a client must return, a command stream with an error. Then it must be possible to unbind
 * the driver. If a call does not return, the boot ends at its limit of silence, and the last
 * progress line names the call.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>
#include <radeon_drm.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_kms.h"
#include "lab_options.h"

/* A BO has BO_BYTES / 4096 rows, each delayed by PACE_US: 40 s. */
#define BO_BYTES	(16u << 20)
#define PACE_US		10000u

static struct lab_card card;
static char name[64];

/** struct screen - a CRTC that shows a picture. */
struct screen {
	drmModeConnector *connector;
	uint32_t crtc;
	struct lab_framebuffer fb[2];
};

static int show(struct screen *screen, struct lab_framebuffer *fb)
{
	drmModeModeInfo mode = *lab_preferred_mode(screen->connector);

	return drmModeSetCrtc(card.fd, screen->crtc, fb->id, 0, 0,
			      &screen->connector->connector_id, 1, &mode);
}

static int flip(struct screen *screen, struct lab_framebuffer *fb)
{
	return drmModePageFlip(card.fd, screen->crtc, fb->id, DRM_MODE_PAGE_FLIP_EVENT, NULL);
}

/* A mode on the first CRTC, for the first monitor that it can drive. */
static void screen_on(struct screen *screen, drmModeRes *res)
{
	const drmModeModeInfo *mode;

	for (int i = 0; i < res->count_connectors; i++) {
		screen->connector = drmModeGetConnector(card.fd, res->connectors[i]);
		if (screen->connector &&
		    screen->connector->connection == DRM_MODE_CONNECTED &&
		    screen->connector->count_modes &&
		    lab_can_drive(card.fd, 0, screen->connector))
			break;
		drmModeFreeConnector(screen->connector);
		screen->connector = NULL;
	}
	if (!screen->connector)
		lab_die(name, "no monitor is connected");
	screen->crtc = res->crtcs[0];
	mode = lab_preferred_mode(screen->connector);
	for (int i = 0; i < 2; i++)
		screen->fb[i] = lab_framebuffer_new(card.fd, name, mode->hdisplay,
						    mode->vdisplay, 24, 32);
	if (show(screen, &screen->fb[0]))
		lab_die(name, "cannot set a mode: %s", strerror(errno));
}

static void screen_off(struct screen *screen)
{
	drmModeSetCrtc(card.fd, screen->crtc, 0, 0, 0, NULL, 0, NULL);
	for (int i = 0; i < 2; i++)
		lab_framebuffer_free(&screen->fb[i]);
	drmModeFreeConnector(screen->connector);
}

static void returned(const char *call, int ret)
{
	lab_progress("%s: %s: %s", name, call, ret ? strerror(-ret) : "ok");
}

/* A BO becomes idle, or the wait for it fails. Nothing else may be submitted. */
static void use_gpu(struct lab_bo *const list[2])
{
	int ret;

	lab_progress("%s: GPU", name);
	ret = lab_bo_wait(&card, list[0]);
	returned("GEM_WAIT_IDLE", ret);
	if (ret == -EBUSY)
		lab_result(LAB_FAIL, name, "a BO is still busy after 30 s");
	ret = lab_move(&card, list, 2, RADEON_GEM_DOMAIN_VRAM);
	returned("CS", ret);
	if (!ret)
		lab_result(LAB_FAIL, name, "a card that is gone takes a command stream");
}

static void wait_event(void)
{
	struct pollfd pfd = { .fd = card.fd, .events = POLLIN };
	drmEventContext context = { .version = 2 };
	bool come = poll(&pfd, 1, 2000) > 0 && !drmHandleEvent(card.fd, &context);

	returned("the event of a flip", come ? 0 : -ETIME);
}

static int wait_vblank(void)
{
	drmVBlank vblank = {
		.request = { .type = DRM_VBLANK_RELATIVE, .sequence = 1 },
	};

	return drmWaitVBlank(card.fd, &vblank) ? -errno : 0;
}

/* What a display server does. */
static void use_display(struct screen *screen, const drmModeRes *res)
{
	lab_progress("%s: display", name);
	wait_event();
	returned("a vertical blank", wait_vblank());
	for (int i = 0; i < res->count_connectors; i++)
		drmModeFreeConnector(drmModeGetConnector(card.fd, res->connectors[i]));
	returned("probing the connectors", 0);
	returned("SETCRTC", show(screen, &screen->fb[0]) ? -errno : 0);
	returned("PAGE_FLIP", flip(screen, &screen->fb[1]) ? -errno : 0);
	wait_event();
}

int main(int argc, char **argv)
{
	const char *which = NULL;
	const struct lab_option option_table[] = { LAB_OPTION_CARD(&which), { 0 } };
	const struct lab_program program = {
		.name = "registers-ones",
		.purpose = "Has the registers of the lab's model read ones, and unbinds the driver.",
		.options = option_table,
	};
	struct lab_bo bos[2], *list[2] = { &bos[0], &bos[1] };
	struct screen screen = { 0 };
	char reply[256];
	drmModeRes *res;
	int ret = 0;

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, which, false, "registers-ones");
	snprintf(name, sizeof(name), "%s.registers-ones", card.name);
	res = drmModeGetResources(card.fd);
	if (!res)
		lab_die(name, "the card has no display: %s", strerror(errno));
	screen_on(&screen, res);
	for (unsigned int i = 0; i < 2 && !ret; i++)
		ret = lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, list[i]);
	lab_slow_down(card.name, name, "pace", PACE_US);
	if (!ret)
		ret = lab_move(&card, list, 2, RADEON_GEM_DOMAIN_VRAM);
	if (!ret && flip(&screen, &screen.fb[1]))
		ret = -errno;
	if (!ret)
		ret = lab_card_command(card.name, "fault registers-ones", reply, sizeof(reply));
	if (ret)
		lab_die(name, "cannot begin: %s", strerror(-ret));
	lab_slow_down(card.name, name, "pace", 0);

	use_gpu(list);
	use_display(&screen, res);
	screen_off(&screen);
	drmModeFreeResources(res);
	lab_bo_close(&card, list[0]);
	lab_progress("%s: unbind", name);
	lab_card_unbind(&card, name, NULL);
	if (lab_bo_busy(&card, list[1], NULL) != -ENODEV)
		lab_result(LAB_FAIL, name, "an ioctl after the unbind does not return ENODEV");
	lab_bo_close(&card, list[1]);
	close(card.fd);
	if (lab_passed())
		lab_result(LAB_PASS, name, "all calls have returned, and the driver was unbound");
	return lab_finish();
}
