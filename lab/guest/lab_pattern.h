/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What tests write into BOs: words of 8 bytes that identify the BO and the word, and random numbers
 * that are the same on every machine.
 */
#ifndef LAB_PATTERN_H
#define LAB_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct lab_random - a source of random numbers.
 * @state: initialised with the seed
 */
struct lab_random {
	uint64_t state;
};

/** lab_random_below() - the next number below @limit from @random. */
uint32_t lab_random_below(struct lab_random *random, uint32_t limit);

/**
 * struct lab_pattern - the words of a BO. Two different patterns have no word in common.
 * @set: a set of BOs, such as a round or a process
 * @write: number of times the BO has been written
 * @bo: the BO's number in its set
 */
struct lab_pattern {
	uint8_t set;
	uint8_t write;
	uint16_t bo;
};

/**
 * struct lab_pattern_wrong - wrong words found by lab_pattern_check().
 * @words: number of wrong words
 * @pages: number of pages with wrong words
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
 * @pattern: the expected words; NULL for zeros
 * @wrong: wrong words are added to it
 */
void lab_pattern_check(const void *map, uint64_t size, const struct lab_pattern *pattern,
		       struct lab_pattern_wrong *wrong);

/**
 * lab_pattern_describe() - describe a wrong word and its origin in a message.
 * @text: set to the description
 * @size: its size in bytes
 * @pattern: the expected words; NULL for zeros
 * @index: the word's index
 * @got: the wrong word
 * @set: name of a set, for the description
 */
void lab_pattern_describe(char *text, size_t size, const struct lab_pattern *pattern,
			  uint32_t index, uint64_t got, const char *set);

#endif
