// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * unbind-clients: takes a card away while programs use it, and checks what the programs get.
 *
 * Each case opens the card as a client would, takes the card away, uses its open files and mappings
 * and closes them. Ioctls then fail with ENODEV, and mappings show a page of zeros. The module
 * cannot be unloaded as long as a client has a file, mapping or dma-buf of it. The kernel's log and
 * its checkers report a driver that uses memory that it has freed.
 *
 *   framebuffer  a display server: a mode with a framebuffer, a cursor, a blob, a lease, a page
 *                flip to a BO that the GPU is copying, and a vertical blank that it waits for
 *   flip         a page flip to a BO that a GPU that hangs has to copy
 *   console      /dev/fbN open and mapped
 *   ioctls       a node that is open twice, threads in ioctls, debugfs and page faults, and all
 *                files in debugfs open
 *   dma-buf      a dma-buf is mapped and waited for, and the file is closed before it
 *   unload       the same without the file; then a fence is all that is left, and the module is
 *                unloaded
 *   importer     another driver shows two BOs of the card, before and after that
 *   orphan       the same, but the exporter's file is closed first
 *   exporter     another Radeon has imported a BO of the card
 *   peer         the card has imported a BO of another Radeon
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <drm_fourcc.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <radeon_drm.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_kms.h"
#include "lab_options.h"

#define WORD		0xc11e7700u
#define BO_BYTES	(256u << 10)

/* Delays of each page that the GPU copies: a picture of 640 x 480 takes 0.6 s. */
#define PACE_US		2000u
#define HANG_US		10000u

/* A copy of this takes 40 s with HANG_US. */
#define HANG_BYTES	(16u << 20)

/* Pending events and fences end at once when a card is taken away; a busy host needs longer. */
#define EVENT_MS	30000

static struct lab_card card;
static const char *importer, *command;
static char name[80];

static void fail_unless(bool good, const char *what)
{
	if (!good)
		lab_result(LAB_FAIL, name, "%s", what);
}

/* Each @holder keeps the module's text. */
static void check_module_stays(const char *holder)
{
	if (syscall(SYS_delete_module, "radeon", O_NONBLOCK) == 0 || errno != EWOULDBLOCK)
		lab_result(LAB_FAIL, name, "the module can be unloaded while %s is left", holder);
}

static unsigned int i2c_buses(void)
{
	glob_t found = { 0 };
	char pattern[80];
	unsigned int n;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/i2c-*", card.pci);
	n = glob(pattern, 0, NULL, &found) ? 0 : found.gl_pathc;
	globfree(&found);
	return n;
}

/* Takes the card away. Its nodes and buses are removed; its module stays. */
static void take_away(void)
{
	char path[32];

	fail_unless(i2c_buses(), "it has no I2C bus");
	lab_card_unbind(&card, name, command);
	snprintf(path, sizeof(path), "/dev/dri/card%u", card.minor);
	fail_unless(access(path, F_OK), "its device node is still there");
	fail_unless(!i2c_buses(), "its I2C buses are still there");
	check_module_stays("what this process has open");
}

/* The mapping of a BO after that: not the BO's pages, and memory that can be written. */
static void check_mapping(volatile uint32_t *word)
{
	fail_unless(*word == 0, "after the unbind a mapping still shows the BO");
	*word = ~WORD;
	fail_unless(*word == ~WORD, "a write to a mapping after the unbind is lost");
}

static bool ready(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, EVENT_MS) == 1 && pfd.revents & events;
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

/*
 * Begins a page flip to a BO in the GTT: the GPU has to copy it to VRAM, and the model delays each
 * row of that. The CRTC shows @shown.
 */
