// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Simulates a machine for the chunk allocator: CPUs with a clock each, locks, memory.
 *
 * Each thread has a CPU. What costs time advances its clock, and the thread whose clock is
 * behind the others' runs next, so a run is the same each time. A lock is contended if its holder
 * has not released it at the time at which another thread wants it.
 */
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "simulation.h"

/* Costs in ns: rough figures of a machine with 3 GHz. Only their ratios matter. */
#define COST_LOCK		20
#define COST_VISIT		5
#define COST_CLEAR		(PAGE_SIZE / 32)
#define COST_KMALLOC		50
#define COST_SOURCE		2000
#define COST_CACHING		5000
#define COST_CACHING_PAGE	20

#define STACK			(256 * 1024)
#define MAX_THREADS		64

struct sim_thread {
	ucontext_t context;	/* where it starts */
	jmp_buf jump;		/* where it goes on: unlike swapcontext() no system call */
	unsigned long clock;
	unsigned long visits;
	unsigned int number;
	struct sim_lock *waits;
	bool started;
	bool done;
	void *stack;
};

struct sim_counts sim_counts;
unsigned long sim_visit_limit = ULONG_MAX;
struct sim_memory sim_memory;
struct page *sim_pages;
unsigned int sim_cpus, sim_first_cpu;
bool sim_real_memory;

static struct sim_thread threads[MAX_THREADS], *current = &threads[0];
static ucontext_t main_context;
static unsigned long next_clock;
static unsigned int running;
static void (*thread_function)(unsigned int thread);

static unsigned long mapped_pages, next_pfn, allocations;
static u32 free_lists[MAX_PAGE_ORDER + 1];

void sim_wrong(const char *what)
{
	if (!sim_counts.wrong++)
		fprintf(stderr, "wrong: %s\n", what);
}

/* Count that a list entry is looked at. */
void *sim_visit(void *entry)
{
	current->visits++;
	sim_cost(COST_VISIT);
	if (++sim_counts.visits == sim_visit_limit)
		sim_give_up();
	return entry;
}

/* ---- threads */

/* The thread that runs next, perhaps @current. Sets @next_clock to that of the one after it. */
static struct sim_thread *pick(void)
{
	struct sim_thread *best = NULL;
	unsigned int i;

	next_clock = ULONG_MAX;
	for (i = 0; i < running; i++) {
		if (threads[i].done || threads[i].waits)
			continue;
		if (best && threads[i].clock >= best->clock) {
			next_clock = min(next_clock, threads[i].clock);
			continue;
		}
		if (best)
			next_clock = best->clock;
		best = &threads[i];
	}
	return best;
}

/* Run the thread whose clock is behind. The current one may wait or be done. */
static void schedule(void)
{
	struct sim_thread *prev = current, *next = pick();

	if (next == prev || (prev->started && !prev->done && _setjmp(prev->jump)))
		return;
	if (!next) {
		if (!prev->done) {
			fprintf(stderr, "all threads wait\n");
			abort();
		}
		setcontext(&main_context);
	}
	current = next;
	if (next->started)
		_longjmp(next->jump, 1);
	next->started = true;
	setcontext(&next->context);
}

void sim_cost(unsigned long ns)
{
	current->clock += ns;
	if (running && current->clock > next_clock)
		schedule();
}

unsigned int sim_cpu(void)
{
	return (sim_first_cpu + current->number) % sim_cpus;
}

static void thread_start(void)
{
	thread_function(current->number);
	current->done = true;
	schedule();
}

/* Run @function in so many threads until all have returned. */
void sim_run(void (*function)(unsigned int thread), unsigned int count)
{
	unsigned int i;

	thread_function = function;
	for (i = 0; i < MAX_THREADS; i++)
		threads[i].clock = 0;
	for (i = 0; i < count; i++) {
		struct sim_thread *t = &threads[i];

		if (!t->stack)
			t->stack = malloc(STACK);
		t->number = i;
		t->waits = NULL;
		t->started = false;
		t->done = false;
		getcontext(&t->context);
		t->context.uc_stack.ss_sp = t->stack;
		t->context.uc_stack.ss_size = STACK;
		t->context.uc_link = NULL;
		makecontext(&t->context, thread_start, 0);
	}
	running = count;
	current = pick();
	current->started = true;
	swapcontext(&main_context, &current->context);
	running = 0;
	current = &threads[0];
}

/* The latest clock of all threads of the last run. */
unsigned long sim_clock(void)
{
	unsigned long latest = 0;
	unsigned int i;

	for (i = 0; i < MAX_THREADS; i++)
		latest = max(latest, threads[i].clock);
	return latest;
}

void sim_acquire(struct sim_lock *lock, bool read)
{
	bool contended = false;

	sim_cost(COST_LOCK);
	sim_counts.holds++;
	while (lock->owner || (!read && lock->readers)) {
		contended = true;
		current->waits = lock;
		schedule();
	}
	sim_counts.contended += contended;
	if (read) {
		lock->readers++;
	} else {
		lock->owner = current;
		lock->visits = current->visits;
	}
}

