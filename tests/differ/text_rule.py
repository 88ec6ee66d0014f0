#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Where ldns, BIND, NSD and Knot read the text of a record otherwise than this
reader, and why."""
import base64
import ipaddress
import random
import re

import text_make

# Types that ldns 1.8.3, BIND 9.18, NSD 4.6 and Knot 3.2 do not know by name.
UNKNOWN = {
    "ldns": {"AMTRELAY", "ATMA", "AVC", "BRID", "CLA", "DOA", "DSYNC", "HHIT",
             "IPN", "NINFO", "NXT", "RESINFO", "RKEY", "SINK", "TA", "WALLET",
             "WKS"},
    "bind": {"MD", "MF", "ATMA", "DSYNC", "HHIT", "BRID", "CLA", "IPN",
             "RESINFO", "WALLET"},
    "nsd": {"A6", "AMTRELAY", "ATMA", "BRID", "CLA", "DOA", "DSYNC", "EID",
            "GID", "GPOS", "HHIT", "HIP", "IPN", "MD", "MF", "NIMLOC", "NINFO",
            "NSAP-PTR", "RESINFO", "RKEY", "SINK", "TA", "TALINK", "UID",
            "UINFO", "UNSPEC", "WALLET"},
    "knot": {"A6", "AMTRELAY", "ATMA", "AVC", "BRID", "CLA", "DLV", "DOA",
             "DSYNC", "EID", "GID", "GPOS", "HHIT", "HIP", "IPN", "ISDN", "MB",
             "MD", "MF", "MG", "MR", "NIMLOC", "NINFO", "NSAP", "NSAP-PTR",
             "NULL", "NXT", "PX", "RESINFO", "RKEY", "SIG", "SINK", "TA",
             "TALINK", "UID", "UINFO", "UNSPEC", "WALLET", "WKS", "X25"},
}
# Those with another form of text or data there, or rules of a zone.
OTHERWISE = {
    "ldns": {"A6", "EID", "GID", "NIMLOC", "UID", "UINFO", "UNSPEC"},
    "bind": {"SOA",  # stands at the apex alone
             "SINK",  # as draft-eastlake-kitchen-sink-01 has it
             "UNSPEC"},  # has a text form of its own
    "nsd": {"SOA"},
    "knot": {"SOA"},
}


def asked(who, record):
    """Can it say of this record alone what it makes of it?"""
    if record.type in UNKNOWN[who] | OTHERWISE[who]:
        return False
    if who == "ldns":
        return True
    # What is open takes the lines that follow.
    text = re.sub(r"\\.", "", record.text)
    if text[-1:] == "\\" or (who != "bind" and text.count('"') % 2) or \
            re.search("[()]", re.sub('"[^"]*"', "", text)):
        return False
    # Knot takes no CR, and what it refuses in parentheses ends the file.
    return who != "knot" or record.lines == record.text or not (
        "\r" in record.lines or record.changed or record.type in ("NID", "L64"))


# What is refused here and read by others: a pattern of our mistake; whether
# what it shows is wrong indeed, where that is looked at; and why.

FLAGS = [{"NOCONF", "NOAUTH", "NOKEY"}, {"USER", "ZONE", "HOST", "NTYP3"},
         {f"SIG{n}" for n in range(16)}, {"EXTEND"},
         *({f"FLAG{n}"} for n in (2, 4, 5, 8, 9, 10, 11))]


def no_flags(m):
    names = m[1].upper().split("|")
    parts = [i for n in names for i, part in enumerate(FLAGS) if n in part]
    number = re.fullmatch("[0-9]+", m[1]) and int(m[1]) < 65536
    return not number and (len(parts) < len(names) or
                           len(set(parts)) < len(parts))


def no_number(m):
    return not (re.fullmatch("[0-9]+", m[1]) and int(m[1]) <= int(m[2]))


def no_address(m):
    try:
        ipaddress.ip_address(m[1])
    except ValueError:
        return True
    return False


def no_base64(m):
    try:
        octets = base64.b64decode(m[1], validate=True)
    except ValueError:
        return True
    return base64.b64encode(octets).decode() != m[1]


def no_hex(m):
    return not re.fullmatch("([0-9a-fA-F]{2})*", m[1])


def no_type(m):
    nxt = "127" in m[0][len(m[1]):]
    number = re.fullmatch(f"(?i){'(?:type)?' if nxt else 'type'}([0-9]{{1,5}})",
                          m[1])
    if number:
        return not 0 < int(number[1]) < (128 if nxt else 65536)
    return nxt or m[1].upper() not in TYPES


TYPES = text_make.texts_of(random.Random()).keys()
STRICT = [
    (r'"(.*)" is not a(?:n algorithm\'s name, or a| digest\'s name, or a|'
     r' certificate usage\'s name, or a| selector\'s name, or a|'
     r' matching type\'s name, or a| certificate type\'s name, or a)?'
     r' number from 0 to (\d+)', no_number,
     "digits alone, and as many as the field holds (RFC 1035 5.1)"),
    (r'"(.*)" is not a well-known service, or a port from 0 to (65535)',
     lambda m: no_number(m) and m[1].lower() not in ("domain", "smtp"),
     "RFC 1035 3.4.2"),
    (r'"(.*)" is not tcp, udp, or a number from 0 to (\d+)', no_number,
     "RFC 1035 3.4.2: the protocol's name or number"),
    (r'"(.*)" is not (?:an IPv4|an IPv6) address', no_address,
     "RFC 1035 3.4.1, RFC 3596 2.4"),
    (r'"(.*)" is not a number of four digits or more',
     lambda m: not re.fullmatch("[0-9]{4,}", m[1]), "RFC 1183 3.1"),
    (r'"(.*)" is not an EUI-(48|64)', lambda m: not re.fullmatch(
        f"[0-9a-fA-F]{{2}}(-[0-9a-fA-F]{{2}}){{{int(m[2]) // 8 - 1}}}", m[1]),
     "two digits an octet (RFC 7043 3.2, 4.2)"),
    (r'"(.*)" is not four groups of 16 bits', lambda m: not re.fullmatch(
        "[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){3}", m[1]), "RFC 6742 2.1.2"),
    (r'"(.*)" is not an NSAP address', lambda m: not re.fullmatch(
        r"0[xX](\.*[0-9a-fA-F]\.*[0-9a-fA-F]\.*)+", m[1]), "RFC 1706 7"),
    (r'"(.*)" is not base64', no_base64, "RFC 4648 4"),
    (r"not base64: (a digit is missing|the last digit has bits)", None,
     "whole octets, and bits that are left over are 0 (RFC 4648 3.2, 3.5)"),
    (r'"(.*)" is not (?:"-", or )?hexadecimal digits, two per octet', no_hex,
     "RFC 4648 8, RFC 3597 5: whole octets in each word"),
    (r"not hexadecimal digits, two per octet: a digit is missing", None,
     "RFC 4648 8"),
    (r'"(.*)" is not base32hex', None, "RFC 4648 7, without padding, whole "
     "octets, bits that are left over are 0 (RFC 5155 3.3)"),
    (r'"(.*)" is not a moment', lambda m: not re.fullmatch(
        "[0-9]{14}|[0-9]{1,9}", m[1]) or len(m[1]) == 14,
     "RFC 4034 3.2: seconds, or fourteen digits that are a moment"),
    (r'"(.*)" is not a time', lambda m: not re.fullmatch(
        "[0-9]{1,9}|([0-9]{1,4}[wdhmsWDHMS])+", m[1]),
     "each number has a unit, or one has none"),
    (r"does not match the number of octets that follow", None, "RFC 3597 5"),
    (r"its data must be written as", None, "a type without a form but that of RFC "
     "3597 5"),
    (r"missing", None, "the fields that the type has; NSEC's owner has one type "
     "at least (RFC 4034 4.1.2)"),
    (r"extra data after the last field", None, "the fields that the type has"),
    (r"in quotes: write it without|quote inside a word|quote that is not closed",
     None, "quotes are none of a name's or number's octets, and begin no string "
     "within a word (RFC 1035 5.1)"),
    (r"a backslash without|bad escape", None, "RFC 1035 5.1"),
    (r"'\(' without '\)'|'\)' without '\('", None, "RFC 1035 5.1"),
    (r"not a name", None, "RFC 1035 2.3.4"),
    (r'"(.*)" is not a (?:known type|type\'s name, or a number from 1 to 127)',
     no_type, "a name of the registry or TYPE and a number (RFC 3597 5); for NXT "
     "a number alone, too (RFC 2065 5.2)"),
    (r'"(.*)" is not a prefix', lambda m: not re.fullmatch(
        r"!?1:[0-9.]+/[0-9]+|!?2:[0-9a-f:]+/[0-9]+", m[1]) or
     int(m[1].split("/")[1]) > (32 if "1:" in m[1][:3] else 128) or
     no_address(re.fullmatch("!?[12]:(.*)/.*", m[1])), "RFC 3123 5"),
    (r'"(.*)" is not a number from 0 to 65535, nor names of different flags',
     no_flags, "a number or names, one for each part of the flags (RFC 2535 7.1)"),
    (r'"(.*)" is not a protocol\'s name', lambda m: m[1].upper() not in (
        "NONE", "TLS", "EMAIL", "DNSSEC", "IPSEC", "ALL"), "RFC 2535 7.1"),
    (r"more than (?:90|180) degrees", None, "RFC 1876 3"),
    (r'"(.*)" is not a(?: latitude| longitude|n altitude| size)', None,
     "RFC 1876 3"),
    (r"is not made of letters and digits", None, "RFC 8659 4.1"),
    (r"length of the (digest|next hash)|a key, though", None,
     "RFC 4034 5.1.4, 4255 3.1.3, 8976 2.2.4, 5155 11; RFC 2535 3.1.2, 4025 "
     "2.4"),
    (r"fewer labels than its signer", None, "RFC 4035 5.3.1"),
    (r"as gateway type 0 has none", None, "RFC 4025 3.1, RFC 8777 4.3"),
    (r": parameter: ", None, "RFC 9460 2.1, 2.2, 7, 8 and A.1"),
    # Of data as RFC 3597 has it.
    (r"invalid or truncated", None, "octets that are no data of the type (RFC "
     "3597 5), among them compressed names, gateways and address families that "
     "are not assigned, a version of LOC but 0 (RFC 1876 2)"),
]

# The rest: who, types, pairs (ours and theirs: "=" read, "-" refused, "#" read
# as other octets), a pattern of the text, one of what they say, and why.
OTHERS = [
    ("ldns", "NSAP-PTR", "#|=-", r"", r"", "a name (RFC 1348 2.2), no string"),
    ("ldns", ".*", "#", r"@\.|\\@|\\064", r"", "\\@ and @. are labels, not the "
     "origin (RFC 1035 5.1)"),
    ("ldns", "LOC", "#", r"\d+ (\d+ )?[NSEW]", r"", "RFC 1876 3: minutes and "
     "seconds may be left out"),
    ("ldns", "CSYNC|KEY|NSEC3|APL|TYPE731|IPSECKEY|HIP", "=-", r"", r"",
     "data that may be empty (RFC 7477 2.1.1.2.2, 2535 3.1.2, 5155 3.2.1, 3123 "
     "4, 4025 2.6, 8005 6)"),
    ("ldns", "CERT", "=-", r"", r"", "types and algorithms by number (RFC 4398 "
     "2.2)"),
    ("ldns", "NSAP", "=-", r"0X", r"", "0x in either case"),
    ("ldns", "CAA|URI|HINFO|NAPTR", "=-|#", r"", r"", "a value in quotes or "
     "without, with escapes, empty too (RFC 8659 4.1.1, RFC 7553 4.3)"),
    ("bind nsd", "WKS", "=-", r"(?i) (udp|tcp|\d+)", r"", "services are those of "
     "this reader's table, or numbers; none, too (RFC 1035 3.4.2)"),
    ("bind", ".*", "=-", r"(^| )\+?(4294967296|999999w)( |$)", r"", "a string "
     "that begins with digits is a string (RFC 1035 5.1); BIND reads a number "
     "that does not fit"),
    ("ldns", "IPSECKEY", "#", r"[^.]( |$)", r"", "a gateway may be relative "
     "(RFC 1035 5.1)"),
    ("bind ldns", "LOC", "=-", r"[nsew]\b|\dM", r"", "the case of N, S, E, W and "
     "m says nothing (RFC 1876 3)"),
    ("bind", "URI", "=-", r"^\S+ +\S+ +[^\"]", r"", "a string without quotes is "
     "one, too (RFC 1035 5.1)"),
    ("bind", "NAPTR", "=-", r"", r"", "a regular expression is not looked into"),
    ("bind", "SIG", "=-", r" [0-9]{1,10} ", r"syntax", "seconds, too (RFC 2535 "
     "7.2)"),
    ("bind", "RKEY", "=-", r"", r"", "flags of any value (draft-reid-dnsext-rkey "
     "2.1 is silent)"),
    ("nsd", ".*", "=-", r"(^|[ (])\.|\.( |\)|$)|\.[^\s]*[/=:,+]|[/=:,+]\S*\.|@\.|"
     r"\\#", r"syntax error", "NSD ends words at dots, as in names"),
    ("nsd", "NXT", "=-", r"\b(1|127)\b", r"bad type 0", "a number alone, too (RFC "
     "2065 5.2)"),
    ("bind", "ZONEMD", "=-", r"", r"", "a scheme but 1 has digests of its own "
     "length (RFC 8976 A.3)"),
    ("nsd", ".*", "=-", r"\\\\(\\| |$)", r"", "NSD takes a character behind two "
     "backslashes as escaped"),
    ("knot", "NSEC|NSEC3|CSYNC", "=-", r" [A-Za-z]", r"bitmap|syntax", "types that "
     "Knot does not know by name"),
    ("nsd", "HINFO|NAPTR", "=-", r"(^| )[^ \"]*\.", r"syntax error",
     "NSD ends words at dots, as in names"),
    ("nsd", "IPSECKEY", "=-", r"\\\.", r"gateway", "an escaped dot is in a label "
     "(RFC 1035 5.1)"),
    ("bind", "CAA", "=-", r"^\S+ \S*\\", r"", "a tag may have escapes (RFC 1035 "
     "5.1)"),
    ("bind", "DNSKEY|CDNSKEY|KEY|RKEY|RRSIG|SIG|CERT", "=-", r"\\#|25[34]|PRIVATE",
     r"", "the name that a key of algorithm 253 has before is not looked for (RFC "
     "4034 A.1.1)"),
    ("ldns", "SVCB|HTTPS", "=-", r"=(\"\")?( |$)", r"", "a value may be empty "
     "(RFC 9460 2.1)"),
    ("nsd knot", "KEY", "=-", r"", r"", "a record without a key (RFC 2535 3.1.2), "
     "names of flags and protocols (7.1)"),
    ("nsd knot", "LOC", "=-", r"[nsew] |\dM", r"", "the case of N, S, E, W and m "
     "says nothing (RFC 1876 3)"),
    ("nsd", "RRSIG|SIG", "=-", r"", r"date and time", "RFC 4034 3.2: seconds, too"),
    ("nsd", "CAA", "=-", r"[A-Z]", r"tag", "RFC 8659 4.1: tags in upper case are "
     "read"),
    ("nsd knot", "APL", "=-", r"(^|[ !])0", r"family|prefix", "digits of a number "
     "(RFC 3123 5)"),
    ("knot", "NID|L64", "=-", r"", r"hexadecimal|parenth", "leading zeros of a group may "
     "be left out (RFC 6742 2.1.2)"),
    ("knot", ".*", "=-", r"[^ \w.*/\\-]", r"domain name|record data|gateway|number", "any "
     "octet may be in a name (RFC 2181 11)"),
    ("knot", ".*", "=-", r"\b0\d", r"number|gateway", "digits of a number (RFC 3597 5)"),
    ("knot", "SVCB|HTTPS", "=-", r"=(\"\")?( |$)", r"parameter", "a value may be "
     "empty (RFC 9460 2.1)"),
]


def is_strict(mistake):
    for pattern, is_wrong, why in STRICT:
        m = re.search(pattern, mistake)
        if m and (is_wrong is None or is_wrong(m)):
            return why
    return None


def permits(who, record, theirs):
    """Why these two may differ, or None."""
    ours = record.ours
    if ours[0] == "-" and is_strict(ours):
        return is_strict(ours)
    pair = "#" if ours[0] == theirs[0] == "=" else ours[0] + theirs[0]
    for names, types, pairs, pattern, said, why in OTHERS:
        if who in names.split() and re.fullmatch(types, record.type) and \
                pair in pairs.split("|") and \
                re.search(pattern, record.text) and re.search(said, theirs):
            return why
    return None
