// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * KUnit test of the fences that a command stream adds to its BOs.
 */

#include <kunit/test.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>

#include "../radeon.h"

#define NUM_OTHERS	3

static const char *fence_name(struct dma_fence *fence)
{
	return "radeon_cs_fence_test";
}

/* The fences of other rings are not signaled, and a wait for them returns at once. */
static long fence_wait(struct dma_fence *fence, bool intr, long timeout)
{
	return timeout;
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
	.wait = fence_wait,
};

static struct dma_fence *fence_create(struct kunit *test)
{
	struct dma_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fence);
	dma_fence_init(fence, &fence_ops, NULL, dma_fence_context_alloc(1), 1);
	return fence;
}

/*
 * A stream names a BO as written and as read, and other rings have fences on it. There is a slot
 * for each of the stream's two fences. (Without one dma_resv_add_fence() is a BUG.)
 */
static void radeon_cs_fence_twice(struct kunit *test)
{
	struct radeon_bo_list *lists = kunit_kcalloc(test, 2, sizeof(*lists), GFP_KERNEL);
	struct radeon_cs_parser *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct radeon_bo *bo = kunit_kzalloc(test, sizeof(*bo), GFP_KERNEL);
	struct dma_fence *fence[NUM_OTHERS + 1];
	struct dma_resv *resv;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, lists);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_NOT_NULL(test, bo);
	for (i = 0; i < ARRAY_SIZE(fence); i++)
		fence[i] = fence_create(test);
	resv = &bo->tbo.base._resv;
	bo->tbo.base.resv = resv;
	dma_resv_init(resv);

	INIT_LIST_HEAD(&p->validated);
	for (i = 0; i < 2; i++) {
		lists[i].robj = bo;
		lists[i].shared = i;
		list_add_tail(&lists[i].list, &p->validated);
	}

	KUNIT_ASSERT_EQ(test, dma_resv_lock(resv, NULL), 0);
	for (i = 0; i < NUM_OTHERS; i++) {
		KUNIT_ASSERT_EQ(test, dma_resv_reserve_fences(resv, 1), 0);
		dma_resv_add_fence(resv, fence[i], DMA_RESV_USAGE_READ);
	}
	/* as drm_exec_prepare_obj() */
	KUNIT_ASSERT_EQ(test, dma_resv_reserve_fences(resv, 1), 0);

	KUNIT_ASSERT_EQ(test, radeon_cs_sync_rings(p), 0);
	dma_resv_add_fence(resv, fence[NUM_OTHERS], DMA_RESV_USAGE_WRITE);
	dma_resv_add_fence(resv, fence[NUM_OTHERS], DMA_RESV_USAGE_READ);
	dma_resv_unlock(resv);

	for (i = 0; i < ARRAY_SIZE(fence); i++) {
		dma_fence_signal(fence[i]);
		dma_fence_put(fence[i]);
	}
	dma_resv_fini(resv);
}

static struct kunit_case radeon_cs_fence_tests[] = {
	KUNIT_CASE(radeon_cs_fence_twice),
	{}
};

static struct kunit_suite radeon_cs_fence_suite = {
	.name = "radeon_cs_fence",
	.test_cases = radeon_cs_fence_tests,
};

kunit_test_suite(radeon_cs_fence_suite);

MODULE_DESCRIPTION("KUnit test of the fences that a command stream adds to its BOs");
MODULE_LICENSE("Dual MIT/GPL");
