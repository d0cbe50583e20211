#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Runs a command whose processes all end when this one is told to, subshells that wait for others
# included. Has to be the leader of a process group.
#
#   as_group.sh COMMAND [ARGUMENT]...
trap 'trap - TERM; kill -TERM 0' TERM
# The shell carries a trap out while it waits, not while a command in the foreground runs.
"$@" &
wait "$!"
