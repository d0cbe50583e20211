// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The chunk allocator with much memory and many CPUs, on a simulated machine (make bench-scale).
 *
 *   scale short|full
 *
 * Prints a line for each row: NAME STOCK OURS TARGET met|missed|- DESCRIPTION. Ends with 0, or with
 * 1 if memory was wrong: dirty, allocated twice, freed with another size.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulation.h"
#include "stock_pool.h"
#include "ttm_dma_pool.h"

enum kind { STOCK, SCATTERED, CONTIGUOUS };

struct bo {
	unsigned int count;
	struct page *pages[];
};

/* What a scenario has measured; shared with its process. */
struct result {
	struct sim_counts counts;
	bool gave_up;
	unsigned long held, in_use;
	unsigned long runs, bos;
	unsigned long clock;
};

struct scenario {
	enum kind kind;
	enum ttm_caching caching;
	unsigned long gib;
	unsigned int threads;
	unsigned int cpus;
	unsigned long bo_bytes;
	unsigned int largest;		/* the largest free block of the system, 0 for all */
	bool warm;
};

#define VISIT_LIMIT	1000000000ul
#define MAX_BO_PAGES	(SZ_2M >> PAGE_SHIFT)
#define NO_LIMIT	(LONG_MAX / 2)

static struct result *result;
static const struct scenario *scenario;
static struct device device = { .name = "gpu" };
static struct ttm_dma_pool *pool;
static unsigned long seed, in_use;
static bool wrong;

void sim_give_up(void)
{
	result->counts = sim_counts;
	result->gave_up = true;
	_exit(0);
}

static unsigned int random_below(unsigned int n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (seed >> 33) % n;
}

/* ---- BOs */

static struct bo *bo_new(unsigned long bytes)
{
	unsigned int i, count = max(bytes >> PAGE_SHIFT, 1ul);
	struct bo *bo = malloc(sizeof(*bo) + count * sizeof(bo->pages[0]));
	dma_addr_t *bus = malloc(count * sizeof(*bus));
	unsigned long runs = 1;
	int ret;

	bo->count = count;
	if (scenario->kind == STOCK)
		ret = stock_alloc(scenario->caching, bo->pages, bus, count);
	else
		ret = ttm_chunk_alloc_pages(&pool->modes[scenario->caching], bo->pages, bus, count,
					    GFP_USER);
	if (ret) {
		free(bo);
		free(bus);
		return NULL;
	}
	for (i = 0; i < count; i++) {
		if (!bo->pages[i]->live || bo->pages[i]->used || bo->pages[i]->dirty)
			sim_wrong("a BO gets a page that is not allocated, in use or dirty");
		bo->pages[i]->used = bo->pages[i]->dirty = true;
		runs += i && bus[i] != bus[i - 1] + PAGE_SIZE;
	}
	in_use += count;
	result->runs += runs;
	result->bos++;
	free(bus);
	return bo;
}

static void bo_free(struct bo *bo)
{
	unsigned int i;

	if (!bo)
		return;
	for (i = 0; i < bo->count; i++)
		bo->pages[i]->used = false;
	in_use -= bo->count;
	if (scenario->kind == STOCK) {
		stock_free(scenario->caching, bo->pages, bo->count);
	} else {
		ttm_chunk_free_pages(bo->pages, bo->count);
		ttm_dma_pools_trim(NO_LIMIT);
	}
	free(bo);
}

static void shrink(void)
{
	if (scenario->kind == STOCK)
		stock_shrink();
	else
		ttm_dma_pools_shrink(NUMA_NO_NODE, ULONG_MAX);
}

static void start_counting(void)
{
	sim_counts = (struct sim_counts) { .wrong = sim_counts.wrong };
	result->runs = result->bos = 0;
}

static void stop_counting(void)
{
	result->counts = sim_counts;
	result->held = sim_memory.live;
	result->in_use = in_use;
	result->clock = sim_clock();
}

/* Run a scenario in a process of its own. */
static struct result measure(void (*run)(void), struct scenario s)
{
	int status;
	pid_t pid;

	s.cpus = s.cpus ?: 4;
	s.gib = s.gib ?: 1;
	memset(result, 0, sizeof(*result));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		scenario = &s;
		seed = 1;
		/* Memory to spare. */
		sim_start(s.gib + (s.gib + 3) / 4, s.cpus);
		sim_memory.largest = s.largest ?: MAX_PAGE_ORDER;
		sim_visit_limit = VISIT_LIMIT;
		stock_init();
		if (s.kind != STOCK)
			pool = ttm_dma_pool_create(&device, s.kind == SCATTERED);
		run();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "a scenario has crashed\n");
		exit(2);
	}
	wrong |= result->counts.wrong;
	return *result;
}

/* ---- scenarios */

