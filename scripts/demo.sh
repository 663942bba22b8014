#!/usr/bin/env bash
# From nothing to a study on disk: set-up, build, a synthetic study, a local data store, fetch, verify.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/demo.sh [--frames N] [--size WxH]

Sets the machine up, builds hi-fetch, makes a synthetic CT study, serves it from a HealthImaging-compatible data
store on this machine, fetches every frame of it, and checks what lies on disk. Nothing leaves the machine.
Everything is written into demo-output/, which is replaced when it exists.

  --frames N   frames to make and fetch (200)
  --size WxH   columns and rows of a frame (512x512)
  --help       this text
TEXT
}

frames=200
size=512x512
while [ $# -gt 0 ]; do
    case "$1" in
        --frames) frames=${2:?"--frames needs a number"}; shift 2 ;;
        --size) size=${2:?"--size needs WxH"}; shift 2 ;;
        --help | -h) usage; exit 0 ;;
        *) echo "demo: unknown argument '$1'" >&2; usage >&2; exit 64 ;;
    esac
done

cd "$(dirname "$0")/.."
say() { printf '\n== %s\n' "$*"; }

say "set-up"
scripts/setup.sh

say "release build (some minutes the first time)"
swift build -c release --product hi-fetch
hi_fetch="$(swift build -c release --show-bin-path)/hi-fetch"

output=demo-output
if [ -e "$output" ]; then
    say "replacing $output/ of an earlier run"
    rm -rf "$output"
fi
mkdir -p "$output"

server=
stop_server() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
}
trap stop_server EXIT
trap 'exit 130' INT TERM

# The first match of "KEY":"VALUE" in JSON lines.
json_string() { sed -nE "s/.*\"$1\":\"([^\"]*)\".*/\1/p" | sed '1!d; s#\\/#/#g'; }

say "a synthetic CT study of $frames frames, $size"
study=$("$hi_fetch" local synth --store "$output/store" --modality CT --frames "$frames" --size "$size" --seed 1 --json)
datastore=$(json_string datastoreId <<<"$study")
image_set=$(json_string imageSetId <<<"$study")
echo "data store $datastore, image set $image_set"

say "serving it"
"$hi_fetch" local serve --store "$output/store" --port 0 --json >"$output/server.jsonl" &
server=$!
url=
for _ in $(seq 100); do
    url=$(json_string url <"$output/server.jsonl")
    [ -n "$url" ] && break
    kill -0 "$server" 2>/dev/null || { echo "demo: the local data store did not start" >&2; exit 1; }
    sleep 0.1
done
[ -n "$url" ] || { echo "demo: the local data store did not become ready" >&2; exit 1; }
echo "HealthImaging-compatible data store at $url"

say "fetch"
"$hi_fetch" fetch --endpoint-url "$url" --no-sign-request --datastore "$datastore" --image-set "$image_set" \
    --output "$output/frames"

say "verify"
"$hi_fetch" verify "$output/frames"

say "done"
cat <<TEXT
Frames (little-endian raw pixels):  $PWD/$output/frames/$datastore/$image_set/
One line a frame:                   $PWD/$output/frames/manifest.jsonl
Summary:                            $PWD/$output/frames/report.json
TEXT
