#!/usr/bin/env bash
# Changes the state machine in many small ways, one at a time, and runs its unit tests on each, with PIT. See usage below.
set -euo pipefail

usage() {
    cat <<'END'
usage: deploy/checks/mutations.sh [--package NAME]

Mutates the classes of layout-core and prints, for each mutator, how many mutants its unit tests noticed. The tests that
take long - the model of random commands and the exhaustive short histories - are left out, so what survives here may
still be noticed by them.

  --package NAME   classes of dev.outlay.core.NAME alone: op, space, state, codec, history, ...

The report is layout-core/target/pit-reports/index.html. Exit code 0: the run ended; 1: it did not, or a test fails
without any mutant; 2: called wrongly, or no JDK.
END
}

fail() {
    printf 'mutations.sh: %s\n' "$*" >&2
    exit 2
}

package='*'
while (($# > 0)); do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --package)
            (($# > 1)) || fail "$1 needs a value - see --help"
            package="$2.*"
            shift 2
            ;;
        *) fail "unknown option $1 - see --help" ;;
    esac
done

root=$(CDPATH='' cd -P -- "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
# shellcheck source=deploy/src/build/jdk.sh
. "$root/deploy/src/build/jdk.sh"
find_jdk

cd "$root"
# PIT runs the mutants on the JVM that runs Maven.
export JAVA_HOME=$jdk
./mvnw -q -pl layout-core test-compile -DskipFormat=true || exit 1
./mvnw -pl layout-core -Pmutations org.pitest:pitest-maven:mutationCoverage -DskipFormat=true \
    "-DtargetClasses=dev.outlay.core.$package" "-Dthreads=$(getconf _NPROCESSORS_ONLN)" || exit 1
