# SPDX-License-Identifier: BSD-3-Clause
"""gRPC health servers (grpc.health.v1) on many addresses of loopback, each of
which can be told to fail in a way of its own: a function here, or a word."""
import asyncio
import contextlib
import socket
import ssl
import struct

import h2.config
import h2.connection
import h2.events
import h2.exceptions

import trouble

SERVES = b"\0\0\0\0\2\x08\1"
TYPE = ("content-type", "application/grpc")
HEADERS = [(":status", "200"), TYPE]
TRAILERS = [("grpc-status", "0")]
STATUS = {"": 1, "my.Echo": 1, "my.Late": 2, "my.Odd": 3, "my.New": 0}


class Stream:
    """What a mode answers with: frames, each sent as it is said."""

    def __init__(self, writer, h2, number):
        self.writer, self.h2, self.number = writer, h2, number

    async def flush(self):
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()

    async def headers(self, headers, end=False):
        self.h2.send_headers(self.number, headers, end_stream=end)
        await self.flush()

    async def data(self, data, end=False):
        self.h2.send_data(self.number, data, end_stream=end)
        await self.flush()

    async def whole(self, data, headers=None, trailers=None):
        await self.headers(headers or HEADERS)
        await self.data(data)
        await self.headers(trailers or TRAILERS, True)


async def well(s, service):
    if service not in STATUS:
        await s.headers([*HEADERS, ("grpc-status", "5"),
                         ("grpc-message", "unknown%20service%C3%A9\xc3\xa9")], True)
        return
    await s.whole(b"\0\0\0\0\2\x08" + bytes([STATUS[service]]))


async def not_serving(s, service):
    await s.whole(b"\0\0\0\0\2\x08\2")


async def slow(s, service):
    await asyncio.sleep(0.7)
    await well(s, service)


async def hang(s, service):
    await s.headers(HEADERS)
    await asyncio.sleep(60)


async def reset_stream(s, service):
    await s.headers(HEADERS)
    s.h2.reset_stream(s.number, 2)
    await s.flush()


async def refused_stream(s, service):
    s.h2.reset_stream(s.number, 7)
    await s.flush()


async def goaway(s, service):
    s.h2.close_connection()
    await s.flush()
    s.writer.close()


async def cut(s, service):
    await s.headers(HEADERS)
    linger = struct.pack("ii", 1, 0)
    s.writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, linger)
    s.writer.transport.abort()


async def close(s, service):
    await s.headers(HEADERS)
    await s.data(SERVES[:3])
    s.writer.close()


async def endless_data(s, service):
    await s.headers(HEADERS)
    for _ in range(1000):
        await s.data(b"ok" * 500)
        await asyncio.sleep(0.001)


async def endless_trailers(s, service):
    await s.headers(HEADERS)
    await s.data(SERVES)
    await s.headers([*TRAILERS, *((f"x-{i}", "x" * 100) for i in range(200))],
                    True)


async def endless_pings(s, service):
    for _ in range(10000):
        s.h2.ping(b"meridian")
        await s.flush()
        await asyncio.sleep(0.001)


async def no_trailers(s, service):
    await s.headers(HEADERS)
    await s.data(SERVES, True)


async def odd_code(s, service):
    await s.whole(SERVES, trailers=[("grpc-status", "x")])


async def other_code(s, service):
    await s.whole(SERVES, trailers=[("grpc-status", "14")])


async def status(s, service):
    await s.headers([(":status", "503"), TYPE], True)


async def other_type(s, service):
    await s.whole(SERVES, headers=[(":status", "200"),
                                   ("content-type", "application/grpc-web")])


async def compressed(s, service):
    await s.whole(b"\1" + SERVES[1:])


async def no_message(s, service):
    await s.headers(HEADERS)
    await s.headers(TRAILERS, True)


async def two_messages(s, service):
    await s.whole(SERVES * 2)


class Server:
    """On an address of its own; mode says how it answers."""

    def __init__(self, farm, tls=False, mode=well):
        self.farm, self.tls, self.mode = farm, tls, mode
        self.address = f"127.40.{len(farm.servers)}.1"
        self.requests = []
        self.connections = 0
        self.listener = None

    async def set(self, mode):
        if self.listener:
            self.listener.close()
        self.mode = mode
        if mode != "refused":
            self.listener = await asyncio.start_server(
                self.serve, self.address, self.farm.port, reuse_address=True)
            self.farm.port = self.listener.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(OSError, EOFError, ssl.SSLError,
                                 asyncio.CancelledError,
                                 h2.exceptions.ProtocolError):
            await self.talk(reader, writer)
        writer.transport.abort()

    async def talk(self, reader, writer):
        if self.mode == "silent":
            await asyncio.sleep(60)
        if self.mode in ("http/1.1", "not TLS"):
            await reader.read(65536)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n"
                         b"Content-Length: 0\r\n\r\n")
            await writer.drain()
            await reader.read()
            return
        if self.tls:
            await writer.start_tls(self.farm.context(self.mode))
        if "ALPN" in str(self.mode):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(trouble.OK)
            await writer.drain()
            await reader.read()
            return
        await self.speak(reader, writer)

    async def speak(self, reader, writer):
        conn = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False))
        conn.initiate_connection()
        writer.write(conn.data_to_send())
        headers, body = {}, b""
        while data := await reader.read(65536):
            for event in conn.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    headers = {k.decode(): v.decode()
                               for k, v in event.headers}
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data
                elif isinstance(event, h2.events.StreamEnded):
                    self.requests.append((headers, body))
                    service = body[7:].decode()
                    mode = self.mode if callable(self.mode) else well
                    await mode(Stream(writer, conn, event.stream_id), service)
            writer.write(conn.data_to_send())
            await writer.drain()


class Farm(trouble.Farm):
    def __init__(self, certificates):
        super().__init__(certificates)
        for name in ("good", "expired", "wrong_name", "untrusted"):
            getattr(certificates, name).set_alpn_protocols(["h2"])

    def context(self, mode):
        if "ALPN" in str(mode):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            if "http" in mode:
                context.set_alpn_protocols(["http/1.1"])
            context.load_cert_chain(self.certificates.path("good.pem"),
                                    self.certificates.path("good.key"))
            return context
        return getattr(self.certificates, str(mode), self.certificates.good)

    def new(self, name, **kwargs):
        self.servers[name] = server = Server(self, **kwargs)
        self.call(server.set(server.mode))
        return server
