# Fuzzing, for scripts/kernels.sh, which sources this file.
# shellcheck shell=bash disable=SC2154,SC2046 # variables of kernels.sh; its paths have no spaces

declare -A fuzz_program=([headers]=fuzz_headers [packets]=fuzz_packets [blocks]=fuzz_ht_blocks [streams]=fuzz_htj2k [openjpeg]=fuzz_openjpeg)
declare -A fuzz_longest=([headers]=512 [packets]=2048 [blocks]=2048 [streams]=4096 [openjpeg]=4096)

# build_fuzzers: builds the fuzz targets, their replays and the generator of first inputs.
build_fuzzers() {
    local name
    choose_linker
    if ! echo '#include <stddef.h>
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n) { (void)p, (void)n; return 0; }' |
        "$cc" "${linker[@]}" -fsanitize=fuzzer,address -x c - -o "$build/fuzzer-check" 2>"$build/fuzzer-check.log"; then
        cat "$build/fuzzer-check.log" >&2
        echo "kernels: NOT AVAILABLE: $cc has no libFuzzer. The Swift toolchain's clang has; with Debian's:" >&2
        echo "  apt-get install clang-14 libclang-rt-14-dev && CC=clang-14 CXX=clang++-14 scripts/kernels.sh $command" >&2
        exit 69
    fi
    require_libraries
    export ASAN_OPTIONS=detect_leaks=0
    compile "${sanitizers[@]}" -fsanitize=fuzzer-no-link -- "$kernels"/*.c \
        $(sources "${stream_names[@]}" "${library_names[@]}" "${fuzz_program[@]}" fuzz_replay make_corpus)
    link make_corpus "${sanitizers[@]}" "${linker[@]}" -- make_corpus "${stream_names[@]}" "${library_names[@]}"
    for name in "${targets[@]}"; do
        link "${fuzz_program[$name]}" "${sanitizers[@]}" "${linker[@]}" -fsanitize=fuzzer -- "${fuzz_program[$name]}" \
            "${stream_names[@]}" "${library_names[@]}"
    done
    link replay_headers "${sanitizers[@]}" "${linker[@]}" -- fuzz_replay fuzz_headers "${stream_names[@]}" "${library_names[@]}"
    mkdir -p "$build"/{seeds,known,found}/{headers,packets,blocks,streams,openjpeg} "$build/findings"
    "$build/make_corpus" "$build/seeds"
    for name in headers packets blocks streams; do
        if [ -f "$corpus/$name.hex" ]; then "$build/replay_headers" --unpack "$build/known/$name" "$corpus/$name.hex" >/dev/null; fi
    done
}

# The folders a target begins with; streams serve two.
first_inputs() {
    local name=$1
    if [ "$name" = openjpeg ]; then name=streams; fi
    echo "$build/seeds/$name $build/known/$name"
}

# fuzz_process TARGET N SECONDS: one fuzzing process, started again after each finding until the time is over.
fuzz_process() {
    local name=$1 log=$build/$1-$2.log end=$((SECONDS + $3)) child tries=0
    trap 'kill "$child" 2>/dev/null; wait "$child"; exit 0' INT TERM
    : >"$log"
    while [ "$SECONDS" -lt "$end" ] && [ "$tries" -lt 20 ]; do
        tries=$((tries + 1))
        # shellcheck disable=SC2046 # paths of this script's own, without spaces
        "$build/${fuzz_program[$name]}" -max_total_time=$((end - SECONDS)) -max_len="${fuzz_longest[$name]}" -timeout=30 -rss_limit_mb=3000 \
            -print_final_stats=1 -reload=1 -artifact_prefix="$build/findings/$name-" "$build/found/$name" $(first_inputs "$name") >>"$log" 2>&1 &
        child=$!
        if wait "$child"; then return 0; fi
    done
}

# What the targets executed and found; non-zero when they found something, or when one never ran.
report_fuzzing() {
    local name executed total=0 found all=0 idle=0 log
    for name in "${targets[@]}"; do
        executed=0
        for log in "$build/$name"-*.log; do
            [ -f "$log" ] || continue
            executed=$((executed + $(awk '/^stat::number_of_executed_units:/ { n += $2 } END { print n + 0 }' "$log")))
        done
        found=$(find "$build/findings" -name "$name-*" -newer "$build/fuzzing-began" ! -name '*.least' | wc -l)
        total=$((total + executed)) all=$((all + found))
        if [ "$executed" -eq 0 ]; then
            idle=$((idle + 1))
            echo "kernels: fuzz $name: NOTHING WAS EXECUTED; the end of its log, $build/$name-1.log:"
            tail -n 5 "$build/$name-1.log" || true
        fi
        echo "kernels: fuzz $name: $executed inputs, $(find "$build/found/$name" -type f | wc -l) kept, $found findings"
    done
    echo "kernels: fuzz: $total inputs in $SECONDS s by $jobs processes, $all findings"
    [ "$all" -eq 0 ] && [ "$idle" -eq 0 ]
}

# Makes findings as small as half a minute each allows.
minimise_findings() {
    local name finding
    for name in "${targets[@]}"; do
        find "$build/findings" -name "$name-*" -newer "$build/fuzzing-began" ! -name '*.least' | while read -r finding; do
            "$build/${fuzz_program[$name]}" -minimize_crash=1 -max_total_time=30 -exact_artifact_path="$finding.least" "$finding" \
                >"$finding.log" 2>&1 || true
            echo "kernels: finding of $name: $finding, made smaller in $finding.least"
            grep -h -m 3 -E '^fuzz: |SUMMARY|runtime error' "$build/$name"-*.log || true
        done
    done
}

fuzz_all() {
    local name n share=$((seconds / ${#targets[@]})) processes=()
    rm -f "$build"/*-[0-9]*.log
    touch "$build/fuzzing-began"
    trap 'kill "${processes[@]}" 2>/dev/null; wait; report_fuzzing; exit 130' INT TERM
    for name in "${targets[@]}"; do
        processes=()
        for n in $(seq "$jobs"); do
            fuzz_process "$name" "$n" "$share" &
            processes+=($!)
        done
        wait
    done
    trap - INT TERM
    if ! report_fuzzing; then
        minimise_findings
        fail "fuzz: FAILED"
    fi
}

# write_corpus TARGET: the least set of inputs with the same coverage, as text.
write_corpus() {
    local name=$1 least=$build/least/$1 file
    rm -rf "$least"
    mkdir -p "$least" "$corpus"
    # shellcheck disable=SC2046
    "$build/${fuzz_program[$name]}" -merge=1 -set_cover_merge=1 -max_len=1200 "$least" "$build/found/$name" $(first_inputs "$name") \
        >"$build/merge-$name.log" 2>&1 || { tail -n 30 "$build/merge-$name.log"; fail "corpus: FAILED: $name"; }
    {
        echo "# Inputs of ${fuzz_program[$name]}, one a line. Made by us; scripts/kernels.sh corpus writes this file."
        for file in "$least"/*; do
            od -An -v -tx1 "$file" | tr -d ' \n'
            echo
        done | awk '{ print length, $0 }' | sort -k1,1n -k2 | cut -d' ' -f2
    } >"$corpus/$name.hex"
    echo "kernels: corpus: $name: $(grep -vc '^#' "$corpus/$name.hex") inputs, $(wc -c <"$corpus/$name.hex") bytes"
}
