#!/usr/bin/env bash
# Tests of the C kernels (Sources/CKernels) that Swift's test runner cannot do: every CPU variant, sanitizers, fuzzing,
# another architecture.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/kernels.sh test [--quick] [--seed N]
       scripts/kernels.sh sanitize [--seed N]
       scripts/kernels.sh fuzz [--seconds N] [--openjpeg]
       scripts/kernels.sh aarch64 [--seed N]
       scripts/kernels.sh bench

Builds the programs in Tests/Kernels with clang into .build-kernels/ and runs them.

  test       optimised build, every CPU variant that this machine has, a minute at most on two idle cores
  sanitize   the same with the address and undefined-behaviour sanitizers, fewer cases
  fuzz       libFuzzer with both sanitizers, first on the block decoder, then on the whole decoder
  aarch64    cross-built for 64-bit Arm and run under qemu: blocks, and the frames of the fixtures
  bench      times on the fixtures, against OpenJPH and OpenJPEG

  --quick      a tenth of the random cases
  --seed N     other random cases (default 1); a failure prints the seed that repeats it
  --seconds N  time for each of the two fuzzers (default 60)
  --openjpeg   fuzzing also stops where OpenJPEG decodes other pixels; to be judged one by one
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
compare=
while [ $# -gt 0 ]; do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --quick) quick=true ;;
        --openjpeg) compare=1 ;;
        --seed | --seconds)
            [[ "${2:-}" =~ ^[0-9]+$ ]] || usage_error "$1 needs a number"
            if [ "$1" = --seed ]; then seed=$2; else seconds=$2; fi
            shift
            ;;
        test | sanitize | fuzz | aarch64 | bench)
            [ -z "$command" ] || usage_error "one command at a time"
            command=$1
            ;;
        *) usage_error "unknown argument '$1'" ;;
    esac
    shift
done
[ -n "$command" ] || usage_error "which command?"

cd "$(dirname "$0")/.."
kernels=Sources/CKernels
tests=Tests/Kernels
build=.build-kernels/$command
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
        "$compiler" -std="$language" -Wall -Wextra "${flags[@]}" "${includes[@]}" -c "$source" -o "$object" &
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

# Both test programs at once; prints what they print when one fails, and their last lines otherwise.
run_tests() {
    local cases=$1 rounds=$2 damage=$3 failed=
    CK_DAMAGE_ROUNDS=$damage "$build/test_htj2k" "$seed" "$cases" >"$build/test_htj2k.log" 2>&1 &
    local whole=$!
    "$build/test_ht_blocks" "$seed" "$rounds" >"$build/test_ht_blocks.log" 2>&1 &
    local blocks=$!
    # A program that hangs must not outlive an interrupted run.
    trap 'kill "$whole" "$blocks" 2>/dev/null; exit 130' INT TERM
    wait "$blocks" || failed=test_ht_blocks
    wait "$whole" || failed="${failed:+$failed }test_htj2k"
    trap - INT TERM
    if [ -n "$failed" ]; then
        tail -n 60 "$build/test_ht_blocks.log" "$build/test_htj2k.log"
        fail "$command: FAILED: $failed (seed $seed)"
    fi
    echo "kernels: blocks: $(tail -n 1 "$build/test_ht_blocks.log")"
    echo "kernels: frames: $(tail -n 1 "$build/test_htj2k.log")"
    echo "kernels: $command passed in ${SECONDS} s, seed $seed, $cases random streams, $rounds rounds of blocks, $damage of damage"
}

program_sources=("$tests"/htj2k_streams.c "$tests"/htj2k_repack.c "$tests"/htj2k_openjpeg.c "$tests"/htj2k_openjph.cc)
program_names=(htj2k_streams htj2k_repack htj2k_openjpeg htj2k_openjph)
sanitizers=(-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined)

