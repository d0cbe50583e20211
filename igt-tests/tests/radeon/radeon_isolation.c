// SPDX-License-Identifier: MIT
/*
 * Clients must not see each other's memory, and bad input to ioctls must get an error and do no
 * harm.
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

IGT_TEST_DESCRIPTION("Check that radeon isolates clients and rejects bad input");

#define KIB	((uint64_t)1024)
#define MIB	(1024 * KIB)
#define CPU	RADEON_GEM_DOMAIN_CPU
#define GTT	RADEON_GEM_DOMAIN_GTT
#define VRAM	RADEON_GEM_DOMAIN_VRAM

#define NO_HANDLE	0x7fffffffu
/* Does nothing in a stream; set for the GPU. */
static uint32_t padding;

/* Returns 0 or a negative errno. */
static int answer(int fd, unsigned long request, void *arg)
{
	int ret = igt_ioctl(fd, request, arg) ? -errno : 0;

	errno = 0;
	return ret;
}

static void refuse(int fd, unsigned long request, void *arg, int error, const char *name)
{
	int ret = answer(fd, request, arg);

	igt_assert_f(ret == -error, "%s returns %d (%s), expected %d (%s)\n", name, ret,
		     strerror(-ret), -error, strerror(error));
}

#define refused(fd, request, arg, error)	refuse((fd), (request), (arg), (error), #request)

/* A process writes to BOs and ends. New BOs of the next process have to be zero. */
static void test_clean(int fd, uint32_t flags)
{
	enum { BOS = 64, TURNS = 3 };
	const uint64_t sizes[] = { 4 * KIB, 12 * KIB, 64 * KIB, 260 * KIB };

	for (unsigned int turn = 0; turn < TURNS; turn++) {
		igt_fork(writer, 1) {
			struct igt_radeon_bo bos[BOS];
			int own = igt_radeon_reopen(fd);

			for (unsigned int i = 0; i < BOS; i++) {
				igt_radeon_bo_create(own, sizes[i % ARRAY_SIZE(sizes)], GTT,
						     flags, &bos[i]);
				igt_radeon_fill(&bos[i], 1 + i);
			}
			/* Free some now, some after a move, and some when the process ends. */
			for (unsigned int i = 0; i < BOS; i++) {
				if (i % 3 == 1)
					igt_radeon_bo_move(own, &bos[i], VRAM);
				if (i % 3 != 2)
					igt_radeon_bo_close(own, &bos[i]);
			}
			close(own);
		}
		igt_waitchildren();
		igt_fork(reader, 1) {
			struct igt_radeon_bo bos[BOS];
			int own = igt_radeon_reopen(fd);

			for (unsigned int i = 0; i < BOS; i++) {
				igt_radeon_bo_create(own,
						     sizes[(i + turn) % ARRAY_SIZE(sizes)], GTT,
						     flags, &bos[i]);
				igt_radeon_check_zero(&bos[i], "new after another process ended");
			}
			close(own);
		}
		igt_waitchildren();
	}
}

static void test_bad_create(int fd)
{
	uint64_t memory = igt_radeon_gart_size(fd) + igt_radeon_vram_visible(fd);
	static const uint32_t bad_domains[] = { 0x10, 0x80000000u };
	uint32_t handle;
	int ret;

	igt_radeon_ignore_complaints();
	/* Larger than each domain; sizes that overflow when rounded up. */
	for (uint32_t domain = CPU; domain <= VRAM; domain <<= 1) {
		const uint64_t sizes[] = {
			1ull << 46, (1ull << 63), ~0ull, ~0ull - 4095, (1ull << 32) * 4096,
		};

		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
			ret = __igt_radeon_gem_create(fd, sizes[i], 4096, domain, 0, &handle);
			igt_assert_f(ret < 0,
				     "created a BO of %#" PRIx64 " bytes in domain %u of %#" PRIx64
				     "\n", sizes[i], domain, memory);
		}
	}
	/* Size 0: if the driver accepts it, the BO can be closed. */
	ret = __igt_radeon_gem_create(fd, 0, 4096, GTT, 0, &handle);
	igt_assert_f(ret == 0 || ret == -EINVAL || ret == -ENOSPC, "a BO of 0 bytes: %s\n",
		     strerror(-ret));
	if (!ret)
		gem_close(fd, handle);
	/* Not a power of two, or larger than a page: rounded up or rejected. */
	for (uint64_t alignment = 3; alignment < 1ull << 62; alignment = alignment * 5 + 1) {
		ret = __igt_radeon_gem_create(fd, 4096, alignment, GTT, 0, &handle);
		if (!ret)
			gem_close(fd, handle);
	}
	/* Unknown domains and flags: ignored or rejected, without harm. */
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

