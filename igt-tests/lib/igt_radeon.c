// SPDX-License-Identifier: MIT

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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
 * Helpers for tests of the radeon driver, from R100 to GCN1. Nothing here depends on the
 * packets of one family: BOs are moved by the kernel, which uses the GPU's copy engine, when
 * a command stream of nothing but padding asks for them in another domain. What the page
 * pool has done is read from debugfs.
 */

/* Type 2 packets are padding from R100 to GCN1; for GCN2 the driver itself has another. */
#define PACKET2			0x80000000u
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
 * Skips unless the device is driven by radeon, and of a family from R100 to GCN1.
 */
void igt_require_radeon(int fd)
{
	uint32_t macrotile_modes[16];
	char name[32] = "";

	igt_require_f(__get_drm_device_name(fd, name, sizeof(name) - 1) == 0 &&
		      !strcmp(name, "radeon"),
		      "the device is driven by '%s', not by radeon\n", name);
	/* The driver has an answer for GCN2 alone. */
	igt_require_f(__igt_radeon_info(fd, RADEON_INFO_CIK_MACROTILE_MODE_ARRAY,
					macrotile_modes),
		      "these tests have no padding for a GPU of GCN2, only up to GCN1\n");
}

/**
 * igt_require_radeon_accel:
 * @fd: DRM device
 *
 * Skips unless igt_require_radeon() does not and acceleration works: without it nothing is moved
 * by the GPU.
 */
void igt_require_radeon_accel(int fd)
{
	uint32_t working = 0;

	igt_require_radeon(fd);
	igt_require_f(__igt_radeon_info(fd, RADEON_INFO_ACCEL_WORKING2, &working) == 0 && working,
		      "acceleration is off: see what the driver says when it is loaded\n");
}

/**
 * igt_radeon_ignore_complaints:
 *
 * The driver logs each request that it refuses as an error. For the subtest that calls this and
 * makes such requests it is none; all else in the kernel's log still is.
 */
void igt_radeon_ignore_complaints(void)
{
	/* The kernel's log shows a backslash as \x5c: there is none in it. */
	igt_emit_ignore_dmesg_regex("[*]ERROR[*] (Failed to (allocate GEM object|parse relocation|"
				    "initialize parser|get (const )?ib|pin new cursor BO)|gem object lookup failed|"
				    "RADEON_GEM_DOMAIN_CPU is not valid|Invalid command stream|cs IB (CONST )?too big)|"
				    "Forbidden register|failed to get a new IB|Set domain without domain|"
				    /* GPUs with a virtual address space; SI shows the stream. */
				    "Packet0 not allowed|^.{0,4}0x[0-9a-f]{8}( <---)?$|"
				    "cannot be (imported|shared with)|pin failed|swiotlb buffer is full");
}

/**
 * igt_radeon_reopen:
 * @fd: DRM device
 *
 * Returns: the same device once more, as another client.
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

static void gem_info(int fd, struct drm_radeon_gem_info *info)
{
	memset(info, 0, sizeof(*info));
	do_ioctl(fd, DRM_IOCTL_RADEON_GEM_INFO, info);
}

/**
 * igt_radeon_gart_size:
 * @fd: DRM device
 *
 * Returns: bytes of GTT that BOs may have, all clients together.
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
 * Returns: bytes of VRAM that the CPU sees and BOs may have.
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
 * @request: RADEON_INFO_*, of those with an answer of 32 bits
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
 * @domain: RADEON_GEM_DOMAIN_*, where the BO is first
 * @flags: RADEON_GEM_*
 * @handle: the BO's handle
 *
 * The ioctl as it is, for tests of what it takes.
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

/* BOs of this process that have an address in a virtual address space. */
static unsigned int va_live;

