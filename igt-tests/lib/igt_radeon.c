// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xf86drm.h>

#include "drmtest.h"
#include "igt_core.h"
#include "igt_debugfs.h"
#include "igt_radeon.h"
#include "ioctl_wrappers.h"

/**
 * SECTION:igt_radeon
 * @short_description: Radeon support library
 * @title: Radeon
 * @include: igt_radeon.h
 *
 * Helpers for tests of the radeon driver, from R100 to GCN2. They use the packets of no
 * particular family: the kernel moves a BO with the GPU's copy engine when a command stream of
 * padding asks for it in another domain.
 */

/*
 * Type 2 packets are padding from R100 to GCN1, and on Hawaii with old firmware. GCN2 has type 3
 * packets of one dword.
 */
#define PACKET2			0x80000000u
#define PACKET3_PAD		0xffff1000u
#define IB_DWORDS		16
#define CS_MAX_BOS		64

#define VA_ALIGN		(64ull << 10)

const struct igt_radeon_caching igt_radeon_caching[IGT_RADEON_CACHINGS] = {
	{ "cached", 0 },
	{ "wc", RADEON_GEM_GTT_WC },
	{ "uc", RADEON_GEM_GTT_UC },
};

static int ioctl_errno(int fd, unsigned long request, void *arg)
{
	int ret = igt_ioctl(fd, request, arg) ? -errno : 0;

	errno = 0;
	return ret;
}

/**
 * igt_require_radeon:
 * @fd: DRM device
 *
 * Skips unless the driver is radeon.
 */
void igt_require_radeon(int fd)
{
	char name[32] = "";

	igt_require_f(__get_drm_device_name(fd, name, sizeof(name) - 1) == 0 &&
		      !strcmp(name, "radeon"),
		      "the device is driven by '%s', not by radeon\n", name);
}

/**
 * igt_require_radeon_accel:
 * @fd: DRM device
 *
 * Like igt_require_radeon(), and skips if acceleration is off: without it the GPU moves no BO.
 */
void igt_require_radeon_accel(int fd)
{
	uint32_t working = 0;

	igt_require_radeon(fd);
	igt_require_f(__igt_radeon_info(fd, RADEON_INFO_ACCEL_WORKING2, &working) == 0 && working,
		      "acceleration is off: see the driver's messages in the kernel log\n");
}

/**
 * igt_radeon_ignore_complaints:
 *
 * The driver logs each request that it refuses as an error. A subtest that makes such requests
 * calls this, so that igt_runner ignores these messages and reports all others.
 */
void igt_radeon_ignore_complaints(void)
{
	/* The kernel log escapes a backslash as \x5c, so the expression has none. */
	igt_emit_ignore_dmesg_regex("[*]ERROR[*] (Failed to (allocate GEM object|parse relocation|"
				    "initialize parser|get (const )?ib|pin new cursor BO)|gem object lookup failed|"
				    "RADEON_GEM_DOMAIN_CPU is not valid|Invalid command stream|cs IB (CONST )?too big)|"
				    "Relocs at [0-9]+ after|No reloc for ib|"
				    "Invalid command stream of|radeon_cs_refused: |Buffer too small for|"
				    "(color buffer [0-9]|zbuffer) |"
				    "Texture of unit [0-9]+ needs|PACKET3 INDX_BUFFER to|"
				    "Forbidden register|failed to get a new IB|Set domain without domain|"
				    /* GPUs with a virtual address space; SI dumps the stream. */
				    "Packet0 not allowed|^.{0,4}0x[0-9a-f]{8}( <---)?$|"
				    "cannot be (imported|shared with)|pin failed|swiotlb buffer is full");
}

/**
 * igt_radeon_reopen:
 * @fd: DRM device
 *
 * Returns: a new file descriptor of the device, which is another client.
 */
int igt_radeon_reopen(int fd)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	igt_assert_f(again >= 0, "the device cannot be opened again: %s\n", strerror(errno));
	return again;
}

static bool driven_by_radeon(int fd)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool radeon = version && !strcmp(version->name, "radeon");

	drmFreeVersion(version);
	return radeon;
}

/**
 * igt_radeon_open_other:
 * @fd: DRM device
 *
 * Returns: another device that is driven by radeon, or -1 if there is none.
 */
