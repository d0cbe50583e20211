// SPDX-License-Identifier: MIT
/*
 * What must not be: a GPU that reaches a page after the BO that it belonged to is gone, and
 * input to ioctls that does any harm.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "igt.h"
#include "igt_radeon.h"

IGT_TEST_DESCRIPTION("Check that radeon gives access to what it was given, and to nothing else");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define CPU	RADEON_GEM_DOMAIN_CPU
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

#define NO_HANDLE	0x7fffffffu
#define PACKET2		0x80000000u

/* The ioctl's answer: 0 or a negative errno. */
static int answer(int fd, unsigned long request, void *arg)
{
	int ret = igt_ioctl(fd, request, arg) ? -errno : 0;

	errno = 0;
	return ret;
}

static void refuse(int fd, unsigned long request, void *arg, int error, const char *name)
{
	int ret = answer(fd, request, arg);

	igt_assert_f(ret == -error, "%s answers %d (%s), not %d (%s)\n", name, ret, strerror(-ret),
		     -error, strerror(error));
}

#define refused(fd, request, arg, error)	refuse((fd), (request), (arg), (error), #request)

/* Each page of the BO begins with the same word, which nothing else has. */
static void brand(const struct igt_radeon_bo *bo, uint64_t word)
{
	for (uint64_t offset = 0; offset < bo->size; offset += IGT_RADEON_PAGE_SIZE) {
		uint64_t *page = (uint64_t *)((char *)bo->map + offset);

		page[0] = word;
		page[1] = offset;
	}
}

enum gone { CLOSED, MOVED, EXITED };

/*
 * The GPU finds the pages while they are bound. Then they are not, and nowhere in GTT does
 * it find one of them; where they were is one and the same page, the dummy, if anything.
 */
static void test_dead(int fd, uint32_t flags, enum gone gone)
{
	const uint64_t word = 0x1dea1dea00000000ull | flags << 8 | gone | (uint64_t)getpid() << 16;
	const unsigned int pages = 24;
	uint64_t addresses[IGT_RADEON_MAX_FOUND], bus[IGT_RADEON_MAX_FOUND];
	uint64_t now[IGT_RADEON_MAX_FOUND], found[IGT_RADEON_MAX_FOUND];
	struct igt_radeon_bo bo, after;
	unsigned int count;
	int own;

	igt_require_f(igt_radeon_has_probe(),
		      "nothing tells what the GPU sees: IGT_RADEON_PROBE is not set\n");
	own = igt_radeon_reopen(fd);
	igt_radeon_bo_create(own, pages * 4 * KIB, GTT, flags, &bo);
	brand(&bo, word);
	/* New BOs are bound at the latest when a stream has them. */
	igt_radeon_bo_move(own, &bo, GTT);
	count = igt_radeon_find_pages(word, addresses);
	igt_assert_f(count == pages, "the GPU finds %u pages of a BO of %u\n", count, pages);
	igt_radeon_translate(addresses, count, bus);
	for (unsigned int i = 0; i < count; i++) {
		igt_assert_f(bus[i], "%#" PRIx64 " leads nowhere, but there is a page\n",
			     addresses[i]);
	}

	switch (gone) {
	case CLOSED:
		igt_radeon_bo_close(own, &bo);
		break;
	case MOVED:
		igt_radeon_bo_move(own, &bo, VRAM);
		break;
	case EXITED:
		/* A process that ends takes its mappings with it; a BO stays as long as these. */
		munmap(bo.map, bo.size);
		break;
	}
	if (gone != MOVED)
		close(own);
	/* Pages wait for the GPU to be done; a stream after them comes later than that. */
	igt_radeon_bo_create(fd, 4 * KIB, VRAM, 0, &after);
	igt_radeon_bo_move(fd, &after, VRAM);
	for (int i = 0; i < 100; i++) {
		igt_radeon_translate(addresses, count, now);
		if (now[0] != bus[0])
			break;
		usleep(20000);
	}

	for (unsigned int i = 0; i < count; i++) {
		igt_assert_f(now[i] != bus[i],
			     "page %u: %#" PRIx64 " still leads to %#" PRIx64 "\n",
			     i, addresses[i], bus[i]);
		/* Another BO may have come to be there, which would be no dummy. */
		igt_assert_f(now[i] == now[0],
			     "page %u: %#" PRIx64 " leads to %#" PRIx64 ", page 0 to %#" PRIx64 "\n",
			     i, addresses[i], now[i], now[0]);
	}
	count = igt_radeon_find_pages(word, found);
	igt_assert_f(count == 0, "the GPU still finds %u pages, the first at %#" PRIx64 "\n",
		     count, found[0]);
	igt_radeon_bo_close(fd, &after);
	if (gone == MOVED) {
		igt_radeon_bo_close(own, &bo);
		close(own);
	}
}