static struct lab_bo begin_flip(const struct output *output, const struct lab_framebuffer *shown,
				unsigned int pace)
{
	struct lab_bo next;
	uint32_t id;

	if (lab_bo_create(&card, shown->size, RADEON_GEM_DOMAIN_GTT, &next) ||
	    drmModeAddFB(card.fd, output->mode.hdisplay, output->mode.vdisplay, 24, 32,
			 shown->pitch, next.handle, &id))
		lab_die(name, "no BO can be created for a page flip: %s", strerror(errno));
	memset(next.map, 0x41, next.size);
	lab_slow_down(card.name, name, "pace", pace);
	if (drmModePageFlip(card.fd, output->crtc, id, DRM_MODE_PAGE_FLIP_EVENT, NULL))
		lab_die(name, "the page cannot be flipped: %s", strerror(errno));
	if (lab_supervised() && lab_bo_busy(&card, &next, NULL) != 1)
		lab_die(name, "the flip's BO is not busy");
	return next;
}

/* Waits for the events that were pending: one of the page flip, @expected_vblanks of blanks. */
static void check_events(unsigned int expected_vblanks)
{
	unsigned int flips = 0, vblanks = 0;
	struct drm_event event;
	char buffer[256];

	while (flips + vblanks < 1 + expected_vblanks && ready(card.fd, POLLIN)) {
		ssize_t size = read(card.fd, buffer, sizeof(buffer));

		for (ssize_t at = 0; at + (ssize_t)sizeof(event) <= size; at += event.length) {
			memcpy(&event, buffer + at, sizeof(event));
			flips += event.type == DRM_EVENT_FLIP_COMPLETE;
			vblanks += event.type == DRM_EVENT_VBLANK;
		}
	}
	fail_unless(flips == 1, "the event of the page flip does not come");
	fail_unless(vblanks == expected_vblanks, "the event of the vertical blank does not come");
}

static void framebuffer(void)
{
	/* A vertical blank that is about an hour away. */
	drmVBlank vblank = {
		.request = {
			.type = DRM_VBLANK_RELATIVE | DRM_VBLANK_EVENT, .sequence = 300000,
		},
	};
	struct output output = find_output(card.fd, card.name);
	uint32_t blob, lessee, leased[2] = { output.crtc, output.connector };
	struct lab_framebuffer shown, cursor;
	struct lab_bo next;
	int lease;

	shown = lab_framebuffer_new(card.fd, name, output.mode.hdisplay, output.mode.vdisplay, 24,
				    32);
	memset(shown.map, 0x40, shown.size);
	cursor = lab_framebuffer_new(card.fd, name, 64, 64, 0, 32);
	if (drmModeSetCrtc(card.fd, output.crtc, shown.id, 0, 0, &output.connector, 1,
			   &output.mode) ||
	    drmModeSetCursor(card.fd, output.crtc, cursor.handle, 64, 64) ||
	    drmModeCreatePropertyBlob(card.fd, &output.mode, sizeof(output.mode), &blob) ||
	    drmWaitVBlank(card.fd, &vblank))
		lab_die(name, "nothing can be displayed: %s", strerror(errno));
	lease = drmModeCreateLease(card.fd, leased, 2, O_CLOEXEC, &lessee);
	if (lease < 0)
		lab_die(name, "the display cannot be leased: %s", strerror(-lease));
	next = begin_flip(&output, &shown, PACE_US);
	take_away();
	lab_slow_down(card.name, name, "pace", 0);
	fail_unless(drmModeRmFB(card.fd, shown.id) && errno == ENODEV,
		    "an ioctl after the unbind does not return ENODEV");
	fail_unless(!drmModeGetCrtc(lease, output.crtc) && errno == ENODEV,
		    "an ioctl of the lessee after the unbind does not return ENODEV");
	check_events(1);
	check_mapping((volatile uint32_t *)shown.map);
	munmap(shown.map, shown.size);
	check_mapping(next.map);
	munmap(next.map, next.size);
	close(card.fd);
	close(lease);
	/* The cursor's mapping outlives the file. */
	check_mapping((volatile uint32_t *)cursor.map);
	munmap(cursor.map, cursor.size);
}