int igt_radeon_open_other(int fd)
{
	struct stat this, that;
	char path[32];
	int other;

	igt_assert_eq(fstat(fd, &this), 0);
	for (int i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		other = open(path, O_RDWR | O_CLOEXEC);
		if (other < 0)
			continue;
		if (!fstat(other, &that) && that.st_rdev != this.st_rdev &&
		    driven_by_radeon(other))
			return other;
		close(other);
	}
	return -1;
}

/**
 * igt_radeon_open_foreign:
 * @name: driver, or NULL for any but radeon
 * @number: number of the first card that is tried, 0 at first; set to that of the next one
 *
 * Returns: a device of another driver, or -1 if there is none.
 */
int igt_radeon_open_foreign(const char *name, unsigned int *number)
{
	for (; *number < 64; ++*number) {
		char path[32];
		drmVersionPtr version;
		bool found;
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%u", *number);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version &&
			(name ? !strcmp(version->name, name) : strcmp(version->name, "radeon"));
		if (found)
			igt_info("%s: driver %s\n", path, version->name);
		drmFreeVersion(version);
		if (found) {
			++*number;
			return fd;
		}
		close(fd);
	}
	return -1;
}

static void gem_info(int fd, struct drm_radeon_gem_info *info)
{
	memset(info, 0, sizeof(*info));
	do_ioctl(fd, DRM_IOCTL_RADEON_GEM_INFO, info);
}

/**
 * igt_radeon_gart_size:
 * @fd: DRM device
 *
 * Returns: bytes of GTT for the BOs of all clients.
 */
uint64_t igt_radeon_gart_size(int fd)
{
	struct drm_radeon_gem_info info;

	gem_info(fd, &info);
	return info.gart_size;
}

/**
 * igt_radeon_vram_visible:
 * @fd: DRM device
 *
 * Returns: bytes of VRAM that the CPU can map and that are not pinned.
 */
uint64_t igt_radeon_vram_visible(int fd)
{
	struct drm_radeon_gem_info info;

	gem_info(fd, &info);
	return info.vram_visible < info.vram_size ? info.vram_visible : info.vram_size;
}

/**
 * __igt_radeon_info:
 * @fd: DRM device
 * @request: RADEON_INFO_* with a 32-bit answer
 * @value: the answer
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_info(int fd, uint32_t request, uint32_t *value)
{
	struct drm_radeon_info info = {
		.request = request,
		.value = (uintptr_t)value,
	};

	return ioctl_errno(fd, DRM_IOCTL_RADEON_INFO, &info);
}

/**
 * __igt_radeon_gem_create:
 * @fd: DRM device
 * @size: bytes
 * @alignment: bytes
 * @domain: RADEON_GEM_DOMAIN_*, the BO's initial domain
 * @flags: RADEON_GEM_*
 * @handle: the BO's handle
 *
 * The plain ioctl, for tests of its arguments.
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_gem_create(int fd, uint64_t size, uint64_t alignment, uint32_t domain,
			    uint32_t flags, uint32_t *handle)
{
	struct drm_radeon_gem_create create = {
		.size = size,
		.alignment = alignment,
		.initial_domain = domain,
		.flags = flags,
	};
	int ret = ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_CREATE, &create);

	*handle = ret ? 0 : create.handle;
	return ret;
}

/* BOs of this process with an address in a virtual address space. */
static unsigned int va_live;

/*
 * GPUs with a virtual address space (Cayman and later) accept a stream only if all of its BOs
 * have an address there. Addresses grow and start again when no BO has one: all subtests run in
 * one process and together need more addresses than the space has. Each client has its own space;
 * one counter for all of them is enough: it starts again only when no client has such a BO.
 */
static int va_map(int fd, struct igt_radeon_bo *bo)
{
	static uint64_t next;
	struct drm_radeon_gem_va va = {
		.handle = bo->handle,
		.operation = RADEON_VA_MAP,
		.flags = RADEON_VM_PAGE_READABLE | RADEON_VM_PAGE_WRITEABLE |
			 RADEON_VM_PAGE_SNOOPED,
	};
	uint32_t start;
	int ret;

	if (__igt_radeon_info(fd, RADEON_INFO_VA_START, &start))
		return 0;
	if (!va_live || next < start)
		next = start;
	va.offset = next;
	ret = ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_VA, &va);
	if (ret)
		return ret;
	bo->va = va.offset;
	va_live++;
	next += (bo->size + VA_ALIGN - 1) / VA_ALIGN * VA_ALIGN;
	return 0;
}