/*
 * GPUs with a virtual address space (Cayman and later) take a stream only if all of its BOs
 * have an address there. Addresses only grow until no BO has one: all subtests are one process,
 * and together have more BOs than there is room for. Each client has a space of its own, but one
 * count does for all: it returns to zero later than theirs would.
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
 * @domain: RADEON_GEM_DOMAIN_*, where the BO is first
 * @flags: RADEON_GEM_*
 * @bo: filled in
 *
 * Creates a BO and maps it for the CPU.
 *
 * Returns: 0 or a negative errno; then there is no BO.
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
 * @domain: RADEON_GEM_DOMAIN_*, where the BO is first
 * @flags: RADEON_GEM_*
 * @bo: filled in
 *
 * Like __igt_radeon_bo_create(), which has to succeed.
 */
void igt_radeon_bo_create(int fd, uint64_t size, uint32_t domain, uint32_t flags,
			  struct igt_radeon_bo *bo)
{
	int ret = __igt_radeon_bo_create(fd, size, domain, flags, bo);

	igt_assert_f(ret == 0, "no BO of %" PRIu64 " bytes, flags %#x: %s\n", size, flags,
		     strerror(-ret));
}

/**
 * __igt_radeon_bo_import:
 * @fd: DRM device
 * @dma_buf: file descriptor of a dma-buf, which stays the caller's
 * @size: bytes of it
 * @bo: filled in; without a mapping for the CPU, which only the exporter's BO has
 *
 * Makes a BO of what another device has exported.
 *
 * Returns: 0 or a negative errno; then there is no BO.
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
 * @dma_buf: file descriptor of a dma-buf, which stays the caller's
 * @size: bytes of it
 * @bo: filled in
 *
 * Like __igt_radeon_bo_import(), which has to succeed.
 */
void igt_radeon_bo_import(int fd, int dma_buf, uint64_t size, struct igt_radeon_bo *bo)
{
	int ret = __igt_radeon_bo_import(fd, dma_buf, size, bo);

	igt_assert_f(ret == 0, "a dma-buf of %" PRIu64 " bytes was not imported: %s\n", size,
		     strerror(-ret));
}

/**
 * igt_require_radeon_user_memory:
 * @fd: DRM device
 * @size: bytes
 * @bind: map it for the GPU now, not when a stream needs it
 * @bo: filled in
 *
 * Gets memory of this process, fills it, and makes it a BO, which the GPU reads where it is. Skips
 * where the kernel has no such BOs, and if the GPU does not reach the memory that shall be bound.
 */
void igt_require_radeon_user_memory(int fd, uint64_t size, bool bind, struct igt_radeon_bo *bo)
{
	/* GPUs before R600 take it as memory that they may write to, or not at all. */
	struct drm_radeon_gem_userptr userptr = {
		.size = size,
		.flags = RADEON_GEM_USERPTR_ANONONLY | RADEON_GEM_USERPTR_REGISTER |
			 (bind ? RADEON_GEM_USERPTR_VALIDATE : 0),
	};
	int ret;

	*bo = (struct igt_radeon_bo) { .size = size };
	bo->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(bo->map != MAP_FAILED);
	igt_radeon_fill(bo, 1);
	userptr.addr = (uintptr_t)bo->map;
	ret = ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_USERPTR, &userptr);
	igt_require_f(ret != -ENODEV, "this kernel has no MMU notifiers for radeon\n");
	igt_require_f(ret != -EOPNOTSUPP, "the GPU does not reach this process's memory\n");
	igt_assert_f(ret == 0, "memory of this process was refused: %s\n", strerror(-ret));
	bo->handle = userptr.handle;
	ret = va_map(fd, bo);
	igt_assert_f(ret == 0, "memory of this process got no address: %s\n", strerror(-ret));
}

/**
 * igt_radeon_bo_close:
 * @fd: DRM device
 * @bo: BO; all zero is none
 *
 * Unmaps a BO and gives its handle back.
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
 * Returns: 0 when the GPU is done with the BO, or a negative errno.
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
 * The kernel's wait gives up after 30 s of its clock, which also pass while a virtual machine
 * stands still: a BO that is busy is waited for again. A GPU that hangs is reset before that.
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
 * @resources: its display
 * @crtc: gets the index of a CRTC that can drive it
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
 * Returns: RADEON_GEM_DOMAIN_*, where the BO is, or will be when the GPU is done with it.
 */
