"""The lines of openssl (3.0 or later) that prove claims, each for a shell in the folder of the files.

openssl-cms(1), -verify(1), -ocsp(1), -x509(1). The present of a tenant can lie anywhere, so what depends on time is
judged at the tenant's (`-attime`), and a response's age is not (`-validity_period`). A claim that something fails names
the exit code of that failure, which is another one than for a missing file.
"""

from __future__ import annotations

import shlex
from datetime import datetime

from fauxtune_report.evidence.claim import Proof
from fauxtune_report.evidence.layout import CRLS, INTERMEDIATES, JOURNAL, ROOTS

#: The exit code of `openssl cms` if the content cannot be decrypted or verified.
_REFUSED = 4
#: The exit code of `openssl verify` if a certificate does not verify.
_UNVERIFIED = 2
_CHAIN = f"-CAfile {ROOTS} -untrusted {INTERMEDIATES}"
#: Seconds: more than any clock of a tenant is away.
_ANY_AGE = 9_999_999_999
#: From how many bits on openssl prints a number in hexadecimal.
_HEXADECIMAL = 128


def opens(mail: str, key: str) -> Proof:
    """The key decrypts the mail."""
    return Proof(f"openssl cms -decrypt -in {mail} -recip {key} -out /dev/null")


def does_not_open(mail: str, key: str) -> Proof:
    """The key is not one of those that the mail is encrypted for."""
    return Proof(f"openssl cms -decrypt -in {mail} -recip {key} -out /dev/null", code=_REFUSED)


def names_recipient(mail: str, serial: int) -> Proof:
    """The envelope of the mail names the certificate with this serial number."""
    line = f"openssl cms -cmsout -print -noout -in {mail} | grep serialNumber"
    return Proof(line, output=f"serialNumber: {number(serial)}")


def number_of_recipients(mail: str, count: int) -> Proof:
    """The envelope of the mail names so many certificates."""
    return Proof(f"openssl cms -cmsout -print -noout -in {mail} | grep -c serialNumber", output=str(count))


def chain(certificates: str) -> Proof:
    """All of these certificates lead to the root, whatever the time is."""
    return Proof(f"openssl verify -no_check_time {_CHAIN} {certificates}")


def no_chain_without_intermediate(certificate: str) -> Proof:
    """With only the root the certificate leads nowhere."""
    line = f"openssl verify -no_check_time -CAfile {ROOTS} {certificate}"
    return Proof(line, _UNVERIFIED, "error 20 at 0 depth lookup: unable to get local issuer certificate")


def expired(certificate: str, *, at: datetime) -> Proof:
    """The validity of the certificate is over."""
    line = f"openssl verify -attime {_time(at)} {_CHAIN} {certificate}"
    return Proof(line, _UNVERIFIED, "error 10 at 0 depth lookup: certificate has expired")


def on_crl(certificate: str, *, at: datetime) -> Proof:
    """The CRL has the certificate."""
    return Proof(_with_crl(certificate, at=at), _UNVERIFIED, "error 23 at 0 depth lookup: certificate revoked")


def not_on_crl(certificates: str, *, at: datetime) -> Proof:
    """The CRL has none of these certificates, which are valid."""
    return Proof(_with_crl(certificates, at=at))


def number_on_crl(certificates: str, *, count: int, at: datetime) -> Proof:
    """The CRL has so many of these certificates."""
    line = f"{_with_crl(certificates, at=at)} 2>&1 | grep -c 'certificate revoked'"
    return Proof(line, output=str(count))


def number_by_ocsp(response: str, *, status: str, count: int, at: datetime) -> Proof:
    """The answer of OCSP, whose signature counts, gives so many certificates this status."""
    line = (
        f"openssl ocsp -respin {response} -CAfile {ROOTS} -verify_other {INTERMEDIATES} -attime {_time(at)} -resp_text"
        f" | grep -c 'Cert Status: {status}'"
    )
    return Proof(line, output=str(count))