static struct bo **fill(unsigned long *count)
{
	unsigned long i, n = (scenario->gib << 30) / max(scenario->bo_bytes, PAGE_SIZE);
	struct bo **bos = malloc(n * sizeof(*bos));

	for (i = 0; i < n; i++)
		bos[i] = bo_new(scenario->bo_bytes);
	*count = n;
	return bos;
}

/* Small BOs fill the pool, a tenth of them is freed, BOs of 2 MiB are allocated. */
static void run_tenth(void)
{
	unsigned long i, n;
	struct bo **bos = fill(&n);

	for (i = 0; i < n; i++)
		if (!random_below(10))
			bo_free(bos[i]);
	start_counting();
	bo_new(SZ_2M);
	stop_counting();
}

/* All small BOs but 1/128 are freed, then all free memory is asked back. */
static void run_pinned(void)
{
	unsigned long i, n;
	struct bo **bos = fill(&n);

	for (i = 0; i < n; i++)
		if (random_below(128))
			bo_free(bos[i]);
	start_counting();
	shrink();
	stop_counting();
}

static void run_cold(void)
{
	unsigned int i;

	start_counting();
	for (i = 0; i < 512; i++)
		bo_new(scenario->bo_bytes);
	stop_counting();
}

/* A few BOs where memory of the system is fragmented. */
static void run_few(void)
{
	unsigned int i;

	start_counting();
	for (i = 0; i < 16; i++)
		bo_new(scenario->bo_bytes);
	stop_counting();
}

/* Sizes of BOs, in KiB. Most are small, most memory is in large ones. */
static unsigned long mixed_size(void)
{
	static const unsigned int kib[] = {
		4, 4, 4, 4, 4, 4, 8, 8, 16, 16, 16, 32, 64, 64, 128, 256, 1024, 2048,
	};

	return kib[random_below(ARRAY_SIZE(kib))] * 1024ul;
}

/* BOs of mixed sizes are allocated and freed at random; the shrinker runs at the end. */
static void run_mix(void)
{
	unsigned long slots = (scenario->gib << 30) / (256 * 1024), i, round;
	struct bo **bos = calloc(slots, sizeof(*bos));

	for (i = 0; i < slots; i++)
		bos[i] = bo_new(mixed_size());
	start_counting();
	for (round = 0; round < 4 * slots; round++) {
		i = random_below(slots);
		bo_free(bos[i]);
		bos[i] = bo_new(mixed_size());
	}
	stop_counting();
	for (i = 0; i < slots; i++) {
		if (i % 4)
			continue;
		bo_free(bos[i]);
		bos[i] = NULL;
	}
	shrink();
	result->held = sim_memory.live;
	result->in_use = in_use;
}

#define THREAD_BOS	1000

static void thread_alloc(unsigned int thread)
{
	struct bo *bos[16] = { };
	unsigned int i;

	(void)thread;
	for (i = 0; i < THREAD_BOS; i++) {
		if (scenario->warm) {
			bo_free(bos[i % 16]);
			bos[i % 16] = NULL;
		}
		/* 4 to 64 KiB */
		bos[i % 16] = bo_new(4096ul << random_below(5));
	}
	for (i = 0; scenario->warm && i < 16; i++)
		bo_free(bos[i]);
}

/* Each thread allocates small BOs: cold ones that it keeps, or warm ones that it has freed. */
static void run_threads(void)
{
	if (scenario->warm)
		sim_run(thread_alloc, scenario->threads);
	start_counting();
	sim_run(thread_alloc, scenario->threads);
	stop_counting();
}

/* What the shrinker's question costs: how many pages can be freed? */
static void run_count(void)
{
	unsigned long i, n;
	struct bo **bos = fill(&n);

	for (i = 0; i < n; i += 2)
		bo_free(bos[i]);
	start_counting();
	ttm_dma_pools_reclaimable(0);
	stop_counting();
}

/* ---- the table */

static void row(const char *name, double stock, double ours, double target, bool below,
		bool more, const char *text)
{
	const char *verdict = target < 0 ? "-" : below ? ours < target ? "met" : "missed" :
			      ours <= target ? "met" : "missed";

	printf("%s\t", name);
	printf(stock < 0 ? "-\t" : stock == (long)stock ? "%.0f\t" : "%.2f\t", stock);
	printf("%s", more ? ">" : "");
	printf(ours == (long)ours ? "%.0f\t" : "%.2f\t", ours);
	printf(target < 0 ? "-\t" : target == (long)target ? "%.0f\t" : "%.2f\t", target);
	printf("%s\t%s\n", verdict, text);
}

static const char *named(const char *format, unsigned long n)
{
	static char names[4][80];
	static unsigned int i;

	i = (i + 1) % 4;
	snprintf(names[i], sizeof(names[i]), format, n);
	return names[i];
}

