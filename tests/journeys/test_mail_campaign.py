"""What `make soak` does for long and every run for moments: attacks on mailboxes while others write and read.

Silent programs, slow ones, guesses of a password, the stolen key of a wiped phone, a student at the neighbour's seat.
"""

from __future__ import annotations

import asyncio
import os
import poplib
import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport
from tests.support.administrator import IOS_MAIL, AgentEnroller, administrator_of
from tests.support.mail_programs import ALICE, BOB, LETTER, PASSWORD, Programs, external
from tests.support.running_server import WORKERS, Running, serving

#: For how many seconds: `make soak` attacks for 30, in which the silent programs are more than the server lets in.
SECONDS = float(os.environ.get("SOAK_MAIL", "2"))
#: Seconds that a letter may take from its writer to its reader.
PATIENCE = 10.0
#: Programs that guess at one name at a time. Ten guesses a minute are answered at once, then one each second.
GUESSERS, AT_ONCE = 3, 10
CAROL = "carol@contoso.example"
CONTROL = "/_fauxtune/v1"
Going = Callable[[], bool]


async def wiped_phone(server: Running, programs: Programs, folder: Path) -> Path:
    """A PEM file with the key and certificate of a phone that opened its mailbox at every port, and was then wiped."""
    file = folder / "stolen.pem"
    async with administrator_of(server) as administrator:
        await administrator.mail_accounts(IOS_MAIL)
        async with Transport(ca=Path(server.endpoints["caFile"]).read_bytes()) as transport:
            enrol = AgentEnroller(server, administrator, transport)
            agent = await enrol(Platform.IOS, Device.new("A phone", platform=Platform.IOS, folder=folder / "phone"))
            while not (await agent.check_in()).settled:
                pass
            (identity,) = agent.device.keystore.identities()
            key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            issuers = [certificate for certificate in identity.chain if certificate.issuer != certificate.subject]
            chain = [issuer.public_bytes(Encoding.PEM) for issuer in (identity.certificate, *issuers)]
            file.write_bytes(b"".join([key, *chain]))
            assert await asyncio.to_thread(certificate_logins, programs, file) == [True] * 4
            await administrator.perform("wipe")
            while agent.device.is_enrolled:
                await agent.check_in()
    return file


def certificate_logins(programs: Programs, file: Path) -> list[bool]:
    """Whether a certificate opens its mailbox, for each port."""
    opened = []
    for reading, security in ((programs.pop3s(file), None), (programs.pop3(), programs.context(file))):
        if security is not None:
            reading.stls(security)
        try:
            opened.append(external(reading).startswith(b"+OK"))
        except poplib.error_proto:
            opened.append(False)
        reading.close()
    with programs.smtps(file) as sending, programs.smtp() as second:
        second.starttls(context=programs.context(file))
        for smtp in (sending, second):
            smtp.ehlo()
            opened.append(smtp.docmd("AUTH", "EXTERNAL =")[0] == 235)
    return opened


def steal(programs: Programs, file: Path, going: Going) -> Counter[str]:
    """Log in with the key of the wiped phone."""
    counts = Counter[str]()
    while going() or not counts:
        opened = certificate_logins(programs, file)
        counts["logins with the key of the wiped phone"] += len(opened)
        counts["of these opened"] += sum(opened)
        time.sleep(0.2)
    return counts


def write_and_read(programs: Programs, going: Going) -> Counter[str]:
    """Alice writes to Bob, who reads and deletes: each letter is the only one that he has."""
    counts = Counter[str]()
    while going() or counts["letters"] < 3:
        began, letter = time.monotonic(), LETTER.replace(b"Lunch", f"Lunch {counts['letters']}".encode())
        programs.send(letter)
        reader = programs.pop3s()
        reader.user(BOB)
        reader.pass_(PASSWORD)
        assert reader.stat()[0] == 1
        assert b"".join(line + b"\r\n" for line in reader.retr(1)[1]) == letter
        reader.dele(1)
        reader.quit()
        counts["letters"] += 1
        took = round((time.monotonic() - began) * 1000)
        counts["milliseconds of the slowest letter"] = max(took, counts["milliseconds of the slowest letter"])
        time.sleep(0.1)
    return counts


def be_silent(programs: Programs, going: Going) -> Counter[str]:
    """Connect, to each port in turn, and say nothing; not even the first word of TLS."""
    with ExitStack() as held:
        counts, ports = Counter[str](), cycle(programs.ports.values())
        while going():
            held.enter_context(socket.create_connection(("localhost", next(ports)), timeout=30))
            counts["silent connections"] += 1
            time.sleep(0.15)
        return counts


