#!/usr/bin/env bash
# Writes lib/outlay.jsa of a laid-out program by trial runs that load what commands usually load. A class archive brings the start
# of a short command near that of a bare JVM; it saves time and changes nothing else, so a failure here fails nothing.
#
# usage: class-archive.sh PROGRAM_FOLDER
set -euo pipefail

archive=$1/lib/outlay.jsa
rm -f "$archive"
OUTLAY_JAVA_OPTS="-XX:ArchiveClassesAtExit=outlay.jsa.new -Xlog:disable"
export OUTLAY_JAVA_OPTS
(cd "$1/lib" && ../bin/outlay --help >/dev/null 2>&1) || true
if [[ -s $archive.new ]]; then
    mv -f "$archive.new" "$archive"
fi
