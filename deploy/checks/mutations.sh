#!/usr/bin/env bash
# Changes the state machine in many small ways, one at a time, and runs its unit tests on each, with PIT. See usage below.
set -euo pipefail

usage() {
    cat <<'END'
usage: deploy/checks/mutations.sh [--package NAME] [--threads N]

Mutates the classes of layout-core and prints, for each mutator, how many mutants its unit tests noticed. The model of
random commands runs a few thousand of them only, and the exhaustive short histories are left out: they take too long
for each mutant. docs/mutations.md says what was found.

  --package NAME   classes of dev.outlay.core.NAME alone: op, space, state, codec, history, ...; with a dot or a star,
                   a class of it: op.Grants, 'op.Map*'
  --threads N      so many mutants at a time (default: one for each processor)

The report is layout-core/target/pit-reports/index.html. Exit code 0: the run ended; 1: it did not, or a test fails
without any mutant; 2: called wrongly, or no JDK.
END
}

fail() {
    printf 'mutations.sh: %s\n' "$*" >&2
    exit 2
}

package='*'
threads=$(getconf _NPROCESSORS_ONLN)
while (($# > 0)); do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --package)
            (($# > 1)) || fail "$1 needs a value - see --help"
            package=$2
            [[ $package == *[.*]* ]] || package+=.*
            shift 2
            ;;
        --threads)
            (($# > 1)) || fail "$1 needs a value - see --help"
            [[ $2 =~ ^[1-9][0-9]*$ ]] || fail "--threads is $2, not a number of threads - give one from 1 on"
            threads=$2
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
    "-DtargetClasses=dev.outlay.core.$package" "-Dthreads=$threads" || exit 1
