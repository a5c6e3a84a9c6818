"""SCEP (RFC 8894), for the devices of every platform: settings, the certificate request, messages, and the client.

errors      what can fail, in no platform's words: each platform turns it into its own words and codes
settings    which server a device asks for which certificate
csr         the certificate request (PKCS#10) with the challenge
subject     the text of a subject as a distinguished name
authority   the capabilities and certificates of a server
messages    pkiMessages: requests and CertRep
client      the exchange, from GetCACaps to the certificate
bench       the client as a program of its own, which a test bench orders: right requests, and wrong ones
"""