/* A handle is valid for its client only. */
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
	/* The BO's mmap offset does not give access either. */
	igt_assert_eq(answer(own, DRM_IOCTL_RADEON_GEM_MMAP, &map), 0);
	stolen = mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, map.addr_ptr);
	igt_assert_f(stolen == MAP_FAILED, "another client mapped the BO\n");
	igt_radeon_bo_close(own, &bo);
	stolen = mmap(NULL, 4096, PROT_READ, MAP_SHARED, own, map.addr_ptr);
	igt_assert_f(stolen == MAP_FAILED, "a closed BO was mapped\n");
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
		/* Ignored or rejected; the contents stay right. */
		int ret = answer(fd, DRM_IOCTL_RADEON_GEM_SET_DOMAIN, &set);

		igt_assert_f(ret <= 0, "set_domain %#x returns %d\n", domains[i], ret);
		ret = __igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, domains[i]);
		igt_assert_f(ret <= 0, "a stream for domain %#x returns %d\n", domains[i], ret);
		igt_radeon_check(&bo, 1, "after a request for an invalid domain");
	}
	igt_radeon_bo_close(fd, &bo);
}

/* Relocations of the streams of test_short_relocations(). */
#define RELOCS	11

/* A stream, each part of which a test can make invalid. */
struct stream {
	uint32_t ib[64];
	struct drm_radeon_cs_reloc relocs[RELOCS + 1];
	uint32_t flags;
	struct drm_radeon_cs_chunk chunks[3];
	uint64_t addresses[3];
	struct drm_radeon_cs cs;
};

static void stream_init(struct stream *stream, const struct igt_radeon_bo *bo)
{
	memset(stream, 0, sizeof(*stream));
	for (unsigned int i = 0; i < ARRAY_SIZE(stream->ib); i++)
		stream->ib[i] = padding;
	stream->relocs[0].handle = bo->handle;
	stream->relocs[0].read_domains = GTT;
	stream->relocs[0].write_domain = GTT;
	stream->chunks[0].chunk_id = RADEON_CHUNK_ID_IB;
	stream->chunks[0].length_dw = ARRAY_SIZE(stream->ib);
	stream->chunks[0].chunk_data = (uintptr_t)stream->ib;
	stream->chunks[1].chunk_id = RADEON_CHUNK_ID_RELOCS;
	stream->chunks[1].length_dw = sizeof(stream->relocs[0]) / 4;
	stream->chunks[1].chunk_data = (uintptr_t)stream->relocs;
	/* Omitted if the GPU has no virtual address space. */
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

	igt_assert_f(ret < 0 && ret != -EDEADLK, "a stream with %s returns %d\n", what, ret);
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
	refuse_stream(fd, &stream, "a bad pointer to the chunk array");

	stream_init(&stream, &bo);
	stream.addresses[0] = nowhere;
	refuse_stream(fd, &stream, "a bad pointer to a chunk");

	stream_init(&stream, &bo);
	stream.chunks[0].chunk_data = nowhere;
	refuse_stream(fd, &stream, "a bad pointer to the commands");

	stream_init(&stream, &bo);
	stream.chunks[1].chunk_data = nowhere;
	refuse_stream(fd, &stream, "a bad pointer to the relocations");

	stream_init(&stream, &bo);
	stream.cs.num_chunks = 0xffffffffu;
	refuse_stream(fd, &stream, "2^32 - 1 chunks");

	stream_init(&stream, &bo);
	stream.chunks[0].length_dw = 0;
	refuse_stream(fd, &stream, "no commands");

	stream_init(&stream, &bo);
	stream.chunks[0].length_dw = 0x3fffffff;
	refuse_stream(fd, &stream, "4 GiB of commands");

	/*
	 * A driver that does not check this length parses and writes memory past the end of its
	 * buffer. First submit a stream that it cannot read, which fails with EFAULT before that.
	 */
	stream_init(&stream, &bo);
	stream.chunks[0].length_dw = 0x40000001;
	stream.chunks[0].chunk_data = nowhere;
	igt_assert_f(answer(fd, DRM_IOCTL_RADEON_CS, &stream.cs) != -EFAULT,
		     "the length of a stream is not checked: any client can write out of bounds\n");
	stream.chunks[0].chunk_data = (uintptr_t)stream.ib;
	refuse_stream(fd, &stream, "commands whose length overflows");

	stream_init(&stream, &bo);
	stream.relocs[0].handle = NO_HANDLE;
	refuse_stream(fd, &stream, "a relocation for an invalid handle");

	igt_radeon_bo_create(fd, 4096, GTT, 0, &closed);
	stream_init(&stream, &bo);
	stream.relocs[0].handle = closed.handle;
	igt_radeon_bo_close(fd, &closed);
	refuse_stream(fd, &stream, "a relocation for a closed BO");

	/*
	 * A relocation without a packet that uses it, then a write to a privileged register. Not on
	 * GCN2: there the GPU refuses it, and hangs.
	 */
	stream_init(&stream, &bo);
	stream.ib[0] = 0xc0001000;	/* NOP with one dword: a relocation */
	stream.ib[1] = 0x00100000;
	stream.ib[2] = 0x00000000 | 0x15a4 / 4;	/* a privileged register */
	if (!igt_radeon_is_gcn2(fd))
		refuse_stream(fd, &stream, "a write to a privileged register");

	igt_radeon_check(&bo, 1, "after rejected streams");
	stream_init(&stream, &bo);
	igt_assert_eq(answer(fd, DRM_IOCTL_RADEON_CS, &stream.cs), 0);
	igt_radeon_bo_close(fd, &bo);
}