/**
 * __igt_radeon_bo_create:
 * @fd: DRM device
 * @size: bytes, a multiple of the page size
 * @domain: RADEON_GEM_DOMAIN_*, the BO's initial domain
 * @flags: RADEON_GEM_*
 * @bo: filled in
 *
 * Creates a BO and maps it for the CPU.
 *
 * Returns: 0 or a negative errno; on error there is no BO.
 */
int __igt_radeon_bo_create(int fd, uint64_t size, uint32_t domain, uint32_t flags,
			   struct igt_radeon_bo *bo)
{
	struct drm_radeon_gem_mmap map = { .size = size };
	int ret;

	memset(bo, 0, sizeof(*bo));
	ret = __igt_radeon_gem_create(fd, size, IGT_RADEON_PAGE_SIZE, domain, flags,
				      &bo->handle);
	if (ret)
		return ret;
	bo->size = size;
	map.handle = bo->handle;
	ret = ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_MMAP, &map);
	if (!ret)
		ret = va_map(fd, bo);
	if (!ret) {
		bo->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, map.addr_ptr);
		if (bo->map == MAP_FAILED) {
			ret = -errno;
			bo->map = NULL;
		}
	}
	if (ret)
		igt_radeon_bo_close(fd, bo);
	return ret;
}

/**
 * igt_radeon_bo_create:
 * @fd: DRM device
 * @size: bytes, a multiple of the page size
 * @domain: RADEON_GEM_DOMAIN_*, the BO's initial domain
 * @flags: RADEON_GEM_*
 * @bo: filled in
 *
 * Like __igt_radeon_bo_create(), and fails the test on error.
 */
void igt_radeon_bo_create(int fd, uint64_t size, uint32_t domain, uint32_t flags,
			  struct igt_radeon_bo *bo)
{
	int ret = __igt_radeon_bo_create(fd, size, domain, flags, bo);

	igt_assert_f(ret == 0, "cannot create a BO of %" PRIu64 " bytes, flags %#x: %s\n", size,
		     flags, strerror(-ret));
}

/**
 * __igt_radeon_bo_import:
 * @fd: DRM device
 * @dma_buf: file descriptor of a dma-buf; the caller closes it
 * @size: bytes of the dma-buf
 * @bo: filled in, without a CPU mapping: only the exporter's BO has one
 *
 * Imports a dma-buf of another device as a BO.
 *
 * Returns: 0 or a negative errno; on error there is no BO.
 */
int __igt_radeon_bo_import(int fd, int dma_buf, uint64_t size, struct igt_radeon_bo *bo)
{
	int ret;

	memset(bo, 0, sizeof(*bo));
	ret = drmPrimeFDToHandle(fd, dma_buf, &bo->handle) ? -errno : 0;
	errno = 0;
	if (ret)
		return ret;
	bo->size = size;
	ret = va_map(fd, bo);
	if (ret)
		igt_radeon_bo_close(fd, bo);
	return ret;
}

/**
 * igt_radeon_bo_import:
 * @fd: DRM device
 * @dma_buf: file descriptor of a dma-buf; the caller closes it
 * @size: bytes of the dma-buf
 * @bo: filled in
 *
 * Like __igt_radeon_bo_import(), and fails the test on error.
 */
void igt_radeon_bo_import(int fd, int dma_buf, uint64_t size, struct igt_radeon_bo *bo)
{
	int ret = __igt_radeon_bo_import(fd, dma_buf, size, bo);

	igt_assert_f(ret == 0, "cannot import a dma-buf of %" PRIu64 " bytes: %s\n", size,
		     strerror(-ret));
}

/* Does the kernel refuse user memory that it cannot pin? No stream uses the BO. */
static bool refuses_unmapped_memory(int fd)
{
	struct drm_radeon_gem_userptr userptr = {
		.size = IGT_RADEON_PAGE_SIZE,
		.flags = RADEON_GEM_USERPTR_ANONONLY | RADEON_GEM_USERPTR_REGISTER |
			 RADEON_GEM_USERPTR_VALIDATE,
	};
	void *memory = mmap(NULL, userptr.size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	igt_assert(memory != MAP_FAILED);
	munmap(memory, userptr.size);
	userptr.addr = (uintptr_t)memory;
	if (ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_USERPTR, &userptr))
		return true;
	gem_close(fd, userptr.handle);
	return false;
}

