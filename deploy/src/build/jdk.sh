# shellcheck shell=bash
# Finds a JDK for what is started from a source checkout; sourced by scripts that have a function fail.

readonly need=25

# True if a folder holds a JDK that is new enough. Reads its release file; starts nothing.
is_jdk() {
    local key value
    [[ -x $1/bin/javac && -r $1/release ]] || return 1
    while IFS='=' read -r key value; do
        if [[ $key == JAVA_VERSION ]]; then
            value=${value#\"}
            value=${value%%[!0-9]*}
            [[ -n $value && $value -ge $need ]]
            return
        fi
    done <"$1/release"
    return 1
}

# The folder of the JDK that a command on the PATH belongs to.
jdk_of() {
    local path
    path=$(command -v "$1") || return 0
    path=$(readlink -f "$path" 2>/dev/null || printf '%s' "$path")
    printf '%s' "${path%/bin/*}"
}

# Sets jdk to the folder of a JDK.
find_jdk() {
    if [[ -n ${OUTLAY_JAVA_HOME:-} ]]; then
        is_jdk "$OUTLAY_JAVA_HOME" ||
            fail "OUTLAY_JAVA_HOME=$OUTLAY_JAVA_HOME holds no JDK $need or later - correct it, or unset it to have one searched"
        jdk=$OUTLAY_JAVA_HOME
        return
    fi
    shopt -s nullglob
    local candidate
    for candidate in "${JAVA_HOME:-}" "$(jdk_of java)" "$(jdk_of javac)" \
        /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /usr/local/java/* /usr/local/lib/jvm/* /opt/* /opt/java/* /opt/jdk/* \
        "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* "${HOME:-}"/.local/share/mise/installs/java/* \
        "${HOME:-}"/.asdf/installs/java/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
        "${HOME:-}"/Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
        if [[ -n $candidate ]] && is_jdk "$candidate"; then
            jdk=$candidate
            shopt -u nullglob
            return
        fi
    done
    fail "no JDK $need or later found - install one (for instance Temurin $need from https://adoptium.net, or your system's" \
        "openjdk-$need-jdk), or set OUTLAY_JAVA_HOME to the folder of one"
}
