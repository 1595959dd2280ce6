#!/usr/bin/env bash
# Measures other systems beside Outlay, in turns, on the same machine and disk. See usage below, and docs/peers.md.
set -euo pipefail
# Numbers have a point.
unset LC_ALL
export LC_NUMERIC=C

usage() {
    cat <<'TEXT'
usage: deploy/checks/peers.sh [--quick] [--dir D] [--only LIST] [--xfs D] [--json FILE]

Runs what others do in place of Outlay's operations, and Outlay's own benchmark, in turns in one run, and prints for each
how many operations a second it does, what is durable when it answers, and how many times as many Outlay does (RATIO).

  hdfs    getBlockLocations and addBlock of a NameNode of Apache Hadoop, driven by its own NNThroughputBenchmark
          (its published artifacts, from Maven Central), beside `outlay bench map cycle`
  etcd    put to one member, beside `outlay bench cycle`
  fio     direct writes with fdatasync on the file system of the folder, and on XFS, beside `outlay bench sync`

  --quick      two short rounds in place of three long ones: some minutes in place of half an hour
  --dir D      the folder, and so the disk, for all of them (default: the one for temporary files)
  --only LIST  some of hdfs,etcd,fio
  --xfs D      a folder on an XFS of the same disk for fio; without it, root makes one in a file in the folder
  --json FILE  write the figures to a file as well

What is not installed (fio, mkfs.xfs) is installed where this is Debian and the user is root; etcd is only unpacked, and
Hadoop fetched, into target/peers. All listen on loopback only. Processes and files are removed at the end.

  OUTLAY_JAVA_HOME   the JDK for Outlay and Hadoop (25 or later); otherwise JAVA_HOME, the PATH and the usual folders are searched

Exit code 0: all was measured; 1: something was not, which is said; 2: called wrongly, or no JDK. A missed goal is no failure.
TEXT
}

fail() {
    printf 'peers.sh: %s\n' "$*" >&2
    exit 2
}

say() {
    printf 'peers.sh: %s\n' "$*" >&2
}

