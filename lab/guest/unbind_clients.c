// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * unbind-clients: is the driver unbound from a card while programs use it, and is no program hurt?
 *
 * Each case opens the card as a client would, unbinds the driver, uses what it still has, and
 * closes it. What a client does after the unbind ends with ENODEV; mappings show a page of zeros.
 * The kernel's log and its checkers say whether the driver used memory that it had freed.
 *
 *   framebuffer  a display server: a mode with a framebuffer, a cursor, a blob, a page flip that
 *                has not completed
 *   console      /dev/fbN open and mapped
 *   ioctls       threads in ioctls and in page faults
 *   importer     another driver shows two BOs of the card, and goes on with them
 *   orphan       the same, but the exporter's file is closed first
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <drm_fourcc.h>
#include <radeon_drm.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_kms.h"
#include "lab_options.h"

#define WORD		0xc11e7700u
#define BO_BYTES	(256u << 10)
#define MAX_DEVICES	16

static struct lab_card card;
static const char *importer;
static char name[80];

static void fail_unless(bool good, const char *what)
{
	if (!good)
		lab_result(LAB_FAIL, name, "%s", what);
}

/* The mapping of a BO after the unbind: not the BO's pages, and memory that can be written. */
static void check_mapping(volatile uint32_t *word)
{
	fail_unless(*word == 0, "after the unbind a mapping still shows the BO");
	*word = ~WORD;
	fail_unless(*word == ~WORD, "a write to a mapping after the unbind is lost");
}

/* struct output - a CRTC and a monitor that it can drive. */
struct output {
	uint32_t crtc, connector;
	drmModeModeInfo mode;
};

static struct output find_output(int fd, const char *of)
{
	drmModeRes *res = drmModeGetResources(fd);
	struct output output = { 0 };

	if (!res)
		lab_die(name, "%s has no display: %s", of, strerror(errno));
	for (int c = 0; c < res->count_connectors && !output.crtc; c++) {
		drmModeConnector *connector = drmModeGetConnector(fd, res->connectors[c]);

		if (!connector)
			continue;
		for (int i = 0; i < res->count_crtcs && !output.crtc; i++) {
			if (connector->connection != DRM_MODE_CONNECTED ||
			    !connector->count_modes || !lab_can_drive(fd, i, connector))
				continue;
			output.crtc = res->crtcs[i];
			output.connector = connector->connector_id;
			output.mode = *lab_preferred_mode(connector);
		}
		drmModeFreeConnector(connector);
	}
	drmModeFreeResources(res);
	if (!output.crtc)
		lab_die(name, "no monitor is connected to %s", of);
	return output;
}

static void framebuffer(void)
{
	struct output output = find_output(card.fd, card.name);
	struct lab_framebuffer fb[2], cursor;
	uint32_t blob, crtcs = output.crtc;

	for (int i = 0; i < 2; i++) {
		fb[i] = lab_framebuffer_new(card.fd, name, output.mode.hdisplay,
					    output.mode.vdisplay, 24, 32);
		memset(fb[i].map, 0x40 + i, fb[i].size);
	}
	cursor = lab_framebuffer_new(card.fd, name, 64, 64, 0, 32);
	if (drmModeSetCrtc(card.fd, crtcs, fb[0].id, 0, 0, &output.connector, 1, &output.mode) ||
	    drmModeSetCursor(card.fd, crtcs, cursor.handle, 64, 64) ||
	    drmModeCreatePropertyBlob(card.fd, &output.mode, sizeof(output.mode), &blob) ||
	    drmModePageFlip(card.fd, crtcs, fb[1].id, DRM_MODE_PAGE_FLIP_EVENT, NULL))
		lab_die(name, "nothing can be displayed: %s", strerror(errno));
	lab_card_unbind(&card, name);
	fail_unless(drmModeRmFB(card.fd, fb[0].id) && errno == ENODEV,
		    "an ioctl after the unbind does not return ENODEV");
	for (int i = 0; i < 2; i++) {
		check_mapping((volatile uint32_t *)fb[i].map);
		munmap(fb[i].map, fb[i].size);
	}
	close(card.fd);
	/* The cursor's mapping outlives the file. */
	check_mapping((volatile uint32_t *)cursor.map);
	munmap(cursor.map, cursor.size);
}