static void flip(void)
{
	struct output output = find_output(card.fd, card.name);
	struct lab_framebuffer shown = lab_framebuffer_new(card.fd, name, output.mode.hdisplay,
							   output.mode.vdisplay, 24, 32);
	struct lab_bo slow, next, *const list[] = { &slow };

	if (drmModeSetCrtc(card.fd, output.crtc, shown.id, 0, 0, &output.connector, 1,
			   &output.mode))
		lab_die(name, "nothing can be displayed: %s", strerror(errno));
	if (lab_bo_create(&card, HANG_BYTES, RADEON_GEM_DOMAIN_GTT, &slow))
		lab_die(name, "no BO can be created");
	lab_slow_down(card.name, name, "pace", HANG_US);
	if (lab_move(&card, list, 1, RADEON_GEM_DOMAIN_VRAM))
		lab_die(name, "the GPU cannot be given a long copy");
	/* Its copy is behind that one. */
	next = begin_flip(&output, &shown, HANG_US);
	take_away();
	lab_slow_down(card.name, name, "pace", 0);
	check_events(0);
	check_mapping(next.map);
	close(card.fd);
	munmap(next.map, next.size);
	munmap(slow.map, slow.size);
	munmap(shown.map, shown.size);
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
	take_away();
	fail_unless(read(fd, word, sizeof(word)) < 0 && errno == ENODEV,
		    "a read of the console after the unbind does not return ENODEV");
	check_mapping(map);
	munmap(map, 4096);
	close(fd);
}

/* What a thread does until the card is taken away. Each function returns an error of an ioctl. */
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

/* The card's files in debugfs, open; -1 for another kind of file. */
static struct {
	glob_t paths;
	int *fds;
} debugfs_files;

static void open_debugfs(void)
{
	char pattern[64];

	snprintf(pattern, sizeof(pattern), "/sys/kernel/debug/dri/%u/*", card.minor);
	/* The stock driver has its files in the root. */
	if (glob(pattern, 0, NULL, &debugfs_files.paths) ||
	    glob("/sys/kernel/debug/r[0-9avs]*_*", GLOB_APPEND, NULL,
		 &debugfs_files.paths) == GLOB_NOSPACE)
		lab_die(name, "%s has no files in debugfs", card.name);
	debugfs_files.fds = calloc(debugfs_files.paths.gl_pathc, sizeof(int));
	for (size_t i = 0; debugfs_files.fds && i < debugfs_files.paths.gl_pathc; i++) {
		const char *path = debugfs_files.paths.gl_pathv[i];
		struct stat st;

		debugfs_files.fds[i] = stat(path, &st) || !S_ISREG(st.st_mode) ? -1 :
				       open(path, O_RDONLY | O_CLOEXEC);
	}
}

/* Reads the beginning of each: VRAM is slow. Their directory is removed with the card. */
static int debugfs(void)
{
	char text[256];
	int ret = 0;

	for (size_t i = 0; !ret && i < debugfs_files.paths.gl_pathc; i++) {
		const char *path = debugfs_files.paths.gl_pathv[i];
		int fd;

		/* A read of this one resets the GPU. */
		if (debugfs_files.fds[i] < 0 || strstr(path, "gpu_reset"))
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			ret = errno == ENOENT ? -ENODEV : -errno;
			continue;
		}
		if (read(fd, text, sizeof(text)) < 0 && errno != EIO)
			ret = -errno;
		close(fd);
	}
	return ret;
}

/* The open files after the unbind: none of them reads the card. */
static void close_debugfs(void)
{
	char text[256];

	for (size_t i = 0; i < debugfs_files.paths.gl_pathc; i++) {
		if (debugfs_files.fds[i] < 0)
			continue;
		if (read(debugfs_files.fds[i], text, sizeof(text)) >= 0)
			lab_result(LAB_FAIL, name, "%s can be read after the unbind",
				   debugfs_files.paths.gl_pathv[i]);
		close(debugfs_files.fds[i]);
	}
	globfree(&debugfs_files.paths);
	free(debugfs_files.fds);
}

