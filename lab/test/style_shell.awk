# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Variables that a function in bash or busybox assigns without "local", FILE:LINE: local: TEXT:
#
#   awk -f style_shell.awk SCRIPT...
#
# A function that is meant to set a variable says so in the comment above it: "Sets NAME" or "Sets
# NAME and NAME". Assignments in subshells are not checked: they do not affect the caller.
#
# This parses the part of the shell's grammar that it needs: quotes, substitutions, here-documents,
# case patterns, and where a command begins.

function push(kind)
{
	stack[++depth] = kind
	cases[depth] = pattern[depth] = 0
}

# in_subshell(): is there a ( ) or $( ) around?
function in_subshell(   i)
{
	for (i = 1; i <= depth; i++)
		if (stack[i] == "(" || stack[i] == "$(")
			return 1
	return 0
}

function assign(name)
{
	sub(/\[.*/, "", name)
	if (name ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && name != "_" && fn != "" && !in_subshell() && \
	    !(name in first)) {
		first[name] = FNR
		order[++assigned] = name
	}
}

# end_function(): report variables that were assigned and not declared.
function end_function(   i, name, sets)
{
	for (i = 1; i <= assigned; i++) {
		name = order[i]
		sets = "[Ss]ets?[^.;]*[^A-Za-z0-9_]" name "([^A-Za-z0-9_]|$)"
		if (!(name in declared) && comment !~ sets)
			printf "%s:%d: local: %s() assigns %s without local\n", FILENAME,
				first[name], fn, name
	}
	clear()
}

function clear(   name)
{
	for (name in first)
		delete first[name]
	for (name in declared)
		delete declared[name]
	assigned = 0
	fn = comment = ""
}

# end_command(): assignments are of the shell's own only when no command follows.
function end_command(   i)
{
	for (i = 1; i <= pending; i++)
		assign(pend[i])
	pending = 0
	if (command == "mapfile" || command == "readarray")
		assign(last_name)
	start = 1
	command = last_name = skip_argument = ""
}

# end_word(): take the word that has been collected.
function end_word(   name)
{
	if (word == "" && !quoted)
		return
	if (start && !quoted && word ~ /^[A-Za-z_][A-Za-z0-9_]*(\[[^]]*\])?\+?=/) {
		name = word
		sub(/\+?=.*/, "", name)
		pend[++pending] = name
	} else if (start && !quoted && word ~ /^(then|do|else|elif|if|while|until|!|time|\{|\})$/) {
		if (word == "{" && fn_next != "" && fn == "") {
			clear()
			fn = fn_next
			comment = fn_comment
			fn_depth = braces
		}
		fn_next = ""
		if (word == "{")
			braces++
		if (word == "}" && --braces == fn_depth && fn != "")
			end_function()
	} else if (start && word ~ /^(case|for|select)$/ && !quoted) {
		command = word
		start = 0
		if (word == "case")
			cases[depth]++
	} else if (start && word == "esac") {
		cases[depth]--
		pattern[depth] = 0
	} else if (start) {
		pending = 0
		command = word
		start = 0
	} else if (command == "case" && word == "in") {
		pattern[depth] = 1
		start = 1
		command = ""
	} else if (command == "for" || command == "select") {
		assign(word)
		command = "in"
	} else if (command ~ /^(local|declare|typeset)$/) {
		if (word ~ /^[A-Za-z_]/) {
			name = word
			sub(/[=+[].*/, "", name)
			declared[name] = 1
		}
	} else if (command == "getopts") {
		if (last_name != "")
			assign(word)
		last_name = word
	} else if (command == "printf") {
		if (last_name == "-v")
			assign(word)
		last_name = word
	} else if (command ~ /^(read|mapfile|readarray)$/) {
		if (skip_argument)
			skip_argument = ""
		else if (word ~ /^-.*a$/ && command == "read")
			;
		else if (word ~ /^-[a-zA-Z]*[dnNptuisOcC]$/ &&
			 (command == "read" || word != "-t"))
			skip_argument = 1
		else if (word !~ /^-/ && command == "read")
			assign(word)
		else if (word !~ /^-/)
			last_name = word
	}
	word = quoted = ""
}

# skip_expansion(): i is after "${"; move it after the "}". Nested ones count.
function skip_expansion(   level, ch)
{
	level = 1
	while (i <= n && level) {
		ch = substr(line, i, 1)
		if (ch == "\\")
			i++
		else if (ch == "'" && !double)
			for (i++; i <= n && substr(line, i, 1) != "'"; i++)
				;
		else if (ch == "{")
			level++
		else if (ch == "}")
			level--
		i++
	}
	word = word "x"
}

# skip_arithmetic(): move i after the "))".
function skip_arithmetic(   level, ch)
{
	level = 2
	while (i <= n && level) {
		ch = substr(line, i, 1)
		level += (ch == "(") - (ch == ")")
		i++
	}
	word = word "x"
}

# inside(): the innermost thing that is open is of that kind.
function inside(kind)
{
	return depth > 0 && stack[depth] == kind
}

function quote(   closes)
{
	# Within $( ) in a string the quotes are the command's.
	closes = inside("\"")
	double += closes ? -1 : 1
	if (closes)
		depth--
	else
		push("\"")
	if (word == "")
		quoted = 1
}

# open_substitution(): "$((", "$(", "${", or "<(" where it is one. A command begins within $( ),
# and the outer command continues after it.
function open_substitution(   two)
{
	two = substr(line, i, 2)
	if (substr(line, i, 3) == "$((") {
		i += 3
		skip_arithmetic()
	} else if (two == "${") {
		i += 2
		skip_expansion()
	} else if (two == "$(" || (two ~ /^[<>]\($/ && !inside("\""))) {
		push("$(")
		substitutes[depth] = c == "$"
		saved_word[depth] = word
		saved_command[depth] = command
		saved_start[depth] = start
		saved_pending[depth] = pending
		saved_quoted[depth] = quoted
		saved_name[depth] = last_name
		word = quoted = command = ""
		start = 1
		i += 2
	} else {
		return 0
	}
	return 1
}

function close_parenthesis()
{
	end_word()
	end_command()
	if (inside("$(")) {
		word = saved_word[depth] (substitutes[depth] ? "x" : "")
		command = saved_command[depth]
		start = saved_start[depth]
		pending = saved_pending[depth]
		quoted = saved_quoted[depth]
		last_name = saved_name[depth]
	}
	if (depth)
		depth--
}

# parenthesis(): of an array, arithmetic, a regular expression in [[ ]], or a subshell.
function parenthesis()
{
	if (c == "(" && word ~ /^[A-Za-z_][A-Za-z0-9_]*\+?=$/) {
		push("=(")
	} else if (start && word == "" && substr(line, i, 2) == "((") {
		i += 2
		skip_arithmetic()
		word = ""
		start = 0
		return
	} else if (c == "(" && !start) {
		parens++
	} else if (c == ")" && parens > 0) {
		parens--
	} else if (c == "(") {
		push("(")
	} else {
		close_parenthesis()
	}
	i++
}

# case_pattern(): what ends or separates the patterns of a case.
function case_pattern()
{
	if (c != "(")
		word = quoted = ""
	if (c == ")") {
		pattern[depth] = 0
		end_command()
	}
	i++
}

# open_heredoc(): its text begins with the next line.
function open_heredoc(   rest)
{
	end_word()
	rest = substr(line, i + 2)
	tabs = sub(/^-/, "", rest)
	sub(/^[ \t]*/, "", rest)
	match(rest, /^[^ \t;|&<>)]+/)
	heredoc_next = substr(rest, 1, RLENGTH)
	i = n - length(rest) + RLENGTH + 1
	gsub(/["'\\]/, "", heredoc_next)
}

# separator(): ; & | and what begins with them.
function separator()
{
	if (substr(line, i - 1, 2) ~ /^[<>]&/ || substr(line, i, 2) == "&>") {
		i++
		return
	}
	end_word()
	if (command != "[[")
		end_command()
	if (substr(line, i, 2) == ";;") {
		if (cases[depth])
			pattern[depth] = 1
		i++
	}
	i++
}

# redirection(): skip its target, which is not a word of the command.
function redirection()
{
	if (word ~ /^[0-9]+$/)
		word = ""
	end_word()
	i++
	while (substr(line, i, 1) ~ /[<>&|]/)
		i++
	while (substr(line, i, 1) ~ /[ \t]/)
		i++
	while (i <= n && substr(line, i, 1) !~ /[ \t;|&<>()"'$]/)
		i++
}

function plain(text)
{
	word = word text
	i += length(text)
	if (command == "[[" && word == "]]") {
		end_word()
		command = "]]"
		parens = 0
	}
}

# take(): what the character at i begins.
function take()
{
	if (single) {
		single = c != "'"
		i++
	} else if (c == "\\") {
		continued = i == n
		if (!continued)
			word = word "x"
		i += 2
	} else if (c == "\"") {
		quote()
		i++
	} else if (open_substitution()) {
		return
	} else if (inside("\"")) {
		plain(c)
	} else if (c == "'") {
		single = 1
		if (word == "")
			quoted = 1
		i++
	} else if (c == "#" && (i == 1 || substr(line, i - 1, 1) ~ /[ \t;(]/)) {
		i = n + 1
	} else if (inside("=(")) {
		if (c == ")")
			depth--
		i++
	} else if (c ~ /[ \t]/) {
		end_word()
		i++
	} else if (pattern[depth] && c ~ /[()|]/) {
		case_pattern()
	} else if (c ~ /[()]/) {
		parenthesis()
	} else if (substr(line, i, 3) ~ /^<<[^<]/ && command != "[[") {
		open_heredoc()
	} else if (c ~ /[;&|]/) {
		separator()
	} else if (c ~ /[<>]/) {
		redirection()
	} else {
		plain(c)
	}
}

FNR == 1 {
	if (fn != "")
		end_function()
	clear()
	depth = braces = pending = parens = 0
	cases[0] = pattern[0] = 0
	fn_next = block = word = quoted = command = heredoc = heredoc_next = ""
	start = 1
	single = double = 0
}

heredoc != "" {
	text = $0
	if (tabs)
		sub(/^\t+/, "", text)
	if (text == heredoc)
		heredoc = ""
	next
}

/^#/ && !single && !double { block = block " " substr($0, 2); next }

{
	line = $0
	n = length(line)
	i = 1
	continued = 0
	if (!single && !double && line ~ /^[A-Za-z_][A-Za-z0-9_.-]*\(\)/) {
		fn_next = line
		sub(/\(\).*/, "", fn_next)
		fn_comment = block
		i = length(fn_next) + 3
	}
	block = ""
	while (i <= n) {
		c = substr(line, i, 1)
		take()
	}
	# A string or an array continues in the next line.
	if (single || inside("\"") || inside("=("))
		next
	end_word()
	if (!continued && !pattern[depth] && command !~ /^(\[\[|for|case)$/)
		end_command()
	if (heredoc_next != "") {
		heredoc = heredoc_next
		heredoc_next = ""
	}
}

END {
	if (fn != "")
		end_function()
}
