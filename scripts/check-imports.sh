#!/usr/bin/env bash
# Who may import whom, and the other rules of structure that a grep can check.
set -euo pipefail

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    cat <<'TEXT'
usage: scripts/check-imports.sh

Checks the rules of docs/architecture.md:
  - FrameEngine imports no server framework, no command line and no other module of this package but the shims
  - its stages do not name each other's main types; only FramePipeline and the fetch session do
  - ISA-L is imported by Verify/CRC32.swift only
  - LocalImaging never uses the transport or the pipeline
  - no Swift file has 400 lines or more
  - every `@unchecked Sendable` says why it is `safe because`
Prints every breach as FILE:LINE and exits with 1 when there is one.
TEXT
    exit 0
fi

cd "$(dirname "$0")/.."
breaches=0
breach() {
    echo "$1" >&2
    breaches=$((breaches + 1))
}

# forbid FOLDER PATTERN REASON: no line of a Swift file in FOLDER may match the extended regular expression.
forbid() {
    local folder=$1 pattern=$2 reason=$3 line
    [ -d "$folder" ] || return 0
    while IFS= read -r line; do
        breach "$line  <- $reason"
    done < <(grep -rnE --include='*.swift' "$pattern" "$folder" || true)
}

# An import line with anything that may stand before the word.
import='^[[:space:]]*(@[A-Za-z_()]+[[:space:]]+)*((public|package|internal|private|fileprivate)[[:space:]]+)?import[[:space:]]+((struct|class|enum|func|protocol)[[:space:]]+)?'

forbid Sources/FrameEngine "${import}(Hummingbird|NIO|LocalImaging|ImagingWorkflow|ArgumentParser|COpenJPH|CDCMTK)" \
    "FrameEngine must not import this"
forbid Sources/LocalImaging "${import}(ArgumentParser|ImagingWorkflow|CCurl|COpenJPEG|CISAL)" \
    "LocalImaging must not import this"
forbid Sources/LocalImaging '\b(CurlTransport|FramePipeline|FetchSession)\b' \
    "LocalImaging must know neither the transport nor the pipeline"
forbid Sources/ImagingWorkflow "${import}(ArgumentParser|LocalImaging|C[A-Z]|NIO|Hummingbird)" \
    "ImagingWorkflow must not import this"
forbid Sources/hi-fetch "${import}(C[A-Z]|NIO|Hummingbird|Crypto)" \
    "a verb parses and prints; it goes through FrameEngine or LocalImaging"

# forbid_in_stage STAGE TYPES: the stage's files must not name another stage's main types.
forbid_in_stage() {
    forbid "Sources/FrameEngine/$1" "^[^/]*\b($2)\b" "a stage must not know another stage"
}
forbid_in_stage Plan 'CurlTransport|HealthImagingClient|SigV4Signer|FrameDecoder|FrameVerifier'
forbid_in_stage Request 'CurlTransport|FrameDecoder|FrameVerifier|MetadataPlanner'
forbid_in_stage Transport 'HealthImagingClient|SigV4Signer|FrameDecoder|FrameVerifier|MetadataPlanner'
forbid_in_stage Decode 'CurlTransport|HealthImagingClient|MetadataPlanner'
forbid_in_stage Verify 'CurlTransport|HealthImagingClient|MetadataPlanner|FrameDecoder'

while IFS= read -r file; do
    [ "$file" = Sources/FrameEngine/Verify/CRC32.swift ] || breach "$file: only Verify/CRC32.swift may import CISAL"
done < <(grep -rlE --include='*.swift' "${import}CISAL\b" Sources || true)

while IFS= read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -lt 400 ] || breach "$file: $lines lines; the limit is 399"
done < <(find Sources Tests -name '*.swift')

unchecked=0
while IFS=: read -r file line text; do
    [[ "$text" =~ ^[[:space:]]*// ]] && continue
    unchecked=$((unchecked + 1))
    sed -n "${line},$((line + 1))p" "$file" | grep -q 'safe because' \
        || breach "$file:$line: @unchecked Sendable without a 'safe because' on this or the next line"
done < <(grep -rn --include='*.swift' '@unchecked Sendable' Sources || true)

if [ "$breaches" -gt 0 ]; then
    echo "check-imports: $breaches breaches" >&2
    exit 1
fi
echo "check-imports: the import rules hold; $unchecked uses of @unchecked Sendable, each with its reason"