/* Another page in the place of one that is gone is another page for the GPU as well. */
static void test_no_stale(int fd, uint32_t flags)
{
	const uint64_t old = 0x01dba5e000000000ull | getpid(), new = old ^ 0xff00000000ull;
	uint64_t addresses[IGT_RADEON_MAX_FOUND];
	struct igt_radeon_bo bo;

	igt_require_f(igt_radeon_has_probe(),
		      "nothing tells what the GPU sees: IGT_RADEON_PROBE is not set\n");
	for (unsigned int turn = 0; turn < 8; turn++) {
		igt_radeon_bo_create(fd, (3 + turn) * 4 * KIB, GTT, flags, &bo);
		brand(&bo, turn & 1 ? new : old);
		igt_radeon_bo_move(fd, &bo, GTT);
		igt_assert_eq(igt_radeon_find_pages(turn & 1 ? old : new, addresses), 0);
		igt_assert_eq(igt_radeon_find_pages(turn & 1 ? new : old, addresses), 3 + turn);
		igt_radeon_bo_close(fd, &bo);
	}
}

static void test_bad_create(int fd)
{
	uint64_t memory = igt_radeon_gart_size(fd) + igt_radeon_vram_visible(fd);
	static const uint32_t bad_domains[] = { 0x10, 0x80000000u };
	uint32_t handle;
	int ret;

	igt_radeon_ignore_complaints();
	/* More than there is, in every place; sizes that overflow when they are rounded. */
	for (uint32_t domain = CPU; domain <= VRAM; domain <<= 1) {
		const uint64_t sizes[] = {
			1ull << 46, (1ull << 63), ~0ull, ~0ull - 4095, (1ull << 32) * 4096,
		};

		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
			ret = __igt_radeon_gem_create(fd, sizes[i], 4096, domain, 0, &handle);
			igt_assert_f(ret < 0,
				     "a BO of %#" PRIx64 " bytes in domain %u, of %#" PRIx64 "\n",
				     sizes[i], domain, memory);
		}
	}
	/* Nothing is a size as well: whatever the answer, what there is can be closed. */
	ret = __igt_radeon_gem_create(fd, 0, 4096, GTT, 0, &handle);
	igt_assert_f(ret == 0 || ret == -EINVAL || ret == -ENOSPC, "a BO of no bytes: %s\n",
		     strerror(-ret));
	if (!ret)
		gem_close(fd, handle);
	/* No power of two, and more than a page: rounded up or refused. */
	for (uint64_t alignment = 3; alignment < 1ull << 62; alignment = alignment * 5 + 1) {
		ret = __igt_radeon_gem_create(fd, 4096, alignment, GTT, 0, &handle);
		if (!ret)
			gem_close(fd, handle);
	}
	/* Places and flags that there are not: ignored or refused, but without harm. */
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_domains); i++) {
		ret = __igt_radeon_gem_create(fd, 4096, 4096, bad_domains[i], 0, &handle);
		if (!ret)
			gem_close(fd, handle);
	}
	for (uint32_t flag = 1; flag; flag <<= 1) {
		ret = __igt_radeon_gem_create(fd, 4096, 4096, GTT, flag, &handle);
		if (!ret)
			gem_close(fd, handle);
	}
}

static void test_bad_handle(int fd)
{
	const uint32_t handles[] = { 0, NO_HANDLE, ~0u };

	for (unsigned int i = 0; i < ARRAY_SIZE(handles); i++) {
		struct drm_radeon_gem_mmap map = { .handle = handles[i], .size = 4096 };
		struct drm_radeon_gem_wait_idle wait = { .handle = handles[i] };
		struct drm_radeon_gem_busy busy = { .handle = handles[i] };
		struct drm_radeon_gem_set_domain set = {
			.handle = handles[i], .read_domains = GTT, .write_domain = GTT,
		};
		struct drm_radeon_gem_set_tiling set_tiling = { .handle = handles[i] };
		struct drm_radeon_gem_get_tiling get_tiling = { .handle = handles[i] };
		struct drm_radeon_gem_op op = { .handle = handles[i] };
		struct drm_gem_close gem_close = { .handle = handles[i] };

		refused(fd, DRM_IOCTL_RADEON_GEM_MMAP, &map, ENOENT);
		refused(fd, DRM_IOCTL_RADEON_GEM_WAIT_IDLE, &wait, ENOENT);
		refused(fd, DRM_IOCTL_RADEON_GEM_BUSY, &busy, ENOENT);
		refused(fd, DRM_IOCTL_RADEON_GEM_SET_DOMAIN, &set, ENOENT);
		refused(fd, DRM_IOCTL_RADEON_GEM_SET_TILING, &set_tiling, ENOENT);
		refused(fd, DRM_IOCTL_RADEON_GEM_GET_TILING, &get_tiling, ENOENT);
		refused(fd, DRM_IOCTL_RADEON_GEM_OP, &op, ENOENT);
		refused(fd, DRM_IOCTL_GEM_CLOSE, &gem_close, EINVAL);
	}
}

