/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* cmocka with the headers that it needs before it, and both cards as fixtures. */
#ifndef LAB_CMOCKA_CARD_H
#define LAB_CMOCKA_CARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card_fixture.h"

static int setup_rv370(void **state)
{
	*state = fixture_new("rv370");
	return 0;
}

static int setup_rv100(void **state)
{
	*state = fixture_new("rv100");
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

#define RV370(test) \
	{ #test " rv370", test, setup_rv370, teardown, NULL }
#define RV100(test) \
	{ #test " rv100", test, setup_rv100, teardown, NULL }
#define BOTH(test) RV370(test), RV100(test)

#endif
