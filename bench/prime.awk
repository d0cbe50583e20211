# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The table of run_prime.sh from the guests' rows: a line for each machine, kernel, direction and
# size, with both drivers.
#
#   awk -v machines=LIST -v kernels=LIST -v narrow=CARD -v wide=CARD -v problems=FILE \
#       -f prime.awk ROWS
#
# Writes the problems of our driver to the file problems. The status is 1 for a goal that is missed
# and 2 for a missing figure.

{ value[$1] = substr($0, length($1) + 2) }

# figure(): a word of "WRONG PAGES ERRNO COPIES SLOTS".
function figure(key, n,   part)
{
	split(value[key], part, " ")
	return part[n]
}

function error_name(errno)
{
	return errno == 5 ? "EIO" : errno == 12 ? "ENOMEM" : errno == 22 ? "EINVAL" : "errno " errno
}

# wrong(): wrong pages of the three BOs, or the first error.
function wrong(key,   i, text, error)
{
	for (i = 1; i <= 3; i++) {
		if (value[key uses[i]] == "")
			return "-"
		text = text (i > 1 ? " + " : "") figure(key uses[i], 1)
		if (!error)
			error = figure(key uses[i], 3)
	}
	# A BO that could not be imported has no pages to check.
	return error + 0 ? error_name(error) : text " of " figure(key uses[1], 2)
}

# most(): maximum of a figure of the three BOs; "-" if the driver does not have it.
function most(key, n,   i, it, found)
{
	found = "-"
	for (i = 1; i <= 3; i++) {
		it = figure(key uses[i], n)
		if (it ~ /^[0-9]+$/ && (found == "-" || it + 0 > found))
			found = it + 0
	}
	return found
}

# least(): minimum.
function least(key, n,   i, it, found)
{
	for (i = 1; i <= 3; i++) {
		it = figure(key uses[i], n)
		if (i == 1 || it + 0 < found)
			found = it + 0
	}
	return found
}

# copies_goal(): "0", "1" or "at most 1". The wide card reaches all pages of the narrow one. Its
# own pages come from above 4 GiB on the bare machine, where those are allocated first; under Xen
# they may be anywhere.
function copies_goal(machine, from)
{
	if (machine == "xen")
		return "at most 1"
	if (from != wide)
		return "0"
	return machine == "bare" ? "1" : "at most 1"
}

# miss(): a goal is missed.
function miss(what, text)
{
	missed = missed "  goal missed: " what text "\n"
	bad = 1
}

# judge(): "yes" or "no"; adds problems to missed and missing.
function judge(what, key, goal,   i, copies, slots, lacks)
{
	bad = 0
	copies = most(key, 4)
	slots = most(key, 5)
	for (i = 1; i <= 3; i++) {
		if (figure(key uses[i], 3) + 0)
			miss(what, ", " names[i] ": " error_name(figure(key uses[i], 3)))
		if (figure(key uses[i], 1) + 0)
			miss(what, ", " names[i] ": " figure(key uses[i], 1) " pages are wrong")
	}
	lacks = wrong(key) == "-" ? "contents" : copies == "-" ? "copies" : \
		slots == "-" ? "slots of the bounce buffer" : ""
	if (lacks != "") {
		missing = missing "  not measured with the new driver: " what ": " lacks "\n"
		bad = 1
	}
	if (copies != "-" && (copies > (goal == "0" ? 0 : 1) || (goal == "1" && least(key, 4) < 1)))
		miss(what, ": " copies " copies, not " goal)
	if (slots != "-" && slots > 0)
		miss(what, ": " slots " slots of the bounce buffer")
	return bad ? "no" : "yes"
}

function size_name(size)
{
	return size >= 1048576 ? size / 1048576 " MiB" : size / 1024 " KiB"
}

# row(): one line of the table.
function row(machine, kernel, from, to, size,   where, way, what, goal, met)
{
	where = machine "." kernel "."
	way = from "." to "." size "."
	what = machine ", " kernel ", " from " to " to ", " size_name(size)
	goal = copies_goal(machine, from)
	if (wrong(where "stock." way) == "-")
		missing = missing "  not measured with the stock driver: " what "\n"
	met = judge(what, where "new." way, goal)
	printf "%s|%s|%s, %s|%s|%s|%s|%s|%s|%s|%s|%s\n", machine, kernel, from, to, size_name(size),
		wrong(where "stock." way), wrong(where "new." way), most(where "new." way, 4), goal,
		most(where "stock." way, 5), most(where "new." way, 5), met
}

END {
	split("reads rereads writes", uses, " ")
	split("as imported|read later|written", names, "|")
	machines_count = split(machines, machine, " ")
	kernels_count = split(kernels, kernel, " ")
	split("4096 65536 1048576 4194304", size, " ")
	print "machine|kernel|from, to|size|wrong: stock|new|copies: new|goal|slots: stock|new|met"
	for (m = 1; m <= machines_count; m++)
		for (way = 1; way <= 2; way++)
			for (k = 1; k <= kernels_count; k++)
				for (s = 1; s <= 4; s++)
					row(machine[m], kernel[k], way == 1 ? wide : narrow,
					    way == 1 ? narrow : wide, size[s])
	if (missing != "" || missed != "") {
		printf "%s%s", missing, missed >problems
		exit missing != "" ? 2 : 1
	}
}
