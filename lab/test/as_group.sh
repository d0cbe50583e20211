#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Runs a command, and ends all of its processes when this one gets a signal, also subshells that
# wait for others. Has to be the leader of a process group.
#
#   as_group.sh COMMAND [ARGUMENT]...
trap 'trap - TERM; kill -TERM 0' TERM
# The shell executes a trap while it waits, but not while a command runs in the foreground.
"$@" &
wait "$!"
