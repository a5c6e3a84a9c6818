"""The demonstration: S/MIME on managed devices, shown in thirteen proofs on a server that it starts itself.

`server_process` starts the server below `guard`, `scenario` holds server, users and devices, `proofs`, `mail`, `scep`
and `departure` make the proofs, `run` puts them in order. Everything goes over the network: Graph, the control surface,
the devices' protocols, CRL and OCSP.
"""