static void console(void)
{
	char pattern[128], word[4];
	glob_t found = { 0 };
	char path[64];
	void *map;
	int fd;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/graphics/fb*", card.pci);
	if (glob(pattern, 0, NULL, &found) || found.gl_pathc != 1)
		lab_die(name, "%s has no console", card.name);
	snprintf(path, sizeof(path), "/dev/%s", strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	fd = open(path, O_RDWR | O_CLOEXEC);
	map = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		lab_die(name, "%s: %s", path, strerror(errno));
	*(volatile uint32_t *)map = WORD;
	close(card.fd);
	lab_card_unbind(&card, name);
	fail_unless(read(fd, word, sizeof(word)) < 0 && errno == ENODEV,
		    "a read of the console after the unbind does not return ENODEV");
	check_mapping(map);
	munmap(map, 4096);
	close(fd);
}

/* What a thread does until the driver is unbound. Each function returns an error of an ioctl. */
static struct lab_bo busy, mapped;
static atomic_bool unbound;

static int wait_idle(void)
{
	return lab_bo_wait(&card, &busy);
}

static int submit(void)
{
	static struct lab_bo *const list[] = { &busy };
	static bool vram;

	vram = !vram;
	return lab_move(&card, list, 1, vram ? RADEON_GEM_DOMAIN_VRAM : RADEON_GEM_DOMAIN_GTT);
}

static int create(void)
{
	struct lab_bo bo;
	int ret = lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, &bo);

	if (!ret) {
		*(volatile uint32_t *)bo.map = WORD;
		lab_bo_close(&card, &bo);
	}
	return ret;
}

static int share(void)
{
	uint32_t handle;
	int fd, ret = drmPrimeHandleToFD(card.fd, mapped.handle, DRM_CLOEXEC | DRM_RDWR, &fd);

	if (ret)
		return -errno;
	ret = drmPrimeFDToHandle(card.fd, fd, &handle) ? -errno : 0;
	close(fd);
	return ret;
}

static int fault(void)
{
	volatile uint32_t *map = mapped.map;

	madvise(mapped.map, mapped.size, MADV_DONTNEED);
	for (unsigned int i = 0; i < mapped.size / 4; i += LAB_PAGE_SIZE / 4)
		map[i] = WORD;
	return unbound ? -ENODEV : 0;
}

static const struct worker {
	const char *what;
	int (*work)(void);
} workers[] = {
	{ "GEM_WAIT_IDLE", wait_idle }, { "CS", submit }, { "GEM_CREATE", create },
	{ "PRIME", share }, { "a page fault", fault },
};
#define WORKERS		(sizeof(workers) / sizeof(workers[0]))

static atomic_uint rounds[WORKERS];

static void *work(void *arg)
{
	const struct worker *worker = arg;
	int ret;

	do {
		ret = worker->work();
		rounds[worker - workers]++;
	} while (!ret || ret == -EINTR || ret == -EAGAIN || ret == -EBUSY || ret == -ENOMEM);
	return (void *)(intptr_t)ret;
}

static void ioctls(void)
{
	pthread_t threads[WORKERS];
	bool all = false;

	if (lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, &busy) ||
	    lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, &mapped))
		lab_die(name, "no BO can be created");
	for (unsigned int i = 0; i < WORKERS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)&workers[i]))
			lab_die(name, "no thread can be created");
	while (!all) {
		usleep(10000);
		all = true;
		for (unsigned int i = 0; i < WORKERS; i++)
			all &= rounds[i] > 2;
	}
	lab_card_unbind(&card, name);
	unbound = true;
	for (unsigned int i = 0; i < WORKERS; i++) {
		void *ret;

		pthread_join(threads[i], &ret);
		if ((intptr_t)ret != -ENODEV)
			lab_result(LAB_FAIL, name, "after the unbind %s ends with %d (%s)",
				   workers[i].what, (int)(intptr_t)ret,
				   strerror(-(int)(intptr_t)ret));
	}
	*(volatile uint32_t *)mapped.map = 0;
	check_mapping(mapped.map);
	lab_bo_close(&card, &mapped);
	lab_bo_close(&card, &busy);
	close(card.fd);
}

static int open_importer(void)
{
	drmDevicePtr devices[MAX_DEVICES];
	int count = drmGetDevices2(0, devices, MAX_DEVICES), found = -1;

	for (int i = 0; i < count && found < 0; i++) {
		drmVersionPtr version;

		if (!(devices[i]->available_nodes & 1 << DRM_NODE_PRIMARY))
			continue;
		found = open(devices[i]->nodes[DRM_NODE_PRIMARY], O_RDWR | O_CLOEXEC);
		if (found < 0)
			continue;
		version = drmGetVersion(found);
		if (!version || strncmp(version->name, importer, strlen(importer))) {
			close(found);
			found = -1;
		}
		drmFreeVersion(version);
	}
	if (count > 0)
		drmFreeDevices(devices, count);
	if (found < 0)
		lab_die(name, "no device has the driver %s: modprobe %s", importer, importer);
	return found;
}

