#!/usr/bin/env bash
# How long a program takes to compile that depends on the library, from nothing, with these features or those, and how many
# crates are compiled for it. The Gateway API crate of kube-rs is measured beside it. Run it with `benches/compile.sh`:
#
#   benches/compile.sh                  types alone and `gateway-api`, in turns
#   benches/compile.sh table            what each feature adds: the table of docs/features.md, to be pasted there
#   benches/compile.sh types crd,yaml   these sets of features alone
#
# `cargo build` is measured, with ACTION=check `cargo check`; the table is of the latter unless ACTION says otherwise.
# ROUNDS=5 is how often each is measured. The time is that of the processor, so that what else runs at the machine counts
# less; the least of the rounds is printed, and beside it the least time on the clock.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/target/compile
# A version of Kubernetes is chosen by feature below; two choices are an error.
unset K8S_OPENAPI_ENABLED_VERSION

# A program that depends on what stands in its arguments, with the versions of our lock file.
program() {
    local name=$1
    mkdir -p "$work/$name/src"
    cp Cargo.lock "$work/$name/"
    echo 'fn main() {}' > "$work/$name/src/main.rs"
    {
        printf '[package]\nname = "compiled-%s"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n' "$name"
        printf '%s\n' "${@:2}"
    } > "$work/$name/Cargo.toml"
}

# Makes the program of a set of features, and prints its name.
prepared() {
    if [ "$1" = gateway-api ]; then
        program gateway-api 'gateway-api = "0.22"' 'k8s-openapi = { version = "0.28", features = ["v1_33"] }'
        echo gateway-api
        return
    fi
    local name=${1//,/+} features='default-features = false' list
    case $1 in
        types) ;;
        default) features='default-features = true' ;;
        *) list=${1//,/\", \"}; features="default-features = false, features = [\"$list\"]" ;;
    esac
    program "$name" "gwapi = { path = \"$root\", $features }" \
        'k8s-openapi = { version = "0.29", default-features = false, features = ["v1_33"] }'
    echo "$name"
}

# Compiles a program from nothing; prints the seconds of the processor and on the clock.
compiled() {
    local TIMEFORMAT='%U %S %R'
    rm -rf "$work/target"
    { time nice -n 10 cargo "$action" --quiet --manifest-path "$work/$1/Cargo.toml" --target-dir "$work/target" 2>"$work/errors" ||
        { cat "$work/errors" >&2; exit 1; }; } 2>&1 | awk '{ printf "%.1f %.1f\n", $1 + $2, $3 }'
}

crates() {
    # The program itself is none of them.
    cargo tree --quiet --manifest-path "$work/$1/Cargo.toml" --edges normal,build --prefix none --no-dedupe |
        sed 's/ (\*)$//' | sort -u | tail -n +2 | wc -l
}

least() { sort -n "$work/$1.times" | awk -v column="$2" 'NR == 1 || $column < least { least = $column } END { print least }'; }

rounds=${ROUNDS:-3}
action=${ACTION:-build}
case ${1:-} in
    "") sets=(types gateway-api) ;;
    table)
        # The rows are those of docs/features.md, so that no feature that stands there is left out.
        mapfile -t rows < <(awk '/^\| feature \|/ { inside = 1; next } /^\| ---/ { next } inside && !/^\|/ { exit } inside' docs/features.md)
        sets=()
        for row in "${rows[@]}"; do
            # Of several features in a row the last one, which stands on the others.
            feature=$(cut -d'|' -f2 <<< "$row" | grep -o '`[^`]*`' | tail -n 1 | tr -d '`' || true)
            sets+=("${feature:-types}")
        done
        rounds=${ROUNDS:-1}
        action=${ACTION:-check}
        ;;
    *) sets=("$@") ;;
esac
rm -rf "$work"
mkdir -p "$work"
names=()
for set in "${sets[@]}"; do
    name=$(prepared "$set")
    names+=("$name")
    cargo fetch --quiet --manifest-path "$work/$name/Cargo.toml"
done
for _ in $(seq "$rounds"); do
    for name in "${names[@]}"; do compiled "$name" >> "$work/$name.times"; done
done
if [ "${1:-}" = table ]; then
    echo "| feature | what is there | crates | seconds |"
    echo "| --- | --- | ---: | ---: |"
    for at in "${!rows[@]}"; do
        IFS='|' read -r _ feature what _ <<< "${rows[$at]}"
        printf '|%s|%s| %s | %.0f |\n' "$feature" "$what" "$(crates "${names[$at]}")" "$(least "${names[$at]}" 1)"
    done
    exit
fi
echo "| features | crates | seconds of the processor | seconds on the clock |"
echo "| --- | ---: | ---: | ---: |"
for name in "${names[@]}"; do
    printf '| %s | %s | %s | %s |\n' "${name//+/, }" "$(crates "$name")" "$(least "$name" 1)" "$(least "$name" 2)"
done