/**
 * igt_require_radeon_user_memory:
 * @fd: DRM device
 * @size: bytes
 * @bind: map it for the GPU now, not when a stream needs it
 * @bo: filled in
 *
 * Allocates and fills memory of this process and makes it a userptr BO, which the GPU reads in
 * place. Skips if the kernel has no userptr BOs, or if the GPU cannot reach the memory. Also skips
 * if it is not known whether the GPU reaches the memory and the kernel does not check it: such a
 * kernel may crash.
 */
void igt_require_radeon_user_memory(int fd, uint64_t size, bool bind, struct igt_radeon_bo *bo)
{
	/* Before R600 the driver accepts writable, registered memory only. */
	struct drm_radeon_gem_userptr userptr = {
		.size = size,
		.flags = RADEON_GEM_USERPTR_ANONONLY | RADEON_GEM_USERPTR_REGISTER |
			 (bind ? RADEON_GEM_USERPTR_VALIDATE : 0),
	};
	int ret;

	igt_require_f(igt_radeon_reaches_all(fd) || refuses_unmapped_memory(fd),
		      "this kernel binds user memory that it cannot map: it may crash\n");
	*bo = (struct igt_radeon_bo) { .size = size };
	bo->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(bo->map != MAP_FAILED);
	igt_radeon_fill(bo, 1);
	userptr.addr = (uintptr_t)bo->map;
	ret = ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_USERPTR, &userptr);
	igt_require_f(ret != -ENODEV, "the kernel has no MMU notifiers for radeon\n");
	igt_require_f(ret != -EOPNOTSUPP, "the GPU does not reach this process's memory\n");
	igt_assert_f(ret == 0, "cannot make a userptr BO: %s\n", strerror(-ret));
	bo->handle = userptr.handle;
	ret = va_map(fd, bo);
	igt_assert_f(ret == 0, "cannot map a userptr BO for the GPU: %s\n", strerror(-ret));
}

/**
 * igt_radeon_bo_close:
 * @fd: DRM device
 * @bo: BO; nothing is done if it is all zero
 *
 * Unmaps a BO and closes its handle.
 */
void igt_radeon_bo_close(int fd, struct igt_radeon_bo *bo)
{
	if (bo->map)
		munmap(bo->map, bo->size);
	if (bo->handle)
		gem_close(fd, bo->handle);
	if (bo->va)
		va_live--;
	memset(bo, 0, sizeof(*bo));
}

/**
 * __igt_radeon_bo_wait:
 * @fd: DRM device
 * @bo: BO
 *
 * Waits until the GPU is done with the BO.
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_bo_wait(int fd, const struct igt_radeon_bo *bo)
{
	struct drm_radeon_gem_wait_idle wait = { .handle = bo->handle };

	return ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_WAIT_IDLE, &wait);
}

/**
 * igt_radeon_bo_wait:
 * @fd: DRM device
 * @bo: BO
 *
 * Waits until the GPU is done with the BO.
 *
 * The kernel stops waiting after 30 s of its clock, which runs on while a virtual machine is
 * stopped, so this waits again for a BO that is busy. The kernel resets a hung GPU earlier.
 */
void igt_radeon_bo_wait(int fd, const struct igt_radeon_bo *bo)
{
	int ret, waits = 0;

	do {
		ret = __igt_radeon_bo_wait(fd, bo);
	} while (ret == -EBUSY && ++waits < 3);
	igt_assert_eq(ret, 0);
}

/**
 * igt_radeon_find_monitor:
 * @fd: DRM device
 * @resources: the device's display resources
 * @crtc: set to the index of a CRTC that can drive the monitor
 *
 * Returns: the first connected monitor that has modes, or NULL.
 */
drmModeConnector *igt_radeon_find_monitor(int fd, const drmModeRes *resources,
					  unsigned int *crtc)
{
	for (int i = 0; i < resources->count_connectors; i++) {
		drmModeConnector *connector = drmModeGetConnector(fd, resources->connectors[i]);
		drmModeEncoder *encoder;

		if (!connector)
			continue;
		if (connector->connection == DRM_MODE_CONNECTED && connector->count_modes &&
		    connector->count_encoders) {
			encoder = drmModeGetEncoder(fd, connector->encoders[0]);
			if (encoder && encoder->possible_crtcs) {
				*crtc = ffs(encoder->possible_crtcs) - 1;
				drmModeFreeEncoder(encoder);
				return connector;
			}
			drmModeFreeEncoder(encoder);
		}
		drmModeFreeConnector(connector);
	}
	return NULL;
}

