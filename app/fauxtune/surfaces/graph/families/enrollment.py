"""How devices are enrolled: the families, and what is beyond their collections.

Enrolment configurations, corporate identifiers, Apple's and Google's programmes, failed enrolments of a user. Beyond
the collections: deviceEnrollmentConfiguration: setPriority; importedDeviceIdentity: importDeviceIdentityList,
searchExistingIdentities; applePushNotificationCertificate; androidManagedStoreAccountEnterpriseSettings;
depOnboardingSetting and vppToken: their actions.
"""

from __future__ import annotations

from datetime import timedelta

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.core.policies import enrollment as rules
from fauxtune.core.policies.rules import Rules
from fauxtune.operations.devices.enrollment_restrictions import MOST_EVENTS
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.profiles import enrollment_programmes as operations
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.enrollment_programmes import CONFIGURATION_HOOKS, VPP_HOOKS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, entity_answer, runs
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.lists import collection_answer, count_documents, element_document, list_documents
from fauxtune.surfaces.graph.resources.served_family import type_of

PUSH_CERTIFICATE = entity("applePushNotificationCertificate")
EVENT = entity("deviceManagementTroubleshootingEvent")
#: The only kind of event there is here.
_FAILED = entity("enrollmentTroubleshootingEvent")
MANAGED_PLAY = entity("androidManagedStoreAccountEnterpriseSettings")

_IDENTITY, _RESULT = entity("importedDeviceIdentity"), entity("importedDeviceIdentityResult")
_VPP_TOKEN = entity("vppToken")
_IDENTITIES = "importedDeviceIdentities"
EVENTS = Routes(
    "users/{user}/deviceManagementTroubleshootingEvents",
    type=EVENT,
    read=needs.READ_MANAGED,
    fidelity=approximated("of failed enrolments there are those that a restriction refused"),
)
PUSH = Routes(
    "deviceManagement/applePushNotificationCertificate",
    type=PUSH_CERTIFICATE,
    read=needs.READ_SERVICE,
    write=needs.WRITE_SERVICE,
    fidelity=stored("kept: simulated devices are woken without Apple's service"),
)
PLAY = Routes(
    "deviceManagement/androidManagedStoreAccountEnterpriseSettings",
    type=MANAGED_PLAY,
    read=needs.READ_CONFIGURATION,
    write=needs.WRITE_CONFIGURATION,
    beta_only=True,
    fidelity=stored("kept: no service of Google's is called"),
)
#: Seconds: 90 days, the most that Android Enterprise takes.
_LONGEST_TOKEN = 90 * 86_400


@EVENTS.list(source="Graph: user: list deviceManagementTroubleshootingEvents")
async def list_events_of_user(call: Call) -> Answer:
    """List failed enrolments of a user."""
    return list_documents(
        call, await _events_of_user(call), entity=EVENT, context=_events_context(call), entity_of=type_of
    )


@EVENTS.count(source="Graph: user: list deviceManagementTroubleshootingEvents", summary="Count them")
async def count_events_of_user(call: Call) -> Answer:
    """Count the failed enrolments of a user."""
    return count_documents(call, await _events_of_user(call), entity=EVENT)


@EVENTS.get("/{event}", source="Graph: user: list deviceManagementTroubleshootingEvents", summary="Get one of them")
async def get_event_of_user(call: Call) -> Answer:
    """Get a failed enrolment of a user."""
    documents, key = await _events_of_user(call), call.keys["event"]
    document = element_document(call, documents, entity=_FAILED, key=key)
    if document is None:
        raise NotFound(f"The user has no event '{key}'.")
    return entity_answer(call, document, context=_events_context(call))


async def _events_of_user(call: Call) -> list[Json]:
    def read(connection: Connection) -> list[Json]:
        user = directory_queries.user_by_key(connection, call.tenant.id, key=call.keys["user"])
        if user is None:
            raise missing(call.keys["user"])
        rows = enrolling.newest(
            connection, call.tenant.id, family=rules.TROUBLESHOOTING.name, limit=MOST_EVENTS, user_id=user.id
        )
        return [{**row.document, "@odata.type": entity(row.kind).odata_type} for row in rows]

    return await call.read(read)


def _events_context(call: Call) -> str:
    return f"users('{call.keys['user']}')/deviceManagementTroubleshootingEvents"


async def set_priority(call: Call) -> Answer:
    """POST .../{configuration}/setPriority: the others are numbered again."""
    priority = call.body().get("priority")
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise Invalid('The body must be {"priority": <number>}.', target="priority")
    await call.run(
        resources.set_priority, rules.ENROLLMENT_CONFIGURATIONS, key=call.keys["resource"], priority=priority
    )
    return NO_CONTENT


