#!/usr/bin/env bash
# Searches the decoders for inputs that break them, with Jazzer. See usage below.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: deploy/checks/fuzz.sh [--minutes M] [--target NAME]

Runs the kept corpus of every decoder of bytes that are not trusted or may be damaged, then lets Jazzer search for more,
guided by coverage, for M minutes each.

  --minutes M     how long for each target (default 2; fractions are allowed)
  --target NAME   this one alone: FACTS, REPLIES, IMAGE, LABEL, SEGMENT, ROWS, CONFIG, SESSION, CLIENT_MESSAGE,
                  SERVER_MESSAGE or HISTORY

What is found lies in deploy/target/fuzz/NAME; mend it, and add the input to deploy/src/test/resources/fuzz/NAME, which
holds no more than 200 KiB in all. Exit code 0: nothing was found; 1: something was, or the build failed.
TEXT
}

fail() {
    printf 'fuzz.sh: %s\n' "$*" >&2
    exit 2
}

minutes=2 target=''
while (($# > 0)); do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --minutes | --target)
            (($# > 1)) || fail "$1 needs a value - see --help"
            printf -v "${1#--}" '%s' "$2"
            shift 2
            ;;
        *) fail "unknown argument $1 - see --help" ;;
    esac
done
[[ $minutes =~ ^[0-9]+([.][0-9]+)?$ ]] || fail "--minutes is a number, not '$minutes'"
[[ $target =~ ^[A-Z_]*$ ]] || fail "--target is a name in capitals, not '$target' - see --help"

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=$(awk -v minutes="$minutes" 'BEGIN { printf "%d", minutes * 60 }')
./mvnw -pl deploy -am test -DskipFormat=true -Dtest=FuzzTest -Dsurefire.failIfNoSpecifiedTests=false \
    "-Doutlay.fuzz.seconds=$seconds" "-Doutlay.fuzz.only=$target" || exit 1
for log in deploy/target/fuzz/*/log; do
    printf '%s: %s executions\n' "$(basename "$(dirname "$log")")" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
done