static double ratio(unsigned long a, unsigned long b)
{
	return (double)((unsigned long)(100.0 * a / b + 0.5)) / 100;
}

static void rows_tenth(unsigned long gib, unsigned long bytes)
{
	struct scenario s = { .caching = ttm_write_combined, .gib = gib, .bo_bytes = bytes };
	struct result stock = measure(run_tenth, s), ours;

	s.kind = CONTIGUOUS;
	ours = measure(run_tenth, s);
	row(named("visits.%lug", gib), stock.counts.visits, ours.counts.visits, 1024, false,
	    ours.gave_up, "list entries looked at for a BO of 2 MiB, a tenth of the small ones freed");
	row(named("hold.%lug", gib), stock.counts.hold_visits, ours.counts.hold_visits, 8, false,
	    ours.gave_up, "of these, in one hold of a lock");
	if (!ours.gave_up)
		row(named("runs.%lug", gib), stock.runs, ours.runs, 1, false, false,
		    "runs of this BO, with memory to spare");
	s.kind = SCATTERED;
	ours = measure(run_tenth, s);
	row(named("visits-scattered.%lug", gib), stock.counts.visits, ours.counts.visits, 1024,
	    false, ours.gave_up, "the same, scattered chunks");
	row(named("hold-scattered.%lug", gib), stock.counts.hold_visits, ours.counts.hold_visits,
	    8, false, ours.gave_up, "the same, scattered chunks");
}

static void rows_pinned(unsigned long gib, unsigned long bytes)
{
	struct scenario s = { .gib = gib, .bo_bytes = bytes, .caching = ttm_cached };
	struct result stock = measure(run_pinned, s), ours;
	double most = ratio(stock.held, stock.in_use);

	s.kind = SCATTERED;
	ours = measure(run_pinned, s);
	row(named("held-scattered.%lug", gib), most, ratio(ours.held, ours.in_use), 1.1, false,
	    false, "memory held / in use, all but 1/128 of small BOs freed and shrunk");
	s.kind = CONTIGUOUS;
	ours = measure(run_pinned, s);
	row(named("held-contiguous.%lug", gib), most, ratio(ours.held, ours.in_use), most, false,
	    false, "the same, contiguous chunks");
	row(named("shrink-hold.%lug", gib), stock.counts.hold_visits, ours.counts.hold_visits, 8,
	    false, false, "list entries in one hold of a lock while shrinking");
}

static void rows_cold(void)
{
	struct scenario s = { .caching = ttm_write_combined, .bo_bytes = PAGE_SIZE };
	struct result stock = measure(run_cold, s), ours;
	/* With pages of 64 KiB a chunk has 32. */
	double chunks = DIV_ROUND_UP(512, SZ_2M >> PAGE_SHIFT);

	s.kind = CONTIGUOUS;
	ours = measure(run_cold, s);
	row("exchanges", stock.counts.source_calls, ours.counts.source_calls, chunks, false, false,
	    "exchanges for 512 cold BOs of a page, 32-bit card under Xen");
	row("caching-contiguous", stock.counts.caching_changes, ours.counts.caching_changes,
	    chunks, false, false, "caching changes for these, WC");
	s.kind = SCATTERED;
	ours = measure(run_cold, s);
	row("caching-scattered", stock.counts.caching_changes, ours.counts.caching_changes,
	    chunks, false, false, "the same, scattered chunks");
}

static void rows_fragmented(void)
{
	struct scenario s = { .bo_bytes = 16 * PAGE_SIZE, .largest = 1, .caching = ttm_cached };
	struct result stock = measure(run_few, s), ours;

	s.kind = CONTIGUOUS;
	ours = measure(run_few, s);
	row("fragmented", stock.counts.source_calls, ours.counts.source_calls,
	    stock.counts.source_calls, false, false,
	    "calls of the source for 16 cold BOs of 16 pages, free memory in blocks of 2");
}

