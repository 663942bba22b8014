#!/usr/bin/env bash
# The documentation of FrameEngine's public face, by the toolchain's own docc.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/docs.sh [--output DIR]

Builds the DocC documentation of the FrameEngine library and fails on any warning, such as a link to a symbol that is
not there. Uses the debug build, so it takes seconds after `swift build`.

  --output DIR   where to put it; .build-docs/FrameEngine.doccarchive without it. The folder is replaced.
                 It can be served as static files: python3 -m http.server --directory DIR, then
                 http://localhost:8000/documentation/frameengine
  --help         this text
TEXT
}

output=.build-docs/FrameEngine.doccarchive
while [ $# -gt 0 ]; do
    case "$1" in
        --output) output=${2:?docs: --output needs a folder}; shift 2 ;;
        --help | -h) usage; exit 0 ;;
        *) echo "docs: unknown argument '$1'" >&2; usage >&2; exit 64 ;;
    esac
done
# Relative to where the caller stands, not to the repository.
case "$output" in
    /* | .build-docs/*) ;;
    *) output=$PWD/$output ;;
esac

cd "$(dirname "$0")/.."
for tool in docc pkg-config; do
    command -v "$tool" >/dev/null || { echo "docs: '$tool' is not on the PATH; docc comes with Swift" >&2; exit 69; }
done

swift build --target FrameEngine
build=$(swift build --show-bin-path)

# What the Swift compiler was told about the C modules that FrameEngine is built on.
clang=()
while IFS= read -r map; do
    clang+=(-Xcc "-fmodule-map-file=$map")
done < <(find "$PWD/Sources/System" -name module.modulemap; find "$build" -maxdepth 2 -name module.modulemap)
for flag in $(pkg-config --cflags libcurl libopenjp2 libisal libdeflate); do
    clang+=(-Xcc "$flag")
done

graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
triple=$(swiftc -print-target-info | sed -nE 's/^ *"unversionedTriple": "(.*)",$/\1/p')
swift symbolgraph-extract -module-name FrameEngine -target "$triple" -minimum-access-level public \
    -skip-synthesized-members -skip-inherited-docs -module-cache-path "$build/ModuleCache" -I "$build/Modules" "${clang[@]}" -output-dir "$graphs"

mkdir -p "$(dirname "$output")"
# Parameters are documented where there is something to say that their names do not, so a partial list is no mistake.
docc convert Sources/FrameEngine/FrameEngine.docc --additional-symbol-graph-dir "$graphs" --output-path "$output" \
    --fallback-display-name FrameEngine --fallback-bundle-identifier hi-fetch.FrameEngine \
    --disable-parameters-and-returns-validation --warnings-as-errors
echo "docs: built without a warning: $output"
