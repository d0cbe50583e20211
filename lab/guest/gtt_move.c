// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * gtt-move: does the GPU read and write the pages that the CPU sees?
 *
 * Fills nearly all of the GTT with BOs, writes a unique value to every 8 bytes, has the GPU
 * move every BO to VRAM and back, and checks every word. Each move uses the GART entries of the
 * BO's pages. A wrong, stale or truncated entry puts wrong data into a page, or data into a page
 * of another owner; the check finds both. After a move to VRAM the driver frees the BO's pages, and
 * the move back gets other pages at another GTT offset, so all entries are rewritten many times.
 *
 * A GPU that writes through a wrong entry overwrites kernel memory. So the test first only reads
 * through the GART, and ends if that fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"
#include "lab_pattern.h"

#define MIB			(1024u * 1024u)
#define MAX_BO_PAGES		256u
#define MAX_BOS			65536u
#define VRAM_BATCH		(16u * MIB)
#define WRONG_PAGES_SHOWN	8
#define MOVE_TRIES		10u
#define MOVE_PAUSE_US		200000u

/* The CPU reads and rewrites one BO in VRAM_SAMPLE while it is in VRAM. */
#define VRAM_SAMPLE		8u

/**
 * struct test_bo - a BO and its expected contents.
 * @bo: the BO
 * @number: its index in this round
 * @generation: number of times the CPU has written it
 */
struct test_bo {
	struct lab_bo bo;
	uint32_t number;
	uint32_t generation;
};

static struct {
	const char *card, *swap_out;
	uint64_t rounds, seed, limit_mib;
	bool expect_above_4g, wc;
} options = { .rounds = 2, .seed = 1, .limit_mib = UINT32_MAX };

static const struct lab_option option_table[] = {
	LAB_OPTION_CARD(&options.card),
	{ "rounds", "N", "moves of the whole GTT (2)", .number = &options.rounds, .min = 1,
	  .max = 255 },
	{ "seed", "N", "seed of the random sizes and orders (1)", .number = &options.seed,
	  .max = UINT64_MAX },
	{ "limit-mib", "N", "use only N MiB of the GTT", .number = &options.limit_mib, .min = 1,
	  .max = UINT32_MAX },
	{ "expect-above-4g", NULL, "fail if the GPU has used no memory above 4 GiB",
	  .flag = &options.expect_above_4g },
	{ "wc", NULL, "make BOs write-combined", .flag = &options.wc },
	{ "swap-out", "COMMAND", "run this shell command before the moves: it has TTM swap BOs out",
	  .text = &options.swap_out },
	{ 0 },
};

static const struct lab_program program = {
	.name = "gtt-move",
	.purpose = "Has the GPU move all of the GTT to VRAM and back, and checks every word.",
	.options = option_table,
};

static struct {
	uint64_t pages;
	uint64_t vram_pages;
	uint64_t wrong_words;
	uint64_t wrong_pages;
	unsigned int wrong_pages_shown;
	uint64_t bytes_moved;
	uint64_t moves_refused;
	uint64_t moves_asked_again;
	uint64_t pages_swapped_out;
} total;

static struct lab_card card;
static struct lab_random choices;

static uint32_t random_below(uint32_t limit)
{
	return lab_random_below(&choices, limit);
}

static struct lab_pattern bo_pattern(uint32_t round, const struct test_bo *bo)
{
	return (struct lab_pattern){ .set = round, .write = bo->generation, .bo = bo->number };
}

static void fill(uint32_t round, struct test_bo *bo)
{
	struct lab_pattern pattern;

	bo->generation++;
	pattern = bo_pattern(round, bo);
	lab_pattern_fill(bo->bo.map, bo->bo.size, &pattern);
}

/** struct place - where and when a BO is checked. */
struct place {
	uint32_t round;
	const struct test_bo *bo;
	const char *where;
};

static void show_wrong_word(void *priv, uint32_t index, uint64_t got)
{
	const struct place *place = priv;
	const struct test_bo *bo = place->bo;
	struct lab_pattern pattern = bo_pattern(place->round, bo);
	char name[64], text[300];

	if (total.wrong_pages_shown++ >= WRONG_PAGES_SHOWN)
		return;
	lab_pattern_describe(text, sizeof(text), &pattern, index, got, "round");
	snprintf(name, sizeof(name), "%s.gtt-move.wrong-word", card.name);
	lab_result(LAB_FAIL, name, "%s, round %u: BO %u (%llu KiB) %s", place->where,
		   place->round, bo->number, (unsigned long long)bo->bo.size / 1024, text);
}