static const struct worker {
	const char *what;
	int (*work)(void);
} workers[] = {
	{ "GEM_WAIT_IDLE", wait_idle }, { "CS", submit }, { "GEM_CREATE", create },
	{ "PRIME", share }, { "a page fault", fault }, { "debugfs", debugfs },
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
	struct lab_card second;
	struct lab_bo other, closed;
	bool all = false;

	lab_card_open_or_die(&second, card.name, true, name);
	if (lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, &busy) ||
	    lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, &mapped) ||
	    lab_bo_create(&second, BO_BYTES, RADEON_GEM_DOMAIN_VRAM, &other) ||
	    lab_bo_create(&second, BO_BYTES, RADEON_GEM_DOMAIN_GTT, &closed))
		lab_die(name, "no BO can be created");
	/* Only the mapping is left. */
	drmCloseBufferHandle(second.fd, closed.handle);
	open_debugfs();
	for (unsigned int i = 0; i < WORKERS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)&workers[i]))
			lab_die(name, "no thread can be created");
	while (!all) {
		usleep(10000);
		all = true;
		for (unsigned int i = 0; i < WORKERS; i++)
			all &= rounds[i] > 2;
	}
	take_away();
	unbound = true;
	for (unsigned int i = 0; i < WORKERS; i++) {
		void *ret;

		pthread_join(threads[i], &ret);
		if ((intptr_t)ret != -ENODEV)
			lab_result(LAB_FAIL, name, "after the unbind %s ends with %d (%s)",
				   workers[i].what, (int)(intptr_t)ret,
				   strerror(-(int)(intptr_t)ret));
	}
	close_debugfs();
	*(volatile uint32_t *)mapped.map = 0;
	check_mapping(mapped.map);
	lab_bo_close(&card, &mapped);
	lab_bo_close(&card, &busy);
	close(card.fd);
	check_mapping(other.map);
	check_mapping(closed.map);
	munmap(closed.map, closed.size);
	lab_bo_close(&second, &other);
	close(second.fd);
}

static void dma_buf(void)
{
	struct dma_buf_export_sync_file sync = { .flags = DMA_BUF_SYNC_RW };
	struct lab_bo bo, *const list[] = { &bo };
	uint32_t handle, *map, *late;
	int fd;

	if (lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, &bo) ||
	    drmPrimeHandleToFD(card.fd, bo.handle, DRM_CLOEXEC | DRM_RDWR, &fd))
		lab_die(name, "no BO can be exported: %s", strerror(errno));
	map = mmap(NULL, BO_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		lab_die(name, "the dma-buf cannot be mapped: %s", strerror(errno));
	*(volatile uint32_t *)map = WORD;
	if (lab_move(&card, list, 1, RADEON_GEM_DOMAIN_VRAM) ||
	    ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &sync))
		lab_die(name, "the dma-buf has no fence: %s", strerror(errno));
	take_away();
	fail_unless(drmPrimeFDToHandle(card.fd, fd, &handle) && errno == ENODEV,
		    "an import after the unbind does not return ENODEV");
	lab_bo_close(&card, &bo);
	close(card.fd);
	check_module_stays("a dma-buf");
	/* Wait for its fence, and begin new waits. */
	fail_unless(ready(sync.fd, POLLIN), "a fence of the card has not signalled");
	fail_unless(ready(fd, POLLIN) && ready(fd, POLLOUT), "the dma-buf stays busy");
	close(sync.fd);
	fail_unless(!ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &sync) && ready(sync.fd, POLLIN),
		    "the dma-buf cannot be waited for after the unbind");
	close(sync.fd);
	check_mapping(map);
	munmap(map, BO_BYTES);
	late = mmap(NULL, BO_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fail_unless(late != MAP_FAILED, "the dma-buf cannot be mapped after the unbind");
	close(fd);
	/* The mapping is the last reference to the card. */
	if (late != MAP_FAILED) {
		check_module_stays("a mapping");
		check_mapping(late);
		munmap(late, BO_BYTES);
	}
}