quick='' dir=${TMPDIR:-/tmp} only=hdfs,etcd,fio xfs='' json=''
while (($# > 0)); do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --quick)
            quick=--quick
            shift
            ;;
        --dir | --only | --xfs | --json)
            (($# > 1)) || fail "$1 needs a value - see --help"
            printf -v "${1#--}" '%s' "$2"
            shift 2
            ;;
        *) fail "unknown argument $1 - see --help" ;;
    esac
done
[[ $only =~ ^(hdfs|etcd|fio)(,(hdfs|etcd|fio))*$ ]] || fail "--only is some of hdfs,etcd,fio, not '$only'"
for folder in "$dir" ${xfs:+"$xfs"} ${json:+"$(dirname "$json")"}; do
    [[ -d $folder && -w $folder ]] || fail "$folder is no folder that can be written to - make it, or name another"
done
dir=$(CDPATH='' cd -P -- "$dir" && pwd)

root=$(CDPATH='' cd -P -- "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
readonly here=$root/deploy/checks/peers cache=$root/target/peers
# shellcheck source=deploy/src/build/jdk.sh
. "$root/deploy/src/build/jdk.sh"
find_jdk

rounds=3 warm_ups=5 seconds=3
[[ -z $quick ]] || rounds=2 warm_ups=3 seconds=1
readonly rounds warm_ups seconds

wants() { # PEER
    [[ ,$only, == *,$1,* ]]
}

# ---- what is started, and how it ends ----

work=''
missing=() notes=()
mounted='' loop=''

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local pids pid
    trap '' INT TERM HUP
    pids=$(jobs -rp)
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $pids; do
        for _ in {1..150}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    done
    [[ -z $mounted ]] || umount "$mounted" || true
    [[ -z $loop ]] || losetup -d "$loop" || true
    [[ -z $work ]] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# A driver that has ended is an error to be told of, not the end of all.
trap '' PIPE

# To its end. Bash would not answer a signal before a command in the foreground has ended.
run() { # LOG COMMAND...
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null &
    wait $!
}

start() { # LOG COMMAND...: to be ended at the end. Sets started
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null &
    started=$!
}

# A program that answers each line with a line. Sets to_NAME and from_NAME.
start_driver() { # NAME COMMAND...
    local name=$1 to from
    shift
    mkfifo "$work/$name.to" "$work/$name.from"
    "$@" <"$work/$name.to" >"$work/$name.from" 2>"$work/$name.log" &
    exec {to}>"$work/$name.to" {from}<"$work/$name.from"
    printf -v "to_$name" '%s' "$to"
    printf -v "from_$name" '%s' "$from"
    hear "$name" && [[ $heard == ready ]]
}

hear() { # NAME: sets heard
    local from=from_$1
    read -r -t 300 -u "${!from}" heard
}

ask() { # NAME LINE: sets heard
    local to=to_$1
    printf '%s\n' "$2" >&"${!to}" && hear "$1"
}

free_port() { # sets port, to one outside of those that the system gives to clients
    for (( ; ; )); do
        port=$((20000 + RANDOM % 12000))
        (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
    done
}

await_port() { # PORT: until the process that was started last listens there
    for _ in {1..600}; do
        (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        kill -0 "$started" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

http_get() { # PORT PATH
    local connection
    exec {connection}<>"/dev/tcp/127.0.0.1/$1"
    printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$2" >&"$connection"
    cat <&"$connection"
    exec {connection}>&-
}

# A peer that cannot be measured leaves the others.
lose() { # PEER REASON LOG...
    local peer=$1 reason=$2
    shift 2
    missing+=("$peer: $reason")
    say "$peer cannot be measured: $reason"
    for log in "$@"; do
        [[ ! -s $log ]] || tail -n 8 "$log" | sed 's/^/  | /' >&2
    done
    only=$(printf '%s' "$only" | tr ',' '\n' | { grep -vx "$peer" || true; } | paste -sd, -)
}

sample() { # KEY VALUE
    printf '%s\t%s\t%s\n' "$round" "$1" "$2" >>"$work/samples"
}

# ---- what is needed ----

may_install() {
    [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null
}

install_packages() { # PACKAGE...
    say "installing $*"
    apt-get update -qq >"$cache/apt.log" 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$cache/apt.log" 2>&1
}

find_fio() {
    local packages=()
    command -v fio >/dev/null || packages+=(fio)
    [[ -n $xfs ]] || command -v mkfs.xfs >/dev/null || packages+=(xfsprogs)
    if ((${#packages[@]} > 0)) && may_install; then
        install_packages "${packages[@]}" || true
    fi
    command -v fio >/dev/null || {
        lose fio "fio is not installed (apt-get install fio, dnf install fio)"
        return
    }
    [[ -n $xfs ]] || make_xfs
}

file_system() { # of the folder, as ext4
    df --output=fstype "$dir" | tail -n 1
}

# An XFS in a file whose blocks are all written, so that the file system below has nothing to note of its own.
make_xfs() {
    local image=$work/xfs.img why=''
    if ! command -v mkfs.xfs >/dev/null; then
        why="xfsprogs is not installed"
    elif [[ $(id -u) != 0 ]]; then
        why="only root can make one"
    elif ! run "$work/xfs.log" dd if=/dev/zero "of=$image" bs=4M count=512 oflag=direct; then
        why="there is no room for it in $dir"
    elif ! loop=$(losetup --find --show --direct-io=on "$image" 2>"$work/xfs.log"); then
        loop='' why="there is no loop device"
    elif mkdir "$work/xfs" && run "$work/xfs.log" mkfs.xfs -q "$loop" &&
        run "$work/xfs.log" mount "$loop" "$work/xfs"; then
        mounted=$work/xfs xfs=$work/xfs
        notes+=("xfs lies in a file on $(file_system) and pays for both: name a folder on an XFS of its own with --xfs")
    else
        why=$(tail -n 1 "$work/xfs.log")
    fi
    [[ -z $why ]] || missing+=("fio: no XFS beside the file system of $dir, because $why - name a folder on one with --xfs")
}

# Unpacked instead of installed: a package would start a service.
find_etcd() {
    etcd=$(command -v etcd || true)
    [[ -z $etcd ]] || return 0
    etcd=$cache/etcd/usr/bin/etcd
    [[ ! -x $etcd ]] || return 0
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        lose etcd "it is not on the PATH, and this is not Debian, where it could be fetched"
        return
    fi
    say "fetching etcd from Debian"
    rm -rf "$cache/etcd" && mkdir -p "$cache/etcd"
    [[ $(id -u) != 0 ]] || apt-get update -qq >"$cache/apt.log" 2>&1 || true
    # As root, apt-get warns that it downloads as root: the folder is not for its own user.
    (cd "$cache/etcd" && apt-get download -qq etcd-server && dpkg-deb -x etcd-server_*.deb .) >"$cache/etcd.log" 2>&1 ||
        lose etcd "it could not be fetched from Debian (apt-get update may help)" "$cache/etcd.log"
}

find_hadoop() {
    if [[ ! -e $cache/hadoop.done || $here/pom.xml -nt $cache/hadoop.done ]]; then
        say "fetching Hadoop from Maven Central, which takes a while the first time"
        rm -rf "$cache/hadoop"
        # shellcheck disable=SC2154 # find_jdk sets it
        if ! run "$cache/hadoop.log" env "JAVA_HOME=$jdk" "$root/mvnw" -q -f "$here/pom.xml" dependency:copy-dependencies \
            "-DoutputDirectory=$cache/hadoop"; then
            lose hdfs "Hadoop could not be fetched" "$cache/hadoop.log"
            return
        fi
        touch "$cache/hadoop.done"
    fi
    "$jdk/bin/javac" -nowarn -d "$cache/classes" -cp "$cache/hadoop/*" "$here/NameNodeRounds.java" >"$cache/javac.log" 2>&1 ||
        lose hdfs "its driver does not compile" "$cache/javac.log"
}

# ---- the peers ----

start_hdfs() {
    local port
    mkdir "$work/hdfs" "$work/hdfs-driver"
    free_port && hdfs_port=$port
    free_port && hdfs_http_port=$port
    # The first as Hadoop's own start script opens it; the others spare its logs the JDK's warnings.
    hadoop_java=("$jdk/bin/java" -Xmx2g --add-opens=java.base/java.lang=ALL-UNNAMED --enable-native-access=ALL-UNNAMED
        --sun-misc-unsafe-memory-access=allow "-Dlog4j.configuration=file:$here/hadoop/log4j.properties"
        "-Dpeers.port=$hdfs_port" -cp "$here/hadoop:$cache/classes:$cache/hadoop/*")
    local server=("${hadoop_java[@]}" "-Dpeers.dir=$work/hdfs" "-Dpeers.http.port=$hdfs_http_port"
        org.apache.hadoop.hdfs.server.namenode.NameNode)
    run "$work/namenode.log" "${server[@]}" -format -nonInteractive &&
        start "$work/namenode.log" "${server[@]}" && await_port "$hdfs_port" && await_port "$hdfs_http_port" &&
        start_driver hdfs "${hadoop_java[@]}" "-Dpeers.dir=$work/hdfs-driver" -Dpeers.http.port=0 \
            org.apache.hadoop.hdfs.server.namenode.NameNodeRounds &&
        ask hdfs "prepare 128 $((seconds * 10000))"
}

edits_and_forces() { # sets edits and forces
    local said
    # What it says of itself may be a second old: see hadoop-metrics2.properties.
    sleep 2.5
    said=$(http_get "$hdfs_http_port" '/jmx?qry=Hadoop:service=NameNode,name=NameNodeActivity')
    [[ $said =~ \"TransactionsNumOps\"\ *:\ *([0-9]+) ]] && edits=${BASH_REMATCH[1]} &&
        [[ $said =~ \"SyncsNumOps\"\ *:\ *([0-9]+) ]] && forces=${BASH_REMATCH[1]}
}

hdfs_round() { # KEY OPERATION THREADS COUNT
    local edits forces edits_before forces_before
    if ((round == 0)); then
        ask hdfs "$2 $3 $4"
        return
    fi
    edits_and_forces && edits_before=$edits forces_before=$forces && ask hdfs "$2 $3 $4" || return 1
    sample "$1" "$heard" && edits_and_forces || return 1
    ((forces == forces_before)) ||
        sample "$1.force" "$(awk -v e=$((edits - edits_before)) -v f=$((forces - forces_before)) 'BEGIN { print e / f }')"
}

hdfs_turn() {
    hdfs_round h.open.128 open 128 $((seconds * 10000)) && hdfs_round h.open.1 open 1 $((seconds * 2000)) &&
        hdfs_round h.add.128 addBlock 128 $((seconds * 7000)) && hdfs_round h.add.1 addBlock 1 $((seconds * 500)) &&
        hdfs_round h.create.128 create 128 $((seconds * 7000)) || return 1
    ((round > 0)) || return 0
    hdfs_direct
}

# The benchmark as it is published: NameNode and threads in one process.
hdfs_direct() {
    local benchmark=("${hadoop_java[@]}" "-Dpeers.dir=$work/hdfs-direct" -Dpeers.http.port=0) rate
    rm -rf "$work/hdfs-direct" && mkdir "$work/hdfs-direct"
    run "$work/direct.log" "${benchmark[@]}" org.apache.hadoop.hdfs.server.namenode.NameNode -format -nonInteractive &&
        run "$work/direct.log" "${benchmark[@]}" org.apache.hadoop.hdfs.server.namenode.NNThroughputBenchmark -fs file:/// \
            -op open -threads 128 -files $((seconds * 10000)) -filesPerDir 100 || return 1
    rate=$(sed -n 's/.* Ops per sec: *//p' "$work/direct.log" | tail -n 1)
    [[ -n $rate ]] && sample h.direct.128 "$rate"
}

start_etcd() {
    local port peer_port
    free_port && peer_port=$port
    free_port && etcd_port=$port
    start "$work/etcd.log" "$etcd" --name peers --data-dir "$work/etcd" --log-level error \
        --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
        --listen-peer-urls "http://127.0.0.1:$peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" \
        --initial-cluster "peers=http://127.0.0.1:$peer_port"
    await_port "$etcd_port" &&
        start_driver etcd "$jdk/bin/java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
            -cp "$root/deploy/target/app/lib/*" "$here/EtcdRounds.java" "127.0.0.1:$etcd_port" 16
}

etcd_forces() {
    http_get "$etcd_port" /metrics | awk '$1 == "etcd_disk_wal_fsync_duration_seconds_count" { print $2 + 0 }'
}

etcd_round() { # KEY LANES
    local before after
    before=$(etcd_forces)
    ask etcd "$2 $((seconds * 1000))" || return 1
    after=$(etcd_forces)
    ((round > 0)) || return 0
    sample "$1" "$heard"
    sample "$1.force" "$(awk -v rate="$heard" -v s="$seconds" -v f=$((after - before)) 'BEGIN { if (f) print rate * s / f; else print 0 }')"
}

etcd_turn() {
    etcd_round e.put.128 128 && etcd_round e.put.1 1
}

# ---- Outlay ----

outlay() { # BENCHMARK...: figures to $work/outlay.tsv: name, ours, yardstick, what that is
    run "$work/outlay.log" "$root/outlay" bench "$@" ${quick:+"$quick"} --dir "$work" --json "$work/outlay.json" || {
        tail -n 20 "$work/outlay.log" | sed 's/^/  | /' >&2
        return 1
    }
    # One entry a line; the names of the fields are unique.
    awk -F': ' '
        /^ *"name":/ { name = $0; sub(/^ *"name": "/, "", name); sub(/",?$/, "", name) }
        /^ *"value":/ { value = $2 + 0 }
        /^ *"yardstick":/ { yardstick = $2 + 0 }
        /^ *"yardstickIs":/ {
            what = $0; sub(/^ *"yardstickIs": "/, "", what); sub(/",?$/, "", what)
            printf "%s\t%s\t%s\t%s\n", name, value, yardstick, what
        }' "$work/outlay.json" >"$work/outlay.tsv"
}

outlay_sample() { # KEY NAME EXPRESSION: of v, its value
    local value
    value=$(awk -F'\t' -v name="$2" '$1 == name { v = $2; print '"$3"' }' "$work/outlay.tsv")
    [[ -n $value ]] && sample "$1" "$value"
}

outlay_turn() {
    local benchmarks=(cycle)
    ! wants hdfs || benchmarks=(map cycle)
    outlay "${benchmarks[@]}" || return 1
    if wants hdfs; then
        outlay_sample o.map.1 'map, 1 in flight' '1e6 / v' && outlay_sample o.map.128 'map, 128 in flight' 'v * 1e3' &&
            outlay_sample o.map.512 'map, 16 messages of 32' 'v * 1e3' || return 1
    fi
    outlay_sample o.cycle.1 'cycle, 1 in flight' '1e6 / v' && outlay_sample o.cycle.128 'cycle, 128 in flight' 'v * 1e3' &&
        outlay_sample o.cycle.128.force 'cycle, 128 in flight: a force' v &&
        outlay_sample o.cycle.512 'cycle, 16 messages of 32' 'v * 1e3' &&
        outlay_sample o.cycle.512.force 'cycle, 16 messages of 32: a force' v
}

# This one has fio in its own rounds, in turns with ours.
sync_turn() {
    local writers suffix
    outlay sync ${xfs:+--peer "$xfs"} || return 1
    for writers in 1 8 128; do
        suffix=s && ((writers > 1)) || suffix=''
        outlay_sample "o.sync.$writers" "sync, $writers writer$suffix" v || return 1
        while IFS=$'\t' read -r name _ yardstick _; do
            case $name in
                "sync, $writers writer$suffix") sample "f.here.$writers" "$yardstick" ;;
                "sync, $writers writer$suffix, "*) sample "f.xfs.$writers" "$yardstick" ;;
            esac
        done <"$work/outlay.tsv"
    done
}

# ---- the run ----

row() { # KEY WHO OPERATION IN-FLIGHT DURABLE [KEY-OF-OURS [GOAL]]; what is durable may end with the unit of what was counted for each force: (puts)
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "${6:-}" "${7:-}"
}

rows() {
    local lookup='nothing: it only looks up' edit='the edit, its log forced (edits)' kind writers goal
    if [[ ,$asked, == *,hdfs,* ]]; then
        row o.map.128 outlay 'map READ' 128 "$lookup"
        row h.open.128 hdfs 'getBlockLocations' 128 "$lookup" o.map.128 10
        row h.direct.128 hdfs 'getBlockLocations, called without network' 128 "$lookup" o.map.128
        row o.map.1 outlay 'map READ' 1 "$lookup"
        row h.open.1 hdfs 'getBlockLocations' 1 "$lookup" o.map.1
        row o.map.512 outlay 'map READ, 16 messages of 32' 512 "$lookup"
    fi
    if [[ ,$asked, == *,hdfs,* || ,$asked, == *,etcd,* ]]; then
        row o.cycle.128 outlay 'cycle: map RW of fresh blocks, and commit' 128 'both, the journal forced (cycles)'
        [[ ,$asked, != *,hdfs,* ]] || row h.add.128 hdfs 'addBlock' 128 "$edit" o.cycle.128 5
        [[ ,$asked, != *,hdfs,* ]] || row h.create.128 hdfs 'create' 128 "$edit" o.cycle.128
        [[ ,$asked, != *,etcd,* ]] || row e.put.128 etcd 'put, one member' 128 'the entry, its log forced (puts)' o.cycle.128
        row o.cycle.1 outlay 'cycle: map RW of fresh blocks, and commit' 1 'both, the journal forced'
        [[ ,$asked, != *,hdfs,* ]] || row h.add.1 hdfs 'addBlock' 1 "$edit" o.cycle.1
        [[ ,$asked, != *,etcd,* ]] || row e.put.1 etcd 'put, one member' 1 'the entry, its log forced (puts)' o.cycle.1
        row o.cycle.512 outlay 'cycle, 16 messages of 32' 512 'both, the journal forced (cycles)'
    fi
    if [[ ,$asked, == *,fio,* ]]; then
        kind=$(file_system)
        for writers in 1 8 128; do
            goal=$((writers == 1 ? 1 : writers == 8 ? 4 : 10))
            row "o.sync.$writers" outlay 'sync: write of 4 KiB, and commit' "$writers" 'the bytes, and that they belong to the file'
            row "f.here.$writers" "$kind" 'fio: direct write of 4 KiB, and fdatasync' "$writers" 'the same' "o.sync.$writers" "$goal"
            # In a file it is not what it is on a disk of its own, and no goal.
            [[ -n $mounted ]] && goal=''
            [[ -z $xfs ]] || row "f.xfs.$writers" xfs 'fio: direct write of 4 KiB, and fdatasync' "$writers" 'the same' "o.sync.$writers" "$goal"
        done
    fi
}

turn() { # PEER...: each that is still there
    local peer
    for peer in "$@"; do
        case $peer in
            outlay) ! wants hdfs && ! wants etcd || outlay_turn || missing+=("outlay: its benchmark failed, see above") ;;
            hdfs) ! wants hdfs || hdfs_turn || lose hdfs "it failed in round $round" "$work/namenode.log" "$work/hdfs.log" "$work/direct.log" ;;
            etcd) ! wants etcd || etcd_turn || lose etcd "it failed in round $round" "$work/etcd.log" ;;
        esac
    done
}

json_strings() { # STRING...
    local separator='' each
    for each in "$@"; do
        each=${each//\\/\\\\}
        printf '%s"%s"' "$separator" "${each//\"/\\\"}"
        separator=', '
    done
}

"$root/outlay" version >/dev/null || exit 2
export OUTLAY_BUILT=1
mkdir -p "$cache"
work=$(mktemp -d "$dir/outlay-peers-XXXXXX")
: >"$work/samples"
readonly asked=$only
round=0

! wants hdfs || find_hadoop
! wants etcd || find_etcd
! wants fio || find_fio
if wants hdfs; then
    say "starting a NameNode"
    start_hdfs || lose hdfs "it does not start" "$work/namenode.log" "$work/hdfs.log"
fi
if wants etcd; then
    start_etcd || lose etcd "it does not start" "$work/etcd.log"
fi
say "warming up"
for ((i = 0; i < warm_ups; i++)); do
    turn hdfs etcd
done
for ((round = 1; round <= rounds; round++)); do
    say "round $round of $rounds"
    if ((round % 2)); then turn outlay hdfs etcd; else turn etcd hdfs outlay; fi
done
round=1
if wants fio; then
    say "sync and fio"
    sync_turn || missing+=("fio: the benchmark beside it failed, see above")
fi

rows >"$work/rows"
awk -f "$here/table.awk" "$work/rows" "$work/samples"
for line in ${notes[@]+"${notes[@]}"}; do printf 'note: %s\n' "$line"; done
for line in ${missing[@]+"${missing[@]}"}; do printf 'not measured: %s\n' "$line"; done
if [[ -n $json ]]; then
    {
        printf '{\n  "quick": %s,\n  "rounds": %d,\n  "processors": %d,\n' "$([[ -n $quick ]] && echo true || echo false)" \
            "$rounds" "$(getconf _NPROCESSORS_ONLN)"
        printf '  "figures": [\n'
        awk -v format=json -f "$here/table.awk" "$work/rows" "$work/samples"
        printf '  ],\n  "notes": [%s],\n  "missing": [%s]\n}\n' "$(json_strings ${notes[@]+"${notes[@]}"})" \
            "$(json_strings ${missing[@]+"${missing[@]}"})"
    } >"$json"
fi
((${#missing[@]} == 0)) || exit 1