uint32_t igt_radeon_bo_domain(int fd, const struct igt_radeon_bo *bo)
{
	struct drm_radeon_gem_busy busy = { .handle = bo->handle };
	int ret = ioctl_errno(fd, DRM_IOCTL_RADEON_GEM_BUSY, &busy);

	igt_assert_f(ret == 0 || ret == -EBUSY, "BUSY: %s\n", strerror(-ret));
	return busy.domain;
}

/**
 * __igt_radeon_submit:
 * @fd: DRM device
 * @ib: commands
 * @dwords: how many
 * @relocs: relocations, one for each BO of the stream
 * @count: how many
 * @vm: whether the BOs have an address in the GPU's virtual address space
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_submit(int fd, const uint32_t *ib, unsigned int dwords,
			const struct drm_radeon_cs_reloc *relocs, unsigned int count, bool vm)
{
	uint32_t flags[2] = { RADEON_CS_USE_VM, RADEON_CS_RING_GFX };
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
		.num_chunks = vm ? 3 : 2,
		.chunks = (uintptr_t)addresses,
	};

	return ioctl_errno(fd, DRM_IOCTL_RADEON_CS, &cs);
}

/**
 * __igt_radeon_cs:
 * @fd: DRM device
 * @bos: BOs
 * @count: how many, 1 to 64
 * @domain: RADEON_GEM_DOMAIN_GTT or RADEON_GEM_DOMAIN_VRAM
 *
 * Submits a stream of padding whose relocations ask for the BOs in @domain. Before it runs a
 * stream, the driver has the GPU move BOs that are elsewhere; nothing waits for that. The
 * driver may leave BOs where they are when VRAM is short, or after it has moved a certain
 * amount to VRAM for one stream; the first one it moves.
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_cs(int fd, struct igt_radeon_bo *const bos[], unsigned int count,
		    uint32_t domain)
{
	struct drm_radeon_cs_reloc relocs[CS_MAX_BOS] = {};
	uint32_t ib[IB_DWORDS];
	bool vm = false;

	igt_assert(count > 0 && count <= CS_MAX_BOS);
	for (int i = 0; i < IB_DWORDS; i++)
		ib[i] = PACKET2;
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
 * Has the GPU move a BO, and does not wait for it. Accesses by the CPU do.
 */
void igt_radeon_bo_move_async(int fd, struct igt_radeon_bo *bo, uint32_t domain)
{
	int ret = __igt_radeon_cs(fd, &bo, 1, domain);

	igt_assert_f(ret == 0, "stream with a BO of %" PRIu64 " bytes for domain %u: %s\n",
		     bo->size, domain, strerror(-ret));
}

/**
 * igt_radeon_bo_move:
 * @fd: DRM device
 * @bo: BO
 * @domain: RADEON_GEM_DOMAIN_GTT or RADEON_GEM_DOMAIN_VRAM
 *
 * Has the GPU move a BO, waits for it, and sees that it is there.
 */
void igt_radeon_bo_move(int fd, struct igt_radeon_bo *bo, uint32_t domain)
{
	uint32_t found;

	igt_radeon_bo_move_async(fd, bo, domain);
	igt_radeon_bo_wait(fd, bo);
	found = igt_radeon_bo_domain(fd, bo);
	igt_assert_f(found == domain, "a BO of %" PRIu64 " bytes is in domain %u, not in %u\n",
		     bo->size, found, domain);
}

/*
 * Each 64-bit word says which BO (seed) and which word of it is meant, so that a page that
 * is in the wrong place is wrong in every word. The multiplier is odd: no two are the same.
 */
static uint64_t pattern(uint64_t seed, uint64_t word)
{
	uint64_t x = (seed << 32 | word) * 0x9e3779b97f4a7c15ull;

	return x ^ x >> 29;
}