static void check(uint32_t round, const struct test_bo *bo, const char *where)
{
	struct lab_pattern pattern = bo_pattern(round, bo);
	struct place place = { .round = round, .bo = bo, .where = where };
	struct lab_pattern_wrong wrong = { .show = show_wrong_word, .priv = &place };

	lab_pattern_check(bo->bo.map, bo->bo.size, &pattern, &wrong);
	total.wrong_words += wrong.words;
	total.wrong_pages += wrong.pages;
}

static void shuffle(struct test_bo **bos, uint32_t count)
{
	uint32_t i;

	for (i = count; i > 1; i--) {
		uint32_t other = random_below(i);
		struct test_bo *bo = bos[i - 1];

		bos[i - 1] = bos[other];
		bos[other] = bo;
	}
}

/*
 * Is @bo in @domain? TTM frees the placement that a BO had before a move in a worker, which may run
 * late. Until then GTT and VRAM are fuller than expected: BOs of the next set are evicted from the
 * GTT, their move to VRAM counts twice, and with half of VRAM in use the driver may leave the last
 * BO of a stream where it is. It moves a BO that is alone in its stream.
 */
static bool has_moved(struct test_bo *bo, uint32_t domain)
{
	struct lab_bo *stream = &bo->bo;
	unsigned int tries;
	uint32_t at;
	int ret;

	for (tries = 0; ; tries++) {
		ret = lab_bo_busy(&card, &bo->bo, &at);
		if (ret < 0)
			lab_die("gtt-move", "GEM_BUSY: %s", strerror(-ret));
		/* TTM has swapped it out since. */
		if (options.swap_out && domain == RADEON_GEM_DOMAIN_GTT &&
		    at == RADEON_GEM_DOMAIN_CPU)
			return true;
		if (at == domain || tries == MOVE_TRIES)
			return at == domain;
		lab_progress("gtt-move: BO %u (%llu KiB) is in domain %#x, moving it to %#x again",
			     bo->number, (unsigned long long)bo->bo.size / 1024, at, domain);
		total.moves_asked_again++;
		usleep(MOVE_PAUSE_US);
		ret = lab_move(&card, &stream, 1, domain);
		if (ret)
			lab_die("gtt-move", "command stream for one BO: %s", strerror(-ret));
	}
}

/* Moves BOs in streams that are small enough for the driver to move all of them. */
static void move(struct test_bo **bos, uint32_t count, uint32_t domain)
{
	struct lab_bo *stream[LAB_MOVE_MAX];
	uint32_t i, n = 0;
	uint64_t bytes = 0;
	int ret;

	for (i = 0; i < count; i++) {
		stream[n++] = &bos[i]->bo;
		bytes += bos[i]->bo.size;
		if (n < LAB_MOVE_MAX && bytes < LAB_MOVE_BYTES && i + 1 < count)
			continue;
		ret = lab_move(&card, stream, n, domain);
		if (ret)
			lab_die("gtt-move", "command stream with %u relocations: %s", n,
				strerror(-ret));
		n = 0;
		bytes = 0;
	}
	for (i = 0; i < count; i++) {
		if (has_moved(bos[i], domain))
			total.bytes_moved += bos[i]->bo.size;
		else
			total.moves_refused++;
	}
}

static void wait_for(struct test_bo *bo)
{
	lab_bo_wait_or_die(&card, &bo->bo, "gtt-move");
}

/* Has TTM swap BOs out, and counts those that are not placed where the GPU reaches them. */
static void swap_out(const struct test_bo *bos, uint32_t count)
{
	uint32_t i, at;
	int ret;

	if (!options.swap_out)
		return;
	ret = system(options.swap_out);
	if (ret)
		lab_die("gtt-move", "%s: status %d", options.swap_out, ret);
	for (i = 0; i < count; i++) {
		ret = lab_bo_busy(&card, &bos[i].bo, &at);
		if (ret < 0)
			lab_die("gtt-move", "GEM_BUSY: %s", strerror(-ret));
		if (at == RADEON_GEM_DOMAIN_CPU)
			total.pages_swapped_out += bos[i].bo.size / LAB_PAGE_SIZE;
	}
}

