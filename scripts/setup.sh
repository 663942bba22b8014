#!/usr/bin/env bash
# Installs what hi-fetch needs from the system's package archive, and checks that Swift is there.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/setup.sh [--tests]

Installs the Debian or Ubuntu packages that hi-fetch is built on, when they are missing, and checks the Swift
toolchain (6.2 or newer). Root rights are needed only when something has to be installed. Running it again is safe.

  --tests   also what scripts/test.sh needs: the command-line tools that results are compared with
  --help    this text
TEXT
}

tests=false
for argument in "$@"; do
    case "$argument" in
        --tests) tests=true ;;
        --help | -h) usage; exit 0 ;;
        *) echo "setup: unknown argument '$argument'" >&2; usage >&2; exit 64 ;;
    esac
done

packages=(
    g++ pkg-config
    libcurl4-openssl-dev # HTTP
    libopenjp2-7-dev     # JPEG 2000, and HTJ2K as the reference
    libdeflate-dev       # gzip
    libisal-dev          # CRC-32
    libopenjph-dev       # HTJ2K encoding for the local data store
    libdcmtk-dev         # DICOM parsing for the local data store
    libsimdjson-dev      # image-set metadata
    zlib1g-dev           # deflated DICOM files; what bench crc compares with
)
if "$tests"; then
    packages+=(python3 python3-venv openjph-tools libopenjp2-tools dcmtk nginx-light openssl)
fi

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is neither Debian nor Ubuntu. Install these packages' counterparts yourself:" >&2
    printf '  %s\n' "${packages[@]}" >&2
    exit 69
fi

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
    echo "setup: all ${#packages[@]} system packages are installed"
else
    echo "setup: installing ${missing[*]}"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "setup: root rights are needed and there is no sudo. Run as root:" >&2
            echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
            exit 77
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes -qq --no-install-recommends "${missing[@]}"
fi

how_to_get_swift="Install it as https://www.swift.org/install/linux says, then run this script again."
if ! command -v swift >/dev/null; then
    echo "setup: there is no 'swift' on the PATH; Swift 6.2 or newer is needed. $how_to_get_swift" >&2
    exit 69
fi
swift_version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
if [ "$(printf '%s\n' 6.2 "${swift_version:-0}" | sort -V | head -n 1)" != 6.2 ]; then
    echo "setup: Swift ${swift_version:-of unknown version} is too old; 6.2 or newer is needed. $how_to_get_swift" >&2
    exit 69
fi
echo "setup: Swift $swift_version is ready"