/**
 * igt_radeon_fill:
 * @bo: BO
 * @seed: what to write, the same for nothing else, less than 2^32
 *
 * The CPU writes all of a BO.
 */
void igt_radeon_fill(const struct igt_radeon_bo *bo, uint64_t seed)
{
	uint64_t *word = bo->map;

	for (uint64_t i = 0; i < bo->size / sizeof(*word); i++)
		word[i] = pattern(seed, i);
}

/* What of a BO is not as it should be, and the first word of that. */
struct difference {
	uint64_t words, pages, first, found;
};

/* Reads of uncached memory are slow: a page at a time into memory that is not. */
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
 * Returns: 64-bit words of the BO that are not as igt_radeon_fill() writes them.
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
 * Returns: pages of the BO with a word that is not as igt_radeon_fill() writes it.
 */
uint64_t igt_radeon_wrong_pages(const struct igt_radeon_bo *bo, uint64_t seed)
{
	return compare(bo, pattern, seed).pages;
}

/**
 * igt_radeon_check:
 * @bo: BO
 * @seed: as for igt_radeon_fill()
 * @when: for the report: after what
 *
 * Fails unless every word of the BO is as igt_radeon_fill() writes it.
 */
void igt_radeon_check(const struct igt_radeon_bo *bo, uint64_t seed, const char *when)
{
	struct difference wrong = compare(bo, pattern, seed);

	igt_assert_f(wrong.words == 0,
		     "%s: %" PRIu64 " of %" PRIu64 " words are wrong, the first in page %" PRIu64
		     " of %" PRIu64 ": %#" PRIx64 " instead of %#" PRIx64 "\n",
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
 * @when: for the report: after what
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

/* A whole file: what of it fits, 0 bytes if it cannot be read. */
static size_t read_all(int file, char *text, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (file >= 0 && used < size - 1) {
		got = read(file, text + used, size - 1 - used);
		if (got <= 0)
			break;
		used += got;
	}
	text[used] = '\0';
	return used;
}

static size_t debugfs_file(int fd, const char *name, char *text, size_t size)
{
	int file = igt_debugfs_open(fd, name, O_RDONLY);
	size_t used = read_all(file, text, size);

	if (file >= 0)
		close(file);
	return used;
}

/* The line of a file that begins with the key, what is behind it. */
static bool debugfs_line(int fd, const char *name, const char *key, char *text, size_t size)
{
	char file[4096], *save, *line;
	size_t length = strlen(key);

	debugfs_file(fd, name, file, sizeof(file));
	for (line = strtok_r(file, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, key, length) || (line[length] != ' ' && line[length] != '\0'))
			continue;
		line += length;
		snprintf(text, size, "%s", line + strspn(line, " "));
		return true;
	}
	return false;
}

static bool backing_line(int fd, const char *key, char *text, size_t size)
{
	return debugfs_line(fd, "ttm_backing", key, text, size);
}

/**
 * igt_radeon_has_backing:
 * @fd: DRM device
 *
 * Returns: whether the kernel's pool chooses by the device where pages come from, and says
 * so in debugfs (ttm_backing).
 */
bool igt_radeon_has_backing(int fd)
{
	char text[64];

	return backing_line(fd, "backing", text, sizeof(text));
}

/**
 * igt_radeon_backing_text:
 * @fd: DRM device
 * @key: first word of a line of ttm_backing
 * @text: the rest of that line
 * @size: bytes at @text
 */
void igt_radeon_backing_text(int fd, const char *key, char *text, size_t size)
{
	igt_assert_f(backing_line(fd, key, text, size), "ttm_backing has no line '%s'\n", key);
}

/* The numbers of a line, and how many there are. */
static unsigned int backing_numbers(int fd, const char *key,
				    uint64_t numbers[IGT_RADEON_CACHINGS])
{
	char text[256], *save, *word;
	unsigned int count = 0;

	igt_radeon_backing_text(fd, key, text, sizeof(text));
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *end;

		igt_assert_f(count < IGT_RADEON_CACHINGS, "ttm_backing: '%s' has more than %u\n",
			     key, count);
		numbers[count++] = strtoull(word, &end, 10);
		igt_assert_f(*end == '\0', "ttm_backing: '%s' has '%s'\n", key, word);
	}
	return count;
}