build_tests() {
    require_libraries
    compile "$@" -- "$kernels"/*.c "${program_sources[@]}" "$tests"/test_htj2k.c "$tests"/test_ht_blocks.c
    link test_htj2k "$@" "${linker[@]}" -- test_htj2k "${program_names[@]}"
    link test_ht_blocks "$@" "${linker[@]}" -- test_ht_blocks
}

fuzz_one() {
    local target=$1 corpus=$2 longest=$3 log=$build/$1.log
    echo "kernels: $target for $seconds s"
    # Findings go to $build/findings-TARGET-*.
    if ! "$build/$target" -max_total_time="$seconds" -max_len="$longest" -timeout=60 -rss_limit_mb=3000 -print_final_stats=1 \
        -artifact_prefix="$build/findings-$target-" "$build/$corpus-found" "$build/$corpus" >"$log" 2>&1; then
        tail -n 60 "$log"
        fail "fuzz: FAILED: $target, input in $build/findings-$target-*"
    fi
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "kernels: $target: $executed inputs, $(grep -c . < <(ls "$build/$corpus-found")) kept, no finding"
}

case "$command" in
    test)
        find_frames
        choose_linker
        build_tests -O2 -g
        if "$quick"; then run_tests 40 150 1; else run_tests 400 1500 3; fi
        ;;
    sanitize)
        find_frames
        choose_linker
        build_tests "${sanitizers[@]}"
        # An assertion of libopenjph is left by a jump, which leaks.
        export ASAN_OPTIONS=detect_leaks=0
        if "$quick"; then run_tests 10 150 0; else run_tests 40 1500 1; fi
        ;;
    fuzz)
        choose_linker
        if ! echo '#include <stddef.h>
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n) { (void)p, (void)n; return 0; }' |
            "$cc" "${linker[@]}" -fsanitize=fuzzer,address -x c - -o "$build/fuzzer-check" 2>"$build/fuzzer-check.log"; then
            cat "$build/fuzzer-check.log" >&2
            echo "kernels: NOT AVAILABLE: $cc has no libFuzzer. The Swift toolchain's clang has; with Debian's:" >&2
            echo "  apt-get install clang-14 libclang-rt-14-dev && CC=clang-14 CXX=clang++-14 scripts/kernels.sh fuzz" >&2
            exit 69
        fi
        require_libraries
        compile "${sanitizers[@]}" -fsanitize=fuzzer-no-link -- "$kernels"/*.c "${program_sources[@]}" \
            "$tests"/fuzz_ht_blocks.c "$tests"/fuzz_htj2k.c "$tests"/make_corpus.c
        link make_corpus "${sanitizers[@]}" "${linker[@]}" -- make_corpus "${program_names[@]}"
        link fuzz_ht_blocks "${sanitizers[@]}" "${linker[@]}" -fsanitize=fuzzer -- fuzz_ht_blocks
        link fuzz_htj2k "${sanitizers[@]}" "${linker[@]}" -fsanitize=fuzzer -- fuzz_htj2k htj2k_openjpeg
        export ASAN_OPTIONS=detect_leaks=0
        mkdir -p "$build/blocks" "$build/streams" "$build/blocks-found" "$build/streams-found"
        "$build/make_corpus" "$build/blocks" "$build/streams"
        if [ -n "$compare" ]; then export CK_FUZZ_OPENJPEG=1; fi
        fuzz_one fuzz_ht_blocks blocks 2048
        total=$executed
        fuzz_one fuzz_htj2k streams 8192
        echo "kernels: fuzz passed: $total inputs to the block decoder, $executed to the whole decoder, no finding"
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
        compile -O2 -g -DCK_WITHOUT_LIBRARIES -- "$kernels"/*.c "$tests"/test_ht_blocks.c "$tests"/test_htj2k.c \
            "$tests"/htj2k_streams.c "$tests"/htj2k_repack.c "$tests"/htj2k_no_libraries.c
        link test_ht_blocks -static -- test_ht_blocks
        link test_htj2k -static -- test_htj2k htj2k_streams htj2k_repack htj2k_no_libraries
        "$emulator" "$build/test_ht_blocks" "$seed" 400 >"$build/test_ht_blocks.log" 2>&1 ||
            { tail -n 30 "$build/test_ht_blocks.log"; fail "aarch64: FAILED: test_ht_blocks (seed $seed)"; }
        echo "kernels: blocks: $(tail -n 1 "$build/test_ht_blocks.log")"
        CK_DAMAGE_ROUNDS=0 "$emulator" "$build/test_htj2k" "$seed" 0 >"$build/test_htj2k.log" 2>&1 ||
            { tail -n 30 "$build/test_htj2k.log"; fail "aarch64: FAILED: test_htj2k"; }
        echo "kernels: frames: $(tail -n 1 "$build/test_htj2k.log")"
        echo "kernels: aarch64 passed in ${SECONDS} s, seed $seed"
        ;;
    bench)
        find_frames
        [ -n "${CK_FRAMES:-}" ] || exit 0
        choose_linker
        require_libraries
        compile -O2 -g -- "$kernels"/*.c "${program_sources[@]}" "$tests"/bench_htj2k.c "$tests"/bench_ht_blocks.c
        link bench_htj2k "${linker[@]}" -- bench_htj2k "${program_names[@]}"
        link bench_ht_blocks "${linker[@]}" -- bench_ht_blocks
        "$build/bench_htj2k"
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
