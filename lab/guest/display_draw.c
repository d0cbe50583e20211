// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * display-draw: does the display of another driver show what it is given?
 *
 * Draws pictures on the display of another driver (qxl, bochs), on two buffers that take turns by
 * page flips, and compares the screen after each. With a command it does so while the command
 * runs. The command's results are printed as subtests.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

#define MIN_PICTURES	4u
/* QEMU updates an emulated display some time after the driver has completed a flip. */
#define SCREEN_MS	5000u
#define SCREEN_POLL_MS	50u

static const char *driver;
static int fd;
static uint32_t crtc_id, connector_id;
static unsigned int crtc;
static drmModeModeInfo mode;

/* The first monitor, with the first CRTC that can drive it. */
static void choose_output(void)
{
	drmModeRes *res = drmModeGetResources(fd);
	int i, c;

	if (!res)
		lab_die("display-draw", "%s has no display: %s", driver, strerror(errno));
	for (c = 0; c < res->count_connectors && !connector_id; c++) {
		drmModeConnector *connector = drmModeGetConnector(fd, res->connectors[c]);

		if (!connector)
			continue;
		for (i = 0; i < res->count_crtcs; i++) {
			if (connector->connection != DRM_MODE_CONNECTED ||
			    !connector->count_modes || !lab_can_drive(fd, i, connector))
				continue;
			crtc = i;
			crtc_id = res->crtcs[i];
			connector_id = connector->connector_id;
			mode = *lab_preferred_mode(connector);
			break;
		}
		drmModeFreeConnector(connector);
	}
	drmModeFreeResources(res);
	if (!connector_id)
		lab_die("display-draw", "no monitor is connected to %s", driver);
}

static struct lab_image picture(unsigned int number)
{
	struct lab_image image = lab_image_new(mode.hdisplay, mode.vdisplay);
	char label[64];

	snprintf(label, sizeof(label), "%s %u", driver, number);
	lab_image_pattern(&image, label);
	return image;
}

/* Shows @fb: the first by setting the mode, the others by a page flip with its event. */
static bool show(const struct lab_framebuffer *fb, unsigned int number, char *text, size_t size)
{
	struct lab_flip flip = { 0 };

	if (!number) {
		if (!drmModeSetCrtc(fd, crtc_id, fb->id, 0, 0, &connector_id, 1, &mode))
			return true;
		snprintf(text, size, "%u x %u cannot be set: %s", mode.hdisplay, mode.vdisplay,
			 strerror(errno));
		return false;
	}
	if (drmModePageFlip(fd, crtc_id, fb->id, DRM_MODE_PAGE_FLIP_EVENT, &flip)) {
		snprintf(text, size, "flip %u: %s", number, strerror(errno));
		return false;
	}
	if (!lab_flip_wait(fd, &flip)) {
		snprintf(text, size, "flip %u: no event", number);
		return false;
	}
	return true;
}

static bool seen(const struct lab_image *image, char *text, size_t size)
{
	const struct timespec pause = { .tv_nsec = SCREEN_POLL_MS * 1000000L };
	unsigned int ms;

	if (!lab_supervised())
		return true;
	for (ms = 0; ms < SCREEN_MS; ms += SCREEN_POLL_MS) {
		if (lab_screen_compare(driver, crtc, image, text, size))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Starts the command; its results are read when it has ended. */
static pid_t start(char **command, FILE *results)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		lab_die("display-draw", "fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && dup2(fileno(results), STDOUT_FILENO) >= 0)
		execvp(command[0], command);
	_exit(127);
}

static void print_subtests(FILE *results)
{
	char line[1024];

	rewind(results);
	lab_begin();
	while (fgets(line, sizeof(line), results))
		printf("  %s", line);
	fflush(stdout);
}

static void draw(char **command)
{
	unsigned int number = 0, while_running = 0;
	struct lab_framebuffer fb[2];
	char name[64], text[300] = "";
	FILE *results = tmpfile();
	int i, status = 0;
	bool good = true;
	pid_t pid = 0;

	if (!results)
		lab_die("display-draw", "no temporary file: %s", strerror(errno));

	for (i = 0; i < 2; i++)
		fb[i] = lab_framebuffer_new(fd, "display-draw", mode.hdisplay, mode.vdisplay,
					    24, 32);
	for (; good && (pid || number < MIN_PICTURES); number++) {
		struct lab_image image = picture(number);

		lab_framebuffer_put(&fb[number % 2], &image);
		good = show(&fb[number % 2], number, text, sizeof(text)) &&
		       seen(&image, text, sizeof(text));
		lab_image_free(&image);
		/* The first picture is shown before the command runs. */
		if (*command && !number)
			pid = start(command, results);
		else if (pid && waitpid(pid, &status, WNOHANG) == pid)
			pid = 0;
		else if (pid && good)
			while_running++;
	}
	if (pid)
		waitpid(pid, &status, 0);
	if (*command)
		print_subtests(results);
	fclose(results);
	if (good && *command && !while_running) {
		snprintf(text, sizeof(text), "%s ended before the second picture", command[0]);
		good = false;
	}
	snprintf(name, sizeof(name), "%s.display-draw", driver);
	if (!good) {
		char reply[300];

		snprintf(text + strlen(text), sizeof(text) - strlen(text), " (picture %u)",
			 number - 1);
		if (lab_supervised())
			lab_card_command(driver, "screenshot 0 wrong-display.png", reply,
					 sizeof(reply));
		lab_result(LAB_FAIL, name, "%s", text);
	} else {
		lab_result(LAB_PASS, name, "%u pictures of %u x %u%s, %u while %s ran", number,
			   mode.hdisplay, mode.vdisplay,
			   lab_supervised() ? ", each compared with the screen" : "", while_running,
			   *command ? command[0] : "nothing else");
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		lab_result(LAB_FAIL, name, "%s has failed", command[0]);
	for (i = 0; i < 2; i++)
		lab_framebuffer_free(&fb[i]);
}

int main(int argc, char **argv)
{
	static const struct lab_option option_table[] = {
		{ "driver", "NAME", "driver of the display; needed", .text = &driver },
		{ 0 },
	};
	static const struct lab_program program = {
		.name = "display-draw",
		.arguments = "[COMMAND [ARGUMENT]...]",
		.purpose = "Draws on the display of another driver, while COMMAND runs.",
		.options = option_table,
	};
	int first = lab_parse_options(&program, argc, argv);

	if (!driver)
		lab_usage_error(&program, "name the driver with --driver");
	fd = lab_open_driver(driver, "display-draw");
	choose_output();
	draw(argv + first);
	close(fd);
	return lab_finish();
}
