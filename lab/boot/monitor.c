// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Requests of the guest that QEMU's monitor (QMP, RUN/monitor.sock) carries out. A display that
 * QEMU emulates has the commands of a model's control socket:
 *
 *   crc 0               CRC-32 of the screen, RGB order
 *   screenshot 0 NAME   the screen as a PNG file in the result directory
 *
 * The machine has one:
 *
 *   plug NM             plug in a memory module of N MiB (HOT_MEMORY in boot.sh)
 *   unplug CARD         have the guest give up a PCI Express card, and take it out
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include "card_process.h"
#include "monitor.h"

#define ANSWER_TIMEOUT_MS	8000	/* below the guest's ten seconds */
#define LINE_MAX_LEN		4096u
#define PIXELS_MAX		(64u * 1024u * 1024u)

/* Sends @line and reads its answer, skipping events. */
static bool ask(FILE *qmp, const char *line, char *answer, size_t size)
{
	struct pollfd pfd = { .fd = fileno(qmp), .events = POLLIN };

	if (fprintf(qmp, "%s\n", line) < 0 || fflush(qmp))
		return false;
	do {
		if (poll(&pfd, 1, ANSWER_TIMEOUT_MS) <= 0 || !fgets(answer, (int)size, qmp))
			return false;
	} while (strncmp(answer, "{\"return\"", 9) && strncmp(answer, "{\"error\"", 8));
	return true;
}

/* The text of an error of QMP. */
static void explain(const char *answer, char *reply, size_t size)
{
	const char *desc = strstr(answer, "\"desc\": \"");

	desc = desc ? desc + strlen("\"desc\": \"") : answer;
	snprintf(reply, size, "error QEMU: %.*s", (int)strcspn(desc, "\"\r\n"), desc);
}

/* Has QEMU execute a command, a line of QMP. Sets @reply if that fails. */
static bool execute(const char *run, const char *command, char *reply, size_t size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char answer[LINE_MAX_LEN];
	bool good = false;
	FILE *qmp = NULL;
	int fd;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/monitor.sock", run);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		qmp = fdopen(fd, "r+");
	if (!qmp) {
		snprintf(reply, size, "error no monitor: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	/* Unbuffered: poll() does not see what stdio has read ahead. */
	setvbuf(qmp, NULL, _IONBF, 0);
	if (!ask(qmp, "{\"execute\": \"qmp_capabilities\"}", answer, sizeof(answer)) ||
	    !ask(qmp, command, answer, sizeof(answer)))
		snprintf(reply, size, "error QEMU's monitor does not answer");
	else if (!strncmp(answer, "{\"error\"", 8))
		explain(answer, reply, size);
	else
		good = true;
	fclose(qmp);
	return good;
}

static bool dump_screen(const char *run, const char *device, const char *path,
			const char *format, char *reply, size_t size)
{
	char command[LINE_MAX_LEN];

	snprintf(command, sizeof(command),
		 "{\"execute\": \"screendump\", \"arguments\": {\"filename\": \"%s\", \"device\": \"%s\", \"format\": \"%s\"}}",
		 path, device, format);
	return execute(run, command, reply, size);
}

/* The CRC of a PPM file's pixels, which are R, G, B. */
static void crc_file(const char *path, char *reply, size_t size)
{
	unsigned int width, height, max;
	unsigned char *pixels = NULL;
	FILE *f = fopen(path, "re");
	size_t bytes;

	if (!f || fscanf(f, "P6 %u %u %u%*1[\n]", &width, &height, &max) != 3 || max != 255 ||
	    !height || width > PIXELS_MAX / 3 / height) {
		snprintf(reply, size, "error no picture in %s", path);
		goto out;
	}
	bytes = (size_t)width * height * 3;
	pixels = malloc(bytes);
	if (!pixels || fread(pixels, 1, bytes, f) != bytes) {
		snprintf(reply, size, "error the picture in %s is incomplete", path);
		goto out;
	}
	snprintf(reply, size, "ok crc=%08lx width=%u height=%u", crc32(0, pixels, (uInt)bytes),
		 width, height);
out:
	free(pixels);
	if (f)
		fclose(f);
	unlink(path);
}

/**
 * display_command() - carry out a command for a display that QEMU emulates.
 * @run: directory of the monitor's socket
 * @out: directory that a screenshot's name is in
 * @device: the display's name on QEMU's command line
 * @command: the command line
 * @reply: the answer; begins with "error" if there is none
 * @size: its size in bytes
 *
 * @command comes from the guest.
 */
void display_command(const char *run, const char *out, const char *device,
		     const char *command, char *reply, size_t size)
{
	char path[512], file[80];

	if (!strcmp(command, "crc 0")) {
		snprintf(path, sizeof(path), "%s/screen.ppm", run);
		if (dump_screen(run, device, path, "ppm", reply, size))
			crc_file(path, reply, size);
	} else if (sscanf(command, "screenshot 0 %79s", file) == 1 && plain_name(file)) {
		snprintf(path, sizeof(path), "%s/%s", out, file);
		if (dump_screen(run, device, path, "png", reply, size))
			snprintf(reply, size, "ok %s", file);
	} else {
		snprintf(reply, size, "error a display has: crc 0, screenshot 0 NAME");
	}
}

/**
 * machine_command() - carry out a command for the machine itself.
 * @run: directory of the monitor's socket
 * @command: the command line
 * @reply: the answer; begins with "error" if the command has failed
 * @size: its size in bytes
 *
 * @command comes from the guest.
 */
void machine_command(const char *run, const char *command, char *reply, size_t size)
{
	static const char remove[] =
		"{\"execute\": \"object-del\", \"arguments\": {\"id\": \"plugged\"}}";
	char line[LINE_MAX_LEN], ignored[LINE_MAX_LEN], card[64], end;
	unsigned int mib;

	if (sscanf(command, "unplug %63s%c", card, &end) == 1 && plain_name(card)) {
		snprintf(line, sizeof(line),
			 "{\"execute\": \"device_del\", \"arguments\": {\"id\": \"%s\"}}", card);
		if (execute(run, line, reply, size))
			snprintf(reply, size, "ok %s", card);
		return;
	}
	if (sscanf(command, "plug %uM%c", &mib, &end) != 1 || !mib) {
		snprintf(reply, size, "error the machine has: plug NM, unplug CARD");
		return;
	}
	/* Shared, as all of the guest's memory is with the models. */
	snprintf(line, sizeof(line),
		 "{\"execute\": \"object-add\", \"arguments\": {\"qom-type\": \"memory-backend-memfd\", \"id\": \"plugged\", \"size\": %llu, \"share\": true}}",
		 (unsigned long long)mib << 20);
	if (!execute(run, line, reply, size))
		return;
	if (!execute(run,
		     "{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"pc-dimm\", \"id\": \"dimm\", \"memdev\": \"plugged\"}}",
		     reply, size)) {
		execute(run, remove, ignored, sizeof(ignored));
		return;
	}
	snprintf(reply, size, "ok %u MiB", mib);
}