@PUSH.get(may_be_absent=True)
async def get_push_certificate(call: Call) -> Answer:
    """Get the push certificate.

    404 until one is uploaded.
    """
    check_options(call, PUSH_CERTIFICATE)
    row = await call.read(
        lambda connection: resources.found(
            connection, call.tenant, rules=rules.PUSH_CERTIFICATE, key=rules.PUSH_CERTIFICATE_ID
        )
    )
    return _one(call, row, context="deviceManagement/applePushNotificationCertificate")


@PUSH.update()
async def upload_push_certificate(call: Call) -> Answer:
    """Upload a push certificate."""
    changes = accept(PUSH_CERTIFICATE, call.body(), partial=True, version=call.version)
    row = await call.run(operations.upload_push_certificate, changes)
    return _one(call, row, context="deviceManagement/applePushNotificationCertificate")


@PLAY.get()
async def get_managed_play(call: Call) -> Answer:
    """Get how managed Google Play is bound.

    It is there always, bound or not.
    """
    check_options(call, MANAGED_PLAY)
    row = await call.read(
        lambda connection: resources.found(connection, call.tenant, rules=rules.MANAGED_PLAY, key=rules.MANAGED_PLAY_ID)
    )
    return _one(call, row, context="deviceManagement/androidManagedStoreAccountEnterpriseSettings")


@PLAY.update()
async def update_managed_play(call: Call) -> Answer:
    """Change how managed Google Play is bound."""
    changes = accept(MANAGED_PLAY, call.body(), partial=True, version=call.version)
    row = await call.run(resources.update, rules.MANAGED_PLAY, key=rules.MANAGED_PLAY_ID, changes=changes)
    return _one(call, row, context="deviceManagement/androidManagedStoreAccountEnterpriseSettings")


async def import_identities(call: Call) -> Answer:
    """POST .../importDeviceIdentityList: each comes back with its status."""
    documents = _identities(call)
    overwrite = call.body().get("overwriteImportedDeviceIdentities") is True
    results = await call.run(operations.import_identities, documents, overwrite=overwrite)
    values = [view(_RESULT, result, version=call.version) for result in results]
    return collection_answer(call, values, context=f"Collection({_RESULT.full_name})")


async def search_identities(call: Call) -> Answer:
    """POST .../searchExistingIdentities: those that are imported already."""
    documents = await call.run(operations.existing_identities, _identities(call))
    values = [view(_IDENTITY, document, version=call.version) for document in documents]
    return collection_answer(call, values, context=f"Collection({_IDENTITY.full_name})")


def _identities(call: Call) -> list[Json]:
    sent = call.body().get(_IDENTITIES)
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise Invalid(f'The body must be {{"{_IDENTITIES}": [...]}}.', target=_IDENTITIES)
    documents = [
        {**defaults(_IDENTITY), **accept(_IDENTITY, each, partial=False, version=call.version)} for each in sent
    ]
    if not all(document["importedDeviceIdentifier"] for document in documents):
        raise Invalid("Each identity needs an importedDeviceIdentifier.", target="importedDeviceIdentifier")
    return documents


async def upload_dep_token(call: Call) -> Answer:
    """POST .../{token}/uploadDepToken: what the token says is not read."""
    body = call.body()
    if not body.get("depToken"):
        raise Invalid("A value is required for property 'depToken'.", target="depToken")
    await call.run(operations.upload_dep_token, call.keys["resource"], apple_id=str(body.get("appleId") or ""))
    return NO_CONTENT


async def sync_licenses(call: Call) -> Answer:
    """POST .../{token}/syncLicenses: 200 with the token."""
    row = await call.run(operations.sync_licenses, call.keys["resource"])
    return entity_answer(
        call, view(_VPP_TOKEN, row.document, version=call.version), context="deviceAppManagement/vppTokens"
    )


async def create_token(call: Call) -> Answer:
    """POST .../{profile}/createToken."""
    seconds = call.body().get("tokenValidityInSeconds")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds <= _LONGEST_TOKEN:
        raise Invalid(
            f"tokenValidityInSeconds must be between 1 and {_LONGEST_TOKEN}, which is 90 days.",
            target="tokenValidityInSeconds",
        )
    await call.run(operations.create_token, call.keys["resource"], validity=timedelta(seconds=seconds))
    return NO_CONTENT


def _one(call: Call, row: ResourceRow, *, context: str) -> Answer:
    document = view(entity(row.kind), row.document, version=call.version, select=call.query.select)
    return Answer(200, {"@odata.context": call.context(context), **document})


_AUDIT = ("Enrollment", "Enrollment")
_NO_EFFECT = stored("kept and assigned; no enrolment asks it")
_RESTRICTS = approximated(
    "limits and restrictions refuse enrolments, a default only when changed; Hello and status page reach PCs; others "
    "are kept"
)
_NOT_CONNECTED = stored("kept; no service of Apple's or Google's is called")