/* A handle is its client's: another client has no BO behind the same number. */
static void test_foreign_handle(int fd)
{
	struct drm_radeon_gem_mmap map = { .size = 4096 };
	struct igt_radeon_bo bo;
	int own = igt_radeon_reopen(fd), other = igt_radeon_reopen(fd);
	void *stolen;

	igt_radeon_ignore_complaints();
	igt_radeon_bo_create(own, 4096, GTT, 0, &bo);
	map.handle = bo.handle;
	refused(other, DRM_IOCTL_RADEON_GEM_MMAP, &map, ENOENT);
	igt_assert_eq(__igt_radeon_cs(other, (struct igt_radeon_bo *[]){ &bo }, 1, GTT), -ENOENT);
	/* Nor does it help to know where the BO is to be mapped. */
	igt_assert_eq(answer(own, DRM_IOCTL_RADEON_GEM_MMAP, &map), 0);
	stolen = mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, map.addr_ptr);
	igt_assert_f(stolen == MAP_FAILED, "another client has mapped the BO\n");
	igt_radeon_bo_close(own, &bo);
	stolen = mmap(NULL, 4096, PROT_READ, MAP_SHARED, own, map.addr_ptr);
	igt_assert_f(stolen == MAP_FAILED, "a BO that is gone was mapped\n");
	close(own);
	close(other);
}

static void test_bad_domain(int fd)
{
	struct igt_radeon_bo bo;
	const uint32_t domains[] = { 0, 0x8, 0x80000000u, ~0u };

	igt_radeon_ignore_complaints();
	igt_radeon_bo_create(fd, 16 * KIB, GTT, 0, &bo);
	igt_radeon_fill(&bo, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++) {
		struct drm_radeon_gem_set_domain set = {
			.handle = bo.handle,
			.read_domains = domains[i],
			.write_domain = domains[i],
		};
		/* What it does is nothing or an error; where the BO is then, it is whole. */
		int ret = answer(fd, DRM_IOCTL_RADEON_GEM_SET_DOMAIN, &set);

		igt_assert_f(ret <= 0, "set_domain %#x answers %d\n", domains[i], ret);
		ret = __igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, domains[i]);
		igt_assert_f(ret <= 0, "a stream for domain %#x answers %d\n", domains[i], ret);
		igt_radeon_check(&bo, 1, "after a request for a domain that is none");
	}
	igt_radeon_bo_close(fd, &bo);
}

/* A stream of which everything can be said wrong. */
struct stream {
	uint32_t ib[16];
	struct drm_radeon_cs_reloc relocs[2];
	uint32_t flags;
	struct drm_radeon_cs_chunk chunks[3];
	uint64_t addresses[3];
	struct drm_radeon_cs cs;
};

static void stream_init(struct stream *stream, const struct igt_radeon_bo *bo)
{
	memset(stream, 0, sizeof(*stream));
	for (unsigned int i = 0; i < ARRAY_SIZE(stream->ib); i++)
		stream->ib[i] = PACKET2;
	stream->relocs[0].handle = bo->handle;
	stream->relocs[0].read_domains = GTT;
	stream->relocs[0].write_domain = GTT;
	stream->chunks[0].chunk_id = RADEON_CHUNK_ID_IB;
	stream->chunks[0].length_dw = ARRAY_SIZE(stream->ib);
	stream->chunks[0].chunk_data = (uintptr_t)stream->ib;
	stream->chunks[1].chunk_id = RADEON_CHUNK_ID_RELOCS;
	stream->chunks[1].length_dw = sizeof(stream->relocs[0]) / 4;
	stream->chunks[1].chunk_data = (uintptr_t)stream->relocs;
	/* Left out where the GPU has no virtual address space. */
	stream->flags = RADEON_CS_USE_VM;
	stream->chunks[2].chunk_id = RADEON_CHUNK_ID_FLAGS;
	stream->chunks[2].length_dw = 1;
	stream->chunks[2].chunk_data = (uintptr_t)&stream->flags;
	for (unsigned int i = 0; i < ARRAY_SIZE(stream->addresses); i++)
		stream->addresses[i] = (uintptr_t)&stream->chunks[i];
	stream->cs.num_chunks = bo->va ? 3 : 2;
	stream->cs.chunks = (uintptr_t)stream->addresses;
}