/*
 * A relocation takes four dwords of its chunk. A stream must not use one that the chunk does not
 * hold completely. A driver that does not check this reads one entry past its array. The
 * kernel's allocator rounds the size of RELOCS entries up by more than an entry, so that the read
 * does no harm.
 */
static void test_short_relocations(int fd)
{
	struct igt_radeon_bo bo;
	struct stream stream;

	igt_radeon_ignore_complaints();
	igt_radeon_bo_create(fd, 16 * KIB, GTT, 0, &bo);
	stream_init(&stream, &bo);
	for (unsigned int i = 1; i < ARRAY_SIZE(stream.relocs); i++)
		stream.relocs[i] = stream.relocs[0];
	stream.chunks[1].length_dw = 4 * RELOCS;
	stream.ib[0] = 0x142c / 4;	/* DST_PITCH_OFFSET, whose offset is a relocation */
	stream.ib[1] = 0x00400000;
	stream.ib[2] = 0xc0001000;	/* NOP with one dword: the index of the relocation */
	stream.ib[3] = 0;
	igt_require_f(!bo.va && !answer(fd, DRM_IOCTL_RADEON_CS, &stream.cs),
		      "only R100 to R500 have this packet\n");

	stream.ib[3] = 4 * RELOCS;
	refuse_stream(fd, &stream, "the index of a missing relocation");
	for (uint32_t dwords = 4 * RELOCS + 1; dwords < 4 * RELOCS + 4; dwords++) {
		stream.chunks[1].length_dw = dwords;
		refuse_stream(fd, &stream, "the index of an incomplete relocation");
	}
	igt_radeon_bo_close(fd, &bo);
}

#define REG(reg, value)		(reg) / 4, (value)
#define RELOC			0xc0001000, 0
/* A vertex of two dwords in the stream. */
#define DRAW			0xc0023500, 3 << 4 | 1 << 16, 0, 0

/* A color buffer of 64 pixels of 4 bytes in a row and no depth buffer; vertices of 2 dwords. */
#define R100_STATE(height)						\
	REG(0x1c3c, 6 << 10),		/* RB3D_CNTL */			\
	REG(0x1c40, 0), RELOC,		/* RB3D_COLOROFFSET */		\
	REG(0x1c48, 64), RELOC,		/* RB3D_COLORPITCH */		\
	REG(0x1c44, (height) << 16),	/* RE_WIDTH_HEIGHT */		\
	REG(0x2080, 0)			/* SE_VTX_FMT */
