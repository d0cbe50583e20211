/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the KUnit tests of the chunk allocator use of the kernel, for user space, in addition to
 * kernel_stubs.h. Pages have memory here. A test that an assertion ends leaks its memory.
 */
#ifndef KUNIT_STUBS_H
#define KUNIT_STUBS_H

#include <setjmp.h>

#include "kernel_stubs.h"

struct kunit {
	void *priv;
	const void *param_value;
	unsigned int failed;
	jmp_buf end;
};

struct kunit_case {
	const char *name;
	void (*run)(struct kunit *test);
	const void *(*param)(unsigned int number);
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	struct kunit_case *test_cases;
};

void kunit_failed(struct kunit *test, const char *function, int line, const char *text,
		  long long left, long long right, bool end);

#define KUNIT_CASE(f)		{ .name = #f, .run = f }
#define KUNIT_CASE_PARAM(f, p)	{ .name = #f, .run = f, .param = p }
#define KUNIT_PARAM_DESC_SIZE	128
#define KUNIT_ARRAY_PARAM(id, array, describe)				\
	static const void *id##_gen_params(unsigned int number)		\
	{								\
		char text[KUNIT_PARAM_DESC_SIZE];			\
									\
		if (number >= ARRAY_SIZE(array))			\
			return NULL;					\
		describe(&(array)[number], text);			\
		return &(array)[number];				\
	}								\
	_Static_assert(1, "")
#define kunit_test_suites(suite)	struct kunit_suite *scale_suite = suite

#define KUNIT_COMPARE(test, a, op, b, end) do {				\
	long long left_ = (long long)(a), right_ = (long long)(b);	\
									\
	if (!(left_ op right_))						\
		kunit_failed(test, __func__, __LINE__, #a " " #op " " #b, left_, right_, end); \
} while (0)
#define KUNIT_EXPECT_EQ(test, a, b)		KUNIT_COMPARE(test, a, ==, b, false)
#define KUNIT_EXPECT_EQ_MSG(test, a, b, ...)	KUNIT_COMPARE(test, a, ==, b, false)
#define KUNIT_EXPECT_LE(test, a, b)		KUNIT_COMPARE(test, a, <=, b, false)
#define KUNIT_EXPECT_LE_MSG(test, a, b, ...)	KUNIT_COMPARE(test, a, <=, b, false)
#define KUNIT_EXPECT_GE(test, a, b)		KUNIT_COMPARE(test, a, >=, b, false)
#define KUNIT_EXPECT_GT(test, a, b)		KUNIT_COMPARE(test, a, >, b, false)
#define KUNIT_EXPECT_TRUE(test, a)		KUNIT_COMPARE(test, !!(a), ==, true, false)
#define KUNIT_EXPECT_TRUE_MSG(test, a, ...)	KUNIT_COMPARE(test, !!(a), ==, true, false)
#define KUNIT_EXPECT_NULL(test, a)		KUNIT_COMPARE(test, (long)(a), ==, 0, false)
#define KUNIT_ASSERT_EQ(test, a, b)		KUNIT_COMPARE(test, a, ==, b, true)
#define KUNIT_ASSERT_EQ_MSG(test, a, b, ...)	KUNIT_COMPARE(test, a, ==, b, true)
#define KUNIT_ASSERT_NE(test, a, b)		KUNIT_COMPARE(test, a, !=, b, true)
#define KUNIT_ASSERT_GE(test, a, b)		KUNIT_COMPARE(test, a, >=, b, true)
#define KUNIT_ASSERT_GT(test, a, b)		KUNIT_COMPARE(test, a, >, b, true)
#define KUNIT_ASSERT_FALSE(test, a)		KUNIT_COMPARE(test, !!(a), ==, false, true)
#define KUNIT_ASSERT_NOT_NULL(test, a)		KUNIT_COMPARE(test, (long)(a), !=, 0, true)

#define kunit_kzalloc(test, size, gfp)		((void)(test), kzalloc(size, gfp))
#define kunit_kcalloc(test, n, size, gfp)	((void)(test), kcalloc(n, size, gfp))
#define kunit_info(test, ...)			((void)(test), (void)printf(__VA_ARGS__))
#define kunit_device_register(test, text) \
	({ static struct device device_ = { .name = text }; (void)(test); &device_; })
#define PTR_ERR_OR_ZERO(p)		(IS_ERR(p) ? (int)PTR_ERR(p) : 0)
#define MODULE_DESCRIPTION(text)	_Static_assert(1, "")
#define MODULE_LICENSE(text)		_Static_assert(1, "")

/* ---- memory */

#define SZ_16M			0x1000000
#define VM_MAP			0
#define PAGE_KERNEL		0
/* Only pages that are contiguous, at the addresses that they have. */
#define vmap(pages, n, flags, prot)	((void)(n), page_address((pages)[0]))
#define vunmap(vaddr)		((void)(vaddr))

struct page *alloc_pages(gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
void *memchr_inv(const void *p, int c, size_t size);

/* ---- xarray.h, by frame number */

#define XA_ENTRIES		(1ul << 19)

struct xarray {
	void **entries;
	unsigned long used;
};

static inline void xa_init(struct xarray *xa)
{
	xa->entries = calloc(XA_ENTRIES, sizeof(void *));
	xa->used = 0;
}

static inline void xa_destroy(struct xarray *xa)
{
	free(xa->entries);
}

static inline void *xa_load(struct xarray *xa, unsigned long i)
{
	return i < XA_ENTRIES ? xa->entries[i] : NULL;
}

static inline void *xa_store(struct xarray *xa, unsigned long i, void *entry, gfp_t gfp)
{
	void *old = xa_load(xa, i);

	(void)gfp;
	if (i >= XA_ENTRIES)
		abort();
	xa->entries[i] = entry;
	xa->used += !!entry - !!old;
	return old;
}

#define xa_erase(xa, i)		xa_store(xa, i, NULL, 0)
#define xa_err(entry)		((void)(entry), 0)
#define xa_empty(xa)		(!(xa)->used)
#define xa_mk_value(n)		((void *)((unsigned long)(n) << 1 | 1))
#define xa_for_each(xa, i, entry) \
	for ((i) = 0; (i) < XA_ENTRIES; (i)++) \
		if (((entry) = (xa)->entries[i]))

/* ---- CPUs, threads, prandom.h */

struct task_struct {
	int (*function)(void *data);
	void *data;
};

struct completion {
	bool done;
};

struct rnd_state {
	unsigned long state;
};

struct task_struct *kunit_thread(int (*function)(void *data), void *data);
void kunit_run_threads(void);

#define smp_processor_id()	((int)sim_cpu())
#define for_each_online_cpu(i)	for_each_possible_cpu(i)
#define num_online_cpus()	num_possible_cpus()
#define smp_call_on_cpu(cpu, f, data, phys) \
	({ int ret_; sim_first_cpu = (cpu); ret_ = f(data); sim_first_cpu = 0; ret_; })
#define kthread_run(f, data, ...)	kunit_thread(f, data)
#define kthread_complete_and_exit(c, status)	((c)->done = true)
#define init_completion(c)	((c)->done = false)
/* Threads that were started run to their end here. */
#define wait_for_completion_timeout(c, jiffies)	({ kunit_run_threads(); (c)->done; })
#define schedule()		sim_cost(1000)
#define prandom_seed_state(r, seed)	((r)->state = (seed))
#define prandom_u32_state(r) \
	((u32)(((r)->state = (r)->state * 6364136223846793005ul + 1442695040888963407ul) >> 33))
#define strscpy(to, from, size)	snprintf(to, size, "%s", from)

#endif
