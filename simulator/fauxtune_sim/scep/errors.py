"""What can fail when a device requests a certificate by SCEP (RFC 8894), in the words of no platform."""

from __future__ import annotations

from enum import StrEnum

from fauxtune_sim.errors import SimulatorError


class Failure(StrEnum):
    """Why a device has no certificate."""

    #: The server gives no answer, or the answer is an HTTP error.
    NETWORK = "network"
    #: The answer to GetCACert has no certificates, or none to which a request can be encrypted.
    CA_CERTIFICATE = "caCertificate"
    #: No certificate of the server has the fingerprint that the settings name.
    FINGERPRINT = "fingerprint"
    #: The settings make no certificate request.
    SETTINGS = "settings"
    #: The answer to PKIOperation cannot be read, or it is not the answer to the request.
    ANSWER = "answer"
    #: The server refused: pkiStatus FAILURE.
    REFUSED = "refused"
    #: The server has not decided yet: pkiStatus PENDING. The same request later asks again.
    PENDING = "pending"
    #: The server had not decided when the device gave up.
    TOO_LATE = "tooLate"
    #: The certificate is for another key.
    OTHER_KEY = "otherKey"


class ScepFailed(SimulatorError):
    """The device has no certificate; `fail_info` is the reason of a refusal (RFC 8894 3.2.1.4.1, such as badRequest),
    `fail_info_text` what the server says about it.
    """

    def __init__(self, failure: Failure, text: str, *, fail_info: str = "", fail_info_text: str = "") -> None:
        super().__init__(text)
        self.failure = failure
        self.fail_info = fail_info
        self.fail_info_text = fail_info_text
