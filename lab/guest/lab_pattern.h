/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What tests write into BOs: 8 bytes that tell which word of which BO they are, and
 * random choices that are the same on every machine.
 */
#ifndef LAB_PATTERN_H
#define LAB_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct lab_random - a source of random numbers.
 * @state: the seed, to begin with
 */
struct lab_random {
	uint64_t state;
};

/** lab_random_below() - the next number below @limit from @random. */
uint32_t lab_random_below(struct lab_random *random, uint32_t limit);

/**
 * struct lab_pattern - whose words they are. Two that differ have no word in common.
 * @set: a set of BOs, such as a round or a process
 * @write: how often the BO has been written
 * @bo: the BO's number in its set
 */
struct lab_pattern {
	uint8_t set;
	uint8_t write;
	uint16_t bo;
};

/**
 * struct lab_pattern_wrong - what lab_pattern_check() has found.
 * @words: words that are wrong
 * @pages: pages with wrong words in them
 * @show: called for the first wrong word of each page, may be NULL
 * @priv: for @show
 */
struct lab_pattern_wrong {
	uint64_t words, pages;
	void (*show)(void *priv, uint32_t index, uint64_t got);
	void *priv;
};

/**
 * lab_pattern_fill() - write every word.
 * @map: memory
 * @size: its size in bytes
 * @pattern: what to write
 */
void lab_pattern_fill(void *map, uint64_t size, const struct lab_pattern *pattern);

/**
 * lab_pattern_check() - compare every word.
 * @map: memory
 * @size: its size in bytes
 * @pattern: what has to be there; NULL for zeros
 * @wrong: what is wrong is added to it
 */
void lab_pattern_check(const void *map, uint64_t size, const struct lab_pattern *pattern,
		       struct lab_pattern_wrong *wrong);

/**
 * lab_pattern_describe() - a wrong word, and where it comes from, for people.
 * @text: where it goes
 * @size: its size in bytes
 * @pattern: what had to be there; NULL for zeros
 * @index: the word's index
 * @got: what was there instead
 * @set: what a set is called
 */
void lab_pattern_describe(char *text, size_t size, const struct lab_pattern *pattern,
			  uint32_t index, uint64_t got, const char *set);

#endif
