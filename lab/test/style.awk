# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Findings of style.sh in text files, FILE:LINE: KIND: TEXT:
#
#   awk -f style.awk style.list FILE...

BEGIN {
	COLUMNS = 100
	SPDX_LINES = 5
}

# excepted(): does the list have an exception for a finding?
function excepted(file, kind, line,   i)
{
	for (i = 1; i <= excepts; i++)
		if (except_file[i] == file && except_kind[i] == kind && index(line, except_text[i]))
			return except_used[i] = 1
	return 0
}

function find(kind, text)
{
	if (excepted(FILENAME, kind, $0))
		return
	printf "%s:%d: %s: %s\n", FILENAME, FNR, kind, text
	findings++
}

# class_of(): the kind of a file by its name: patch, doc, or other.
function class_of(name)
{
	return name ~ /\.(patch|diff)$/ ? "patch" : name ~ /\.(md|rst)$/ ? "doc" : "other"
}

# slug(): the anchor of a heading in Markdown.
function slug(heading)
{
	sub(/^#+ */, "", heading)
	heading = tolower(heading)
	gsub(/[^a-z0-9 _-]/, "", heading)
	gsub(/ /, "-", heading)
	return heading
}

# has_anchor(): does a file of Markdown have that heading?
function has_anchor(file, anchor,   line, found)
{
	found = 0
	while ((getline line < file) > 0)
		if (line ~ /^#/ && slug(line) == anchor)
			found = 1
	close(file)
	return found
}

function check_links(text,   target, file, anchor)
{
	while (match(text, /\]\([^)]+\)/)) {
		target = substr(text, RSTART + 2, RLENGTH - 3)
		text = substr(text, RSTART + RLENGTH)
		if (target ~ /^[a-z]+:/ || target ~ /'/)
			continue
		file = anchor = target
		sub(/#.*/, "", file)
		if (!sub(/^[^#]*#/, "", anchor))
			anchor = ""
		if (file == "")
			file = FILENAME
		else if (FILENAME ~ /\//)
			file = substr(FILENAME, 1, match(FILENAME, /\/[^\/]*$/)) file
		if (system("test -e '" file "'"))
			find("link", "'" target "' leads nowhere")
		else if (anchor != "" && !has_anchor(file, anchor))
			find("link", "'" target "': there is no such heading")
	}
}

# check_words(): find phrases, also across the end of a line.
function check_words(text,   words, both, i)
{
	words = tolower(text)
	gsub(/[^a-z0-9_'.]+/, " ", words)
	gsub(/'? '?/, " ", words)
	words = " " words " "
	gsub(/  +/, " ", words)
	both = last_words words
	gsub(/  +/, " ", both)
	for (i = 1; i <= phrases; i++)
		if (index(words, " " phrase[i] " ") || index(words, " " phrase[i] ".") || \
		    (phrase[i] ~ / / && !index(last_line, " " phrase[i] " ") && \
		     index(both, " " phrase[i] " ")))
			find("word", "'" phrase[i] "': write " instead[i])
	last_line = words
	last_words = words ~ /[^ ]/ ? words : ""
	if (match(last_words, /[^ ]+ [^ ]+ $/))
		last_words = " " substr(last_words, RSTART)
}

function check_long(text,   columns)
{
	# A short line fits even if each character is a tab.
	if (length(text) * 8 <= COLUMNS)
		return
	columns = 0
	if (text ~ /\t/) {
		columns = split(text, part, "\t")
		expanded = part[1]
		for (i = 2; i <= columns; i++)
			expanded = expanded substr("        ", length(expanded) % 8 + 1) part[i]
		columns = length(expanded)
	} else {
		columns = length(text)
	}
	if (columns <= COLUMNS || text ~ /[a-z]+:\/\//)
		return
	if (class == "doc" && text ~ /^[ \t]*[|+]/)
		return
	# A message that is alone on its line may be longer: it is not split, so that it can be
	# found.
	if (class == "other" && text ~ /^[^"]*"([^"]|\\")*"[^"]*$/ && index(text, "\"") <= 60 && \
	    match(text, /"[^"]*$/) && length(text) - RSTART <= 8)
		return
	find("line", columns " columns, at most " COLUMNS)
}

function check_hosts(text,   host, start)
{
	while (match(text, /[a-z]+:\/\/[A-Za-z0-9.-]+/)) {
		host = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		sub(/^[a-z]+:\/\//, "", host)
		if (!(host in hosts))
			find("host", "'" host "' is not in style.list")
	}
}

# end_file(): the file that has ended needs an SPDX line, unless it is a patch.
function end_file()
{
	if (class == "" || class == "patch" || spdx || excepted(file, "spdx", ""))
		return
	printf "%s:1: spdx: no SPDX-License-Identifier in the first %d lines\n", file, SPDX_LINES
	findings++
}

# The list, which is the first file.
NR == FNR && $1 == "word" {
	phrase[++phrases] = substr($0, 6, index($0, ":") - 6)
	instead[phrases] = substr($0, index($0, ":") + 2)
}
NR == FNR && $1 == "host" { hosts[$2] = 1 }
NR == FNR && $1 == "except" {
	except_file[++excepts] = $2
	except_kind[excepts] = $3
	except_text[excepts] = substr($0, index($0, $3) + length($3) + 1)
	except_line[excepts] = FNR
}
NR == FNR { list = FILENAME; next }

FNR == 1 {
	end_file()
	file = FILENAME
	class = class_of(file)
	spdx = file ~ /(^|\/)(series|cover-letter\.txt)$/
	last_words = last_line = ""
	header = 1
	fence = 0
}

FNR <= SPDX_LINES && /SPDX-License-Identifier: / { spdx = 1 }

# In a patch, check its message and the lines that it adds.
class == "patch" && header && /^(---|diff )/ { header = 0 }
class == "patch" && !header && !/^\+/ { last_words = last_line = ""; next }

{
	text = $0
	if (class == "patch" && !header)
		text = substr(text, 2)
	if (text ~ /[ \t]$/ && !(header && class == "patch"))
		find("blank", "trailing blank")
	check_words(text)
	check_hosts(text)
	if (text ~ /(^|[^A-Za-z0-9_.*~$}\/])\/(work|root|home)\/[A-Za-z0-9_]/)
		find("path", "a path of one machine")
	if (class != "patch")
		check_long(text)
	if (file ~ /\.md$/) {
		if (text ~ /^[ \t]*```/)
			fence = !fence
		if (!fence)
			check_links(text)
	}
}

END {
	end_file()
	for (i = 1; i <= excepts; i++)
		if (!except_used[i]) {
			printf "%s:%d: except: not needed: %s %s %s\n", list, except_line[i],
				except_file[i], except_kind[i], except_text[i]
			findings++
		}
	exit findings > 0
}