/* The driver is bound until the module is unloaded. */
static void unload(void)
{
	struct dma_buf_export_sync_file sync = { .flags = DMA_BUF_SYNC_RW };
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = { .num_fences = 1, .sync_fence_info = (uintptr_t)&fence };
	struct lab_bo bo, *const list[] = { &bo };
	uint32_t *map;
	int fd;

	if (lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, &bo) ||
	    drmPrimeHandleToFD(card.fd, bo.handle, DRM_CLOEXEC | DRM_RDWR, &fd))
		lab_die(name, "no BO can be exported: %s", strerror(errno));
	map = mmap(NULL, BO_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		lab_die(name, "the dma-buf cannot be mapped: %s", strerror(errno));
	if (lab_move(&card, list, 1, RADEON_GEM_DOMAIN_VRAM) ||
	    ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &sync))
		lab_die(name, "the dma-buf has no fence: %s", strerror(errno));
	lab_bo_close(&card, &bo);
	check_module_stays("a file");
	close(card.fd);
	check_module_stays("a dma-buf");
	close(fd);
	check_module_stays("a mapping");
	*(volatile uint32_t *)map = WORD;
	fail_unless(*(volatile uint32_t *)map == WORD, "a write to the last mapping is lost");
	munmap(map, BO_BYTES);
	lab_card_unbind(&card, name, "rmmod radeon");
	fail_unless(ready(sync.fd, POLLIN), "a fence of the card has not signalled");
	fail_unless(!ioctl(sync.fd, SYNC_IOC_FILE_INFO, &info) && info.num_fences == 1,
		    "the fence has no name after the module was unloaded");
	close(sync.fd);
}

/* Has another device import a BO of this one. Ends the program if the import fails. */
static uint32_t import_bo(const struct lab_card *from, const struct lab_bo *bo, int to)
{
	uint32_t handle;
	int fd;

	if (drmPrimeHandleToFD(from->fd, bo->handle, DRM_CLOEXEC | DRM_RDWR, &fd))
		lab_die(name, "no BO can be exported: %s", strerror(errno));
	if (drmPrimeFDToHandle(to, fd, &handle)) {
		lab_result(LAB_SKIP, name, "%s cannot import: %s", importer, strerror(errno));
		exit(lab_finish());
	}
	close(fd);
	return handle;
}