static void refuse_stream(int fd, struct stream *stream, const char *what)
{
	int ret = answer(fd, DRM_IOCTL_RADEON_CS, &stream->cs);

	igt_assert_f(ret < 0 && ret != -EDEADLK, "a stream with %s answers %d\n", what, ret);
}

static void test_bad_stream(int fd)
{
	const uint64_t nowhere = 0x10;
	struct igt_radeon_bo bo, closed;
	struct stream stream;

	igt_radeon_ignore_complaints();
	igt_radeon_bo_create(fd, 16 * KIB, GTT, 0, &bo);
	igt_radeon_fill(&bo, 1);

	stream_init(&stream, &bo);
	igt_assert_eq(answer(fd, DRM_IOCTL_RADEON_CS, &stream.cs), 0);

	stream.cs.chunks = nowhere;
	refuse_stream(fd, &stream, "chunks that are not the client's");

	stream_init(&stream, &bo);
	stream.addresses[0] = nowhere;
	refuse_stream(fd, &stream, "a chunk that is not the client's");

	stream_init(&stream, &bo);
	stream.chunks[0].chunk_data = nowhere;
	refuse_stream(fd, &stream, "commands that are not the client's");

	stream_init(&stream, &bo);
	stream.chunks[1].chunk_data = nowhere;
	refuse_stream(fd, &stream, "relocations that are not the client's");

	stream_init(&stream, &bo);
	stream.cs.num_chunks = 0xffffffffu;
	refuse_stream(fd, &stream, "2^32 - 1 chunks");

	stream_init(&stream, &bo);
	stream.chunks[0].length_dw = 0;
	refuse_stream(fd, &stream, "no commands");

	stream_init(&stream, &bo);
	stream.chunks[0].length_dw = 0x3fffffff;
	refuse_stream(fd, &stream, "4 GiB of commands");

	stream_init(&stream, &bo);
	stream.chunks[0].length_dw = 0x40000001;
	refuse_stream(fd, &stream, "commands whose length overflows");

	stream_init(&stream, &bo);
	stream.relocs[0].handle = NO_HANDLE;
	refuse_stream(fd, &stream, "a relocation of no BO");

	igt_radeon_bo_create(fd, 4096, GTT, 0, &closed);
	stream_init(&stream, &bo);
	stream.relocs[0].handle = closed.handle;
	igt_radeon_bo_close(fd, &closed);
	refuse_stream(fd, &stream, "a relocation of a BO that is closed");

	/* SET_CONTEXT and the like: a packet that asks for a relocation that is not there. */
	stream_init(&stream, &bo);
	stream.ib[0] = 0xc0001000;	/* NOP with one dword: a relocation */
	stream.ib[1] = 0x00100000;
	stream.ib[2] = 0x00000000 | 0x15a4 / 4;	/* a register that clients may not write */
	refuse_stream(fd, &stream, "a write to a register that is not the client's");

	igt_radeon_check(&bo, 1, "after streams that were refused");
	stream_init(&stream, &bo);
	igt_assert_eq(answer(fd, DRM_IOCTL_RADEON_CS, &stream.cs), 0);
	igt_radeon_bo_close(fd, &bo);
}

