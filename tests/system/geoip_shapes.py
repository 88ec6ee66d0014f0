#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""GeoIP databases as they are sold and made: each shape and each type of number
steers; values and keys that cannot be used are told, with an example."""
import os
import subprocess

import meridian as m
from mmdb_records import F32, I32, U16, U64, U128, write

CONFIG = m.config(
    pools="  www: {regions: {eu: [{addr: [192.0.2.10]}],"
          " us: [{addr: [192.0.2.20]}]}}\n",
    policies="  near: {rules: [{asn: [64497], regions: [us, eu]},"
             " {geo: [EU], regions: [eu, us]}, {regions: nearest}]}\n",
    names="  www.example.com: {pool: www, policy: near}\n")
CONFIG = CONFIG[:CONFIG.index("  nets:")].replace(
    "geoip:\n", "geoip: {databases: [geo.mmdb]}\n") + \
    CONFIG[CONFIG.index("regions:"):]
EU, US = "192.0.2.0/24", "198.51.100.0/24"

# What is said of 192.0.2.9, which gets eu, and the records of it and of one
# that gets us.
SHAPES = {
    "MaxMind's City": (
        "EU/DE-BE/Berlin city:2950159 at 52.50,13.40",
        {"city": {"geoname_id": 2950159, "names": {"en": "Berlin"}},
         "continent": {"code": "EU"}, "country": {"iso_code": "DE"},
         "location": {"latitude": 52.5, "longitude": 13.4},
         "registered_country": {"iso_code": "US"},
         "subdivisions": [{"iso_code": "BE"}]},
        {"country": {"iso_code": "US"},
         "registered_country": {"iso_code": "DE"}}),
    "MaxMind's Country, registered alone": (
        "EU/DE at ", {"registered_country": {"iso_code": "DE"}},
        {"registered_country": {"iso_code": "US"}}),
    "MaxMind's ASN": (
        "AS64496", {"autonomous_system_number": 64496},
        {"autonomous_system_number": 64497}),
    "DB-IP's City": (
        "EU/DE/Berlin at 52.50,13.40",
        {"city": {"names": {"en": "Berlin"}}, "continent": {"code": "EU"},
         "country": {"iso_code": "DE", "is_in_european_union": U16(1)},
         "location": {"latitude": F32(52.5), "longitude": F32(13.4)},
         "subdivisions": [{"names": {"en": "Land Berlin"}}]},
        {"location": {"latitude": F32(39.0), "longitude": F32(-77.5)}}),
    "IP2Location's": (
        "EU/DE/Berlin at 52.50,13.40",
        {"city": {"names": {"en": "Berlin"}}, "country": {"iso_code": "DE"},
         "location": {"latitude": 52.5, "longitude": 13.4}},
        {"city": {"names": {"en": "-"}}, "country": {"iso_code": "US"}}),
    "IPinfo's country": (
        "EU/DE AS64496", {"asn": "AS64496", "continent": "EU",
                          "continent_name": "Europe", "country": "DE",
                          "country_name": "Germany"},
        {"asn": "AS64497", "continent": "NA", "country": "US"}),
    "IPinfo's location": (
        "EU/DE-BE/Berlin city:2950159 at 52.50,13.40",
        {"city": "Berlin", "country": "DE", "geoname_id": "2950159",
         "lat": "52.5", "lng": "13.4", "region_code": "BE"},
        {"country": "US", "lat": "39.0", "lng": "-77.5"}),
    "IPinfo's lite": (
        "EU/DE AS64496",
        {"asn": "AS64496", "continent": "Europe", "continent_code": "EU",
         "country": "Germany", "country_code": "DE"},
        {"country": "United States", "country_code": "US"}),
    "flat": (
        "EU/DE/Berlin AS64496 at 52.50,13.40",
        {"country_code": "DE", "city": "Berlin", "latitude": F32(52.5),
         "longitude": F32(13.4), "asn": 64496},
        {"country_code": "US"}),
    "a country known by its continent": (
        "EU/EU", {"country": {"iso_code": "EU"}},
        {"country": {"iso_code": "US"}}),
}
TYPES = {"int32": I32, "uint16": U16, "uint64": U64, "uint128": U128,
         "uint32": int, "double": float, "float": F32}
UNUSABLE = {
    "latitude: 90.5 is not a number from -90 to 90":
        {"location": {"latitude": 90.5, "longitude": 8.0}},
    "longitude: nan is not a number from -180 to 180":
        {"location": {"latitude": 8.0, "longitude": float("nan")}},
    "AS number: -1 is not a whole number from 1 to 4294967295":
        {"asn": I32(-1)},
    'AS number: "AS99999999999" is not a whole number from 1 to 4294967295':
        {"asn": "AS99999999999"},
    'country: "Germany" is not a code of two upper-case letters':
        {"country": "Germany"},
}


def explained(d, address):
    return subprocess.run(
        [m.MERIDIANCTL, "explain", "www.example.com", "--from", address, "-c",
         d.config], capture_output=True, text=True, check=True).stdout


def checked(d):
    done = subprocess.run([m.MERIDIAND, "-n", "-c", d.config],
                          capture_output=True, text=True)
    m.check_quiet(done.returncode == 0, f"accepted: {done.stdout}")
    return done.stdout


def steers(d, what, place, eu, us):
    d.write("geo.mmdb", write({EU: eu, US: us}))
    said = checked(d)
    m.check_quiet("geo.mmdb" not in said, f"{what}: without warnings: {said}")
    for address, region in (("192.0.2.9", "eu"), ("198.51.100.9", "us")):
        text = explained(d, address)
        m.check_quiet(m.re.search(rf"Pick +{region}", text),
                      f"{what}: {address} gets {region}: {text}")
        if region == "eu":
            m.check_quiet(m.re.search(rf"Place +{m.re.escape(place)}", text),
                          f"{what}: {place}: {text}")
    m.check(True, f"{what}: steers")


def refused(d, octets, why):
    d.write("geo.mmdb", octets)
    done = subprocess.run([m.MERIDIAND, "-n", "-c", d.config],
                          capture_output=True, text=True)
    m.check(done.returncode == 1 and why in done.stdout, f"refused: {why}")


d = m.Daemon(CONFIG, {"zones/example.com.zone": m.ZONE})
try:
    for what, (place, eu, us) in SHAPES.items():
        steers(d, what, place, eu, us)
    for what, number in TYPES.items():
        eu = {"location": {"latitude": number(50), "longitude": number(8)},
              "asn": number(64496)}
        us = {"lat": "39", "lng": "-77", "asn": number(64497)}
        steers(d, what, "AS64496 at 50.00,8.00", eu, us)
    for words, record in UNUSABLE.items():
        d.write("geo.mmdb", write({EU: record, US: {"country_code": "US"}}))
        name, value = words.split(": ")
        told = f"geo.mmdb: 1 record has an invalid {name}: {value}"
        m.check(told in checked(d), told)
    d.write("geo.mmdb", write({EU: {"land": "DE"}, US: {"land": "US"}}))
    m.check("(Test): no record has a key listed in meridian.yaml(5)" in
            checked(d), "a shape that is not known is told")
    whole = write({"0.0.0.0/1": {"country_code": "US"}})
    for child in (2, 9, 16):  # one node: the separator is 2 to 16
        refused(d, whole[:4] + bytes([0, 0, 0, child]) + whole[8:],
                "damaged: a node of the tree points nowhere")
    refused(d, whole[:100], "")
finally:
    m.shutil.rmtree(d.dir)
