#!/usr/bin/env bash
# Runs the simulator: the real server and real clients in one thread a run, with virtual time and faults, from seeds.
# See docs/simulation.md; sim.sh --help says what it takes. Builds what is missing or older than the sources.
#
#   OUTLAY_JAVA_HOME      the JDK to use (25 or later); otherwise JAVA_HOME, the PATH and the usual folders are searched
#   OUTLAY_JAVA_OPTS      more options for the JVM
set -euo pipefail

fail() {
    printf 'sim.sh: %s\n' "$*" >&2
    exit 2
}

root=$(CDPATH='' cd -P -- "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
# shellcheck source=deploy/src/build/jdk.sh
. "$root/deploy/src/build/jdk.sh"

readonly classpath=$root/server/target/test-classpath.txt

is_stale() {
    [[ ! -e $classpath || ! -d $root/server/target/test-classes/dev/outlay/server/sim ]] ||
        [[ -n $(find "$root"/{pom.xml,server/pom.xml,client/pom.xml,layout-core/pom.xml,proto/pom.xml} \
            "$root"/{server,client,layout-core,proto}/src/main "$root/server/src/test" -newer "$classpath" -print -quit) ]]
}

build() {
    local log=$root/target/sim-build.log
    mkdir -p "$root/target"
    printf 'sim.sh: building, which may download libraries the first time ... ' >&2
    # The classpath names the folders of the other modules only where they are compiled in the same build.
    if ! (cd "$root" && JAVA_HOME=$jdk ./mvnw -pl server -am -DskipFormat=true process-test-classes) >"$log" 2>&1 </dev/null; then
        printf 'failed\n' >&2
        grep -E '^\[ERROR\]' "$log" | head -n 20 | sed 's/^/  | /' >&2
        fail "the build failed, all of it is in $log"
    fi
    printf 'done\n' >&2
}

find_jdk
if is_stale; then
    build
fi

threads=0
for ((i = 1; i < $#; i++)); do
    if [[ ${!i} == --threads ]]; then
        next=$((i + 1))
        threads=${!next}
    fi
done
[[ $threads =~ ^[1-9][0-9]*$ ]] || threads=$(getconf _NPROCESSORS_ONLN)

read -ra options <<<"${OUTLAY_JAVA_OPTS:-}"
# One carrier a run: a baton that is handed on stays on its core.
exec "$jdk/bin/java" -ea -Xmx2g -XX:+UseParallelGC --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -Djdk.virtualThreadScheduler.parallelism="$threads" ${options[@]+"${options[@]}"} \
    -cp "$root/server/target/test-classes:$root/server/target/classes:$(<"$classpath")" \
    dev.outlay.server.sim.SimulationMain "$@"