/**
 * igt_radeon_bo_domain:
 * @fd: DRM device
 * @bo: BO
 *
 * Returns: RADEON_GEM_DOMAIN_* that the BO is in, or is being moved to.
 */
uint32_t igt_radeon_bo_domain(int fd, const struct igt_radeon_bo *bo)
{
	struct drm_radeon_gem_busy busy = { .handle = bo->handle };
	int ret = ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_BUSY, &busy);

	igt_assert_f(ret == 0 || ret == -EBUSY, "BUSY: %s\n", strerror(-ret));
	return busy.domain;
}

/**
 * igt_radeon_is_gcn2:
 * @fd: DRM device
 *
 * Returns: whether the GPU is of GCN2, whose streams the driver does not check: the GPU does.
 */
bool igt_radeon_is_gcn2(int fd)
{
	uint32_t answer[16];

	/* The driver answers this query on GCN2 only. */
	return !__igt_radeon_info(fd, RADEON_INFO_CIK_MACROTILE_MODE_ARRAY, answer);
}

/**
 * igt_radeon_padding:
 * @fd: DRM device
 *
 * Returns: a dword that does nothing in a stream for the GPU's command processor.
 */
uint32_t igt_radeon_padding(int fd)
{
	uint32_t working = 0;

	if (!igt_radeon_is_gcn2(fd))
		return PACKET2;
	/* The answer is 2 on Hawaii with old firmware. */
	return !__igt_radeon_info(fd, RADEON_INFO_ACCEL_WORKING2, &working) && working == 2 ?
		PACKET2 : PACKET3_PAD;
}

/**
 * __igt_radeon_submit_to:
 * @fd: DRM device
 * @ring: RADEON_CS_RING_*
 * @ib: commands
 * @dwords: number of dwords at @ib
 * @relocs: relocations, one for each BO of the stream
 * @count: number of relocations
 * @vm: whether the BOs have an address in the GPU's virtual address space
 *
 * Submits a command stream to a ring of the GPU.
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_submit_to(int fd, uint32_t ring, const uint32_t *ib, unsigned int dwords,
			   const struct drm_radeon_cs_reloc *relocs, unsigned int count, bool vm)
{
	uint32_t flags[2] = { vm ? RADEON_CS_USE_VM : 0, ring };
	struct drm_radeon_cs_chunk chunks[] = {
		{
			.chunk_id = RADEON_CHUNK_ID_IB,
			.length_dw = dwords,
			.chunk_data = (uintptr_t)ib,
		}, {
			.chunk_id = RADEON_CHUNK_ID_RELOCS,
			.length_dw = count * sizeof(relocs[0]) / sizeof(uint32_t),
			.chunk_data = (uintptr_t)relocs,
		}, {
			.chunk_id = RADEON_CHUNK_ID_FLAGS,
			.length_dw = 2,
			.chunk_data = (uintptr_t)flags,
		},
	};
	uint64_t addresses[] = {
		(uintptr_t)&chunks[0], (uintptr_t)&chunks[1], (uintptr_t)&chunks[2],
	};
	struct drm_radeon_cs cs = {
		.num_chunks = 3,
		.chunks = (uintptr_t)addresses,
	};

	return ioctl_errno(fd, DRM_IOCTL_RADEON_CS, &cs);
}

/**
 * __igt_radeon_submit:
 * @fd: DRM device
 * @ib: commands
 * @dwords: number of dwords at @ib
 * @relocs: relocations, one for each BO of the stream
 * @count: number of relocations
 * @vm: whether the BOs have an address in the GPU's virtual address space
 *
 * Submits a command stream to the GPU's command processor.
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_submit(int fd, const uint32_t *ib, unsigned int dwords,
			const struct drm_radeon_cs_reloc *relocs, unsigned int count, bool vm)
{
	return __igt_radeon_submit_to(fd, RADEON_CS_RING_GFX, ib, dwords, relocs, count, vm);
}

/**
 * __igt_radeon_cs:
 * @fd: DRM device
 * @bos: BOs
 * @count: number of BOs, 1 to 64
 * @domain: RADEON_GEM_DOMAIN_GTT or RADEON_GEM_DOMAIN_VRAM
 *
 * Submits a stream of padding whose relocations ask for the BOs in @domain. Before the stream
 * runs, the GPU moves the BOs that are in another domain; this function does not wait for it.
 * The driver may leave BOs in place if VRAM is short, or after it has moved a certain amount to
 * VRAM for one stream. It always moves the first one.
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_cs(int fd, struct igt_radeon_bo *const bos[], unsigned int count,
		    uint32_t domain)
{
	struct drm_radeon_cs_reloc relocs[CS_MAX_BOS] = {};
	uint32_t ib[IB_DWORDS], padding = igt_radeon_padding(fd);
	bool vm = false;

	igt_assert(count > 0 && count <= CS_MAX_BOS);
	for (int i = 0; i < IB_DWORDS; i++)
		ib[i] = padding;
	for (unsigned int i = 0; i < count; i++) {
		relocs[i].handle = bos[i]->handle;
		relocs[i].read_domains = domain;
		relocs[i].write_domain = domain;
		vm |= bos[i]->va != 0;
	}
	return __igt_radeon_submit(fd, ib, IB_DWORDS, relocs, count, vm);
}

/**
 * igt_radeon_bo_move_async:
 * @fd: DRM device
 * @bo: BO
 * @domain: RADEON_GEM_DOMAIN_GTT or RADEON_GEM_DOMAIN_VRAM
 *
 * Makes the GPU move a BO and does not wait. A CPU access to the BO waits.
 */
