# SPDX-License-Identifier: BSD-3-Clause
"""Zones in the raw form of named-compilezone, version 0."""
import struct


def records(path):
    """(owner, type, data) of each record."""
    with open(path, "rb") as f:
        octets = f.read()
    at = 12  # format, version, time of the dump
    while at < len(octets):
        total, _, type_, _, _, count, name_len = struct.unpack_from(
            ">IHHHIIH", octets, at)
        owner = octets[at + 20:at + 20 + name_len]
        p = at + 20 + name_len
        for _ in range(count):
            n = struct.unpack_from(">H", octets, p)[0]
            yield owner, type_, octets[p + 2:p + 2 + n]
            p += 2 + n
        at += total
