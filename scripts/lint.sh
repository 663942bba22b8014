#!/usr/bin/env bash
# Style and structure: swift format, the import rules, shell syntax.
set -euo pipefail

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    cat <<'TEXT'
usage: scripts/lint.sh [--fix]

Checks formatting (swift format lint --strict), the import rules (scripts/check-imports.sh) and the scripts' syntax.

  --fix    format the Swift sources in place first
  --help   this text
TEXT
    exit 0
fi

cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.swift' | sort -u)
existing=()
for source in "${sources[@]}"; do
    # A tracked file may be deleted in the working tree.
    if [ -f "$source" ]; then existing+=("$source"); fi
done
if [ "${1:-}" = --fix ]; then
    swift format --in-place --parallel --configuration .swift-format "${existing[@]}"
fi
swift format lint --strict --parallel --configuration .swift-format "${existing[@]}"
echo "lint: ${#existing[@]} Swift files are formatted as .swift-format says"

scripts/check-imports.sh

for script in scripts/*.sh .ci/run; do
    bash -n "$script"
done
echo "lint: the scripts' syntax is right"
