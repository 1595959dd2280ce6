#!/usr/bin/env bash
# Times the structures of layout-core alone, with JMH. See usage below.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: deploy/checks/jmh.sh [JMH OPTION|PATTERN]...

Times the map of a file and the free space of a volume: nanoseconds a call, by size and by how full the volume is.
Everything is handed to JMH; without anything: -f 1 -wi 3 -i 5 -w 1 -r 1, about three minutes.

  deploy/checks/jmh.sh -l                        what there is
  deploy/checks/jmh.sh ExtentMap -p extents=10000 -prof gc
  deploy/checks/jmh.sh -h                        all options of JMH

What the server does as a whole is timed by `outlay bench`. Exit code 0: it ran; 1: it did not; 2: no JDK.
TEXT
}

fail() {
    printf 'jmh.sh: %s\n' "$*" >&2
    exit 2
}

[[ ${1-} == --help ]] && usage && exit 0
args="$*"
[[ -n $args ]] || args='-f 1 -wi 3 -i 5 -w 1 -r 1'

root=$(CDPATH='' cd -P -- "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
# shellcheck source=deploy/src/build/jdk.sh
. "$root/deploy/src/build/jdk.sh"
find_jdk

cd "$root"
./mvnw -q -pl layout-core -Pjmh test-compile exec:exec -DskipFormat=true "-Djmh.java=$jdk/bin/java" \
    "-Djmh.args=$args" || exit 1
