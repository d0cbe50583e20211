/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef __RADEON_CS_TEST_H__
#define __RADEON_CS_TEST_H__

/*
 * Tests of the command stream checkers. A case is a stream, the family of the GPU and the size of
 * the BO that all relocations name. The checkers need no GPU.
 */

#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/sizes.h>

#include "../radeon.h"

#define CS_TEST_GPU_OFFSET	SZ_16M

/* a relocation packet; all relocations are of the one BO */
#define RELOC			0xc0001000, 0

#define STREAM(...)						\
	.dw = (const u32[]){ __VA_ARGS__ },			\
	.num_dw = sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32)

struct cs_test_case {
	const char *name;
	enum radeon_family family;
	int (*parse)(struct radeon_cs_parser *p);
	/* or, for streams with a virtual address space */
	int (*ib_parse)(struct radeon_device *rdev, struct radeon_ib *ib);
	unsigned long bo_size;
	int ret;
	const u32 *dw;
	unsigned int num_dw;
};

/**
 * cs_test_parse - have a stream checked
 * @test: KUnit test
 * @c: the case
 * @ib: if not NULL, set to the stream that the checker has patched
 *
 * The IB is as long as the stream, so that KASAN finds accesses past its end.
 *
 * Returns: what the checker returns.
 */
static int cs_test_parse(struct kunit *test, const struct cs_test_case *c, const u32 **ib)
{
	struct radeon_cs_chunk *chunks;
	struct radeon_cs_parser *p;
	struct radeon_device *rdev;
	struct radeon_bo *bo;
	struct device *dev;
	int ret;

	dev = kunit_device_register(test, "radeon_cs_test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	rdev = kunit_kzalloc(test, sizeof(*rdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	chunks = kunit_kcalloc(test, 2, sizeof(*chunks), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chunks);
	bo = kunit_kzalloc(test, sizeof(*bo), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bo);

	rdev->dev = dev;
	rdev->family = c->family;
	if (c->family < CHIP_R600) {
		const unsigned int num_checked = 160;
		unsigned int *checked = kunit_kmalloc_array(test, num_checked, sizeof(*checked),
							    GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, checked);
		memset(checked, 0xff, num_checked * sizeof(*checked));
		if (c->family < CHIP_R300) {
			rdev->config.r100.reg_safe_bm = checked;
			rdev->config.r100.reg_safe_bm_size = num_checked;
		} else {
			rdev->config.r300.reg_safe_bm = checked;
			rdev->config.r300.reg_safe_bm_size = num_checked;
		}
	} else if (c->family < CHIP_RV770) {
		rdev->config.r600.tiling_npipes = 2;
		rdev->config.r600.tiling_nbanks = 4;
		rdev->config.r600.tiling_group_size = 256;
		rdev->config.r600.max_backends = 4;
	} else if (c->family <= CHIP_RV740) {
		rdev->config.rv770.tiling_npipes = 2;
		rdev->config.rv770.tiling_nbanks = 4;
		rdev->config.rv770.tiling_group_size = 256;
		rdev->config.rv770.max_backends = 4;
	} else if (c->family < CHIP_CAYMAN) {
		rdev->config.evergreen.max_backends = 8;
	}
	bo->tbo.base.size = c->bo_size;

	p->dev = dev;
	p->rdev = rdev;
	p->family = c->family;
	p->cs_flags = RADEON_CS_KEEP_TILING_FLAGS;
	p->nrelocs = 4;
	p->relocs = kunit_kcalloc(test, p->nrelocs, sizeof(*p->relocs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p->relocs);
	for (int i = 0; i < p->nrelocs; i++) {
		p->relocs[i].robj = bo;
		p->relocs[i].gpu_offset = CS_TEST_GPU_OFFSET;
	}
	p->chunk_ib = &chunks[0];
	p->chunk_ib->length_dw = c->num_dw;
	p->chunk_relocs = &chunks[1];
	p->chunk_relocs->length_dw = 4 * p->nrelocs;
	p->ib.length_dw = c->num_dw;
	p->ib.ptr = kunit_kmalloc_array(test, c->num_dw, sizeof(u32), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p->ib.ptr);
	memcpy(p->ib.ptr, c->dw, c->num_dw * sizeof(u32));

	ret = c->parse ? c->parse(p) : c->ib_parse(rdev, &p->ib);
	kfree(p->track);
	if (ib)
		*ib = p->ib.ptr;
	return ret;
}

static inline void cs_test_check(struct kunit *test)
{
	const struct cs_test_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, cs_test_parse(test, c, NULL), c->ret);
}

static inline void cs_test_case_desc(const struct cs_test_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

#endif /* __RADEON_CS_TEST_H__ */
