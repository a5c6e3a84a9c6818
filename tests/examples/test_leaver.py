"""The first test that anybody writes."""


def test_leaver_is_retired(tenant, devices, service):
    alice = tenant.user("alice")  # made if not there
    phone = devices.enroll(alice, "ios")  # a simulated device, connected, holding real keys
    tenant.profiles.pkcs("Signing", platforms="all").assign("All Staff")
    tenant.settle()  # or tenant.wait(lambda: ..., timeout=10)
    assert phone.holds("pkcs")
    service.retire(alice.name)  # the code under test
    tenant.wait(lambda: not phone.enrolled)
    assert tenant.journal.events("retired", device=phone)
