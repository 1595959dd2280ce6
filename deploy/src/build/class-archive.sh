#!/usr/bin/env bash
# Writes lib/outlay.jsa of a laid-out program by a trial run that loads what commands usually load: the whole client, which looks
# for a server that is not there. A class archive halves the start of a short command; it saves time and changes nothing else, so a
# failure here fails nothing.
#
# usage: class-archive.sh PROGRAM_FOLDER
set -euo pipefail

archive=$1/lib/outlay.jsa
rm -f "$archive"
OUTLAY_JAVA_OPTS="-XX:ArchiveClassesAtExit=outlay.jsa.new -Xlog:disable"
export OUTLAY_JAVA_OPTS
(cd "$1/lib" && ../bin/outlay cat --server 127.0.0.1:9 --timeout 200ms trial:/file >/dev/null 2>&1) || true
if [[ -s $archive.new ]]; then
    mv -f "$archive.new" "$archive"
fi
