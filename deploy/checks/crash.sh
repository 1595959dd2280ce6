#!/usr/bin/env bash
# Kills the real server at random moments while real clients work, and checks every byte that they read. See usage below.
set -euo pipefail

fail() {
    printf 'crash.sh: %s\n' "$*" >&2
    exit 2
}

usage() {
    cat <<'TEXT'
usage: deploy/checks/crash.sh [--minutes M] [--seed S] [--clients N] [--dir D]

Starts a server as a user does, on a device full of 0xCD, and N clients as processes of their own. For M minutes it kills
the server under load and starts it again, kills clients, stops clients for longer than their lease, and fills the
journal's disk. Nothing that was acknowledged may be lost, nothing stale or foreign read, and fsck must find nothing.

  --minutes M   how long (default 10; fractions are allowed)
  --seed S      what is done, and in which order (default: a new one, which is printed)
  --clients N   client processes (default 3)
  --dir D       an empty or missing folder to work in, which is kept; otherwise a temporary one, kept only on failure

The journal's disk is a tmpfs of limited size where this user may mount one (root may); otherwise it is never full.
Prints a line for each round and a summary. Exit code 0: all is well; 1: a violation; 2: the check could not be done.
TEXT
}

minutes=10 seed='' clients=3 dir=''
while (($# > 0)); do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --minutes | --seed | --clients | --dir)
            (($# > 1)) || fail "$1 needs a value - see --help"
            printf -v "${1#--}" '%s' "$2"
            shift 2
            ;;
        *) fail "unknown argument $1 - see --help" ;;
    esac
done
[[ $minutes =~ ^[0-9]+([.][0-9]+)?$ ]] || fail "--minutes is a number, not '$minutes'"
[[ ${seed:=$RANDOM$RANDOM} =~ ^[0-9]{1,18}$ ]] || fail "--seed is a whole number, not '$seed'"
[[ $clients =~ ^[0-9]{1,2}$ ]] || fail "--clients is a small whole number, not '$clients'"

root=$(CDPATH='' cd -P -- "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
# shellcheck source=deploy/src/build/jdk.sh
. "$root/deploy/src/build/jdk.sh"
find_jdk

# The program is built by its own script, with the tests; it does not look at them.
"$root/outlay" version >/dev/null || exit 2
if [[ -n $(find "$root/deploy/src/test" -newer "$root/deploy/target/built" -print -quit) ]]; then
    log=$root/target/crash-build.log
    printf 'crash.sh: building what has changed ... ' >&2
    if ! (cd "$root" && JAVA_HOME=$jdk ./mvnw -q -DskipTests -DskipFormat=true -DskipDistribution=true package) >"$log" 2>&1 </dev/null; then
        printf 'failed\n' >&2
        grep -E '^\[ERROR\]' "$log" | head -n 20 | sed 's/^/  | /' >&2
        fail "the build failed, all of it is in $log"
    fi
    printf 'done\n' >&2
fi

keep=keep
if [[ -z $dir ]]; then
    dir=$(mktemp -d "${TMPDIR:-/tmp}/outlay-crash-XXXXXX")
    keep=remove
fi
seconds=$(awk -v minutes="$minutes" 'BEGIN { printf "%d", minutes * 60 }')
# The options of the JVM are those of ./outlay for short commands.
export OUTLAY_JAVA=$jdk/bin/java
exec "$OUTLAY_JAVA" -XX:+UnlockDiagnosticVMOptions -XX:-DelayCompilerStubsGeneration --enable-native-access=ALL-UNNAMED \
    --sun-misc-unsafe-memory-access=allow -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx2g \
    "-Doutlay.launcher=$root/deploy/target/app/bin/outlay" -cp "$root/deploy/target/test-classes:$root/deploy/target/app/lib/*" \
    dev.outlay.crash.CrashCheck "$seconds" "$seed" "$clients" "$dir" "$keep"
