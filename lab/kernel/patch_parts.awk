# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Splits a patch of a series into its parts. For another kernel, a delta replaces some of its
# sections (the format is in patches/README.md):
#
#   awk -f patch_parts.awk -v kernel=KERNEL -v from="NAME <ADDRESS>" -v date=DATE -v out=DIR \
#       NAME.patch [NAME.KERNEL.diff]
#
# DIR/mail gets the head of the mail with the message, DIR/1, DIR/2, ... the sections
# of the files in it, DIR/paths the path of each section, DIR/new the paths of the new files.
# If the patch is not for this kernel there is DIR/skip, and neither sections nor new files.
# A mistake is one line "error: ..." and status 1.

# Adds a paragraph to the mail, in lines of at most 75 columns, as checkpatch demands.
function fill(paragraph,   word, count, i, line) {
	count = split(paragraph, word, /[ \n]+/)
	line = word[1]
	for (i = 2; i <= count; i++) {
		if (length(line " " word[i]) > 75) {
			mail[++mail_count] = line
			line = " "
		}
		line = line " " word[i]
	}
	mail[++mail_count] = line
}

function fail(text, where) {
	print "error: " (where ? where : FILENAME ":" FNR) ": " text >"/dev/stderr"
	failed = 1
	exit 1
}

# The line counts in a hunk's head have to match its lines.
function end_of_file() {
	if (old || new)
		fail("the hunk of line " hunk_line " is shorter than its head says", name)
	if (state == "mail")
		fail("no line '---' ends the message", name)
	if (delta && reason[delta] == "")
		fail("no line 'Reason: ...' says why this kernel differs", name)
	if (delta && skip && section_count)
		fail("'Skip' and sections exclude each other", name)
}

FNR == 1 {
	if (NR > 1) {
		end_of_file()
		delta = 1
		for (path in text)
			original[path]
	}
	state = delta ? "fields" : "mail"
	old = new = 0
	field = ""
	section_count = 0
	name = FILENAME
}

state == "mail" {
	if (!in_body && $0 == "") {
		in_body = 1
		if (!("Subject:" in head))
			fail("the mail has no Subject")
	} else if (!in_body && !/^[ \t]/) {
		if (!/^(From [0-9a-f]+ |[A-Z][A-Za-z-]*: )/)
			fail("a patch starts with the head of a mail: Subject: [PATCH] ..., an empty line, the message")
		head[$1]
		if ($1 == "From")
			next
	}
	if ($0 == "---")
		state = "fields"
	else
		mail[++mail_count] = $0
	next
}

# The lines after the last hunk are git's signature.
state == "end" { next }

/^diff --git / && !old && !new {
	if (NF != 4 || substr($3, 1, 2) != "a/" || substr($4, 3) != substr($3, 3))
		fail("a section is 'diff --git a/PATH b/PATH', of one path without spaces")
	state = "section"
	path = substr($3, 3)
	if (seen[delta, path]++)
		fail("there are two sections of " path)
	section_count++
	if (delta && !(path in text))
		paths[++path_count] = path
	else if (!delta)
		paths[++path_count] = path
	text[path] = $0 "\n"
	next
}

state == "fields" {
	if (/^[A-Z][A-Za-z-]*:/ || $0 == "Skip") {
		field = $1
		value = $0
		sub(/^[^ ]+ +/, "", value)
	}
	if (field == "New-file:" && !delta && $1 == field) {
		if (NF != 2 || $2 in new_file)
			fail("a line is 'New-file: PATH', once for each")
		new_file[$2]
		new_paths[++new_count] = $2
	} else if (field == "Only:" && !delta && $1 == field) {
		if ($2 != kernel)
			skip = "only for " $2
		only = 1
	} else if (field == "Reason:" && $1 == field) {
		reason[delta + 0] = value
	} else if (field == "Without:" && delta && $1 == field) {
		if (!($2 in original))
			fail("the patch has no section of " $2 " to leave out")
		without[$2]
	} else if (field == "Skip" && delta && $1 == field) {
		skip = "not needed"
	} else if (/^[ \t]+[^ \t]/ && field == "Reason:") {
		sub(/^[ \t]+/, "")
		reason[delta + 0] = reason[delta + 0] "\n  " $0
	} else if (/^ / && !delta) {
		field = ""	# a diffstat
	} else if ($0 == "") {
		field = ""
	} else {
		choices = delta ? "Reason:|Without:|Skip" : "New-file:|Only:|Reason:"
		fail("'" $0 "' is no field: choose " choices ", or a section 'diff --git ...'")
	}
	next
}

old || new {
	mark = substr($0, 1, 1)
	if (mark == "+")
		new--
	else if (mark == "-")
		old--
	else if (mark == " " || $0 == "") {
		old--
		new--
	} else if (mark != "\\")
		fail("the hunk of line " hunk_line " is shorter than its head says")
	if (old < 0 || new < 0)
		fail("the hunk of line " hunk_line " is longer than its head says")
	text[path] = text[path] $0 "\n"
	next
}

/^@@ -[0-9]+(,[0-9]+)? \+[0-9]+(,[0-9]+)? @@/ {
	hunk_line = FNR
	old = split($2, count, ",") == 2 ? count[2] : 1
	new = split($3, count, ",") == 2 ? count[2] : 1
	text[path] = text[path] $0 "\n"
	next
}

/^new file mode / && !delta && !only {
	fail("the new file " path " is kept whole: put it into the checkout, and a line " \
		"'New-file: " path "' after the message's '---' instead of this section")
}

/^(index|---|\+\+\+|new file mode|deleted file mode|old mode|new mode) / || /^\\/ {
	text[path] = text[path] $0 "\n"
	next
}

$0 == "" { next }

$0 == "-- " { state = "end"; next }

{ fail("the hunk of line " hunk_line " is longer than its head says") }

END {
	if (failed)
		exit 1
	end_of_file()
	if (only && reason[0] == "")
		fail("no line 'Reason: ...' says why the patch is only for some kernel", ARGV[1])
	for (path in new_file)
		if (path in original || (!delta && path in text))
			fail(path " is a new file and has a section as well", ARGV[1])
	# What the patch changes in our files is taken back nevertheless.
	if (skip)
		print skip >(out "/skip")
	# As in the kernel's stable series, the message says what was changed for this kernel.
	while (mail[mail_count] == "")
		mail_count--
	if (delta) {
		if (mail[mail_count] !~ /^[A-Z][A-Za-z-]+: /)
			mail[++mail_count] = ""
		fill("[ " kernel ": " reason[1] " ]")
	}
	printf "From %040d Mon Sep 17 00:00:00 2001\n", 0 >(out "/mail")
	if (!("From:" in head))
		print "From: " from >(out "/mail")
	if (!("Date:" in head))
		print "Date: " date >(out "/mail")
	for (i = 1; i <= mail_count; i++)
		print mail[i] >(out "/mail")
	print "---" >(out "/mail")
	number = 0
	for (i = 1; i <= path_count; i++)
		if (!(paths[i] in without) && !(paths[i] in new_file)) {
			printf "%s", text[paths[i]] >(out "/" ++number)
			print paths[i] >(out "/paths")
		}
	for (i = 1; i <= new_count; i++) {
		if (new_paths[i] in text)
			printf "%s", text[new_paths[i]] >(out "/change-" i)
		print new_paths[i] >(out "/new")
	}
}
