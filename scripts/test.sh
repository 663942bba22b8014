#!/usr/bin/env bash
# Every test: style, unit tests, and the built program against real third-party clients and servers.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/test.sh [--quick]

Runs the set-up, the style checks, the Swift tests, and then the tests in Tests/Interop, which drive the built
program as a user does (with boto3, the aws command line, pydicom…; installed into .test-tools/, nowhere else).

  --quick   the inner loop: style checks and Swift tests only; no set-up, no Python
  --help    this text

Real test data is looked for in shared/data beside the repository, or in $HI_FETCH_SHARED_DATA. Tests that need it
say that they are skipped where it is absent.
TEXT
}

quick=false
for argument in "$@"; do
    case "$argument" in
        --quick) quick=true ;;
        --help | -h) usage; exit 0 ;;
        *) echo "test: unknown argument '$argument'" >&2; usage >&2; exit 64 ;;
    esac
done

cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }

if ! "$quick"; then
    say "set-up"
    scripts/setup.sh --tests
fi

say "style"
scripts/lint.sh

say "C kernels"
if "$quick"; then
    scripts/kernels.sh test --quick
else
    scripts/kernels.sh test
    scripts/kernels.sh sanitize
    scripts/kernels.sh fuzz --seconds 120
fi

say "debug build"
swift build --build-tests

say "documentation of the library"
scripts/docs.sh

if "$quick"; then
    say "Swift tests"
    exec swift test --skip-build
fi

# The release build comes before the tests, so that a break there is seen before minutes of testing.
say "release build"
swift build -c release --product hi-fetch
swift build -c release --product bench
release=$(swift build -c release --show-bin-path)

say "Swift tests"
swift test --skip-build

# A package of its own, built as its reader would: its dependencies once more, 150 seconds of one core. Two packages in one
# scratch folder save that, and replace each other's build plan, which now and then ends in "No target named …".
say "example package"
if [ -f Package.resolved ]; then cp Package.resolved Examples/FrameStatistics/; fi
swift build --package-path Examples/FrameStatistics --scratch-path .build-example
example=$(swift build --package-path Examples/FrameStatistics --scratch-path .build-example --show-bin-path)/FrameStatistics

say "tools for the interoperability tests"
tools=.test-tools
requirements=Tests/Interop/requirements.txt
if ! cmp -s "$requirements" "$tools/installed-requirements.txt"; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$tools/installed-requirements.txt"
fi
echo "test: $("$tools/bin/python" --version) with $(grep -c '==' "$requirements") pinned packages in $tools/"

say "interoperability tests"
PATH="$PWD/$tools/bin:$PATH" HI_FETCH_BIN="$release/hi-fetch" BENCH_BIN="$release/bench" \
    FRAME_STATISTICS_BIN="$example" \
    "$tools/bin/python" -m pytest Tests/Interop -ra --tb=short -p no:cacheprovider
