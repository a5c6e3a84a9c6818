"""The table of Graph's types is that of Microsoft's SDKs for Python, of v1.0 and of beta."""

from __future__ import annotations

import pytest

from fauxtune.core.graph.index import MODEL
from fauxtune.core.odata.schema.table import SchemaTable
from tests.interop.sdk_models import Proposals, SdkModels

#: Where the table says something else on purpose.
DIFFERENT = {
    # In Graph's metadata; the SDKs write it another way.
    "- corsConfiguration_v2",
    "Json: + beta",
    "managedAppStatusRaw: - content",
    "managedAppStatusRaw: + content beta",
    # No document shows an id of it: here it is a value, which is selected as a property.
    "deviceLocalCredential: + : entity",
    # Its type is in another namespace, microsoft.graph.identityGovernance.
    "servicePrincipal: + lifecycle identityLifecycle",
    # Its page describes it for v1.0.
    "device: + extensionAttributes beta",
    # In beta until 2025; the number is not used again.
    "managementAgentType: - windowsManagementCloudApi",
}


@pytest.fixture(scope="module")
def v1() -> SdkModels:
    return SdkModels("msgraph")


@pytest.fixture(scope="module")
def beta() -> SdkModels:
    return SdkModels("msgraph_beta")


def proposals(text: str, *, v1: SdkModels, beta: SdkModels) -> list[str]:
    return list(Proposals(SchemaTable(text), v1=v1, beta=beta).lines())


def test_the_table_has_the_types_of_the_sdks(v1: SdkModels, beta: SdkModels) -> None:
    assert set(Proposals(MODEL.table, v1=v1, beta=beta).lines()) == DIFFERENT


def test_what_an_sdk_adds_or_renames_is_proposed(v1: SdkModels, beta: SdkModels) -> None:
    text = """entity entity abstract
 id String

entity ndesConnector : entity
 title String?
 displayName Int32
 healthChecks [connectorHealthCheck]

enum ndesConnectorState beta
 none active gone
"""
    lines = proposals(text, v1=v1, beta=beta)
    assert {
        "ndesConnector: + displayName String, here Int32",
        "ndesConnector: + machineName String",
        "ndesConnector: - title",
        "ndesConnector: + beta",
        "ndesConnectorState: + inactive",
        "ndesConnectorState: - gone",
        "+ complex connectorHealthCheck beta",
        "+  metricName connectorHealthCheckMetricName? unsure",
        "+ enum connectorHealthCheckMetricName beta unsure",
    } <= set(lines)