/**
 * igt_radeon_backing:
 * @fd: DRM device
 * @key: first word of a line of ttm_backing with numbers
 *
 * Returns: the sum of that line's numbers, one for each caching mode.
 */
uint64_t igt_radeon_backing(int fd, const char *key)
{
	uint64_t numbers[IGT_RADEON_CACHINGS] = {}, sum = 0;

	backing_numbers(fd, key, numbers);
	for (unsigned int i = 0; i < IGT_RADEON_CACHINGS; i++)
		sum += numbers[i];
	return sum;
}

/**
 * igt_radeon_backing_mode:
 * @fd: DRM device
 * @key: first word of a line of ttm_backing with a number for each caching mode
 * @mode: index of #igt_radeon_caching
 *
 * Returns: that mode's number.
 */
uint64_t igt_radeon_backing_mode(int fd, const char *key, unsigned int mode)
{
	uint64_t numbers[IGT_RADEON_CACHINGS] = {};

	igt_assert_lte(mode, backing_numbers(fd, key, numbers) - 1);
	return numbers[mode];
}

/**
 * igt_radeon_has_shared_counts:
 * @fd: DRM device
 *
 * Returns: whether the kernel counts, in debugfs (radeon_dma_buf), what becomes of this device's
 * BOs when others import them.
 */
bool igt_radeon_has_shared_counts(int fd)
{
	char text[64];

	return debugfs_line(fd, "radeon_dma_buf", "copies", text, sizeof(text));
}

/**
 * igt_radeon_shared_count:
 * @fd: DRM device
 * @key: first word of a line of radeon_dma_buf
 *
 * Returns: that line's number.
 */
uint64_t igt_radeon_shared_count(int fd, const char *key)
{
	char text[64], *end;
	uint64_t count;

	igt_assert_f(debugfs_line(fd, "radeon_dma_buf", key, text, sizeof(text)),
		     "radeon_dma_buf has no line '%s'\n", key);
	count = strtoull(text, &end, 10);
	igt_assert_f(end != text && *end == '\0', "radeon_dma_buf: '%s' has '%s'\n", key, text);
	return count;
}

/**
 * igt_radeon_coherent_pool_used:
 * @fd: DRM device
 *
 * Returns: whether BO pages of this device come from a pool of its own, of coherent pages.
 * Kernels without ttm_backing say it in ttm_page_pool, which is "unused" for other devices.
 */
bool igt_radeon_coherent_pool_used(int fd)
{
	char text[4096];

	if (igt_radeon_has_backing(fd)) {
		igt_radeon_backing_text(fd, "backing", text, sizeof(text));
		return strcmp(text, "shared") != 0;
	}
	if (!debugfs_file(fd, "ttm_page_pool", text, sizeof(text))) {
		/* Some kernels have the driver's files in the root, the first device's. */
		char path[256];
		int file;

		snprintf(path, sizeof(path), "%s/ttm_page_pool", igt_debugfs_mount());
		file = open(path, O_RDONLY);
		igt_require_f(file >= 0, "this kernel has neither ttm_backing nor ttm_page_pool\n");
		read_all(file, text, sizeof(text));
		close(file);
	}
	return strncmp(text, "unused", 6) != 0;
}

/**
 * igt_radeon_ttm_module:
 *
 * Returns: the module that has radeon's TTM; its directories in sysfs and debugfs have the
 * same name. Packages for kernels without the pool bring it as "rttm".
 */
const char *igt_radeon_ttm_module(void)
{
	return access("/sys/module/rttm/holders/radeon", F_OK) ? "ttm" : "rttm";
}