static void test_bad_userptr(int fd)
{
	void *memory = mmap(NULL, 16 * KIB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct drm_radeon_gem_userptr userptr = { .size = 16 * KIB };
	const uint32_t all = RADEON_GEM_USERPTR_ANONONLY | RADEON_GEM_USERPTR_VALIDATE |
			     RADEON_GEM_USERPTR_REGISTER;

	igt_assert(memory != MAP_FAILED);
	userptr.addr = (uintptr_t)memory + 1;
	userptr.flags = all;
	refused(fd, DRM_IOCTL_RADEON_GEM_USERPTR, &userptr, EINVAL);
	userptr.addr = (uintptr_t)memory;
	userptr.size = 100;
	refused(fd, DRM_IOCTL_RADEON_GEM_USERPTR, &userptr, EINVAL);
	userptr.size = 16 * KIB;
	userptr.flags = 0x100;
	refused(fd, DRM_IOCTL_RADEON_GEM_USERPTR, &userptr, EINVAL);
	/* Memory that is not there: refused at once or when it is looked at. */
	munmap(memory, 16 * KIB);
	userptr.flags = all;
	igt_assert(answer(fd, DRM_IOCTL_RADEON_GEM_USERPTR, &userptr) < 0);
}

/*
 * The GPU has been given a client's own memory, which the client then unmaps. A stream that asks
 * for it afterwards has to be refused: the pages are somebody else's.
 */
static void test_userptr_gone(int fd)
{
	const uint64_t word = 0x05e40f0000000000ull | getpid(), size = 16 * KIB;
	const unsigned int pages = size / IGT_RADEON_PAGE_SIZE;
	struct igt_radeon_bo bo;
	uint64_t addresses[IGT_RADEON_MAX_FOUND];
	int ret;

	igt_radeon_ignore_complaints();
	igt_require_radeon_user_memory(fd, size, true, &bo);
	brand(&bo, word);
	igt_assert_eq(__igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, GTT), 0);
	igt_assert_eq(__igt_radeon_bo_wait(fd, &bo), 0);
	if (igt_radeon_has_probe())
		igt_assert_eq(igt_radeon_find_pages(word, addresses), pages);

	munmap(bo.map, size);
	bo.map = NULL;
	ret = __igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, GTT);
	igt_assert_f(ret < 0, "a stream with memory that is gone was taken\n");
	if (igt_radeon_has_probe())
		igt_assert_eq(igt_radeon_find_pages(word, addresses), 0);
	igt_radeon_bo_close(fd, &bo);
}

static void test_mmap_beyond(int fd)
{
	struct drm_radeon_gem_mmap map = { .size = 4096 };
	struct igt_radeon_bo bo;
	void *more;

	igt_radeon_bo_create(fd, 8 * KIB, GTT, 0, &bo);
	map.handle = bo.handle;
	igt_assert_eq(answer(fd, DRM_IOCTL_RADEON_GEM_MMAP, &map), 0);
	more = mmap(NULL, 64 * KIB, PROT_READ, MAP_SHARED, fd, map.addr_ptr);
	igt_assert_f(more == MAP_FAILED, "64 KiB of a BO of 8 KiB were mapped\n");
	more = mmap(NULL, 8 * KIB, PROT_READ, MAP_SHARED, fd, map.addr_ptr + 4096);
	igt_assert_f(more == MAP_FAILED, "a page behind a BO was mapped\n");
	igt_radeon_bo_close(fd, &bo);
}

int igt_main()
{
	int fd = -1;

	igt_fixture() {
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon_accel(fd);
	}

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		const char *name = igt_radeon_caching[i].name;
		uint32_t flags = igt_radeon_caching[i].flags;

		igt_describe("GTT addresses of a BO that was closed lead to the dummy page.");
		igt_subtest_f("dead-after-close-%s", name)
			test_dead(fd, flags, CLOSED);

		igt_describe("GTT addresses of a BO that was moved to VRAM lead to the dummy page.");
		igt_subtest_f("dead-after-move-%s", name)
			test_dead(fd, flags, MOVED);

		igt_describe("The GPU finds BOs that are there, and not those that were there before.");
		igt_subtest_f("no-stale-page-%s", name)
			test_no_stale(fd, flags);
	}

	igt_describe("GTT addresses of a client's BO lead to the dummy page once it has gone.");
	igt_subtest("dead-after-exit")
		test_dead(fd, 0, EXITED);

	igt_describe("Sizes, alignments, domains and flags that there cannot be.");
	igt_subtest("bad-create")
		test_bad_create(fd);

	igt_describe("All ioctls with handles of nothing.");
	igt_subtest("bad-handle")
		test_bad_handle(fd);

	igt_describe("Handles and mappings of another client's BOs.");
	igt_subtest("foreign-handle")
		test_foreign_handle(fd);

	igt_describe("BOs are asked for in domains that are none.");
	igt_subtest("bad-domain")
		test_bad_domain(fd);

	igt_describe("Command streams of which one thing is wrong.");
	igt_subtest("bad-stream")
		test_bad_stream(fd);

	igt_describe("Memory that cannot be made a BO.");
	igt_subtest("bad-userptr")
		test_bad_userptr(fd);

	igt_describe("Memory of a client's own that it unmaps while the GPU may have it.");
	igt_subtest("userptr-gone")
		test_userptr_gone(fd);

	igt_describe("Mappings that are larger than the BO.");
	igt_subtest("mmap-beyond")
		test_mmap_beyond(fd);

	igt_fixture()
		drm_close_driver(fd);
}
