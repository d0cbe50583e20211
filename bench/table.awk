# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The table of run_bench.sh, from the rows that the guest reported: a line for each of its rows,
# WHAT|STOCK|NEW|GOAL|MET. What is wrong goes to the file that the variable problems names,
# with status 1 for a count that our pool misses and 2 for a missing figure. With goals=all the
# goals, too, that are not measured but passed.

{ value[$1] = substr($0, length($1) + 2) }

# emit(): a row. got is what the goal is compared with, - for none; judged says whether a miss counts.
function emit(what, stock, new, got, goal, judged)
{
	if (stock == "")
		missing = missing "  not measured with the stock pool: " what "\n"
	if (got == "")
		missing = missing "  not measured with the new pool: " what "\n"
	else if (judged && got + 0 > goal)
		missed = missed "  goal missed: " what ": " new ", not " (goal ? "at most " : "") goal "\n"
	printf "%s|%s|%s|%s|%s\n", what, stock == "" ? "-" : stock, new == "" ? "-" : new,
		goal == "-" ? "-" : goal ? "at most " goal : "0",
		got == "" || goal == "-" ? "-" : got + 0 <= goal ? "yes" : "no"
}

function count(what, card, key, goal,   new)
{
	new = value["new." card "." key]
	emit(what, value["stock." card "." key], new, new, goal, 1)
}

# cost(): how much more a cold BO is than a warm one. Nobody has set a goal for instructions.
function cost(card, key, of,   new)
{
	new = value["new." card "." key ".ratio_us"]
	emit("Xen, " toupper(card) ": CPU time of a " of ", cold against warm",
	     value["stock." card "." key ".ratio_us"], new, new, 1.15, 0)
	new = value["new." card "." key ".ratio_instructions"]
	emit("Xen, " toupper(card) ": instructions of a " of ", cold against warm",
	     value["stock." card "." key ".ratio_instructions"], new, new, "-", 0)
}

# of(): coherent pages of all pages in the pool.
function of(pool, card)
{
	if (value[pool "." card ".coherent"] == "")
		return ""
	return value[pool "." card ".coherent"] " of " value[pool "." card ".pooled"]
}

# bookkeeping(): the stock pool's is a kmalloc for each run of pages.
function bookkeeping(card,   pages, bytes)
{
	pages = value["new." card ".bookkeeping_pages"]
	if (pages)
		bytes = sprintf("%.1f", value["new." card ".bookkeeping_bytes"] / pages)
	emit("Xen, " toupper(card) ": bytes of bookkeeping for a pooled 4 KiB page",
	     "a kmalloc", bytes, bytes, 16, 1)
}

END {
	emit("bare, RV100, 2 GiB: coherent pages in the pool after the load", of("stock", "rv100"),
	     of("new", "rv100"), value["new.rv100.coherent"], 0, 1)
	count("bare, RV100, 2 GiB: pages from dma_alloc_attrs() during the load", "rv100",
	      "load_coherent_pages", 0)
	count("Xen, RV100: exchanges, 512 cold BOs of 4 KiB", "rv100", "4k.cached.exchanges", 2)
	count("Xen, RV370: exchanges, 512 cold BOs of 64 KiB", "rv370", "64k.cached.exchanges", 0)
	count("Xen, RV370: exchanges, 512 cold WC BOs of 64 KiB", "rv370", "64k.wc.exchanges", 0)
	count("Xen, RV370: caching changes, 512 cold WC BOs of 4 KiB", "rv370",
	      "4k.wc.caching_changes", 2)
	cost("rv100", "4k.cached", "4 KiB BO")
	cost("rv370", "4k.cached", "4 KiB BO")
	cost("rv370", "4k.wc", "4 KiB WC BO")
	count("Xen, RV100: kmallocs of the pool, 512 cold BOs of 4 KiB", "rv100",
	      "4k.cached.kmallocs", 2)
	count("Xen, RV370: kmallocs of the pool, 512 cold BOs of 4 KiB", "rv370",
	      "4k.cached.kmallocs", 2)
	bookkeeping("rv100")
	bookkeeping("rv370")
	if (goals == "all") {
		count("radeon.test=1 on {6.12, 7.3} x {bare, Xen} x {RV100, RV370}: boots that fail",
		      "all", "selftest", 0)
		# The stock driver crashes a kernel that unloads it.
		emit("50 loads and unloads with BOs in between, debug kernel: splats, leaks, faults",
		     "not run", value["new.all.reload"], value["new.all.reload"], 0, 1)
	}
	if (missing != "" || missed != "") {
		printf "%s%s", missing, missed >problems
		exit missing != "" ? 2 : 1
	}
}
