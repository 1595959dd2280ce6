#!/usr/bin/env bash
# Writes the class archives of a laid-out program, each by a trial run that loads what its commands usually load. They make starts
# short, and change nothing else, so a failure here fails nothing.
#
#   lib/outlay.jsa    a client that looks for a server which is not there: for all commands
#   lib/serve.jsa     a server that starts on a volume with a file in it: for `outlay serve`; only with the word serve
#
# usage: class-archive.sh PROGRAM_FOLDER [serve]
set -uo pipefail

lib=$1/lib outlay=$1/bin/outlay

trial() { # ARCHIVE COMMAND...: becomes that command, in lib/
    cd "$lib" || exit
    export OUTLAY_JAVA_OPTS="-XX:ArchiveClassesAtExit=$1.new -Xlog:disable"
    shift
    exec ../bin/outlay "$@"
}

keep() { # ARCHIVE: it takes its place when it is whole
    if [[ -s $lib/$1.new ]]; then
        mv -f "$lib/$1.new" "$lib/$1"
    fi
}

# Starts a server in the background and waits until it serves: its process in $server, its address in $address.
serve() { # COMMAND...
    : >"$folder/log"
    "$@" serve --set data-directory="$folder/data" --set listen=127.0.0.1:0 --set http-listen=127.0.0.1:0 2>"$folder/log" &
    server=$!
    for ((tries = 0; tries < 600; tries++)); do
        if grep -q event=ready "$folder/log"; then
            address=$(sed -n 's/.*event=serving listen=\([^ ]*\).*/\1/p' "$folder/log")
            return 0
        fi
        kill -0 "$server" || return 1
        sleep 0.1
    done
    kill -KILL "$server"
    return 1
}

end() {
    kill -TERM "$server"
    wait "$server"
}

archive_of_serve() {
    folder=$(mktemp -d) || return
    trap 'rm -rf "$folder"' EXIT
    serve "$outlay" || return
    "$outlay" format "$folder/device" --size 16MiB &&
        "$outlay" volume create trial --device "$folder/device" --server "$address" &&
        "$outlay" put "$outlay" trial:/file --server "$address"
    end
    serve trial serve.jsa || return
    "$outlay" cat trial:/file --server "$address"
    end
}

# A trial must find no archive in its place.
rm -f "$lib/outlay.jsa" "$lib/serve.jsa"
if [[ ${2:-} == serve ]]; then
    archive_of_serve >/dev/null 2>&1
fi
(trial outlay.jsa cat --server 127.0.0.1:9 --timeout 200ms trial:/file) >/dev/null 2>&1
keep outlay.jsa
keep serve.jsa
exit 0