static void move_there_and_back(uint32_t round, struct test_bo **bos, uint32_t count)
{
	uint32_t i;

	move(bos, count, RADEON_GEM_DOMAIN_VRAM);
	for (i = 0; i < count; i++) {
		if (bos[i]->number % VRAM_SAMPLE != round % VRAM_SAMPLE)
			continue;
		wait_for(bos[i]);
		check(round, bos[i], "in VRAM");
		/* The next check finds this only if the GPU copied it from VRAM. */
		fill(round, bos[i]);
		total.vram_pages += bos[i]->bo.size / LAB_PAGE_SIZE;
	}
	shuffle(bos, count);
	move(bos, count, RADEON_GEM_DOMAIN_GTT);
	for (i = 0; i < count; i++)
		wait_for(bos[i]);
}

static struct test_bo *create_bos(uint64_t budget, uint32_t *count)
{
	struct test_bo *bos = calloc(MAX_BOS, sizeof(*bos));
	uint32_t n = 0;
	int ret;

	if (!bos)
		lab_die("gtt-move", "out of memory");
	while (budget >= LAB_PAGE_SIZE && n < MAX_BOS) {
		/* Sizes by octave: as many small BOs as large ones. */
		uint64_t size = LAB_PAGE_SIZE *
			(1 + random_below(1u << random_below(9)) % MAX_BO_PAGES);

		if (size > budget)
			size = budget / LAB_PAGE_SIZE * LAB_PAGE_SIZE;
		ret = lab_bo_create_flags(&card, size, RADEON_GEM_DOMAIN_GTT,
					  options.wc ? RADEON_GEM_GTT_WC : 0, &bos[n].bo);
		if (ret)
			lab_die("gtt-move", "BO %u of %llu KiB: %s", n,
				(unsigned long long)size / 1024, strerror(-ret));
		bos[n].number = n;
		budget -= size;
		n++;
	}
	*count = n;
	return bos;
}

static void free_bos(struct test_bo *bos, struct test_bo **order, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		lab_bo_close(&card, &order[i]->bo);
	free(order);
	free(bos);
}

/* All of @bos, filled, in random order. */
static struct test_bo **fill_bos(uint32_t round, struct test_bo *bos, uint32_t count)
{
	struct test_bo **order = calloc(count, sizeof(*order));
	uint32_t i;

	if (!order)
		lab_die("gtt-move", "out of memory");
	for (i = 0; i < count; i++) {
		fill(round, &bos[i]);
		order[i] = &bos[i];
	}
	shuffle(order, count);
	return order;
}

/*
 * Moves to VRAM alone, with two sets of BOs that use the same GTT offsets one after the other: a
 * GART entry of the first set that is still in use shows in the second.
 */
static bool read_only_round(uint64_t budget)
{
	struct test_bo *bos, **order;
	uint32_t count, set, i;

	if (budget > VRAM_BATCH)
		budget = VRAM_BATCH;
	for (set = 0; set < 2 && !total.wrong_words; set++) {
		bos = create_bos(budget, &count);
		order = fill_bos(set, bos, count);
		move(order, count, RADEON_GEM_DOMAIN_VRAM);
		for (i = 0; i < count; i++) {
			wait_for(order[i]);
			check(set, order[i], "on the way to VRAM");
			total.vram_pages += order[i]->bo.size / LAB_PAGE_SIZE;
		}
		free_bos(bos, order, count);
	}
	return !total.wrong_words;
}

static void run_round(uint32_t round, uint64_t budget)
{
	uint32_t count, i, first;
	struct test_bo *bos = create_bos(budget, &count);
	struct test_bo **order = fill_bos(round, bos, count);
	uint64_t batch;

	for (first = 0, i = 0, batch = 0; i < count; i++) {
		batch += order[i]->bo.size;
		if (batch < VRAM_BATCH && i + 1 < count)
			continue;
		swap_out(bos, count);
		move_there_and_back(round, order + first, i + 1 - first);
		first = i + 1;
		batch = 0;
	}

	swap_out(bos, count);
	/* After all moves, so that a stray write of any of them is found. */
	for (i = 0; i < count; i++) {
		check(round, &bos[i], "back in GTT");
		total.pages += bos[i].bo.size / LAB_PAGE_SIZE;
	}
	shuffle(order, count);
	free_bos(bos, order, count);
}

