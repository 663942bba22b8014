#!/usr/bin/env bash
# Tests of the C kernels (Sources/CKernels) that Swift's test runner cannot do: every CPU variant, sanitizers, fuzzing,
# another architecture.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/kernels.sh test [--quick] [--seed N]
       scripts/kernels.sh sanitize [--quick] [--seed N]
       scripts/kernels.sh fuzz [--seconds N | --minutes N] [--jobs N] [--openjpeg] [--only TARGET]
       scripts/kernels.sh corpus
       scripts/kernels.sh aarch64 [--seed N]
       scripts/kernels.sh bench

Builds the programs in Tests/Kernels with clang into .build-kernels/ and runs them.

  test       optimised build, every CPU variant that this machine has, a minute at most on two idle cores
  sanitize   the same with the address and undefined-behaviour sanitizers, fewer cases
  fuzz       libFuzzer with both sanitizers on headers, packets, blocks and whole streams; prints what each target executed
             and found, also when interrupted; findings, minimised, lie in .build-kernels/fuzz/findings/
  corpus     writes Tests/Kernels/corpus/ anew: the least inputs that reach what the present ones, generated ones and those
             found by fuzzing here reach; 'test' and 'sanitize' replay them
  aarch64    cross-built for 64-bit Arm and run under qemu: all that needs no library
  bench      times on the fixtures, against OpenJPH and OpenJPEG

  --quick      a tenth of the random cases
  --seed N     other random cases (default 1); a failure prints the seed that repeats it
  --seconds N  time for all fuzz targets together, shared out evenly (default 60)
  --minutes N  the same in minutes
  --jobs N     fuzzing processes at once (default: one a core)
  --openjpeg   one target more: streams that OpenJPEG decodes otherwise; to be judged as docs/htj2k-decoder.md says
  --only T     one target alone: headers, packets, blocks, streams or openjpeg
  --help       this text

Real frames are looked for in $HI_FETCH_SHARED_DATA/frames, or in shared/data/frames beside the repository; tests that
need them say that they are skipped where they are absent. CC and CXX choose another clang.
TEXT
}

fail() {
    echo "kernels: $*" >&2
    exit 1
}
usage_error() {
    echo "kernels: $*" >&2
    usage >&2
    exit 64
}

command=
quick=false
seed=1
seconds=60
jobs=$(nproc)
targets=(headers packets blocks streams)
while [ $# -gt 0 ]; do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --quick) quick=true ;;
        --openjpeg) targets+=(openjpeg) ;;
        --only)
            [[ "${2:-}" =~ ^(headers|packets|blocks|streams|openjpeg)$ ]] || usage_error "--only needs the name of a target"
            targets=("$2")
            shift
            ;;
        --seed | --seconds | --minutes | --jobs)
            [[ "${2:-}" =~ ^[0-9]+$ ]] || usage_error "$1 needs a number"
            case "$1" in
                --seed) seed=$2 ;;
                --seconds) seconds=$2 ;;
                --minutes) seconds=$((60 * $2)) ;;
                --jobs) jobs=$2 ;;
            esac
            shift
            ;;
        test | sanitize | fuzz | corpus | aarch64 | bench)
            [ -z "$command" ] || usage_error "one command at a time"
            command=$1
            ;;
        *) usage_error "unknown argument '$1'" ;;
    esac
    shift
done
[ -n "$command" ] || usage_error "which command?"
[ "$jobs" -gt 0 ] || usage_error "--jobs needs a number above 0"

cd "$(dirname "$0")/.."
kernels=Sources/CKernels
tests=Tests/Kernels
corpus=$tests/corpus
build=.build-kernels/$command
if [ "$command" = corpus ]; then build=.build-kernels/fuzz; fi
mkdir -p "$build"
cc=${CC:-clang}
cxx=${CXX:-clang++}
cores=$(nproc)
includes=(-I"$kernels/include" -I"$kernels" -I"$tests")

find_frames() {
    local shared=${HI_FETCH_SHARED_DATA:-../shared/data}
    if [ -f "$shared/frames/CT1.j2c" ]; then
        CK_FRAMES=$(cd "$shared/frames" && pwd)
        export CK_FRAMES
    else
        unset CK_FRAMES
        echo "kernels: SKIPPED: the fixtures, there is no $shared/frames/CT1.j2c"
    fi
}