def be_slow(programs: Programs, going: Going) -> Counter[str]:
    """Stop in messages, more than are received at a time, and send the bytes of a command one by one."""
    with ExitStack() as held:
        for _ in range(5):
            program = held.enter_context(programs.smtp())
            program.login(ALICE, PASSWORD)
            program.mail(ALICE)
            program.rcpt(BOB)
            program.docmd("DATA")
            program.send((b"x" * 70 + b"\r\n") * 20_000)
            held.callback(program.close)  # before QUIT, which would be a line of the message
        counts = Counter({"messages that stop": 5})
        while going():
            with suppress(OSError), socket.create_connection(("localhost", programs.ports["smtp"]), timeout=30) as slow:
                while going():
                    slow.sendall(b"E")
                    counts["bytes one by one"] += 1
                    time.sleep(0.3)
        return counts


def guess(programs: Programs, going: Going) -> Counter[str]:
    """Guess at Carol's password, on one connection after the other."""
    counts = Counter[str]()
    while going():
        program = programs.pop3()
        with suppress(EOFError, OSError):
            while going():
                try:
                    program.user(CAROL)
                    program.pass_(f"guess {counts['guesses']}")
                    counts["of these opened"] += 1
                except poplib.error_proto as error:
                    if "EOF" in str(error):  # poplib's word for a connection that was cut off
                        break
                    counts["guesses"] += 1
        program.close()
    return counts


def cross(server: Running, programs: Programs, going: Going) -> Counter[str]:
    """Try with the card of one seat what is at the next one: its tenant, its people, their mail."""
    counts = Counter[str]()
    with server.client() as client:
        room = client.post(f"{CONTROL}/classrooms", json={"seats": 2, "name": "class"}).raise_for_status().json()
        own, other = (each["name"] for each in room["seats"])
        card, people = room["seats"][0]["password"], [f"{each}@{other}.example" for each in ("alice", "bob")]
        bearer = {"authorization": f"Bearer {card}"}
        seat = client.get(f"{CONTROL}/tenants/{own}", headers=bearer).raise_for_status().json()
        form = {"client_id": seat["clientId"], "client_secret": seat["clientSecret"]}
        form |= {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
        token = client.post(f"/{own}/oauth2/v2.0/token", data=form).raise_for_status().json()["access_token"]
        graph = {"authorization": f"Bearer {token}"}
        while going() or not counts:
            reached = [
                client.get(f"{CONTROL}/tenants/{other}/export", headers=bearer).is_success,
                client.post(f"{CONTROL}/tenants/{other}/reset", headers=bearer).is_success,
                client.delete(f"{CONTROL}/tenants/{other}", headers=bearer).is_success,
                client.post(f"/{other}/oauth2/v2.0/token", data=form).is_success,
                *(client.get(f"/beta/users/{person}", headers=graph).is_success for person in people),
                *mail_crossings(programs, f"alice@{own}.example", card, people),
            ]
            counts["crossings to another seat"] += len(reached)
            counts["of these opened"] += sum(reached)
    return counts


def mail_crossings(programs: Programs, name: str, card: str, people: list[str]) -> list[bool]:
    """Which of these went through: writing in another's name, writing to them, reading their mail."""
    with programs.smtp() as program:
        program.login(name, card)
        named = program.mail(people[0])[0] < 300
        program.rset()
        assert program.mail(name)[0] == 250
        assert program.rcpt(name)[0] == 250, "the card opens its own seat"
        reached = [named, *(program.rcpt(person)[0] < 300 for person in people)]
    reading = programs.pop3()
    try:
        reading.user(people[0])
        reading.pass_(card)
        reached.append(True)
    except poplib.error_proto:
        reached.append(False)
    reading.close()
    return reached


def test_mail_goes_on_under_attack_and_nothing_opens(tmp_path: Path, commands: Path) -> None:
    with serving("--data-dir", tmp_path / "data", "--mail", "--mail-port", "0", commands=commands) as server:
        ports = {kind: urlsplit(url).port or 0 for kind, url in server.endpoints["mail"].items()}
        programs = Programs(ports, Path(server.endpoints["caFile"]))
        file = asyncio.run(wiped_phone(server, programs, tmp_path))
        began = time.monotonic()

        def going() -> bool:
            return time.monotonic() < began + SECONDS

        with ThreadPoolExecutor(5 + GUESSERS) as pool:
            work = [pool.submit(function, programs, going) for function in (write_and_read, be_silent, be_slow)]
            work += [pool.submit(guess, programs, going) for _ in range(GUESSERS)]
            work += [pool.submit(steal, programs, file, going), pool.submit(cross, server, programs, going)]
        counts = sum((future.result() for future in work), Counter[str]())
        took = time.monotonic() - began
        code, errors = server.stop()
    print(f"\n{took:.0f} s of attacks on mail: {', '.join(f'{number} {what}' for what, number in counts.items())}")
    assert (code, errors) == (0, "")
    assert counts["of these opened"] == 0
    assert counts["milliseconds of the slowest letter"] < PATIENCE * 1000
    assert AT_ONCE <= counts["guesses"] <= WORKERS * (AT_ONCE + GUESSERS + took + 1)
    for tried in ("logins with the key of the wiped phone", "crossings to another seat", "silent connections"):
        assert counts[tried] > 3, tried