void igt_radeon_bo_move_async(int fd, struct igt_radeon_bo *bo, uint32_t domain)
{
	int ret = __igt_radeon_cs(fd, &bo, 1, domain);

	igt_assert_f(ret == 0, "cannot move a BO of %" PRIu64 " bytes to domain %u: %s\n",
		     bo->size, domain, strerror(-ret));
}

/**
 * igt_radeon_bo_move:
 * @fd: DRM device
 * @bo: BO
 * @domain: RADEON_GEM_DOMAIN_GTT or RADEON_GEM_DOMAIN_VRAM
 *
 * Makes the GPU move a BO, waits for it, and checks the BO's domain.
 */
void igt_radeon_bo_move(int fd, struct igt_radeon_bo *bo, uint32_t domain)
{
	uint32_t found;

	igt_radeon_bo_move_async(fd, bo, domain);
	igt_radeon_bo_wait(fd, bo);
	found = igt_radeon_bo_domain(fd, bo);
	igt_assert_f(found == domain, "a BO of %" PRIu64 " bytes is in domain %u, expected %u\n",
		     bo->size, found, domain);
}

/*
 * Each 64-bit word depends on the BO (seed) and on its position, so that every word of a
 * misplaced page is wrong. The multiplier is odd, so all words differ.
 */
static uint64_t pattern(uint64_t seed, uint64_t word)
{
	uint64_t x = (seed << 32 | word) * 0x9e3779b97f4a7c15ull;

	return x ^ x >> 29;
}

/**
 * igt_radeon_fill:
 * @bo: BO
 * @seed: selects the contents, less than 2^32; use each value once
 *
 * Fills a BO by the CPU.
 */
void igt_radeon_fill(const struct igt_radeon_bo *bo, uint64_t seed)
{
	uint64_t *word = bo->map;

	for (uint64_t i = 0; i < bo->size / sizeof(*word); i++)
		word[i] = pattern(seed, i);
}

/* Wrong words and pages of a BO; index and value of the first wrong word. */
struct difference {
	uint64_t words, pages, first, found;
};

/* Uncached reads are slow: copy a page at a time into cached memory. */
static struct difference compare(const struct igt_radeon_bo *bo,
				 uint64_t (*expect)(uint64_t, uint64_t), uint64_t seed)
{
	uint64_t page[IGT_RADEON_PAGE_SIZE / sizeof(uint64_t)];
	struct difference wrong = {};

	for (uint64_t offset = 0; offset < bo->size; offset += sizeof(page)) {
		uint64_t before = wrong.words;

		memcpy(page, (char *)bo->map + offset, sizeof(page));
		for (unsigned int i = 0; i < ARRAY_SIZE(page); i++) {
			uint64_t word = offset / sizeof(page[0]) + i;

			if (page[i] == expect(seed, word))
				continue;
			if (!wrong.words++) {
				wrong.first = word;
				wrong.found = page[i];
			}
		}
		wrong.pages += wrong.words != before;
	}
	return wrong;
}

