#!/usr/bin/env python3
"""Writes Sources/CKernels/ck_ht_tables.h: the look-up tables of the HT block decoder (T.814 Annex C, clauses 7.3.3 to 7.3.6).

usage: scripts/make-vlc-tables.py [FOLDER-OF-CSV [OUTPUT]]
The CxtVLC codewords come from two CSV files, everything else from rules. Default folder: htj2k-tables in $HI_FETCH_SHARED_DATA,
or in shared/data beside the repository. Without the folder nothing is written.
"""
import csv
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
MEL_EXPONENTS = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5]
MEL_EVENT_LIMIT = 48
# 3 prefix bits, first bit lowest: (u_pfx, bits of the prefix, bits of the suffix)
PREFIX = [(5, 3, 5), (1, 1, 0), (2, 2, 0), (1, 1, 0), (3, 3, 1), (1, 1, 0), (2, 2, 0), (1, 1, 0)]


def vlc_table(path, first_row):
    """Index context << 8 | next eight bits of the stream, of which a codeword has seven at most."""
    table = [None] * 2048
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            row = {key: int(value) for key, value in row.items()}
            context, rho = row["context"], row["significance"]
            tl, bl, tr, br = (rho >> n & 1 for n in range(4))
            if first_row:
                index, following = context, (tl | bl) + 2 * tr + 4 * br
            else:
                # Own order of the context bits: the two boundary bits of the row above side by side, then the left quad's.
                index = (context & 1) + (context >> 2 & 1) * 2 + (context >> 1 & 1) * 4
                following = (tr | br) * 4
            entry = row["codeword_bits"] | row["u_off"] << 6 | following << 8 | (bl | br << 1) << 11
            entry |= (rho | row["emb_known"] << 4 | row["emb_one"] << 8 | row["u_off"] << 15) << 16
            for high in range(0, 256, 1 << row["codeword_bits"]):
                slot = index << 8 | high | row["codeword_lsb_first"]
                assert table[slot] is None
                table[slot] = entry
    assert all(entry is not None for entry in table)
    return table


def lane_tables(other):
    """The table of the other rows for permutations of words: (place of seven bits, by place a context, by short place).

    A word is the tag with the codeword's length in its bits 12 to 14. All codewords of seven bits begin with two ones, so that 64
    places do for those that do not begin with two zeros: five bits after 11, four after 10 or 01. After 00 three bits do.
    """
    places = []
    for bits in range(128):
        rest = bits >> 2
        places.append((rest & 7, 32 | rest & 15, 48 | rest & 15, rest)[bits & 3])
    words, short_words = [None] * 512, [None] * 64
    for context in range(8):
        for bits in range(128):
            entry = other[context << 8 | bits]
            word = entry >> 16 | (entry & 7) << 12
            into, at = (words, context * 64 + places[bits]) if bits & 3 else (short_words, context * 8 + places[bits])
            assert into[at] in (None, word)
            into[at] = word
    return places, words, short_words


def uvlc_lengths():
    """Bits of both quads' U-VLC codewords; index how many of them there are << 6 | next six bits."""
    table = []
    for index in range(192):
        bits, total = index & 63, 0
        for _ in range(index >> 6):
            _, prefix, suffix = PREFIX[bits & 7]
            total += prefix + suffix
            bits >>= prefix
        table.append(total)
    return table


def mel_table():
    """Index state << 6 | next six bits (first bit highest): events | count << 48 | bits used << 54 | next state << 57."""
    table = []
    for state in range(13):
        for window in range(64):
            k, used, count, events = state, 0, 0, 0
            while True:
                exponent = MEL_EXPONENTS[k]
                if used == 6:
                    break
                if window >> (5 - used) & 1:
                    length, run, one, step = 1, 1 << exponent, 0, 1
                else:
                    length = 1 + exponent
                    if used + length > 6:
                        break
                    run = window >> (6 - used - length) & ((1 << exponent) - 1)
                    one, step = 1, -1
                if count + run + one > MEL_EVENT_LIMIT:
                    break
                events |= one << (count + run)
                count += run + one
                used += length
                k = min(12, max(0, k + step))
            assert used > 0
            table.append(events | count << 48 | used << 54 | k << 57)
    return table


def write(out, name, kind, values, digits, per_line):
    out.write(f"static const {kind} {name}[{len(values)}] = {{\n")
    for start in range(0, len(values), per_line):
        line = ", ".join(f"0x{value:0{digits}X}" for value in values[start:start + per_line])
        out.write(f"    {line},\n")
    out.write("};\n\n")


def main():
    if len(sys.argv) > 3 or any(argument.startswith("-") for argument in sys.argv[1:]):
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["--help"], ["-h"]) else 64)
    shared = os.environ.get("HI_FETCH_SHARED_DATA") or os.path.join(ROOT, "..", "shared", "data")
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(shared, "htj2k-tables")
    output = sys.argv[2] if len(sys.argv) > 2 else os.path.join(ROOT, "Sources", "CKernels", "ck_ht_tables.h")
    if not os.path.isdir(folder):
        sys.exit(f"make-vlc-tables: there is no folder {folder}; nothing written")
    first = vlc_table(os.path.join(folder, "cxtvlc-first-quad-row.csv"), True)
    other = vlc_table(os.path.join(folder, "cxtvlc-other-quad-rows.csv"), False)
    with open(output, "w") as out:
        out.write("/* Generated by scripts/make-vlc-tables.py: do not edit. Layouts: see that file and ck_ht_lane.h. */\n")
        out.write("#ifndef CK_HT_TABLES_H\n#define CK_HT_TABLES_H\n\n#include <stdint.h>\n\n")
        write(out, "ck_ht_vlc_first", "uint32_t", first, 8, 18)
        write(out, "ck_ht_vlc_other", "uint32_t", other, 8, 18)
        places, words, short_words = lane_tables(other)
        write(out, "ck_ht_lane_place", "uint8_t", places, 2, 24)
        write(out, "ck_ht_lane_words", "uint16_t", words, 4, 24)
        write(out, "ck_ht_lane_short", "uint16_t", short_words, 4, 24)
        write(out, "ck_ht_uvlc_length", "uint8_t", uvlc_lengths(), 2, 24)
        write(out, "ck_ht_uvlc_prefix", "uint8_t", [p[0] | p[1] << 3 | p[2] << 5 for p in PREFIX], 2, 8)
        write(out, "ck_ht_mel", "uint64_t", mel_table(), 16, 6)
        out.write("#endif\n")


main()