static size_t ttm_file(const char *name, char *text, size_t size)
{
	char path[256];
	size_t used;
	int file;

	snprintf(path, sizeof(path), "%s/%s/%s", igt_debugfs_mount(), igt_radeon_ttm_module(),
		 name);
	file = open(path, O_RDONLY);
	igt_require_f(file >= 0, "%s: %s\n", path, strerror(errno));
	used = read_all(file, text, size);
	close(file);
	return used;
}

/**
 * igt_radeon_shrink_pool:
 *
 * Runs the page pool's shrinker once, as the kernel does when memory is short.
 */
void igt_radeon_shrink_pool(void)
{
	char text[64];

	ttm_file("page_pool_shrink", text, sizeof(text));
}

/**
 * igt_radeon_shrink_chunks:
 * @fd: DRM device
 *
 * Runs the shrinker until it has given back all chunks that no BO has a page of.
 */
void igt_radeon_shrink_chunks(int fd)
{
	/*
	 * Each run takes some pages of one pool of many. A chunk of which a CPU has pages at
	 * hand is not free, but may be after a run, which sends these home.
	 */
	for (int i = 0; i < 500 && (igt_radeon_backing(fd, "chunks_free") ||
				    igt_radeon_backing(fd, "per_cpu")); i++)
		igt_radeon_shrink_pool();
	igt_assert_f(igt_radeon_backing(fd, "chunks_free") == 0,
		     "the shrinker leaves chunks that nobody uses\n");
}

/**
 * igt_radeon_shared_pool_pages:
 * @limit: gets how many the pool may keep, or NULL
 *
 * Returns: pages that the pool keeps for whichever device wants them next.
 */
uint64_t igt_radeon_shared_pool_pages(uint64_t *limit)
{
	char text[8192], *save, *line;
	uint64_t sum = 0;

	if (limit)
		*limit = 0;

	ttm_file("page_pool", text, sizeof(text));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t pages, most;

		/* One line for all, or for each node. */
		if (sscanf(line, "total : %" SCNu64 " of %" SCNu64, &pages, &most) != 2)
			continue;
		sum += pages;
		if (limit && *limit < most)
			*limit = most;
	}
	return sum;
}

/* Could memory be encrypted for devices? Whether it is, the kernel alone knows. */
static bool cpu_encrypts(void)
{
	char line[8192], *save, *word;
	bool found = false, flags = false;
	FILE *file = fopen("/proc/cpuinfo", "r");

	/* Those of the first CPU are those of all. */
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

/**
 * igt_radeon_coherent_needed:
 * @fd: DRM device
 * @reason: why, or why not
 * @size: bytes at @reason
 *
 * Returns: whether this machine is one where pages that the kernel gives are not where the
 * GPU would look for them: a Xen PV domain, or memory that is encrypted for devices. The latter
 * is taken from ttm_backing if the CPU can do it.
 */
bool igt_radeon_coherent_needed(int fd, char *reason, size_t size)
{
	char text[64] = "";
	int file = open("/sys/hypervisor/guest_type", O_RDONLY);

	if (file >= 0) {
		read_all(file, text, sizeof(text));
		close(file);
	}
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, "PV")) {
		snprintf(reason, size, "a Xen PV domain");
		return true;
	}
	if (backing_line(fd, "reason", text, sizeof(text)) && !strcmp(text, "memory encryption") &&
	    cpu_encrypts()) {
		snprintf(reason, size, "memory is encrypted for devices");
		return true;
	}
	snprintf(reason, size, "no hypervisor between pages and the bus");
	return false;
}

/**
 * igt_radeon_pool_device:
 * @name: its place on the bus, if there is one
 * @size: bytes at @name
 *
 * Returns: whether the page pool has bound the PCI function by which a hypervisor says which
 * memory has to be coherent.
 */
