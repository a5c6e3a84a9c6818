"""The service, pointed at the tenant of the test."""

import pytest
from certificate_service import Service


@pytest.fixture
def service(tenant):
    with Service(tenant, tenant.connector, graph=tenant.graph_url, authority=tenant.authority) as service:
        yield service