static uint64_t gtt_budget(void)
{
	struct drm_radeon_gem_info info = { 0 };
	uint64_t budget, limit;
	int ret;

	ret = drmCommandWriteRead(card.fd, DRM_RADEON_GEM_INFO, &info, sizeof(info));
	if (ret)
		lab_die("gtt-move", "GEM_INFO: %s", strerror(-ret));
	/*
	 * All that is not pinned, less 1/64: without free space the driver would evict BOs from the
	 * GTT for those that come back, and these would not be tested at their offsets.
	 */
	budget = info.gart_size - info.gart_size / 64;
	limit = options.limit_mib * MIB;
	return budget < limit ? budget : limit;
}

static void outcome(const char *what, bool pass, const char *text)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", card.name, what);
	lab_result(pass ? LAB_PASS : LAB_FAIL, name, "%s", text);
}

/* The card's own counters of the same moves. */
static void check_stats(const struct lab_stats *before)
{
	struct lab_stats after;
	uint64_t blit_bytes, translations, above;
	char text[200];
	int ret;

	ret = lab_stats_read(card.name, &after);
	if (ret)
		lab_die("gtt-move", "the card's stats: %s", strerror(-ret));
#define GREW(key) (lab_stats_get(&after, key) - lab_stats_get(before, key))
	blit_bytes = GREW("blit_bytes");
	translations = GREW("gart_reads") + GREW("gart_writes");
	above = GREW("gart_above_4g");

	snprintf(text, sizeof(text), "the card copied %llu bytes, the driver moved %llu",
		 (unsigned long long)blit_bytes, (unsigned long long)total.bytes_moved);
	outcome("gtt-move.by-gpu", blit_bytes >= total.bytes_moved, text);
#undef GREW
	lab_stats_check(card.name, "gtt-move", before, &after);
	if (options.expect_above_4g) {
		snprintf(text, sizeof(text), "%llu of %llu translations to 4 GiB and above",
			 (unsigned long long)above, (unsigned long long)translations);
		outcome("gtt-move.above-4g", above > 0, text);
	}
	lab_row("gart_translations", "%llu", (unsigned long long)translations);
	lab_row("gart_above_4g", "%llu", (unsigned long long)above);
}

static void report(double seconds)
{
	char text[300];

	snprintf(text, sizeof(text),
		 "%llu pages checked, %llu wrong (%llu words), %llu pages read in VRAM, %llu MiB moved, %.1f s",
		 (unsigned long long)total.pages, (unsigned long long)total.wrong_pages,
		 (unsigned long long)total.wrong_words, (unsigned long long)total.vram_pages,
		 (unsigned long long)total.bytes_moved / MIB, seconds);
	outcome("gtt-move", total.pages && !total.wrong_words, text);
	snprintf(text, sizeof(text), "%llu moves refused by the driver, %llu requested again",
		 (unsigned long long)total.moves_refused,
		 (unsigned long long)total.moves_asked_again);
	outcome("gtt-move.moved", !total.moves_refused, text);
	if (options.swap_out) {
		snprintf(text, sizeof(text), "%llu pages swapped out",
			 (unsigned long long)total.pages_swapped_out);
		outcome("gtt-move.swapped-out", total.pages_swapped_out > 0, text);
	}
	lab_row("pages", "%llu", (unsigned long long)total.pages);
	lab_row("wrong", "%llu", (unsigned long long)total.wrong_pages);
	lab_row("mib_moved", "%llu", (unsigned long long)total.bytes_moved / MIB);
	lab_row("seconds", "%.1f", seconds);
}

int main(int argc, char **argv)
{
	struct lab_stats before;
	double start;
	unsigned int round;
	bool sound;
	int ret;

	lab_parse_options(&program, argc, argv);
	choices.state = options.seed;
	lab_card_open_or_die(&card, options.card, true, "gtt-move");
	if (lab_supervised()) {
		ret = lab_stats_read(card.name, &before);
		if (ret)
			lab_die("gtt-move", "the card's stats: %s", strerror(-ret));
	}
	start = lab_seconds();
	sound = read_only_round(gtt_budget());
	for (round = 1; sound && round <= options.rounds; round++)
		run_round(round, gtt_budget());
	report(lab_seconds() - start);
	if (lab_supervised())
		check_stats(&before);
	close(card.fd);
	return lab_finish();
}
