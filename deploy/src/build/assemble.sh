#!/usr/bin/env bash
# Lays the program out in deploy/target/app the way the distribution has it: bin, conf, lib. ./outlay runs it from there.
#
# Files are replaced by rename and only if they differ, so that a running program keeps its jars and the class archive of an
# unchanged program stays valid. deploy/target/built gets the time at which the build started: what is newer is not in it.
#
# usage: assemble.sh MODULE_FOLDER JDK BUILD_STARTED      (TOOLCHAIN_JAVA_HOME, where set, is the JDK)
set -euo pipefail

module=$1 jdk=${TOOLCHAIN_JAVA_HOME:-$2} started=$3
target=$module/target
app=$target/app

put() { # FILE FOLDER MODE: puts a file into a folder of the program unless it is there already
    local to=$app/$2/${1##*/}
    cmp -s "$1" "$to" && return 0
    install -m "$3" "$1" "$to.new"
    mv -f "$to.new" "$to"
    rm -f "$app/lib/outlay.jsa"
}

mkdir -p "$app/bin" "$app/conf" "$app/lib"
IFS=: read -r -a jars <<<"$target/outlay.jar:$(<"$target/classpath.txt")"
declare -A wanted=()
for jar in "${jars[@]}"; do
    put "$jar" lib 644
    wanted[${jar##*/}]=1
done
for have in "$app"/lib/*; do
    [[ ${wanted[${have##*/}]:-} || $have == *.jsa ]] || rm -f "$have"
done
put "$module/src/dist/bin/outlay" bin 755
put "$module/../server/src/main/resources/outlay.conf" conf 644

if [[ ! -e $app/lib/outlay.jsa ]]; then
    OUTLAY_JAVA=$jdk/bin/java "$module/src/build/class-archive.sh" "$app"
fi
touch -d "$started" "$target/built"
