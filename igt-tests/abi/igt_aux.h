/* SPDX-License-Identifier: MIT */
/*
 * Suspending the machine, and signals that interrupt, as Debian's libigt.so.0 exports them; see
 * igt_core.h.
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
