// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Runs the KUnit tests of the chunk allocator in user space.
 *
 *   kunit [TEST]
 *
 * Prints "ok TEST" or "not ok TEST" for each test, after the assertions that failed. Ends with 0 if
 * none failed.
 */
#include <sys/mman.h>

#include "kunit_stubs.h"
#include "simulation.h"

#define MAX_THREADS	16
#define GIB		1ul

extern struct kunit_suite *scale_suite;

static struct task_struct tasks[MAX_THREADS];
static unsigned int started;
static struct device device;

void sim_give_up(void)
{
	abort();
}

void kunit_failed(struct kunit *test, const char *function, int line, const char *text,
		  long long left, long long right, bool end)
{
	printf("# %s:%d: %s: %lld, %lld\n", function, line, text, left, right);
	test->failed++;
	if (end)
		longjmp(test->end, 1);
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	dma_addr_t bus;
	void *vaddr = dma_alloc_attrs(&device, PAGE_SIZE << order, &bus, gfp, 0);

	if (!vaddr)
		return NULL;
	memset(vaddr, 0, PAGE_SIZE << order);
	return virt_to_page(vaddr);
}

void __free_pages(struct page *page, unsigned int order)
{
	/* A test that uses it afterwards shall notice. */
	memset(page_address(page), 0x6b, PAGE_SIZE << order);
	dma_free_attrs(&device, PAGE_SIZE << order, page_address(page), 0, 0);
}

void *memchr_inv(const void *p, int c, size_t size)
{
	const unsigned char *byte = p;

	for (; size--; byte++)
		if (*byte != (unsigned char)c)
			return (void *)byte;
	return NULL;
}

struct task_struct *kunit_thread(int (*function)(void *data), void *data)
{
	tasks[started] = (struct task_struct) { function, data };
	return &tasks[started++];
}

static void run_task(unsigned int thread)
{
	tasks[thread].function(tasks[thread].data);
}

void kunit_run_threads(void)
{
	unsigned int count = started;

	started = 0;
	if (count)
		sim_run(run_task, count);
}

/* Returns whether the test has passed. */
static bool run_case(const struct kunit_case *c, const void *param)
{
	static struct kunit test;

	test = (struct kunit) { .param_value = param };
	started = 0;
	sim_start(GIB, 2);
	scale_suite->init(&test);
	if (!setjmp(test.end))
		c->run(&test);
	if (sim_counts.wrong) {
		printf("# %lu errors of memory\n", sim_counts.wrong);
		test.failed++;
	}
	/* With zeros again, and without the memory of the last test. */
	madvise((void *)SIM_BASE, GIB << 30, MADV_DONTNEED);
	return !test.failed;
}

int main(int argc, char **argv)
{
	void *memory = mmap((void *)SIM_BASE, GIB << 30, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
			    0);
	const struct kunit_case *c;
	bool all = true, passed;
	unsigned int i;

	if (memory != (void *)SIM_BASE) {
		perror("mmap");
		return 2;
	}
	sim_real_memory = true;
	for (c = scale_suite->test_cases; c->run; c++) {
		if (argc > 1 && strcmp(argv[1], c->name))
			continue;
		passed = true;
		for (i = 0; c->param ? c->param(i) != NULL : !i; i++)
			passed &= run_case(c, c->param ? c->param(i) : NULL);
		printf("%s %s\n", passed ? "ok" : "not ok", c->name);
		all &= passed;
	}
	return !all;
}