/* A texture of 4 bytes for each texel; format has log2 of the width and the height. */
#define R100_TEXTURE(format, levels, offset)				\
	REG(0x1c38, 1 << 4),		/* PP_CNTL */			\
	REG(0x1c54, (levels) << 16),	/* PP_TXFILTER_0 */		\
	REG(0x1c58, 6 | (format)),	/* PP_TXFORMAT_0 */		\
	REG(0x1c5c, (offset)), RELOC	/* PP_TXOFFSET_0 */

/* No color channel, no depth buffer; vertices of 2 dwords. */
#define R300_STATE							\
	REG(0x4e0c, 0),			/* RB3D_COLOR_CHANNEL_MASK */	\
	REG(0x4f00, 0),			/* ZB_CNTL */			\
	REG(0x20b4, 2)			/* VAP_VTX_SIZE */
/* A texture of 1 byte for each texel; size has the width and the height minus 1. */
#define R300_TEXTURE(size, type, offset)				\
	REG(0x4104, 1),			/* TX_ENABLE */			\
	REG(0x4400, 0),			/* TX_FILTER0_0 */		\
	REG(0x4480, (size)),		/* TX_FORMAT0_0 */		\
	REG(0x44c0, (type) << 25),	/* TX_FORMAT1_0 */		\
	REG(0x4500, 0),			/* TX_FORMAT2_0 */		\
	REG(0x4540, (offset)), RELOC	/* TX_OFFSET_0 */

#define IB(...)								\
	.ib = (const uint32_t[]){ __VA_ARGS__ },			\
	.dwords = sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4

struct bad_surface {
	const char *what;
	const uint32_t *ib;
	unsigned int dwords;
};

/* Indices for one register: the port for indices. */
#define INDICES(offset, dwords)						\
	0xc0023300, 1u << 31 | 0x2040 / 4, (offset), (dwords), RELOC
/* The first dword of the BO, which is 0, to a register. */
#define ZERO_TO(reg)		0xc0023300, 1u << 31 | (reg) / 4, 0, 1, RELOC

/*
 * For a BO of 4 KiB. If the driver accepts a draw, the GPU draws one point and writes only to the
 * BO. It may hang, because earlier streams have set most of its state.
 */
static const struct bad_surface r100_surfaces[] = {
	{ "a color buffer that is larger than its BO", IB(R100_STATE(63), DRAW) },
	{ "a stencil buffer that is larger than its BO",
	  IB(R100_STATE(63), REG(0x1c3c, 9 << 10 | 1 << 7),	/* colors of 1 byte */
	     REG(0x1c24, 0), RELOC, REG(0x1c28, 64), DRAW) },	/* RB3D_DEPTHOFFSET, _DEPTHPITCH */
	{ "a texture whose pitch wraps",
	  IB(R100_STATE(15), R100_TEXTURE(1 << 7, 0, 0),
	     REG(0x1d04, 63 << 16 | 63), REG(0x1d08, 0xffffffe0), DRAW) },
	{ "a texture whose size another register seems to replace",
	  IB(R100_STATE(15), R100_TEXTURE(11 << 8 | 11 << 12, 0, 0), REG(0x1d04, 0), DRAW) },
	{ "a texture outside of its BO", IB(R100_STATE(15), R100_TEXTURE(0, 0, 1 << 20), DRAW) },
	{ "indices of which the last does not fit", IB(INDICES(0, 1025)) },
	{ "indices outside of their BO", IB(INDICES(1 << 20, 1)) },
	{ "indices for another register", IB(ZERO_TO(0x1c38)) },	/* PP_CNTL */
	{ "the count of an occlusion query between dwords",
	  IB(REG(0x3294, 2), RELOC) },		/* RB3D_ZPASS_ADDR */
};