/**
 * igt_radeon_mismatches:
 * @bo: BO
 * @seed: as for igt_radeon_fill()
 *
 * Returns: number of 64-bit words that differ from what igt_radeon_fill() writes.
 */
uint64_t igt_radeon_mismatches(const struct igt_radeon_bo *bo, uint64_t seed)
{
	return compare(bo, pattern, seed).words;
}

/**
 * igt_radeon_wrong_pages:
 * @bo: BO
 * @seed: as for igt_radeon_fill()
 *
 * Returns: number of pages with a word that differs from what igt_radeon_fill() writes.
 */
uint64_t igt_radeon_wrong_pages(const struct igt_radeon_bo *bo, uint64_t seed)
{
	return compare(bo, pattern, seed).pages;
}

/**
 * igt_radeon_check:
 * @bo: BO
 * @seed: as for igt_radeon_fill()
 * @when: what was done before, for the message
 *
 * Fails unless every word of the BO is what igt_radeon_fill() writes.
 */
void igt_radeon_check(const struct igt_radeon_bo *bo, uint64_t seed, const char *when)
{
	struct difference wrong = compare(bo, pattern, seed);

	igt_assert_f(wrong.words == 0,
		     "%s: %" PRIu64 " of %" PRIu64 " words are wrong, the first in page %" PRIu64
		     " of %" PRIu64 ": %#" PRIx64 ", expected %#" PRIx64 "\n",
		     when, wrong.words, bo->size / 8, wrong.first / (IGT_RADEON_PAGE_SIZE / 8),
		     bo->size / IGT_RADEON_PAGE_SIZE, wrong.found, pattern(seed, wrong.first));
}

static uint64_t zero(uint64_t seed, uint64_t word)
{
	return 0;
}

/**
 * igt_radeon_check_zero:
 * @bo: BO
 * @when: what was done before, for the message
 *
 * Fails unless the BO is all zero.
 */
void igt_radeon_check_zero(const struct igt_radeon_bo *bo, const char *when)
{
	struct difference wrong = compare(bo, zero, 0);

	igt_assert_f(wrong.words == 0,
		     "%s: %" PRIu64 " of %" PRIu64 " words are not zero, the first in page %" PRIu64
		     ": %#" PRIx64 "\n", when, wrong.words, bo->size / 8,
		     wrong.first / (IGT_RADEON_PAGE_SIZE / 8), wrong.found);
}

/**
 * igt_radeon_reset_gpu:
 * @fd: DRM device
 *
 * Resets the GPU while it moves a BO, and waits until it works again. Skips if the kernel has no
 * file for it in debugfs.
 */
void igt_radeon_reset_gpu(int fd)
{
	uint32_t before, after;
	struct igt_radeon_bo bo;
	char text[64];
	int file, ret;

	igt_require(__igt_radeon_info(fd, RADEON_INFO_GPU_RESET_COUNTER, &before) == 0);
	file = igt_debugfs_open(fd, "radeon_gpu_reset", O_RDONLY);
	igt_require_f(file >= 0, "this kernel has no radeon_gpu_reset in the device's debugfs\n");
	igt_radeon_bo_create(fd, 1 * 1024 * 1024, RADEON_GEM_DOMAIN_GTT, 0, &bo);
	igt_radeon_bo_move_async(fd, &bo, RADEON_GEM_DOMAIN_VRAM);
	igt_assert_lte(0, read(file, text, sizeof(text)));
	close(file);
	/*
	 * Some kernels only request the reset here, and the next submission or wait does it. The
	 * stream that meets it fails, and the client has to submit it again.
	 */
	for (unsigned int turn = 0; turn < 100; turn++) {
		ret = __igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1,
				      RADEON_GEM_DOMAIN_GTT);
		if (!ret)
			ret = __igt_radeon_bo_wait(fd, &bo);
		igt_assert_eq(__igt_radeon_info(fd, RADEON_INFO_GPU_RESET_COUNTER, &after), 0);
		if (!ret && after != before)
			break;
		usleep(10000);
	}
	igt_assert_f(after != before, "the GPU was not reset\n");
	igt_assert_f(ret == 0, "after the reset: %s\n", strerror(-ret));
	igt_radeon_bo_close(fd, &bo);
}

