"""What public programs that automate Intune ask of Graph: the calls that at least three of 45 code bases make, and the
collections that the others call. Counted in 2026-11; `{id}` is any key.

#: data
"""

from __future__ import annotations

#: Version, verbs, path.
CALLS = """\
beta GET deviceAppManagement
beta GET,POST deviceAppManagement/androidManagedAppProtections
beta GET deviceAppManagement/androidManagedAppProtections/{id}
beta GET,POST deviceAppManagement/iosManagedAppProtections
beta GET deviceAppManagement/iosManagedAppProtections/{id}
beta POST deviceAppManagement/iosManagedAppProtections/{id}/assign
beta GET,POST deviceAppManagement/managedAppPolicies
beta DELETE,GET,PATCH deviceAppManagement/managedAppPolicies/{id}
beta GET deviceAppManagement/managedAppPolicies/{id}/assignments
beta GET deviceAppManagement/managedAppStatuses/{id}
beta GET deviceAppManagement/mdmWindowsInformationProtectionPolicies
beta POST deviceAppManagement/mdmWindowsInformationProtectionPolicies/{id}/assign
beta GET deviceAppManagement/mobileAppCategories
beta GET,POST deviceAppManagement/mobileAppConfigurations
beta DELETE,GET,PATCH deviceAppManagement/mobileAppConfigurations/{id}
beta POST deviceAppManagement/mobileAppConfigurations/{id}/assign
beta GET deviceAppManagement/mobileAppConfigurations/{id}/assignments
beta GET,POST deviceAppManagement/mobileApps
beta DELETE,GET,PATCH deviceAppManagement/mobileApps/{id}
beta POST deviceAppManagement/mobileApps/{id}/assign
beta GET,POST deviceAppManagement/mobileApps/{id}/assignments
beta DELETE,GET deviceAppManagement/mobileApps/{id}/assignments/{id}
beta POST deviceAppManagement/mobileApps/{id}/categories/$ref
beta GET deviceAppManagement/mobileApps/{id}/installSummary
beta GET deviceAppManagement/mobileApps/{id}/relationships
beta POST deviceAppManagement/mobileApps/{id}/updateRelationships
beta POST deviceAppManagement/mobileApps/{id}/microsoft.graph.win32LobApp/contentVersions
beta POST deviceAppManagement/mobileApps/{id}/microsoft.graph.win32LobApp/contentVersions/{id}/files
beta GET deviceAppManagement/mobileApps/{id}/microsoft.graph.win32LobApp/contentVersions/{id}/files/{id}
beta POST deviceAppManagement/mobileApps/{id}/microsoft.graph.win32LobApp/contentVersions/{id}/files/{id}/commit
beta GET,POST deviceAppManagement/policySets
beta GET deviceAppManagement/policySets/{id}
beta GET,POST deviceAppManagement/targetedManagedAppConfigurations
beta DELETE,GET,PATCH deviceAppManagement/targetedManagedAppConfigurations/{id}
beta POST deviceAppManagement/targetedManagedAppConfigurations/{id}/assign
beta GET deviceAppManagement/targetedManagedAppConfigurations/{id}/assignments
beta GET deviceAppManagement/vppTokens
beta POST deviceAppManagement/vppTokens/{id}/syncLicenses
beta GET,PATCH deviceManagement
beta GET deviceManagement/androidDeviceOwnerEnrollmentProfiles
beta GET deviceManagement/androidDeviceOwnerEnrollmentProfiles/{id}
beta GET deviceManagement/androidManagedStoreAccountEnterpriseSettings
beta GET deviceManagement/applePushNotificationCertificate
beta POST deviceManagement/appleUserInitiatedEnrollmentProfiles
beta GET deviceManagement/appleUserInitiatedEnrollmentProfiles/{id}/assignments
beta GET,POST deviceManagement/assignmentFilters
beta DELETE,GET,PATCH deviceManagement/assignmentFilters/{id}
beta GET deviceManagement/auditEvents
beta GET,POST deviceManagement/compliancePolicies
beta POST deviceManagement/compliancePolicies/{id}/assign
beta GET deviceManagement/configurationCategories
beta GET,POST deviceManagement/configurationPolicies
beta DELETE,GET,PATCH,PUT deviceManagement/configurationPolicies/{id}
beta POST deviceManagement/configurationPolicies/{id}/assign
beta GET deviceManagement/configurationPolicies/{id}/assignments
beta GET deviceManagement/configurationPolicies/{id}/settings
beta GET deviceManagement/configurationPolicyTemplates/{id}/settingTemplates
beta GET deviceManagement/configurationSettings
beta GET deviceManagement/depOnboardingSettings
beta GET deviceManagement/depOnboardingSettings/{id}/enrollmentProfiles
beta POST deviceManagement/depOnboardingSettings/{id}/syncWithAppleDeviceEnrollmentProgram
beta GET deviceManagement/detectedApps
beta GET,POST deviceManagement/deviceCategories
beta DELETE,GET,PATCH deviceManagement/deviceCategories/{id}
beta GET,POST deviceManagement/deviceCompliancePolicies
beta DELETE,GET,PATCH deviceManagement/deviceCompliancePolicies/{id}
beta POST deviceManagement/deviceCompliancePolicies/{id}/assign
beta GET deviceManagement/deviceCompliancePolicies/{id}/assignments
beta GET deviceManagement/deviceCompliancePolicies/{id}/deviceStatuses
beta GET,POST deviceManagement/deviceComplianceScripts
beta DELETE,GET,PATCH deviceManagement/deviceComplianceScripts/{id}
beta GET,POST deviceManagement/deviceConfigurations
beta DELETE,GET,PATCH deviceManagement/deviceConfigurations/{id}
beta POST deviceManagement/deviceConfigurations/{id}/assign
beta GET,POST deviceManagement/deviceConfigurations/{id}/assignments
beta GET deviceManagement/deviceConfigurations/{id}/groupAssignments
beta GET,POST deviceManagement/deviceCustomAttributeShellScripts
beta DELETE,GET,PATCH deviceManagement/deviceCustomAttributeShellScripts/{id}
beta POST deviceManagement/deviceCustomAttributeShellScripts/{id}/assign
beta GET,POST deviceManagement/deviceEnrollmentConfigurations
beta DELETE,GET,PATCH deviceManagement/deviceEnrollmentConfigurations/{id}
beta POST deviceManagement/deviceEnrollmentConfigurations/{id}/assign
beta GET deviceManagement/deviceEnrollmentConfigurations/{id}/assignments
beta GET,POST deviceManagement/deviceHealthScripts
beta DELETE,GET,PATCH deviceManagement/deviceHealthScripts/{id}
beta POST deviceManagement/deviceHealthScripts/{id}/assign
beta GET deviceManagement/deviceHealthScripts/{id}/assignments
beta GET,POST deviceManagement/deviceManagementScripts
beta DELETE,GET,PATCH deviceManagement/deviceManagementScripts/{id}
beta POST deviceManagement/deviceManagementScripts/{id}/assign
beta GET deviceManagement/deviceManagementScripts/{id}/assignments
beta GET,POST deviceManagement/deviceShellScripts
beta DELETE,GET,PATCH deviceManagement/deviceShellScripts/{id}
beta POST deviceManagement/deviceShellScripts/{id}/assign
beta GET deviceManagement/deviceShellScripts/{id}/assignments
beta GET deviceManagement/groupPolicyCategories
beta GET,POST deviceManagement/groupPolicyConfigurations
beta DELETE,GET,PATCH deviceManagement/groupPolicyConfigurations/{id}
beta POST deviceManagement/groupPolicyConfigurations/{id}/assign
beta GET deviceManagement/groupPolicyConfigurations/{id}/assignments
beta GET,POST deviceManagement/groupPolicyConfigurations/{id}/definitionValues
beta GET deviceManagement/groupPolicyConfigurations/{id}/definitionValues/{id}
beta GET deviceManagement/groupPolicyConfigurations/{id}/definitionValues/{id}/definition
beta GET deviceManagement/groupPolicyConfigurations/{id}/definitionValues/{id}/presentationValues
beta POST deviceManagement/groupPolicyConfigurations/{id}/updateDefinitionValues
beta GET deviceManagement/groupPolicyDefinitions/{id}
beta GET deviceManagement/importedDeviceIdentities
beta POST deviceManagement/importedDeviceIdentities/importDeviceIdentityList
beta POST deviceManagement/importedWindowsAutopilotDeviceIdentities
beta GET,POST deviceManagement/intents
beta DELETE,GET,PATCH deviceManagement/intents/{id}
beta POST deviceManagement/intents/{id}/assign
beta GET deviceManagement/intents/{id}/assignments
beta GET deviceManagement/intents/{id}/categories/{id}/settings
beta GET deviceManagement/intents/{id}/settings
beta POST deviceManagement/intents/{id}/updateSettings
beta GET,POST deviceManagement/intuneBrandingProfiles
beta DELETE,GET,PATCH deviceManagement/intuneBrandingProfiles/{id}
beta GET deviceManagement/managedDeviceCleanupRules
beta GET deviceManagement/managedDeviceOverview
beta GET deviceManagement/managedDevices
beta DELETE,GET,PATCH deviceManagement/managedDevices/{id}
beta POST deviceManagement/managedDevices/{id}/cleanWindowsDevice
beta POST deviceManagement/managedDevices/{id}/createDeviceLogCollectionRequest
beta GET deviceManagement/managedDevices/{id}/deviceCompliancePolicyStates
beta GET deviceManagement/managedDevices/{id}/deviceCompliancePolicyStates/{id}/settingStates
beta GET deviceManagement/managedDevices/{id}/getFileVaultKey
beta POST deviceManagement/managedDevices/{id}/locateDevice
beta POST deviceManagement/managedDevices/{id}/rebootNow
beta POST deviceManagement/managedDevices/{id}/remoteLock
beta POST deviceManagement/managedDevices/{id}/resetPasscode
beta POST deviceManagement/managedDevices/{id}/retire
beta POST deviceManagement/managedDevices/{id}/rotateBitLockerKeys
beta POST deviceManagement/managedDevices/{id}/rotateLocalAdminPassword
beta POST deviceManagement/managedDevices/{id}/setDeviceName
beta POST deviceManagement/managedDevices/{id}/shutDown
beta POST deviceManagement/managedDevices/{id}/syncDevice
beta GET deviceManagement/managedDevices/{id}/users
beta DELETE,POST deviceManagement/managedDevices/{id}/users/$ref
beta POST deviceManagement/managedDevices/{id}/windowsDefenderScan
beta POST deviceManagement/managedDevices/{id}/windowsDefenderUpdateSignatures
beta POST deviceManagement/managedDevices/{id}/wipe
beta GET deviceManagement/mobileThreatDefenseConnectors
beta GET deviceManagement/ndesConnectors
beta GET,POST deviceManagement/notificationMessageTemplates
beta DELETE,GET,PATCH deviceManagement/notificationMessageTemplates/{id}
beta GET deviceManagement/operationApprovalPolicies
beta POST deviceManagement/reports/exportJobs
beta GET deviceManagement/reports/exportJobs/{id}
beta POST deviceManagement/reports/getDeviceInstallStatusReport
beta GET,POST deviceManagement/reusablePolicySettings
beta DELETE,GET,PATCH deviceManagement/reusablePolicySettings/{id}
beta POST deviceManagement/roleAssignments
beta GET deviceManagement/roleAssignments/{id}
beta GET,POST deviceManagement/roleDefinitions
beta DELETE,GET,PATCH deviceManagement/roleDefinitions/{id}
beta GET deviceManagement/roleDefinitions/{id}/roleAssignments
beta GET,POST deviceManagement/roleScopeTags
beta DELETE,GET,PATCH deviceManagement/roleScopeTags/{id}
beta GET deviceManagement/settings
beta GET deviceManagement/templates
beta GET deviceManagement/templates/{id}
beta GET deviceManagement/templates/{id}/categories
beta POST deviceManagement/templates/{id}/createInstance
beta GET,POST deviceManagement/termsAndConditions
beta DELETE,GET,PATCH deviceManagement/termsAndConditions/{id}
beta GET deviceManagement/termsAndConditions/{id}/assignments
beta GET deviceManagement/userPfxCertificates
beta GET deviceManagement/virtualEndpoint/cloudPCs
beta GET deviceManagement/virtualEndpoint/provisioningPolicies
beta GET deviceManagement/virtualEndpoint/provisioningPolicies/{id}
beta GET deviceManagement/virtualEndpoint/provisioningPolicies/{id}/assignments
beta GET deviceManagement/virtualEndpoint/userSettings
beta GET deviceManagement/virtualEndpoint/userSettings/{id}
beta GET deviceManagement/virtualEndpoint/userSettings/{id}/assignments
beta GET,POST deviceManagement/windowsAutopilotDeploymentProfiles
beta DELETE,GET,PATCH deviceManagement/windowsAutopilotDeploymentProfiles/{id}
beta POST deviceManagement/windowsAutopilotDeploymentProfiles/{id}/assign
beta GET,POST deviceManagement/windowsAutopilotDeploymentProfiles/{id}/assignments
beta DELETE deviceManagement/windowsAutopilotDeploymentProfiles/{id}/assignments/{id}
beta GET deviceManagement/windowsAutopilotDeviceIdentities
beta DELETE,GET deviceManagement/windowsAutopilotDeviceIdentities/{id}
beta POST deviceManagement/windowsAutopilotDeviceIdentities/{id}/updateDeviceProperties
beta GET,POST deviceManagement/windowsDriverUpdateProfiles
beta DELETE,GET,PATCH deviceManagement/windowsDriverUpdateProfiles/{id}
beta POST deviceManagement/windowsDriverUpdateProfiles/{id}/assign
beta GET deviceManagement/windowsDriverUpdateProfiles/{id}/assignments
beta GET,POST deviceManagement/windowsFeatureUpdateProfiles
beta DELETE,GET,PATCH deviceManagement/windowsFeatureUpdateProfiles/{id}
beta POST deviceManagement/windowsFeatureUpdateProfiles/{id}/assign
beta GET deviceManagement/windowsFeatureUpdateProfiles/{id}/assignments
beta GET,POST deviceManagement/windowsQualityUpdatePolicies
beta GET,PATCH deviceManagement/windowsQualityUpdatePolicies/{id}
beta GET,POST deviceManagement/windowsQualityUpdateProfiles
beta DELETE,GET,PATCH deviceManagement/windowsQualityUpdateProfiles/{id}
beta POST deviceManagement/windowsQualityUpdateProfiles/{id}/assign
beta GET deviceManagement/windowsQualityUpdateProfiles/{id}/assignments
beta GET devices
beta GET devices/{id}
beta GET devices/{id}/registeredOwners
beta GET devices/{id}/registeredUsers
beta GET directoryObjects/{id}
beta GET domains
beta GET,POST groups
beta DELETE,GET,PATCH groups/{id}
beta GET groups/{id}/members
beta POST groups/{id}/members/$ref
beta DELETE groups/{id}/members/{id}/$ref
beta GET identity/conditionalAccess/namedLocations
beta GET,POST identity/conditionalAccess/policies
beta GET organization
beta GET servicePrincipals
v1.0 GET,POST servicePrincipals/{id}/appRoleAssignments
v1.0 GET servicePrincipals/{id}/endpoints
beta GET subscribedSkus
beta GET,POST users
beta GET users/{id}
beta POST users/{id}/sendMail
"""
#: Collections, most of them refused, that one or two of them call.
COLLECTIONS = """\
admin agreements applications auditLogs deviceAppManagement/iosLobAppProvisioningConfigurations
deviceAppManagement/managedAppRegistrations deviceAppManagement/managedEBooks
deviceAppManagement/mobileAppCatalogPackages deviceAppManagement/windowsInformationProtectionPolicies
deviceAppManagement/windowsManagedAppProtections deviceAppManagement/windowsManagementApp
deviceManagement/androidForWorkEnrollmentProfiles deviceManagement/autopilotEvents
deviceManagement/certificateConnectorDetails deviceManagement/coManagedDevices deviceManagement/complianceCategories
deviceManagement/complianceManagementPartners deviceManagement/dataProcessorServiceForWindowsFeaturesOnboarding
deviceManagement/derivedCredentials deviceManagement/deviceCompliancePolicyDeviceStateSummary
deviceManagement/deviceManagementPartners deviceManagement/deviceProtectionOverview
deviceManagement/elevationRequests deviceManagement/exchangeConnectors deviceManagement/groupPolicyMigrationReports
deviceManagement/groupPolicyUploadedDefinitionFiles deviceManagement/hardwareConfigurations
deviceManagement/hardwarePasswordDetails deviceManagement/intuneBrand deviceManagement/inventoryPolicies
deviceManagement/iosUpdateStatuses deviceManagement/managedDeviceCleanupSettings
deviceManagement/managedDeviceEncryptionStates deviceManagement/monitoring
deviceManagement/operationApprovalRequests deviceManagement/organizationalMessageDetails
deviceManagement/remoteActionAudits deviceManagement/remoteAssistancePartners
deviceManagement/remoteAssistanceSettings deviceManagement/resourceAccessProfiles
deviceManagement/resourceOperations deviceManagement/subscriptionState deviceManagement/tenantAssociatedDevices
deviceManagement/troubleshootingEvents deviceManagement/windowsAutopilotSettings
deviceManagement/windowsMalwareOverview deviceManagement/windowsUpdateCatalogItems directory directoryRoleTemplates
directoryRoles identityGovernance informationProtection me policies reports roleManagement security
"""
