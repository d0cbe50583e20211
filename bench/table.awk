# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The table of run_bench.sh from the guest's rows: WHAT|STOCK|NEW|GOAL|MET.
#
#   awk -v narrow=CARD -v wide=CARD -v goals=bench|all -v problems=FILE -f table.awk ROWS
#
# Writes problems to the file problems. The status is 1 for a count that misses its goal and 2 for a
# missing figure. goals=all adds the goals that are not measured, but pass or fail.

{ value[$1] = substr($0, length($1) + 2) }

# emit(): a row. got is compared with goal; either is "-" if there is none. A miss is a problem only
# if judged is set.
function emit(what, stock, new, got, goal, judged)
{
	if (stock == "")
		missing = missing "  not measured with the stock pool: " what "\n"
	if (got == "")
		missing = missing "  not measured with the new pool: " what "\n"
	else if (judged && got + 0 > goal)
		missed = missed "  goal missed: " what ": " new ", not " \
			(goal ? "at most " : "") goal "\n"
	printf "%s|%s|%s|%s|%s\n", what, stock == "" ? "-" : stock, new == "" ? "-" : new,
		goal == "-" ? "-" : goal ? "at most " goal : "0",
		got == "" || goal == "-" ? "-" : got + 0 <= goal ? "yes" : "no"
}

function count(what, card, key, goal,   new)
{
	new = value["new." card "." key]
	emit(what, value["stock." card "." key], new, new, goal, 1)
}

# cost(): cost of a cold BO relative to a warm one. There is no goal for instructions.
function cost(card, key, bo,   new)
{
	new = value["new." card "." key ".ratio_us"]
	emit("Xen, " toupper(card) ": CPU time of a " bo ", cold against warm",
	     value["stock." card "." key ".ratio_us"], new, new, 1.15, 0)
	new = value["new." card "." key ".ratio_instructions"]
	emit("Xen, " toupper(card) ": instructions of a " bo ", cold against warm",
	     value["stock." card "." key ".ratio_instructions"], new, new, "-", 0)
}

# coherent(): coherent pages of all pages in the pool.
function coherent(pool, card)
{
	if (value[pool "." card ".coherent"] == "")
		return ""
	return value[pool "." card ".coherent"] " of " value[pool "." card ".pooled"]
}

# bookkeeping(): the stock pool has a kmalloc for each run of pages.
function bookkeeping(card,   pages, bytes)
{
	pages = value["new." card ".bookkeeping_pages"]
	if (pages)
		bytes = sprintf("%.1f", value["new." card ".bookkeeping_bytes"] / pages)
	emit("Xen, " toupper(card) ": bytes of bookkeeping for a pooled 4 KiB page",
	     "a kmalloc", bytes, bytes, 16, 1)
}

END {
	print "what|stock|new|goal|met"
	on_bare = "bare, " toupper(narrow) ", 2 GiB: "
	on_narrow = "Xen, " toupper(narrow) ": "
	on_wide = "Xen, " toupper(wide) ": "
	emit(on_bare "coherent pages in the pool after the load", coherent("stock", narrow),
	     coherent("new", narrow), value["new." narrow ".coherent"], 0, 1)
	count(on_bare "pages from dma_alloc_attrs() during the load", narrow,
	      "load_coherent_pages", 0)
	count(on_narrow "exchanges, 512 cold BOs of 4 KiB", narrow, "4k.cached.exchanges", 2)
	count(on_wide "exchanges, 512 cold BOs of 64 KiB", wide, "64k.cached.exchanges", 0)
	count(on_wide "exchanges, 512 cold WC BOs of 64 KiB", wide, "64k.wc.exchanges", 0)
	count(on_wide "caching changes, 512 cold WC BOs of 4 KiB", wide,
	      "4k.wc.caching_changes", 2)
	cost(narrow, "4k.cached", "4 KiB BO")
	cost(wide, "4k.cached", "4 KiB BO")
	cost(wide, "4k.wc", "4 KiB WC BO")
	count(on_narrow "kmallocs of the pool, 512 cold BOs of 4 KiB", narrow,
	      "4k.cached.kmallocs", 2)
	count(on_wide "kmallocs of the pool, 512 cold BOs of 4 KiB", wide,
	      "4k.cached.kmallocs", 2)
	bookkeeping(narrow)
	bookkeeping(wide)
	if (goals == "all") {
		count("radeon.test=1 on both kernels, bare and Xen, each card: boots that fail",
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