HEADING = "Enrolment"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/deviceEnrollmentConfigurations",
        "deviceEnrollmentConfiguration",
        "an enrolment configuration",
        rules.ENROLLMENT_CONFIGURATIONS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.ENROLLMENT,
        assigned=Assigned("enrollmentConfigurationAssignment", key="enrollmentConfigurationAssignments", done=200),
        actions=(
            Action(
                "setPriority",
                set_priority,
                "Set the priority of an enrolment configuration",
                required="priority",
            ),
        ),
        hooks=CONFIGURATION_HOOKS,
        fidelity=_RESTRICTS,
    ),
    Family(
        "deviceManagement/importedDeviceIdentities",
        "importedDeviceIdentity",
        "a corporate identifier",
        rules.CORPORATE_IDENTIFIERS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.ENROLLMENT,
        verbs="list get delete",
        actions=(
            Action(
                "importDeviceIdentityList",
                import_identities,
                "Import corporate identifiers",
                on_all=True,
                status=200,
                returns="importedDeviceIdentityResult",
                many=True,
            ),
            Action(
                "searchExistingIdentities",
                search_identities,
                "Search corporate identifiers that are imported already",
                on_all=True,
                reads=True,
                status=200,
                returns="importedDeviceIdentity",
                many=True,
            ),
        ),
        fidelity=approximated(
            "a device that one of them names is corporate when it enrols; the state 'failed' does not occur"
        ),
    ),
    Family(
        "deviceManagement/troubleshootingEvents",
        "deviceManagementTroubleshootingEvent",
        "an event for troubleshooting",
        rules.TROUBLESHOOTING,
        read=needs.READ_MANAGED,
        write=needs.WRITE_MANAGED,
        audit=_AUDIT,
        without=reasons.ENROLLMENT,
        verbs="list get",
        fidelity=approximated("of failed enrolments there are those that a restriction refused, the last 1,000"),
    ),
    Family(
        "deviceManagement/appleUserInitiatedEnrollmentProfiles",
        "appleUserInitiatedEnrollmentProfile",
        "an enrolment profile for users of Apple devices",
        Rules("appleUserInitiatedEnrollmentProfiles", prioritized=True),
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.APPLE,
        assigned=Assigned("appleEnrollmentProfileAssignment", verbs="list get create update delete", action=False),
        fidelity=_NO_EFFECT,
    ),
    Family(
        "deviceManagement/depOnboardingSettings",
        "depOnboardingSetting",
        "a token of Apple's automated device enrolment",
        rules.DEP_TOKENS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        without=reasons.APPLE,
        actions=(
            Action(
                "syncWithAppleDeviceEnrollmentProgram",
                runs(operations.sync_dep, key="resource"),
                "Fetch the devices of a token from Apple",
            ),
            Action("uploadDepToken", upload_dep_token, "Renew a token", required="depToken"),
        ),
        below=(
            Family(
                "enrollmentProfiles",
                "enrollmentProfile",
                "an enrolment profile of Apple devices",
                rules.DEP_PROFILES,
                read=needs.READ_SERVICE,
                write=needs.WRITE_SERVICE,
                audit=_AUDIT,
                without=reasons.APPLE,
                fidelity=_NOT_CONNECTED,
            ),
        ),
        fidelity=_NOT_CONNECTED,
    ),
    Family(
        "deviceAppManagement/vppTokens",
        "vppToken",
        "a token of Apple's volume purchases",
        rules.VPP_TOKENS,
        read=(*needs.READ_SERVICE, *needs.READ_APPS),
        write=(*needs.WRITE_SERVICE, *needs.WRITE_APPS),
        audit=("MobileApp", "Application"),
        without=reasons.APPLE,
        actions=(
            Action(
                "syncLicenses",
                sync_licenses,
                "Fetch the licences of a token from Apple",
                status=200,
                returns="vppToken",
            ),
        ),
        hooks=VPP_HOOKS,
        fidelity=_NOT_CONNECTED,
    ),
    Family(
        "deviceManagement/androidDeviceOwnerEnrollmentProfiles",
        "androidDeviceOwnerEnrollmentProfile",
        "an enrolment profile of company-owned Android devices",
        rules.DEVICE_OWNER_PROFILES,
        read=(*needs.READ_CONFIGURATION, *needs.READ_SERVICE),
        write=(*needs.WRITE_CONFIGURATION, *needs.WRITE_SERVICE),
        audit=_AUDIT,
        without=reasons.ANDROID,
        actions=(
            Action("createToken", create_token, "Make an enrolment token", required="tokenValidityInSeconds"),
            Action("revokeToken", runs(operations.revoke_token, key="resource"), "End an enrolment token"),
        ),
        fidelity=_NOT_CONNECTED,
    ),
)
