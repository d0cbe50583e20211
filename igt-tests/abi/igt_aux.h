/* SPDX-License-Identifier: MIT */
/*
 * Functions of Debian's libigt.so.0 for suspend and for signals that interrupt; see igt_core.h.
 */
#ifndef ABI_IGT_AUX_H
#define ABI_IGT_AUX_H

enum igt_suspend_state {
	SUSPEND_STATE_FREEZE,
};

enum igt_suspend_test {
	SUSPEND_TEST_NONE,
	SUSPEND_TEST_FREEZER,
	SUSPEND_TEST_DEVICES,
};

void igt_fork_signal_helper(void);
void igt_stop_signal_helper(void);
void igt_system_suspend_autoresume(enum igt_suspend_state state, enum igt_suspend_test test);

#endif