static void import_bos(bool orphan)
{
	struct output output;
	uint32_t handle, fb[2];
	int other = open_importer();

	output = find_output(other, importer);
	for (int i = 0; i < 2; i++) {
		unsigned int pitch = output.mode.hdisplay * 4;
		struct lab_bo bo;
		uint64_t size = (uint64_t)pitch * output.mode.vdisplay;
		uint32_t handles[4] = { 0 }, pitches[4] = { pitch }, offsets[4] = { 0 };
		int fd;

		size = (size + LAB_PAGE_SIZE - 1) & ~(uint64_t)(LAB_PAGE_SIZE - 1);
		if (lab_bo_create(&card, size, RADEON_GEM_DOMAIN_GTT, &bo) ||
		    drmPrimeHandleToFD(card.fd, bo.handle, DRM_CLOEXEC | DRM_RDWR, &fd))
			lab_die(name, "no BO can be exported: %s", strerror(errno));
		memset(bo.map, 0x60 + i, size);
		if (drmPrimeFDToHandle(other, fd, &handle)) {
			lab_result(LAB_SKIP, name, "%s cannot import: %s", importer,
				   strerror(errno));
			exit(lab_finish());
		}
		close(fd);
		lab_bo_close(&card, &bo);
		handles[0] = handle;
		if (drmModeAddFB2(other, output.mode.hdisplay, output.mode.vdisplay,
				  DRM_FORMAT_XRGB8888, handles, pitches, offsets, &fb[i], 0) ||
		    drmModeSetCrtc(other, output.crtc, fb[i], 0, 0, &output.connector, 1,
				   &output.mode))
			lab_die(name, "%s cannot show a BO: %s", importer, strerror(errno));
	}
	if (orphan)
		close(card.fd);
	lab_card_unbind(&card, name);
	/* Each is mapped by the kernel once more. */
	for (int i = 0; i < 2; i++)
		fail_unless(!drmModeSetCrtc(other, output.crtc, fb[i], 0, 0, &output.connector, 1,
					    &output.mode),
			    "the importer cannot show the BO after the unbind");
	if (!orphan)
		close(card.fd);
	close(other);
}

static void importer_lives(void)
{
	import_bos(false);
}

static void orphan(void)
{
	import_bos(true);
}

static const struct unbind_case {
	const char *name, *passed;
	void (*run)(void);
	bool render;
} cases[] = {
	{ "framebuffer", "a display server keeps its framebuffers, gets ENODEV, and closes",
	  framebuffer, false },
	{ "console", "an open and mapped console is closed after the unbind", console, true },
	{ "ioctls", "threads in ioctls and page faults end with ENODEV", ioctls, true },
	{ "importer", "the importer shows the BOs after the unbind", importer_lives, true },
	{ "orphan", "the importer shows the BOs that only it has", orphan, true },
	{ 0 },
};

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"framebuffer", "console", "ioctls", "importer", "orphan", NULL,
	};
	const char *which = NULL, *what = NULL;
	const struct lab_option option_table[] = {
		LAB_OPTION_CARD(&which),
		{ .name = "case", .value = "CASE", .text = &what, .choices = names,
		  .help = "what has the card when the driver is unbound" },
		{ .name = "importer", .value = "DRIVER", .text = &importer,
		  .help = "the driver that imports, for importer and orphan" },
		{ 0 },
	};
	const struct lab_program program = {
		.name = "unbind-clients",
		.purpose = "Unbinds the driver from a card while programs use it.",
		.options = option_table,
	};
	const struct unbind_case *run = cases;

	lab_parse_options(&program, argc, argv);
	if (!what)
		lab_usage_error(&program, "choose a case: --case CASE");
	while (strcmp(run->name, what))
		run++;
	if (!importer && (run->run == importer_lives || run->run == orphan))
		lab_usage_error(&program, "--case %s needs --importer DRIVER", what);
	lab_card_open_or_die(&card, which, run->render, "unbind-clients");
	snprintf(name, sizeof(name), "%s.unbind-%s", card.name, what);
	run->run();
	if (lab_passed())
		lab_result(LAB_PASS, name, "%s", run->passed);
	return lab_finish();
}
