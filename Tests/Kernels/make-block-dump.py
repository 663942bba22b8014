#!/usr/bin/env python3
"""Cuts a lossless HTJ2K codestream into code-blocks and pairs each with the coefficients it must decode to.

usage: make-block-dump.py IMAGE.j2c IMAGE.RAW OUTPUT
The coefficients come from the raster by an own forward RCT and 5/3 transform, not from any decoder. Handles what the fixtures
are: one tile at the origin, one layer, one precinct per resolution, RPCL or LRCP (the same order then is per resolution), no
subsampling. For bench_ht_blocks.c.

Output, little-endian, per block: u16 width, height; u8 missing_msbs, k_max, passes, 0; u32 Lcup, Lref; bytes; i32 coefficients.
"""
import struct
import sys

import numpy as np


class Bits:
    """Packet header bits, T.800 B.10.1."""

    def __init__(self, data, at):
        self.data, self.at, self.left, self.byte = data, at, 0, 0

    def bit(self):
        if self.left == 0:
            self.left = 7 if self.byte == 0xFF else 8
            self.byte = self.data[self.at]
            self.at += 1
        self.left -= 1
        return self.byte >> self.left & 1

    def bits(self, n):
        value = 0
        for _ in range(n):
            value = value * 2 + self.bit()
        return value

    def align(self):
        if self.byte == 0xFF and self.left >= 0:
            self.at += 1


class TagTree:
    def __init__(self, width, height):
        self.levels = []
        while True:
            self.levels.append((width, [[0, False] for _ in range(width * height)]))
            if width * height == 1:
                break
            width, height = (width + 1) // 2, (height + 1) // 2

    def known_below(self, bits, x, y, limit):
        """Decodes until the leaf is known or at least `limit`; returns (value, is_final)."""
        low = 0
        for level in range(len(self.levels) - 1, -1, -1):
            width, nodes = self.levels[level]
            node = nodes[(y >> level) * width + (x >> level)]
            node[0] = max(node[0], low)
            while node[0] < limit and not node[1]:
                if bits.bit():
                    node[1] = True
                else:
                    node[0] += 1
            low = node[0]
        return low, node[1]


def passes_of(bits):
    if not bits.bit():
        return 1
    if not bits.bit():
        return 2
    n = bits.bits(2)
    if n < 3:
        return 3 + n
    n = bits.bits(5)
    return 6 + n if n < 31 else 37 + bits.bits(7)


def lift(a):
    """One level of 5/3 along axis 0, T.800 F.4.8.1: (low, high)."""
    n = a.shape[0]
    if n == 1:
        return a, a[:0]
    even, odd = a[0::2], a[1::2]
    right = even[1:] if n % 2 else np.concatenate([even[1:], even[-1:]])
    high = odd - ((even[:len(odd)] + right) >> 1)
    before = np.concatenate([high[:1], high])[:len(even)]
    after = np.concatenate([high, high[-1:]])[:len(even)]
    return even + ((before + after + 2) >> 2), high


def subbands(plane, levels):
    """{(resolution, band): coefficients}, band 0 LL, 1 HL, 2 LH, 3 HH."""
    result = {}
    for level in range(levels):
        low, high = lift(plane)
        ll, hl = (b.T for b in lift(low.T))
        lh, hh = (b.T for b in lift(high.T))
        resolution = levels - level
        result[resolution, 1], result[resolution, 2], result[resolution, 3] = hl, lh, hh
        plane = ll
    result[0, 0] = plane
    return result


def parse_header(data):
    at, info = 2, {}
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        body = data[at + 4:at + 2 + length]
        if marker == 0xFF51:
            x1, y1, x0, y0 = struct.unpack_from(">IIII", body, 2)
            assert x0 == y0 == 0
            count = struct.unpack_from(">H", body, 34)[0]
            info.update(width=x1, height=y1, components=[body[36 + 3 * i] for i in range(count)])
        elif marker == 0xFF52:
            assert body[0] & 1 == 0 and body[2:4] == b"\0\1" and body[8] & 0x40 and body[9] == 1
            info.update(rct=body[4], levels=body[5], xcb=body[6] + 2, ycb=body[7] + 2)
        elif marker == 0xFF5C:
            assert body[0] & 31 == 0
            info.update(guard=body[0] >> 5, exponents=[b >> 3 for b in body[1:]])
        elif marker == 0xFF90:
            return info, at
        at += 2 + length


def tile_data(data, at):
    out = b""
    while data[at:at + 2] == b"\xFF\x90":
        length = struct.unpack_from(">I", data, at + 6)[0]
        end = at + length if length else len(data) - 2
        start = data.index(b"\xFF\x93", at + 12) + 2
        out += data[start:end]
        at = end
    return out


def load_planes(info, raw):
    count, depth, signed = len(info["components"]), (info["components"][0] & 127) + 1, info["components"][0] >> 7
    kind = ("<i" if signed else "<u") + ("1" if depth <= 8 else "2")
    image = np.frombuffer(raw, kind).astype(np.int64).reshape(info["height"], info["width"], count)
    planes = [image[:, :, i] - (0 if signed else 1 << (depth - 1)) for i in range(count)]
    if info["rct"]:
        r, g, b = planes[:3]
        planes[:3] = [(r + 2 * g + b) >> 2, b - g, r - g]
    return planes


def read_packet(stream, at, info, resolution, bands, out):
    bits = Bits(stream, at)
    xcb, ycb, found = 1 << info["xcb"], 1 << info["ycb"], []
    if bits.bit():
        for number, band in bands:
            height, width = band.shape
            if height == 0 or width == 0:
                continue
            nx, ny = -(-width // xcb), -(-height // ycb)
            inclusion, planes = TagTree(nx, ny), TagTree(nx, ny)
            exponent = info["exponents"][0 if resolution == 0 else 3 * resolution - 3 + number]
            for y in range(ny):
                for x in range(nx):
                    if not inclusion.known_below(bits, x, y, 1)[1]:
                        continue
                    limit = 1
                    while not planes.known_below(bits, x, y, limit)[1]:
                        limit += 1
                    missing, passes, lblock = limit - 1, passes_of(bits), 3
                    while bits.bit():
                        lblock += 1
                    lengths = [bits.bits(lblock)]
                    if passes > 1:
                        lengths.append(bits.bits(lblock + (passes > 2)))
                    wanted = band[y * ycb:(y + 1) * ycb, x * xcb:(x + 1) * xcb]
                    found.append((wanted, missing, info["guard"] + exponent - 1, passes, lengths + [0]))
        bits.align()
    at = bits.at
    for wanted, missing, k_max, passes, lengths in found:
        size = lengths[0] + lengths[1]
        out.write(struct.pack("<HHBBBBII", wanted.shape[1], wanted.shape[0], missing, k_max, passes, 0, *lengths[:2]))
        out.write(stream[at:at + size] + np.ascontiguousarray(wanted).astype("<i4").tobytes())
        at += size
    return at


def main():
    data, raw = open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read()
    info, at = parse_header(data)
    stream = tile_data(data, at)
    bands = [subbands(plane, info["levels"]) for plane in load_planes(info, raw)]
    at = 0
    with open(sys.argv[3], "wb") as out:
        for resolution in range(info["levels"] + 1):
            numbers = [0] if resolution == 0 else [1, 2, 3]
            for component in bands:
                at = read_packet(stream, at, info, resolution, [(n, component[resolution, n]) for n in numbers], out)
    assert at == len(stream), (at, len(stream))


main()
