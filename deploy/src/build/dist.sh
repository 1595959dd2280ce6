#!/usr/bin/env bash
# Packs the program of deploy/target/app with a runtime of its own into deploy/target/outlay-VERSION-linux-ARCH.tar.gz.
#
# The runtime is linked from the JDK of the build and holds the modules of modules.txt. Equal input gives an equal archive: names
# are sorted, times are fixed, owners are nobody's. What is up to date is left alone.
#
# usage: dist.sh MODULE_FOLDER JDK VERSION TIMESTAMP      (TOOLCHAIN_JAVA_HOME, where set, is the JDK)
set -euo pipefail

module=$1 jdk=${TOOLCHAIN_JAVA_HOME:-$2} version=$3 timestamp=$4
root=$module/..
target=$module/target
arch=$(uname -m)
name=outlay-$version-linux-$arch
archive=$target/$name.tar.gz

if [[ $(uname -s) != Linux ]]; then
    echo "dist.sh: no distribution on $(uname -s), it is made for Linux only"
    exit 0
fi

# The runtime, anew only for another JDK or another list of modules.
modules=$(sed 's/#.*//' "$module/src/build/modules.txt" | tr -d ' ' | grep . | paste -sd,)
key="$(<"$jdk/release") $modules"
runtime=$target/runtime
if [[ ! -e $runtime.key || $(<"$runtime.key") != "$key" ]]; then
    rm -rf "$runtime" "$runtime.key"
    "$jdk/bin/jlink" --add-modules "$modules" --output "$runtime" \
        --strip-debug --no-header-files --no-man-pages --generate-cds-archive >"$target/jlink.log" 2>&1 ||
        { cat "$target/jlink.log" >&2; exit 1; }
    # Only heaps above 32 GiB would use it.
    rm -f "$runtime/lib/server/classes_nocoops.jsa"
    printf '%s' "$key" >"$runtime.key"
fi

sources=("$target/app" "$runtime.key" "$module/src/build" "$module/RUNBOOK.md" "$module/systemd" "$root/LICENSE" "$root/CHANGELOG.md")
[[ ! -e $root/README.md ]] || sources+=("$root/README.md")
if [[ -e $archive && -z $(find "${sources[@]}" -newer "$archive" -print -quit) ]]; then
    exit 0
fi

stage=$target/dist/$name
rm -rf "$target/dist"
mkdir -p "$stage"
cp -R "$target/app/bin" "$target/app/conf" "$target/app/lib" "$runtime" "$stage"
rm -f "$stage"/lib/*.jsa
# Native parts of other platforms stay out; so does QUIC, which nothing here speaks.
for jar in "$stage"/lib/*; do
    case ${jar##*/} in
        *native-quic* | *-osx-* | *-windows-*) rm "$jar" ;;
        *-linux-*.jar) [[ $jar == *-linux-${arch/aarch64/aarch_64}.jar ]] || rm "$jar" ;;
    esac
done
for file in "$root/LICENSE" "$root/README.md" "$root/CHANGELOG.md" "$module/RUNBOOK.md"; do
    [[ ! -e $file ]] || cp "$file" "$stage"
done
cp -R "$module/systemd" "$stage"
chmod -R u+rwX,go+rX,go-w "$stage"
find "$stage" -exec touch -h -d "$timestamp" {} +
# Of the jars as they will be unpacked: they know them by their dates.
"$module/src/build/class-archive.sh" "$stage" serve
find "$stage/lib" -newermt "$timestamp" -exec touch -d "$timestamp" {} +

tar --create --directory "$target/dist" --sort=name --mtime="$timestamp" --owner=0 --group=0 --numeric-owner --format=gnu "$name" |
    gzip -n -6 >"$archive.new"
mv -f "$archive.new" "$archive"
