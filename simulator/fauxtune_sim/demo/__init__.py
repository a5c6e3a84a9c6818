"""The story of S/MIME on managed devices, told step by step in nine proofs against a server of its own.

`child` starts the server, `stage` holds server, people and devices, `proofs` and `farewell` prove, `play` tells.
Everything goes over the wire: Graph, the control surface, the devices' protocol, CRL and OCSP.
"""