/* A file of the device in sysfs. */
static bool device_file(int fd, const char *name, char *text, size_t size)
{
	char path[128];
	struct stat st;
	FILE *file;
	bool read;

	igt_assert_eq(fstat(fd, &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/%s", major(st.st_rdev),
		 minor(st.st_rdev), name);
	file = fopen(path, "r");
	read = file && fgets(text, size, file);
	if (file)
		fclose(file);
	return read;
}

/**
 * igt_radeon_interrupts:
 * @fd: DRM device
 *
 * Returns: number of the device's interrupts so far, on all CPUs. Skips if sysfs does not have the
 * interrupt's number.
 */
uint64_t igt_radeon_interrupts(int fd)
{
	char text[32], line[4096], *at;
	unsigned int irq, number;
	uint64_t sum = 0;
	FILE *file;

	igt_require_f(device_file(fd, "irq", text, sizeof(text)),
		      "the device has no interrupt in sysfs\n");
	irq = atoi(text);
	/* With MSI this is the first vector, the one that the driver uses. */
	file = fopen("/proc/interrupts", "r");
	igt_assert(file);
	while (fgets(line, sizeof(line), file)) {
		char *end;

		number = strtoul(line, &end, 10);
		if (end == line || *end != ':' || number != irq)
			continue;
		for (at = end + 1;;) {
			uint64_t count = strtoull(at, &end, 10);

			if (end == at || (*end != ' ' && *end != '\n'))
				break;
			sum += count;
			at = end;
		}
	}
	fclose(file);
	return sum;
}

/**
 * igt_radeon_xen_pv:
 *
 * Returns: whether this is a Xen PV domain, where bus addresses are not physical addresses.
 */
bool igt_radeon_xen_pv(void)
{
	FILE *file = fopen("/sys/hypervisor/guest_type", "r");
	char line[32] = "";

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	return !strcmp(line, "PV\n");
}

/**
 * igt_radeon_cpu_encrypts:
 *
 * Returns: whether the CPU can encrypt memory. Only the kernel knows whether it does.
 */
bool igt_radeon_cpu_encrypts(void)
{
	char line[8192], *save, *word;
	bool found = false, flags = false;
	FILE *file = fopen("/proc/cpuinfo", "r");

	/* The first CPU has the flags of all. */
	while (file && !flags && fgets(line, sizeof(line), file)) {
		flags = !strncmp(line, "flags", 5);
		for (word = strtok_r(line, " \t\n", &save); flags && word;
		     word = strtok_r(NULL, " \t\n", &save))
			found |= !strcmp(word, "sme") || !strcmp(word, "sev") ||
				 !strcmp(word, "tdx_guest");
	}
	if (file)
		fclose(file);
	return found;
}

/* The end of memory as a device sees it, 0 if unknown. */
static uint64_t memory_end(void)
{
	uint64_t start, last, end = 0;
	char line[256];
	FILE *file;

	if (igt_radeon_xen_pv() || igt_radeon_cpu_encrypts())
		return 0;
	file = fopen("/proc/iomem", "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, "System RAM") &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &last) == 2 && last && end <= last)
			end = last + 1;
	}
	if (file)
		fclose(file);
	return end;
}

/**
 * igt_radeon_dma_bits:
 * @fd: DRM device
 *
 * Returns: width of the GPU's DMA addresses in bits. Skips if sysfs does not have it.
 */
unsigned int igt_radeon_dma_bits(int fd)
{
	char text[32];

	igt_require_f(device_file(fd, "dma_mask_bits", text, sizeof(text)),
		      "this kernel has no dma_mask_bits in sysfs\n");
	return atoi(text);
}

/**
 * igt_radeon_reaches_all:
 * @fd: DRM device
 *
 * Returns: whether the GPU is known to reach every page of the machine: by the width of its DMA
 * addresses, or through an IOMMU.
 */
bool igt_radeon_reaches_all(int fd)
{
	unsigned int bits = igt_radeon_dma_bits(fd);
	uint64_t end = memory_end();
	char text[32];

	return bits >= 64 || (end && end <= 1ull << bits) ||
	       (device_file(fd, "iommu_group/type", text, sizeof(text)) &&
		!strncmp(text, "DMA", 3));
}

/**
 * igt_radeon_available_memory:
 *
 * Returns: bytes of memory that can be allocated without swapping, as the kernel estimates it.
 */
uint64_t igt_radeon_available_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	uint64_t kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib * 1024;
}
