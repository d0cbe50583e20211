# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Debian 13's package lists, from the mirror that the lab's image was made from, without a change of
# the machine's own apt. Sourced, after common.sh.

# mirror_apt COMMAND...: apt-get or apt-cache with these lists alone.
mirror_apt() {
	APT_CONFIG=$MIRROR_DIR/apt.conf "$@"
}

# mirror_update DIR: download the lists into DIR, which is made. Fails if the mirror cannot be
# reached. Sets MIRROR_DIR.
mirror_update() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg image

	MIRROR_DIR=$1
	image=$LAB_CACHE/root-$(image_key)/root
	mkdir -p "$MIRROR_DIR"/{lists/partial,cache/archives/partial}
	sed -nE "s,^deb ([^ ]+) (trixie(-[a-z]+)?) main,deb [arch=amd64 signed-by=$keyring] \\1 \\2 main,p" \
		"$image/etc/apt/sources.list" >"$MIRROR_DIR/sources.list"
	cat >"$MIRROR_DIR/apt.conf" <<-END
	Dir::Etc::SourceList "$MIRROR_DIR/sources.list";
	Dir::Etc::SourceParts "/dev/null";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "/dev/null";
	Dir::State::Lists "$MIRROR_DIR/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$MIRROR_DIR/cache";
	APT::Architecture "amd64";
	APT::Architectures { "amd64"; };
	APT::Sandbox::User "";
	Acquire::Languages "none";
	END
	mirror_apt apt-get -q update >"$MIRROR_DIR/log" 2>&1 &&
		! grep -qE '^(W|E): Failed to fetch' "$MIRROR_DIR/log"
}
