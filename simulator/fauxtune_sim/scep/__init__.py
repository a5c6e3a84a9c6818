"""SCEP (RFC 8894), for the devices of every platform: settings, the certificate request, messages, and the client.

settings    which server a device asks for which certificate, and what can fail: each platform has its own words for it
csr         the certificate request (PKCS#10) with the challenge, and its subject from a text
authority   the capabilities and certificates of a server
messages    pkiMessages: requests and CertRep
client      the exchange, from GetCACaps to the certificate
bench       the client as a program of its own, which a test bench orders: right requests, and wrong ones
"""
