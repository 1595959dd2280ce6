#!/bin/sh
# Puts faults into the product one by one and sees that the simulator finds each.
# See docs/planted-faults.md.
#
#   faults.sh [--list] [--fault NAME|FILE.fault] [--seeds N] [--write]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
faults="$root/server/src/test/resources/planted"
only=
seeds=0
write=false

usage() {
    sed -n '2,5s/^# \{0,1\}//p' "$0"
}

wrong() { # WHAT
    echo "faults.sh: $1" >&2
    usage >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
        --list)
            for file in "$faults"/*.fault; do
                echo "$(basename "$file" .fault) ($(sed -n 's/^breaks: //p' "$file")): $(sed -n 's/^why: //p' "$file")"
            done
            exit 0
            ;;
        --fault)
            [ $# -ge 2 ] || wrong "--fault needs the name of a fault, or a file"
            case $2 in
                *.fault) only=$(cd "$(dirname "$2")" && pwd)/$(basename "$2") ;;
                *) only=$2 ;;
            esac
            shift 2
            ;;
        --seeds)
            [ $# -ge 2 ] || wrong "--seeds needs a number"
            case $2 in '' | *[!0-9]*) wrong "--seeds needs a number, not '$2'" ;; esac
            seeds=$2
            shift 2
            ;;
        --write)
            write=true
            shift
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) wrong "there is no option '$1'" ;;
    esac
done

cd "$root"
exec ./mvnw -pl server -am verify -DskipFormat=true \
    -Dtest='PlantedFaultsTest#everyPlantedFaultIsFound' -Dsurefire.failIfNoSpecifiedTests=false \
    -Doutlay.faults.only="$only" -Doutlay.faults.seeds="$seeds" -Doutlay.faults.write="$write"