static void import_bos(bool orphan)
{
	struct output output;
	int other = lab_open_driver(importer, name);
	uint32_t fb[2];

	output = find_output(other, importer);
	for (int i = 0; i < 2; i++) {
		unsigned int pitch = output.mode.hdisplay * 4;
		struct lab_bo bo;
		uint64_t size = (uint64_t)pitch * output.mode.vdisplay;
		uint32_t handles[4] = { 0 }, pitches[4] = { pitch }, offsets[4] = { 0 };

		size = (size + LAB_PAGE_SIZE - 1) & ~(uint64_t)(LAB_PAGE_SIZE - 1);
		if (lab_bo_create(&card, size, RADEON_GEM_DOMAIN_GTT, &bo))
			lab_die(name, "no BO can be created");
		memset(bo.map, 0x60 + i, size);
		handles[0] = import_bo(&card, &bo, other);
		lab_bo_close(&card, &bo);
		if (drmModeAddFB2(other, output.mode.hdisplay, output.mode.vdisplay,
				  DRM_FORMAT_XRGB8888, handles, pitches, offsets, &fb[i], 0) ||
		    drmModeSetCrtc(other, output.crtc, fb[i], 0, 0, &output.connector, 1,
				   &output.mode))
			lab_die(name, "%s cannot show a BO: %s", importer, strerror(errno));
	}
	if (orphan)
		close(card.fd);
	take_away();
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

/* A BO of one card in the GTT of another one. */
static struct lab_bo share_bo(const struct lab_card *from, const struct lab_card *to,
			      struct lab_bo *bo)
{
	struct lab_bo import = { .size = BO_BYTES }, *const list[] = { &import };

	if (lab_bo_create(from, BO_BYTES, RADEON_GEM_DOMAIN_GTT, bo))
		lab_die(name, "no BO can be created");
	*(volatile uint32_t *)bo->map = WORD;
	import.handle = import_bo(from, bo, to->fd);
	if (lab_move(to, list, 1, RADEON_GEM_DOMAIN_GTT) || lab_bo_wait(to, &import))
		lab_die(name, "%s cannot use the BO", to->name);
	return import;
}

static void exporter(void)
{
	struct lab_bo bo, import, *const list[] = { &import };
	struct lab_card other;

	lab_card_open_or_die(&other, importer, true, name);
	import = share_bo(&card, &other, &bo);
	take_away();
	fail_unless(!lab_move(&other, list, 1, RADEON_GEM_DOMAIN_GTT) &&
		    !lab_bo_wait(&other, &import),
		    "the importer cannot use the BO after the unbind of its exporter");
	check_mapping(bo.map);
	lab_bo_close(&card, &bo);
	close(card.fd);
	lab_bo_close(&other, &import);
	close(other.fd);
}

static void peer(void)
{
	struct lab_bo bo, import, *const list[] = { &bo };
	struct lab_card other;
	uint32_t domain = 0;

	lab_card_open_or_die(&other, importer, true, name);
	import = share_bo(&other, &card, &bo);
	take_away();
	/* It was pinned for the card. Its GPU has it alone again. */
	fail_unless(!lab_move(&other, list, 1, RADEON_GEM_DOMAIN_VRAM) &&
		    !lab_bo_wait(&other, &bo) && !lab_bo_busy(&other, &bo, &domain) &&
		    domain == RADEON_GEM_DOMAIN_VRAM,
		    "a BO stays pinned for an importer that has gone");
	fail_unless(*(volatile uint32_t *)bo.map == WORD, "the exporter's BO has other contents");
	lab_bo_close(&card, &import);
	close(card.fd);
	lab_bo_close(&other, &bo);
	close(other.fd);
}

static const struct unbind_case {
	const char *name, *passed;
	void (*run)(void);
	bool render, imports;
} cases[] = {
	{ "framebuffer", "a display server keeps its framebuffers, gets ENODEV, and closes",
	  framebuffer, false, false },
	{ "flip", "a page flip that waits for a GPU that hangs sends its event", flip, false,
	  false },
	{ "console", "an open and mapped console is closed after the unbind", console, true,
	  false },
	{ "ioctls", "threads in ioctls, debugfs and page faults end with ENODEV", ioctls, true,
	  false },
	{ "dma-buf", "a dma-buf can be waited for and mapped, and is closed last", dma_buf, true,
	  false },
	{ "unload", "files, dma-bufs and mappings keep the module, and a fence outlives it", unload,
	  true, false },
	{ "importer", "the importer shows the BOs after the unbind", importer_lives, true, true },
	{ "orphan", "the importer shows the BOs that only it has", orphan, true, true },
	{ "exporter", "another GPU uses the BO after the unbind", exporter, true, true },
	{ "peer", "the exporter has its BO for itself after the unbind", peer, true, true },
	{ 0 },
};

int main(int argc, char **argv)
{
	static const char *const names[] = {
		"framebuffer", "flip", "console", "ioctls", "dma-buf", "unload", "importer",
		"orphan", "exporter", "peer", NULL,
	};
	const char *which = NULL, *what = NULL;
	const struct lab_option option_table[] = {
		LAB_OPTION_CARD(&which),
		{ .name = "case", .value = "CASE", .text = &what, .choices = names,
		  .help = "how the card is used when it is taken away" },
		{ .name = "importer", .value = "DRIVER", .text = &importer,
		  .help = "the driver that imports, or the other card for exporter and peer" },
		{ .name = "by", .value = "COMMAND", .text = &command,
		  .help = "takes the card away; without it the driver is unbound in sysfs" },
		{ 0 },
	};
	const struct lab_program program = {
		.name = "unbind-clients",
		.purpose = "Unbinds the driver from a card while programs use it. Needs the lab's model.",
		.options = option_table,
	};
	const struct unbind_case *run = cases;

	lab_parse_options(&program, argc, argv);
	if (!what)
		lab_usage_error(&program, "choose a case: --case CASE");
	while (strcmp(run->name, what))
		run++;
	if (!importer && run->imports)
		lab_usage_error(&program, "--case %s needs --importer: a driver or a card", what);
	lab_card_open_or_die(&card, which, run->render, "unbind-clients");
	snprintf(name, sizeof(name), "%s.unbind-%s", card.name, what);
	run->run();
	if (lab_passed())
		lab_result(LAB_PASS, name, "%s", run->passed);
	return lab_finish();
}