static const struct bad_surface r300_surfaces[] = {
	{ "a color buffer that is larger than its BO",
	  IB(REG(0x4f00, 0), REG(0x20b4, 2), REG(0x4e00, 0),	/* one color buffer, no depth */
	     REG(0x4e28, 0), RELOC, REG(0x4e38, 64 | 6 << 21), RELOC,
	     REG(0x43e4, (63 + 1440) << 13), DRAW) },		/* SC_SCISSOR1 */
	{ "a color buffer whose samples do not fit",
	  IB(REG(0x4f00, 0), REG(0x20b4, 2), REG(0x4e00, 0),
	     REG(0x4e28, 0), RELOC, REG(0x4e38, 64 | 6 << 21), RELOC,
	     REG(0x43e4, (15 + 1440) << 13), REG(0x4020, 2 << 1 | 1), DRAW) },	/* GB_AA_CONFIG */
	{ "a stencil buffer that is larger than its BO",
	  IB(R300_STATE, REG(0x4f00, 1), REG(0x4f20, 0), RELOC, REG(0x4f24, 64), RELOC,
	     REG(0x43e4, (63 + 1440) << 13), REG(0x4020, 0), DRAW) },
	{ "a volume of 4 GiB",
	  IB(R300_STATE, R300_TEXTURE(2047 | 2047 << 11 | 10 << 22, 1, 0), DRAW) },
	{ "a texture outside of its BO", IB(R300_STATE, R300_TEXTURE(0, 0, 1 << 20), DRAW) },
	{ "indices of which the last does not fit", IB(INDICES(0, 1025)) },
	{ "indices outside of their BO", IB(INDICES(1 << 20, 1)) },
	{ "indices for another register", IB(ZERO_TO(0x4104)) },	/* TX_ENABLE */
	{ "the count of an occlusion query between dwords",
	  IB(REG(0x4f5c, 2), RELOC) },		/* ZB_ZPASS_ADDR */
};

/* The last packet writes to a privileged register, so the driver refuses these streams. */
static const struct bad_surface r100_levels = {
	"a texture of 1x1 with 8 levels, and a privileged register",
	IB(R100_STATE(15), R100_TEXTURE(0, 8, 0), DRAW, REG(0x15a4, 0)),
};

static const struct bad_surface r300_levels = {
	"a texture of 1x1 with 8 levels, and a privileged register",
	IB(R300_STATE, R300_TEXTURE(8 << 26, 0, 0), DRAW, REG(0x15a4, 0)),
};

static void stream_set(struct stream *stream, const struct igt_radeon_bo *bo, const uint32_t *ib,
		       unsigned int dwords)
{
	stream_init(stream, bo);
	for (unsigned int i = 0; i < dwords; i++)
		stream->ib[i] = ib[i];
}

/* Does the checker know this register as safe? Writes 0 to it. */
static bool has_register(int fd, const struct igt_radeon_bo *bo, uint32_t reg)
{
	const uint32_t ib[] = { REG(reg, 0) };
	struct stream stream;

	stream_set(&stream, bo, ib, ARRAY_SIZE(ib));
	return !bo->va && !answer(fd, DRM_IOCTL_RADEON_CS, &stream.cs);
}

#define PP_CNTL		0x1c38	/* of R100 and R200 */
#define R200_PP_CNTL_X	0x2cc4
#define TX_ENABLE	0x4104	/* of R300 to R500 */

static bool refuses_surface(int fd, const struct igt_radeon_bo *bo,
			    const struct bad_surface *surface)
{
	struct stream stream;

	stream_set(&stream, bo, surface->ib, surface->dwords);
	return answer(fd, DRM_IOCTL_RADEON_CS, &stream.cs) < 0;
}

struct checker {
	const struct bad_surface *surfaces, *levels;
	unsigned int count;
};

/* The streams for this GPU, whose family is known by the registers that a stream may write. */
static const struct checker *require_checker(int fd, const struct igt_radeon_bo *bo)
{
	static const struct checker r100 = {
		r100_surfaces, &r100_levels, ARRAY_SIZE(r100_surfaces),
	};
	static const struct checker r300 = {
		r300_surfaces, &r300_levels, ARRAY_SIZE(r300_surfaces),
	};

	if (has_register(fd, bo, TX_ENABLE))
		return &r300;
	igt_require_f(has_register(fd, bo, PP_CNTL) && !has_register(fd, bo, R200_PP_CNTL_X),
		      "there are streams for R100 and for R300 to R500 only\n");
	return &r100;
}

static void test_bad_surface(int fd)
{
	const struct checker *checker;
	struct igt_radeon_bo bo;
	unsigned int accepted = 0;

	igt_radeon_ignore_complaints();
	igt_radeon_bo_create(fd, 4 * KIB, GTT, 0, &bo);
	checker = require_checker(fd, &bo);
	for (unsigned int i = 0; i < checker->count; i++) {
		if (refuses_surface(fd, &bo, &checker->surfaces[i]))
			continue;
		igt_info("accepted: %s\n", checker->surfaces[i].what);
		accepted++;
	}
	igt_assert_f(accepted == 0, "%u of %u streams are accepted\n", accepted, checker->count);
	igt_radeon_bo_close(fd, &bo);
}