def by_ocsp(response: str, certificate: str, *, status: str, issuer: str, at: datetime) -> Proof:
    """The answer of OCSP gives the certificate this status."""
    line = (
        f"openssl ocsp -respin {response} -issuer {issuer} -cert {certificate} -CAfile {ROOTS} -verify_other"
        f" {INTERMEDIATES} -attime {_time(at)} -validity_period {_ANY_AGE}"
    )
    return Proof(line, output=f"{certificate}: {status}")


def same_key(files: str, *, count: int, key: str) -> Proof:
    """So many files have one and the same private key, that of this public key (SHA-256)."""
    return Proof(
        f"{_each(files, 'openssl pkey -in $f -pubout -outform DER')} | uniq -c", output=f"{count} {key} *stdin"
    )


def different_keys(files: str, count: int) -> Proof:
    """These certificates have so many different keys."""
    line = _each(files, "openssl x509 -in $f -noout -pubkey")
    return Proof(f"{line} | sort -u | grep -c .", output=str(count))


def has_key(certificate: str, key: str) -> Proof:
    """The certificate has this public key (SHA-256 of the SubjectPublicKeyInfo)."""
    line = f"openssl x509 -in {certificate} -noout -pubkey | openssl pkey -pubin -outform DER | openssl sha256 -r"
    return Proof(line, output=f"{key} *stdin")


def for_address(certificate: str, address: str) -> Proof:
    """The certificate is for this address."""
    return Proof(_check_address(certificate, address), output=f"Email {address} does match certificate")


def not_for_address(certificate: str, address: str) -> Proof:
    """The certificate is for other addresses."""
    return Proof(_check_address(certificate, address), output=f"Email {address} does NOT match certificate")


def signature(mail: str, *, at: datetime) -> Proof:
    """The signature of the mail counts: the content is what was signed, and the signer leads to the root."""
    return Proof(_verify(mail, at=at, content=""))


def signature_of_other_content(mail: str, *, at: datetime) -> Proof:
    """The signature of the mail does not count for another content."""
    return Proof(_verify(mail, at=at, content=f" -content {ROOTS}"), code=_REFUSED)


def entry(number: int, kind: str) -> Proof:
    """The journal has an entry of this kind with this number."""
    return Proof(f"""grep -c '"seq":{number},.*"type":"{kind}"' {JOURNAL}""", output="1")


def installations(thumbprint: str, count: int) -> Proof:
    """The journal says that so many devices confirmed the installation of a certificate."""
    line = f"""grep '"type":"installed".*"thumbprint":"{thumbprint}"' {JOURNAL} | grep -o '"device":"[^"]*"'"""
    return Proof(f"{line} | sort -u | grep -c .", output=str(count))


def entries(kind: str, count: int) -> Proof:
    """The journal has so many entries of this kind."""
    return Proof(f"""grep -c '"type":"{kind}"' {JOURNAL}""", output=str(count))


def number(value: int) -> str:
    """Return a serial number as openssl prints it: decimal if it is short, else hexadecimal in whole bytes."""
    if value.bit_length() < _HEXADECIMAL:
        return str(value)
    digits = f"{value:X}"
    return f"0x{'0' * (len(digits) % 2)}{digits}"


def _check_address(certificate: str, address: str) -> str:
    # Through a pipe, since versions of openssl end with different codes.
    return f"openssl x509 -in {certificate} -noout -checkemail {shlex.quote(address)} | grep Email"


def _with_crl(certificates: str, *, at: datetime) -> str:
    return f"openssl verify -attime {_time(at)} -crl_check -CRLfile {CRLS} {_CHAIN} {certificates}"


def _verify(mail: str, *, at: datetime, content: str) -> str:
    chain = f"-CAfile {ROOTS} -certfile {INTERMEDIATES}"
    return f"openssl cms -verify -in {mail}{content} -attime {_time(at)} {chain} -out /dev/null"


def _each(files: str, command: str) -> str:
    return f"for f in {files}; do {command} | openssl sha256 -r; done"


def _time(at: datetime) -> int:
    return int(at.timestamp())


def different_marks(files: str, count: int) -> Proof:
    """The names of these certificates' files have so many different marks."""
    return Proof(f"ls {files} | sed 's/.*-\\([A-Z]*\\)-[0-9a-f]*.pem/\\1/' | sort -u | grep -c .", output=str(count))
