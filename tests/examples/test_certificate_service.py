"""Twelve tests of the service: what it does, and what it does when Graph, the connector or a device does not."""

import time

import pytest
from certificate_service import GaveUp
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

DEVICES = "/deviceManagement/managedDevices"


@pytest.fixture
def phone(tenant, devices):
    """Alice's iPhone, in a tenant whose profile gives it imported certificates."""
    tenant.profiles.imported("Encryption", "ios")
    return devices.enroll("alice", "ios")


def test_an_imported_certificate_arrives_on_the_phone_and_decrypts(tenant, service, phone):
    pfx = tenant.issue("alice")
    thumbprint = service.import_pfx(f"alice@{tenant.domain}", pfx.data, pfx.password)
    service.assign("Encryption", "All Staff")
    assert service.wait("Encryption", phone.name) == "compliant"
    assert phone.holds("imported", thumbprint=thumbprint)
    sealed = pfx.certificate.public_key().encrypt(b"mail of three years ago", PKCS1v15())
    assert phone.keys[0].key.decrypt(sealed, PKCS1v15()) == b"mail of three years ago"


def test_all_devices_of_the_user_get_it_and_nobody_elses(tenant, service, devices, phone):
    tablet, other = devices.enroll("alice", "ipados"), devices.enroll("bob", "ios")
    pfx = tenant.issue("alice")
    service.import_pfx(f"alice@{tenant.domain}", pfx.data, pfx.password)
    service.assign("Encryption", "All Staff")
    tenant.settle()
    assert [device.holds("imported") for device in (phone, tablet, other)] == [True, True, False]


def test_a_leavers_devices_are_retired(tenant, service, devices, journal, phone):
    pc, other = devices.enroll("alice", "windows"), devices.enroll("bob", "android")
    assert service.retire(f"alice@{tenant.domain}") == sorted([phone.name, pc.name])
    tenant.settle()
    assert [device.enrolled for device in (phone, pc, other)] == [False, False, True]
    assert journal.events("retired", device=pc)


def test_a_throttled_request_waits_as_long_as_it_is_told(tenant, service, faults, phone):
    rule = faults.add(
        match={"method": "GET", "path": DEVICES},
        when={"next": 1},
        effect={"status": 429, "retryAfter": 1, "punishEarly": True},
    )
    assert service.retire(f"alice@{tenant.domain}") == [phone.name]
    assert (service.waited, rule.hits) == ([1.0], 1)


def test_a_client_that_comes_back_too_early_is_refused_again(service, faults, phone):
    service.tries = 2
    service._wait = service.waited.append  # the mistake that this test is about
    faults.add(match={"path": DEVICES}, when={"next": 1}, effect={"status": 429, "retryAfter": 9, "punishEarly": True})
    with pytest.raises(GaveUp, match="429"):
        service.call("GET", f"/beta{DEVICES}")


def test_an_outage_ends_and_the_service_goes_on(service, faults, phone):
    faults.add(match={"path": DEVICES}, when={"next": 2}, effect={"status": 503})
    assert [row["deviceName"] for row in service.call("GET", f"/beta{DEVICES}")["value"]] == [phone.name]
    assert service.waited == [0.25, 0.5]
    assert faults.all_fired()


def test_an_outage_that_does_not_end_is_reported(service, faults, wire):
    faults.add(match={"path": DEVICES}, effect={"status": 503, "retryAfter": 0})
    with pytest.raises(GaveUp, match="503"):
        service.call("GET", f"/beta{DEVICES}")
    assert len(wire.exchanges(surface="graph", status=503)) == service.tries


def test_a_slow_answer_is_waited_for(service, faults, phone):
    faults.add(match={"path": DEVICES}, when={"next": 1}, effect={"latency": 0.3})
    started = time.monotonic()
    assert service.call("GET", f"/beta{DEVICES}")["value"]
    assert time.monotonic() - started >= 0.3


def test_a_broken_connection_is_tried_again_for_a_read_only(service, faults, phone):
    faults.add(match={"path": DEVICES}, when={"next": 1}, effect={"kind": "connectionReset"})
    assert service.call("GET", f"/beta{DEVICES}")["value"]
    faults.add(match={"method": "POST"}, when={"next": 1}, effect={"kind": "connectionReset"})
    with pytest.raises(GaveUp):
        service.call("POST", f"/beta{DEVICES}/{phone.id}/retire")


def test_a_connector_that_is_off_line_delays_the_certificate(tenant, service, phone):
    tenant.connector.offline()
    pfx = tenant.issue("alice")
    service.import_pfx(f"alice@{tenant.domain}", pfx.data, pfx.password)
    service.assign("Encryption", "All Staff")
    assert "connector" in tenant.settle()[0].why
    with pytest.raises(GaveUp, match="no status"):
        service.wait("Encryption", phone.name, timeout=0.2)
    tenant.connector.online()
    assert service.wait("Encryption", phone.name) == "compliant"


def test_a_device_that_refuses_the_certificate_is_in_the_report(tenant, service, journal, phone):
    phone.refuse("imported", code=9006)
    pfx = tenant.issue("alice")
    service.import_pfx(f"alice@{tenant.domain}", pfx.data, pfx.password)
    service.assign("Encryption", "All Staff")
    assert service.wait("Encryption", phone.name) == "error"
    assert "9006" in str(journal.wait("failed", device=phone).detail)
    assert not phone.holds("imported")


@pytest.mark.fauxtune(seed={"users": [{"userPrincipalName": "zoe", "displayName": "Zoe"}]})
def test_a_leaver_without_devices_is_no_error(tenant, service):
    assert service.retire(f"zoe@{tenant.domain}") == []
