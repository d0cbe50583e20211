# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The table of run_prime.sh, from the rows that the guests reported: a line for each machine, kernel,
# direction and size, with both drivers. What is wrong with ours goes to the file that the variable
# problems names, with status 1 for a goal that is missed and 2 for a missing figure.

{ value[$1] = substr($0, length($1) + 2) }

# figure(): of "WRONG PAGES ERRNO COPIES SLOTS".
function figure(key, n,   part)
{
	split(value[key], part, " ")
	return part[n]
}

function error_name(errno)
{
	return errno == 5 ? "EIO" : errno == 12 ? "ENOMEM" : errno == 22 ? "EINVAL" : "errno " errno
}

# wrong(): pages of the three BOs, and the first error.
function wrong(key,   i, text, error)
{
	for (i = 1; i <= 3; i++) {
		if (value[key uses[i]] == "")
			return "-"
		text = text (i > 1 ? " + " : "") figure(key uses[i], 1)
		if (!error)
			error = figure(key uses[i], 3)
	}
	# What could not be imported has no pages to look at.
	return error + 0 ? error_name(error) : text " of " figure(key uses[1], 2)
}

# most(): of a figure of the three BOs; "-" if the driver does not say.
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

function least(key, n,   i, it, found)
{
	for (i = 1; i <= 3; i++) {
		it = figure(key uses[i], n)
		if (i == 1 || it + 0 < found)
			found = it + 0
	}
	return found
}

# copies_goal(): "0", "1" or "at most 1". RV370 reaches all that RV100 does; on the bare machine it
# gets pages from above 4 GiB, which are the first to be given, and with a pool device pages that
# both reach.
function copies_goal(machine, from)
{
	if (from == "rv370")
		return machine == "bare" ? "1" : machine == "xen" ? "at most 1" : "0"
	return machine == "xen" ? "at most 1" : "0"
}

function judge(what, key, goal,   i, bad, copies)
{
	for (i = 1; i <= 3; i++) {
		if (figure(key uses[i], 3) + 0) {
			missed = missed "  goal missed: " what ", " names[i] ": " error_name(figure(key uses[i], 3)) "\n"
			bad = 1
		}
		if (figure(key uses[i], 1) + 0) {
			missed = missed "  goal missed: " what ", " names[i] ": " figure(key uses[i], 1) " pages are wrong\n"
			bad = 1
		}
	}
	copies = most(key, 4)
	if (wrong(key) == "-" || copies == "-" || most(key, 5) == "-") {
		missing = missing "  not measured with the new driver: " what ": " \
			(wrong(key) == "-" ? "contents" : copies == "-" ? "copies" : "slots of the bounce buffer") "\n"
		bad = 1
	}
	if (copies != "-" && (copies > (goal == "0" ? 0 : 1) || (goal == "1" && least(key, 4) < 1))) {
		missed = missed "  goal missed: " what ": " copies " copies, not " goal "\n"
		bad = 1
	}
	if (most(key, 5) != "-" && most(key, 5) > 0) {
		missed = missed "  goal missed: " what ": " most(key, 5) " slots of the bounce buffer\n"
		bad = 1
	}
	return bad ? "no" : "yes"
}

function size_name(size)
{
	return size >= 1048576 ? size / 1048576 " MiB" : size / 1024 " KiB"
}

END {
	split("reads rereads writes", uses, " ")
	split("as imported|read later|written", names, "|")
	machines_count = split(machines, machine, " ")
	kernels_count = split(kernels, kernel, " ")
	split("rv370 rv100", card, " ")
	split("4096 65536 1048576 4194304", size, " ")
	print "machine|kernel|from, to|size|wrong: stock|new|copies: new|goal|slots: stock|new|met"
	for (m = 1; m <= machines_count; m++)
		for (c = 1; c <= 2; c++)
			for (k = 1; k <= kernels_count; k++)
				for (s = 1; s <= 4; s++) {
					where = machine[m] "." kernel[k] "."
					way = card[c] "." card[3 - c] "." size[s] "."
					what = machine[m] ", " kernel[k] ", " card[c] " to " card[3 - c] ", " size_name(size[s])
					goal = copies_goal(machine[m], card[c])
					if (wrong(where "stock." way) == "-")
						missing = missing "  not measured with the stock driver: " what "\n"
					met = judge(what, where "new." way, goal)
					printf "%s|%s|%s, %s|%s|%s|%s|%s|%s|%s|%s|%s\n", machine[m], kernel[k],
						card[c], card[3 - c], size_name(size[s]), wrong(where "stock." way),
						wrong(where "new." way), most(where "new." way, 4), goal,
						most(where "stock." way, 5), most(where "new." way, 5), met
				}
	if (missing != "" || missed != "") {
		printf "%s%s", missing, missed >problems
		exit missing != "" ? 2 : 1
	}
}
