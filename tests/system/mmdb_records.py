# SPDX-License-Identifier: BSD-3-Clause
"""Small databases with any records: write({prefix: record}) as octets, for
IPv4.  A record is a dictionary; I32(5) and the like are numbers of that type,
int is uint32 and float is double."""
import ipaddress
import struct

import mmdb


class Number:
    def __init__(self, value):
        self.value = value


class F32(Number):
    kind, form = 15, ">f"


class I32(Number):
    kind, form = 8, ">i"


class U16(Number):
    kind, form = 5, ">H"


class U64(Number):
    kind, form = 9, ">Q"


class U128(Number):
    kind, form = 10, ">QQ"


def control(kind, size):
    low, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    if kind <= 7:
        return bytes([kind << 5 | low]) + more
    return bytes([low, kind - 7]) + more


def field(value):
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(
            field(k) + field(v) for k, v in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(field, value))
    if isinstance(value, str):
        octets = value.encode()
        return control(2, len(octets)) + octets
    if isinstance(value, int):
        return control(6, 4) + struct.pack(">I", value)
    if isinstance(value, float):
        return control(3, 8) + struct.pack(">d", value)
    parts = (divmod(value.value, 1 << 64) if value.form == ">QQ" else
             (value.value,))
    octets = struct.pack(value.form, *parts)
    return control(value.kind, len(octets)) + octets


def write(records):
    nodes, data, leaves = [[None, None]], b"", []
    for prefix, record in records.items():
        net = ipaddress.IPv4Network(prefix)
        at = 0
        for i in range(net.prefixlen):
            bit = int(net.network_address) >> (31 - i) & 1
            if i + 1 == net.prefixlen:
                leaves.append((at, bit, len(data)))
            else:
                if nodes[at][bit] is None:
                    nodes[at][bit] = len(nodes)
                    nodes.append([None, None])
                at = nodes[at][bit]
        data += field(record)
    for at, bit, offset in leaves:
        nodes[at][bit] = len(nodes) + 16 + offset
    tree = b"".join(struct.pack(">I", len(nodes) if child is None else child)
                    for node in nodes for child in node)
    return mmdb.database(tree, len(nodes), [data], 1767225600)
