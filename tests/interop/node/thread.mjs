// What a developer writes with @microsoft/microsoft-graph-client: nothing here knows of an emulator but the address.
// Prints one JSON document of what it saw; the test in Python judges it.

import { ClientSecretCredential } from "@azure/identity";
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  GraphError,
  PageIterator,
} from "@microsoft/microsoft-graph-client";
import {
  TokenCredentialAuthenticationProvider,
} from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

const { FAUXTUNE_URL, FAUXTUNE_TENANT, FAUXTUNE_CLIENT_ID, FAUXTUNE_CLIENT_SECRET, ROOT_CERTIFICATE } = process.env;
const seen = {};

const credential = new ClientSecretCredential(FAUXTUNE_TENANT, FAUXTUNE_CLIENT_ID, FAUXTUNE_CLIENT_SECRET, {
  authorityHost: FAUXTUNE_URL,
  disableInstanceDiscovery: true,
});
const client = Client.initWithMiddleware({
  authProvider: new TokenCredentialAuthenticationProvider(credential, {
    scopes: ["https://graph.microsoft.com/.default"],
  }),
  baseUrl: `${FAUXTUNE_URL}/`,
  customHosts: new Set([new URL(FAUXTUNE_URL).hostname]),
  defaultVersion: "beta",
});

// Users: made, found by filter, changed, with the headers of an advanced query.
const upn = `node-${Date.now()}@contoso.example`;
const user = await client.api("/users").post({
  accountEnabled: true,
  displayName: "Node",
  mailNickname: "node",
  userPrincipalName: upn,
  passwordProfile: { password: "Fauxtune1!", forceChangePasswordNextSignIn: false },
});
await client.api(`/users/${user.id}`).update({ jobTitle: "Runtime" });
const found = await client
  .api("/users")
  .header("ConsistencyLevel", "eventual")
  .filter(`userPrincipalName eq '${upn}'`)
  .select(["id", "jobTitle"])
  .count(true)
  .get();
seen.user = { count: found["@odata.count"], jobTitle: found.value[0].jobTitle, same: found.value[0].id === user.id };

// A group and its member, by reference.
const group = await client.api("/groups").post({
  displayName: "Node people",
  mailEnabled: false,
  mailNickname: "nodepeople",
  securityEnabled: true,
});
await client.api(`/groups/${group.id}/members/$ref`).post({
  "@odata.id": `https://graph.microsoft.com/beta/directoryObjects/${user.id}`,
});
const members = await client.api(`/groups/${group.id}/members/microsoft.graph.user`).get();
seen.members = members.value.map((each) => each.userPrincipalName === upn);

// Profiles: made, assigned, read back with their assignments.
const profile = await client.api("/deviceManagement/deviceConfigurations").post({
  "@odata.type": "#microsoft.graph.androidWorkProfileTrustedRootCertificate",
  displayName: "Node root",
  certFileName: "root.cer",
  trustedRootCertificate: ROOT_CERTIFICATE,
});
await client.api(`/deviceManagement/deviceConfigurations/${profile.id}/assign`).post({
  assignments: [{ target: { "@odata.type": "#microsoft.graph.groupAssignmentTarget", groupId: group.id } }],
});
const expanded = await client.api(`/deviceManagement/deviceConfigurations/${profile.id}`).expand("assignments").get();
seen.assignment = expanded.assignments[0].id === `${profile.id}_${group.id}`;

// Pages: followed by the client itself.
const first = await client.api("/users").top(2).select("userPrincipalName").get();
const names = [];
await new PageIterator(client, first, (each) => names.push(each.userPrincipalName) > 0).iterate();
seen.pages = { all: new Set(names).size === names.length, mine: names.includes(upn), more: names.length > 2 };

// A batch: two reads and a refusal.
const batch = new BatchRequestContent([
  { id: "1", request: new Request(`${FAUXTUNE_URL}/users/${user.id}`, { method: "GET" }) },
  { id: "2", request: new Request(`${FAUXTUNE_URL}/users/nobody@contoso.example`, { method: "GET" }) },
]);
const responses = new BatchResponseContent(await client.api("/$batch").post(await batch.getContent()));
seen.batch = { first: responses.getResponseById("1").status, second: responses.getResponseById("2").status };

// A typed error.
try {
  await client.api("/deviceManagement/managedDevices/00000000-0000-0000-0000-000000000000").get();
} catch (error) {
  seen.error = { typed: error instanceof GraphError, status: error.statusCode, code: error.code, id: !!error.requestId };
}

// A count, as plain text.
seen.count = Number(await client.api("/deviceManagement/deviceConfigurations/$count").get()) >= 1;

// v1.0 shows the same user.
seen.v1 = (await client.api(`/users/${user.id}`).version("v1.0").get()).displayName;

await client.api(`/deviceManagement/deviceConfigurations/${profile.id}`).delete();
await client.api(`/groups/${group.id}`).delete();
await client.api(`/users/${user.id}`).delete();
try {
  await client.api(`/users/${user.id}`).get();
} catch (error) {
  seen.gone = error.statusCode;
}
console.log(JSON.stringify(seen));
