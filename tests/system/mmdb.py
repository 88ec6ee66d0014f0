# SPDX-License-Identifier: BSD-3-Clause
"""MaxMind databases for the system tests."""
import array
import random
import struct
import sys


def metadata(nodes, built, record_size=32):
    """What stands behind the mark: a map with exact types."""
    def text(string):
        return bytes([0x40 | len(string)]) + string.encode()

    def u16(number):
        return b"\xa2" + struct.pack("!H", number)

    fields = {"binary_format_major_version": u16(2),
              "binary_format_minor_version": u16(0),
              "build_epoch": b"\x08\x02" + struct.pack("!Q", built),
              "database_type": text("Test"), "description": b"\xe0",
              "ip_version": u16(4), "languages": b"\x00\x04",
              "node_count": b"\xc4" + struct.pack("!I", nodes),
              "record_size": u16(record_size)}
    return bytes([0xe0 | len(fields)]) + b"".join(
        text(key) + value for key, value in fields.items())


def country(code):
    """A record of the data section."""
    return b"\xe1\x4ccountry_code\x42" + code.encode()


def database(tree, nodes, records, built):
    """A whole file: 32 bits for each of two branches of each node."""
    return (tree + bytes(16) + b"".join(records) + b"\xab\xcd\xefMaxMind.com" +
            metadata(nodes, built))


def random_database(depth, codes, seed, built=1000000):
    """Each of 2**depth prefixes of all IPv4 in one of the countries, so that
    neighbours differ: it takes long to build where depth is above 16."""
    rng = random.Random(seed)
    inner = (1 << depth) - 1
    records = [country(code) for code in codes]
    offsets = [inner + 16 + sum(map(len, records[:i]))
               for i in range(len(records))]
    tree = array.array("I", range(1, inner))
    tree.extend(rng.choices(offsets, k=inner + 1))
    if sys.byteorder == "little":
        tree.byteswap()
    return database(tree.tobytes(), inner, records, built)