void sim_release(struct sim_lock *lock, bool read)
{
	struct sim_thread *first = NULL;
	unsigned int i;

	if (read) {
		lock->readers--;
	} else {
		if (lock->owner != current)
			sim_wrong("a lock is released that another thread holds");
		lock->owner = NULL;
		sim_counts.hold_visits = max(sim_counts.hold_visits,
					     current->visits - lock->visits);
	}
	for (i = 0; i < running; i++)
		if (threads[i].waits == lock && (!first || threads[i].clock < first->clock))
			first = &threads[i];
	if (first) {
		first->waits = NULL;
		first->clock = max(first->clock, current->clock);
		next_clock = min(next_clock, first->clock);
	}
	sim_cost(COST_LOCK);
}

/* ---- memory */

/* Start again with an empty machine. */
void sim_start(unsigned long gib, unsigned int cpus)
{
	unsigned long pages = gib << (30 - PAGE_SHIFT);

	if (sim_pages)
		munmap(sim_pages, mapped_pages * sizeof(struct page));
	sim_pages = mmap(NULL, pages * sizeof(struct page), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (sim_pages == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	mapped_pages = pages;
	next_pfn = 1ul << MAX_PAGE_ORDER;
	memset(free_lists, 0, sizeof(free_lists));
	sim_memory = (struct sim_memory) { .pages = pages, .largest = MAX_PAGE_ORDER };
	sim_counts = (struct sim_counts) { };
	sim_cpus = cpus;
}

static void free_block(unsigned long pfn, unsigned int order)
{
	sim_pages[pfn].next = free_lists[order];
	free_lists[order] = pfn;
}

/* The first page of a free block, or 0. Free blocks are not merged. */
static unsigned long take_block(unsigned int order)
{
	unsigned long pfn, size = 1ul << order;
	unsigned int have;

	if (order > sim_memory.largest || sim_memory.live + size > sim_memory.pages)
		return 0;
	for (have = order; have <= MAX_PAGE_ORDER; have++) {
		pfn = free_lists[have];
		if (!pfn)
			continue;
		free_lists[have] = sim_pages[pfn].next;
		while (have-- > order)
			free_block(pfn + (1ul << have), have);
		return pfn;
	}
	pfn = round_up(next_pfn, size);
	if (pfn + size > mapped_pages)
		return 0;
	next_pfn = pfn + size;
	return pfn;
}

void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *bus, gfp_t gfp,
		      unsigned long attrs)
{
	unsigned int order = ilog2(size >> PAGE_SHIFT);
	unsigned long pfn, i;

	(void)dev, (void)gfp, (void)attrs;
	sim_counts.source_calls++;
	sim_cost(COST_SOURCE);
	pfn = take_block(order);
	if (!pfn)
		return NULL;
	sim_cost(COST_CLEAR << order);
	for (i = 0; i < 1ul << order; i++)
		sim_pages[pfn + i] = (struct page) { .live = true };
	sim_pages[pfn].order = order;
	sim_memory.live += 1ul << order;
	/* Each allocation has its own range of addresses: no two are neighbours. */
	*bus = ++allocations << 24;
	return page_address(pfn_to_page(pfn));
}

void dma_free_attrs(struct device *dev, size_t size, void *vaddr, dma_addr_t bus,
		    unsigned long attrs)
{
	unsigned int order = ilog2(size >> PAGE_SHIFT);
	struct page *page = virt_to_page(vaddr);
	unsigned long i;

	(void)dev, (void)bus, (void)attrs;
	sim_cost(COST_LOCK);
	if (page->order != order)
		sim_wrong("memory is freed with another size");
	for (i = 0; i < 1ul << order; i++) {
		if (!page[i].live || page[i].used || page[i].dirty || page[i].private)
			sim_wrong("a page is freed that is in use, dirty or free");
		page[i].live = false;
	}
	sim_memory.live -= 1ul << order;
	free_block(page_to_pfn(page), order);
}

int sim_set_caching(unsigned int count)
{
	sim_counts.caching_changes++;
	sim_cost(COST_CACHING + COST_CACHING_PAGE * count);
	return 0;
}

void clear_page(void *vaddr)
{
	struct page *page = virt_to_page(vaddr);

	if (!page->live)
		sim_wrong("a page is cleared that is not allocated");
	if (sim_real_memory)
		memset(vaddr, 0, PAGE_SIZE);
	page->dirty = false;
	sim_counts.cleared++;
	sim_cost(COST_CLEAR);
}

void *sim_kmalloc(size_t size)
{
	/* As kmalloc(), aligned to the size if that is a power of two. */
	size_t align = size & (size - 1) ? 16 : max(size, (size_t)16);
	void *p = aligned_alloc(align, round_up(max(size, (size_t)1), align));

	if (!p) {
		fprintf(stderr, "no memory\n");
		exit(2);
	}
	sim_cost(COST_KMALLOC);
	return memset(p, 0, size);
}