static void rows_mix(unsigned long gib)
{
	struct scenario s = { .gib = gib, .caching = ttm_write_combined };
	struct result stock = measure(run_mix, s), ours;
	unsigned int kind;

	for (kind = SCATTERED; kind <= CONTIGUOUS; kind++) {
		const char *shape = kind == SCATTERED ? "-scattered" : "-contiguous";
		char name[60];

		s.kind = kind;
		ours = measure(run_mix, s);
		snprintf(name, sizeof(name), "mix-visits%s", shape);
		row(name, ratio(stock.counts.visits, stock.bos),
		    ratio(ours.counts.visits, ours.bos), 64, false, ours.gave_up,
		    "list entries a BO, mixed sizes");
		if (ours.gave_up)
			continue;
		snprintf(name, sizeof(name), "mix-hold%s", shape);
		row(name, stock.counts.hold_visits, ours.counts.hold_visits, 8, false, false,
		    "the most in one hold of a lock");
		snprintf(name, sizeof(name), "mix-locks%s", shape);
		row(name, ratio(stock.counts.holds, stock.bos), ratio(ours.counts.holds, ours.bos),
		    -1, false, false, "locks taken a BO");
		snprintf(name, sizeof(name), "mix-calls%s", shape);
		row(name, ratio(stock.counts.source_calls, stock.bos),
		    ratio(ours.counts.source_calls, ours.bos), -1, false, false,
		    "calls of the source a BO");
		snprintf(name, sizeof(name), "mix-held%s", shape);
		row(name, ratio(stock.held, stock.in_use), ratio(ours.held, ours.in_use),
		    kind == SCATTERED ? 1.1 : -1, false, false,
		    "memory held / in use, a quarter freed and shrunk");
		if (kind == SCATTERED)
			continue;
		snprintf(name, sizeof(name), "mix-runs%s", shape);
		row(name, ratio(stock.runs, stock.bos), ratio(ours.runs, ours.bos), -1, false,
		    false, "runs a BO");
	}
}

static void rows_threads(unsigned int threads, bool warm)
{
	struct scenario s = { .threads = threads, .cpus = threads, .warm = warm, .gib = 4,
			      .caching = ttm_write_combined };
	struct result stock = measure(run_threads, s), ours;
	const char *name = warm ? "contended-warm" : "contended-cold";
	unsigned int kind;
	char shaped[80];

	for (kind = SCATTERED; kind <= CONTIGUOUS; kind++) {
		s.kind = kind;
		ours = measure(run_threads, s);
		snprintf(shaped, sizeof(shaped), "%s-%s.%u", name,
			 kind == SCATTERED ? "scattered" : "contiguous", threads);
		row(shaped, ratio(100 * stock.counts.contended, stock.bos),
		    ratio(100 * ours.counts.contended, ours.bos), 1, true, false,
		    named("contended locks in 100 allocations, %lu threads", threads));
	}
}

/* Allocations in a second a thread, two threads against one, in percent that are lost. */
static void rows_throughput(bool warm)
{
	struct scenario s = { .threads = 1, .cpus = 2, .warm = warm, .gib = 4,
			      .caching = ttm_write_combined };
	double lost[3];
	unsigned int kind;
	struct result one;
	char name[60];

	for (kind = STOCK; kind <= CONTIGUOUS; kind++) {
		s.kind = kind;
		s.threads = 1;
		one = measure(run_threads, s);
		s.threads = 2;
		lost[kind] = 100 - 100 * ratio(one.clock, measure(run_threads, s).clock);
	}
	for (kind = SCATTERED; kind <= CONTIGUOUS; kind++) {
		snprintf(name, sizeof(name), "lost-%s-%s", warm ? "warm" : "cold",
			 kind == SCATTERED ? "scattered" : "contiguous");
		row(name, max(lost[0], 0), max(lost[kind], 0), warm ? 10 : 30, false, false,
		    "percent of a thread's throughput that is lost with two threads");
	}
}

static void rows_count(unsigned int cpus)
{
	struct scenario s = { .kind = CONTIGUOUS, .cpus = cpus, .bo_bytes = 16384,
			      .caching = ttm_cached };
	struct result ours = measure(run_count, s);

	row(named("count-locks.%lu", cpus), -1, ours.counts.holds, 0, false, false,
	    "locks that reclaim's count takes");
	row(named("count-cpus.%lu", cpus), -1, ours.counts.cpu_reads, 0, false, false,
	    "per-CPU variables that it reads");
}

int main(int argc, char **argv)
{
	bool full = argc == 2 && !strcmp(argv[1], "full");
	unsigned long small = max(16384ul, PAGE_SIZE), gib = PAGE_SHIFT == 12 ? 1 : 16;

	if (argc != 2 || (!full && strcmp(argv[1], "short"))) {
		fprintf(stderr, "usage: scale short|full\n");
		return 2;
	}
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (result == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	rows_tenth(gib, small);
	if (full && PAGE_SHIFT == 12) {
		rows_tenth(4, small);
		rows_tenth(16, small);
		rows_tenth(64, small);
	} else if (full) {
		rows_tenth(1024, small);
	}
	rows_pinned(gib, small);
	if (full)
		rows_pinned(PAGE_SHIFT == 12 ? 16 : 1024, small);
	rows_cold();
	rows_fragmented();
	rows_mix(gib);
	rows_threads(4, false);
	rows_threads(4, true);
	if (full) {
		rows_threads(16, false);
		rows_threads(16, true);
	}
	rows_threads(64, false);
	rows_threads(64, true);
	rows_throughput(false);
	rows_throughput(true);
	rows_count(4);
	rows_count(64);
	if (wrong)
		fprintf(stderr, "memory was wrong\n");
	return wrong;
}
