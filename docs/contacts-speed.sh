#!/bin/sh
# Measures what contacts.md says under "How fast", with a million people, in one run,
# and prints a table of it: the index, the filters, a key press, a list by a command and
# an import, beside fzf (from its Go module), and beside rg and grep if they are there.
# It takes about ten minutes; nothing else should run meanwhile.
set -eu
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN=$bin go install github.com/junegunn/fzf@v0.65.2
PATH=$PATH:$bin
export RECADO_BENCH_BOOK="$bin/book.db" RECADO_PEOPLE="${RECADO_PEOPLE:-1000000}"

measure() { # package, benchmark, how often
	go test "./$1" -run '^$' -bench "$2" -benchtime "$3" -timeout 30m | tee /dev/stderr | grep '^Benchmark' >>"$bin/all" || {
		echo "nothing was measured by -bench $2" >&2
		exit 1
	}
}
measure store 'IndexReady|IndexFilter' 15x
measure store IndexBeside 5x
measure tui BrowserKey 4000x
measure tui/command ContactsList 5x
measure store ImportFile/plain 1x

# Each line is a name, how often, and then values with their units.
awk '
BEGIN { print "| measured | |"; print "|---|---|" }
{
	sub(/^Benchmark/, "", $1); sub(/-[0-9]+$/, "", $1)
	row = ""
	for (i = 3; i < NF; i += 2) {
		value = $i; unit = $(i + 1)
		if (unit == "ns/op") { value = sprintf("%.3g", value / 1e6); unit = "ms" }
		row = row (row == "" ? "" : ", ") value " " unit
	}
	print "| `" $1 "` | " row " |"
}' "$bin/all"