# compile FLAGS... -- SOURCE...: objects into $build, those that are older than their source or any header.
compile() {
    local flags=() source object newest running=0 compiler language
    while [ "$1" != -- ]; do flags+=("$1"); shift; done
    shift
    newest=$(ls -t scripts/kernels.sh "$kernels"/*.h "$kernels"/include/*.h "$tests"/*.h | head -n 1)
    for source in "$@"; do
        object=$build/$(basename "${source%.*}").o
        if [ "$object" -nt "$source" ] && [ "$object" -nt "$newest" ]; then continue; fi
        if [ "${source##*.}" = cc ]; then compiler=$cxx language=c++17; else compiler=$cc language=c11; fi
        if [ "$running" -ge "$cores" ]; then
            wait -n || fail "a file does not compile"
            running=$((running - 1))
        fi
        "$compiler" -std="$language" -D_GNU_SOURCE -Wall -Wextra "${flags[@]}" "${includes[@]}" -c "$source" -o "$object" &
        running=$((running + 1))
    done
    while [ "$running" -gt 0 ]; do
        wait -n || fail "a file does not compile"
        running=$((running - 1))
    done
}

# objects NAME...: their paths, with those of all kernels.
objects() {
    local name
    for name in "$@"; do echo "$build/$name.o"; done
    for name in "$kernels"/*.c; do echo "$build/$(basename "$name" .c).o"; done
}

# sources NAME...: their paths.
sources() {
    local name
    for name in "$@"; do
        if [ -f "$tests/$name.cc" ]; then echo "$tests/$name.cc"; else echo "$tests/$name.c"; fi
    done
}

# link PROGRAM FLAGS... -- NAME...: names of test objects.
link() {
    local program=$build/$1 flags=() linked
    shift
    while [ "$1" != -- ]; do flags+=("$1"); shift; done
    shift
    mapfile -t linked < <(objects "$@")
    "$cxx" "${flags[@]}" "${linked[@]}" -o "$program" "${libraries[@]}"
}

require_libraries() {
    pkg-config --exists libopenjp2 || fail "libopenjp2 is missing; run scripts/setup.sh"
    local flag
    for flag in $(pkg-config --cflags libopenjp2); do includes+=("$flag"); done
    libraries=(-lopenjp2 -lopenjph -lm)
}

# The Swift toolchain's clang asks for gold, which warns about each symbol of the sanitizers.
choose_linker() {
    linker=()
    if echo 'int main(void) { return 0; }' | "$cc" -fuse-ld=lld -x c - -o "$build/linker-check" 2>"$build/linker-check.log"; then
        linker=(-fuse-ld=lld)
    fi
}

declare -A running=() # name of a test by process
stop_tests() {
    kill "${!running[@]}" 2>/dev/null
    exit 130
}
failed=()
await_test() {
    local process status=0
    wait -n -p process || status=$?
    if [ "$status" -ne 0 ]; then failed+=("${running[$process]}"); fi
    unset "running[$process]"
}

# run_tests "PROGRAM [ARGUMENT...]"...: as many at once as there are cores; the last line of each, or more when one fails.
run_tests() {
    local one name
    # A program that hangs must not outlive an interrupted run.
    trap stop_tests INT TERM
    for one in "$@"; do
        if [ "${#running[@]}" -ge "$cores" ]; then await_test; fi
        # shellcheck disable=SC2086 # arguments have no spaces; no emulator is no word
        ${emulator:-} "$build/"$one >"$build/${one%% *}.log" 2>&1 &
        running[$!]=${one%% *}
    done
    while [ "${#running[@]}" -gt 0 ]; do await_test; done
    trap - INT TERM
    for one in "$@"; do
        name=${one%% *}
        grep -h SKIPPED "$build/$name.log" || true
        echo "kernels: $name: $(tail -n 1 "$build/$name.log")"
    done
    for name in "${failed[@]}"; do
        echo "kernels: the end of what $name says:"
        tail -n 60 "$build/$name.log"
    done
    [ ${#failed[@]} -eq 0 ] || fail "$command: FAILED: ${failed[*]} (seed $seed)"
}

library_names=(htj2k_openjpeg htj2k_openjph)
stream_names=(htj2k_streams htj2k_header htj2k_packets htj2k_repack htj2k_layers)
sanitizers=(-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined)

. "$tests/fuzzing.sh"

# build_tests FLAGS...: all test programs. $libraries says whether those of others are at hand.
build_tests() {
    local names=(test_ht_blocks test_ht_unstuff test_row_kernels test_row_pairs test_row_source test_pack test_htj2k test_htj2k_damage test_htj2k_layers test_htj2k_next test_htj2k_reasons)
    local with=(htj2k_guarded htj2k_coverage row_test "${stream_names[@]}" "${library_names[@]}") name
    compile "$@" -- "$kernels"/*.c $(sources "${names[@]}" "${with[@]}" fuzz_replay "${fuzz_program[@]}")
    for name in "${names[@]}"; do
        link "$name" "$@" "${linker[@]}" -- "$name" "${with[@]}"
    done
    for name in "${!fuzz_program[@]}"; do
        link "replay_$name" "$@" "${linker[@]}" -- fuzz_replay "${fuzz_program[$name]}" "${stream_names[@]}" "${library_names[@]}"
    done
}

# run_all BLOCKS STREAMS LAYERED NEXT: rounds and cases of the larger tests; all others as they are.
run_all() {
    local replay=() name
    for name in headers packets blocks streams; do replay+=("replay_$name $corpus/$name.hex"); done
    replay+=("replay_openjpeg $corpus/streams.hex")
    run_tests "test_ht_blocks $seed $1" "test_htj2k $seed $2" "test_htj2k_damage $seed" "test_htj2k_layers $seed $3" \
        "test_htj2k_next $seed $4" "test_row_kernels $seed" "test_row_pairs $seed" "test_row_source $seed" "test_ht_unstuff $seed" "test_pack $seed" test_htj2k_reasons "${replay[@]}"
}

case "$command" in
    test)
        find_frames
        choose_linker
        require_libraries
        build_tests -O2 -g
        if "$quick"; then run_all 300 40 60 30; else run_all 2700 800 2000 300; fi
        echo "kernels: test passed in ${SECONDS} s, seed $seed"
        ;;
    sanitize)
        find_frames
        choose_linker
        require_libraries
        build_tests "${sanitizers[@]}"
        # An assertion of libopenjph is left by a jump, which leaks.
        export ASAN_OPTIONS=detect_leaks=0
        if "$quick"; then run_all 300 10 40 10; else run_all 900 60 300 60; fi
        echo "kernels: sanitize passed in ${SECONDS} s, seed $seed"
        ;;
    fuzz)
        build_fuzzers
        fuzz_all
        ;;
    corpus)
        targets=(headers packets blocks streams)
        build_fuzzers
        for name in "${targets[@]}"; do write_corpus "$name"; done
        ;;
    aarch64)
        cc=aarch64-linux-gnu-gcc
        cxx=aarch64-linux-gnu-g++
        emulator=qemu-aarch64
        command -v "$emulator" >/dev/null || emulator=qemu-aarch64-static
        if ! command -v "$cc" >/dev/null || ! command -v "$emulator" >/dev/null; then
            echo "kernels: NOT AVAILABLE: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user" >&2
            exit 69
        fi
        find_frames
        cxx=$cc # C only: no C++ compiler is needed
        libraries=(-lm)
        library_names=(htj2k_no_libraries)
        linker=(-static)
        build_tests -O2 -g -DCK_WITHOUT_LIBRARIES
        run_all 400 0 300 0
        echo "kernels: aarch64 passed in ${SECONDS} s, seed $seed"
        ;;
    bench)
        find_frames
        [ -n "${CK_FRAMES:-}" ] || exit 0
        choose_linker
        require_libraries
        compile -O2 -g -- "$kernels"/*.c $(sources "${library_names[@]}" "${stream_names[@]}" bench_htj2k bench_htj2k_workers bench_ht_blocks)
        link bench_htj2k "${linker[@]}" -- bench_htj2k "${library_names[@]}"
        link bench_htj2k_workers -pthread "${linker[@]}" -- bench_htj2k_workers "${library_names[@]}" "${stream_names[@]}"
        link bench_ht_blocks "${linker[@]}" -- bench_ht_blocks
        "$build/bench_htj2k"
        "$build/bench_htj2k_workers" 11 "$cores"
        if python3 -c 'import numpy' 2>/dev/null; then
            for frame in CT1 MR2 US1 VL1 XA1; do
                [ -f "$build/$frame.blocks" ] || python3 "$tests/make-block-dump.py" "$CK_FRAMES/$frame.j2c" "$CK_FRAMES/$frame.RAW" "$build/$frame.blocks"
            done
            "$build/bench_ht_blocks" "$build"/*.blocks
        else
            echo "kernels: SKIPPED: times of blocks alone, python3 has no numpy"
        fi
        echo "kernels: bench done in ${SECONDS} s"
        ;;
esac