/*
 * More levels than a texture has. Kernels before the fix shift by 64, and refuse the stream as
 * well: its last packet writes to a privileged register. So the subtest itself cannot fail. It
 * fails by the report in the log if the kernel has UBSAN.
 */
static void test_many_levels(int fd)
{
	struct igt_radeon_bo bo;

	igt_radeon_ignore_complaints();
	igt_radeon_bo_create(fd, 4 * KIB, GTT, 0, &bo);
	igt_assert(refuses_surface(fd, &bo, require_checker(fd, &bo)->levels));
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
	/* Unmapped memory: rejected now, or when the pages are pinned. */
	munmap(memory, 16 * KIB);
	userptr.flags = all;
	igt_assert(answer(fd, DRM_IOCTL_RADEON_GEM_USERPTR, &userptr) < 0);
}

/*
 * A client makes a userptr BO and unmaps the memory. The kernel then has to reject streams that use
 * the BO: other processes may have the pages.
 */
static void test_userptr_gone(int fd)
{
	const uint64_t size = 16 * KIB;
	struct igt_radeon_bo bo;
	int ret;

	igt_radeon_ignore_complaints();
	igt_require_radeon_user_memory(fd, size, true, &bo);
	igt_assert_eq(__igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, GTT), 0);
	igt_assert_eq(__igt_radeon_bo_wait(fd, &bo), 0);

	munmap(bo.map, size);
	bo.map = NULL;
	ret = __igt_radeon_cs(fd, (struct igt_radeon_bo *[]){ &bo }, 1, GTT);
	igt_assert_f(ret < 0, "a stream with unmapped user memory was accepted\n");
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
	igt_assert_f(more == MAP_FAILED, "mapped 64 KiB of a BO of 8 KiB\n");
	more = mmap(NULL, 8 * KIB, PROT_READ, MAP_SHARED, fd, map.addr_ptr + 4096);
	igt_assert_f(more == MAP_FAILED, "mapped a page after the end of a BO\n");
	igt_radeon_bo_close(fd, &bo);
}

int igt_main()
{
	int fd = -1;

	igt_fixture() {
		fd = drm_open_driver(DRIVER_RADEON);
		igt_require_radeon_accel(fd);
		padding = igt_radeon_padding(fd);
	}

	for (int i = 0; i < IGT_RADEON_CACHINGS; i++) {
		igt_describe("Check that new BOs do not contain data of another process.");
		igt_subtest_f("clean-%s", igt_radeon_caching[i].name)
			test_clean(fd, igt_radeon_caching[i].flags);
	}

	igt_describe("Create BOs with invalid sizes, alignments, domains and flags.");
	igt_subtest("bad-create")
		test_bad_create(fd);

	igt_describe("Call all ioctls with invalid handles.");
	igt_subtest("bad-handle")
		test_bad_handle(fd);

	igt_describe("Use handles and mmap offsets of another client.");
	igt_subtest("foreign-handle")
		test_foreign_handle(fd);

	igt_describe("Request BOs in invalid domains.");
	igt_subtest("bad-domain")
		test_bad_domain(fd);

	igt_describe("Submit command streams with one invalid part each.");
	igt_subtest("bad-stream")
		test_bad_stream(fd);

	igt_describe("Submit streams that use a relocation past the end of its chunk.");
	igt_subtest("short-relocations")
		test_short_relocations(fd);

	igt_describe("Submit draws with textures and buffers that are larger than their BO.");
	igt_subtest("bad-surface")
		test_bad_surface(fd);

	igt_describe("Submit a texture with more levels than it has, for UBSAN.");
	igt_subtest("many-levels")
		test_many_levels(fd);

	igt_describe("Create userptr BOs from invalid memory.");
	igt_subtest("bad-userptr")
		test_bad_userptr(fd);

	igt_describe("Unmap the memory of a userptr BO and submit it again.");
	igt_subtest("userptr-gone")
		test_userptr_gone(fd);

	igt_describe("Map more than the BO.");
	igt_subtest("mmap-beyond")
		test_mmap_beyond(fd);

	igt_fixture()
		drm_close_driver(fd);
}
