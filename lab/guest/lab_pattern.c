// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Unique words for BOs, and random numbers; see lab_pattern.h.
 */
#include <stdio.h>

#include "lab_drm.h"
#include "lab_pattern.h"

/*
 * A word holds its set, write, BO and index, multiplied by an odd number. That is reversible, so
 * the origin of a stray word can be found, and each half of a word differs from its neighbours'.
 */
#define WORD_FACTOR	0x9e3779b97f4a7c15u

#define PAGE_WORDS	(LAB_PAGE_SIZE / sizeof(uint64_t))

/* splitmix64: the same on every machine. */
static uint64_t random64(struct lab_random *random)
{
	uint64_t z = (random->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t lab_random_below(struct lab_random *random, uint32_t limit)
{
	return random64(random) % limit;
}

static uint64_t word(const struct lab_pattern *pattern, uint32_t index)
{
	if (!pattern)
		return 0;
	return ((uint64_t)pattern->set << 56 | (uint64_t)pattern->write << 48 |
		(uint64_t)pattern->bo << 32 | index) * WORD_FACTOR;
}

static uint64_t word_unmix(uint64_t value)
{
	uint64_t inverse = WORD_FACTOR;
	int i;

	/* Newton: each step doubles the number of right bits, from three. */
	for (i = 0; i < 5; i++)
		inverse *= 2 - WORD_FACTOR * inverse;
	return value * inverse;
}

void lab_pattern_fill(void *map, uint64_t size, const struct lab_pattern *pattern)
{
	uint64_t value = word(pattern, 0), *words = map;
	uint32_t i, count = size / sizeof(*words);

	for (i = 0; i < count; i++, value += WORD_FACTOR)
		words[i] = value;
}

void lab_pattern_check(const void *map, uint64_t size, const struct lab_pattern *pattern,
		       struct lab_pattern_wrong *wrong)
{
	uint64_t value = word(pattern, 0), step = pattern ? WORD_FACTOR : 0;
	const uint64_t *words = map;
	uint32_t i, count = size / sizeof(*words), wrong_page = UINT32_MAX;

	for (i = 0; i < count; i++, value += step) {
		uint64_t got = words[i];

		if (got == value)
			continue;
		wrong->words++;
		if (wrong_page == i / PAGE_WORDS)
			continue;
		wrong_page = i / PAGE_WORDS;
		wrong->pages++;
		if (wrong->show)
			wrong->show(wrong->priv, i, got);
	}
}

void lab_pattern_describe(char *text, size_t size, const struct lab_pattern *pattern,
			  uint32_t index, uint64_t got, const char *set)
{
	uint64_t origin = word_unmix(got);

	snprintf(text, size,
		 "page %zu offset %#zx: %016llx instead of %016llx, which would be word %#x of BO %u, write %u, %s %u",
		 index / PAGE_WORDS, index % PAGE_WORDS * sizeof(uint64_t),
		 (unsigned long long)got, (unsigned long long)word(pattern, index),
		 (uint32_t)origin, (uint32_t)(origin >> 32) & 0xffff,
		 (uint32_t)(origin >> 48) & 0xff, set, (uint32_t)(origin >> 56));
}