bool igt_radeon_pool_device(char *name, size_t size)
{
	DIR *dir = opendir("/sys/bus/pci/drivers/ttm-pool");
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		/* 0000:00:04.0 */
		if (!strchr(entry->d_name, ':'))
			continue;
		snprintf(name, size, "%s", entry->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

/**
 * igt_radeon_has_probe:
 *
 * Returns: whether something beside the kernel can tell what the GPU sees: an emulated GPU,
 * or an instrument on its bus. IGT_RADEON_PROBE names a program that asks it:
 *
 *     $IGT_RADEON_PROBE crc CRTC           "ok crc=HEX width=N height=N": of the frame shown
 *     $IGT_RADEON_PROBE latency USEC       "ok"; streams take that long from now on, at least
 *     $IGT_RADEON_PROBE pace USEC          "ok"; copying a page takes that long, at least
 *     $IGT_RADEON_PROBE find WORD          "ok COUNT ADDRESS...": pages of GTT that the GPU
 *                                          finds to begin with that 64-bit word
 *     $IGT_RADEON_PROBE translate ADDR...  "ok BUS..."; where each GTT address leads, "none"
 *                                          instead of an address if nowhere
 */
bool igt_radeon_has_probe(void)
{
	const char *probe = getenv("IGT_RADEON_PROBE");

	return probe && *probe;
}

/**
 * igt_radeon_probe:
 * @command: what follows the program's name, see igt_radeon_has_probe()
 * @answer: its line, without the "ok"
 * @size: bytes at @answer
 */
void igt_radeon_probe(const char *command, char *answer, size_t size)
{
	char line[4096] = "";
	FILE *pipe;

	snprintf(line, sizeof(line), "%s %s", getenv("IGT_RADEON_PROBE"), command);
	pipe = popen(line, "r");
	igt_assert_f(pipe, "%s: %s\n", line, strerror(errno));
	if (!fgets(line, sizeof(line), pipe))
		line[0] = '\0';
	pclose(pipe);
	igt_assert_f(!strncmp(line, "ok", 2), "the probe answers '%s' to '%s'\n", line, command);
	line[strcspn(line, "\n")] = '\0';
	snprintf(answer, size, "%s", line + 2 + (line[2] == ' '));
}

/**
 * igt_radeon_find_pages:
 * @word: what they begin with
 * @addresses: gets their GTT addresses
 *
 * Asks the probe; there may be no more than IGT_RADEON_MAX_FOUND.
 *
 * Returns: how many pages the GPU finds in GTT that begin with the word.
 */
unsigned int igt_radeon_find_pages(uint64_t word, uint64_t addresses[IGT_RADEON_MAX_FOUND])
{
	char command[64], text[4096], *save, *next;
	unsigned int count, i;

	snprintf(command, sizeof(command), "find %016" PRIx64, word);
	igt_radeon_probe(command, text, sizeof(text));
	next = strtok_r(text, " ", &save);
	igt_assert(next);
	count = strtoul(next, NULL, 10);
	igt_assert_lte(count, IGT_RADEON_MAX_FOUND);
	for (i = 0; i < count; i++) {
		next = strtok_r(NULL, " ", &save);
		igt_assert_f(next, "the probe has counted %u addresses and told %u\n", count, i);
		addresses[i] = strtoull(next, NULL, 16);
	}
	return count;
}

/**
 * igt_radeon_translate:
 * @addresses: GTT addresses
 * @count: how many, IGT_RADEON_MAX_FOUND at most
 * @bus: gets where they lead on the bus; 0 where they lead nowhere
 *
 * Asks the probe.
 */
void igt_radeon_translate(const uint64_t *addresses, unsigned int count, uint64_t *bus)
{
	char command[32 + IGT_RADEON_MAX_FOUND * 9] = "translate", text[4096], *save, *next = text;

	for (unsigned int i = 0; i < count; i++) {
		size_t used = strlen(command);

		snprintf(command + used, sizeof(command) - used, " %" PRIx64, addresses[i]);
	}
	igt_radeon_probe(command, text, sizeof(text));
	for (unsigned int i = 0; i < count; i++) {
		next = strtok_r(i ? NULL : text, " ", &save);
		igt_assert_f(next, "the probe has told %u of %u addresses\n", i, count);
		bus[i] = strcmp(next, "none") ? strtoull(next, NULL, 16) : 0;
	}
}
