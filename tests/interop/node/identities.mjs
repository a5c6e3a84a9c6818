// Signs in without a secret, by @azure/identity, as the environment says. Arguments: the kind of identity, and perhaps
// the client id of a user-assigned one. Prints a line of JSON for each credential.
import { DefaultAzureCredential, ManagedIdentityCredential, WorkloadIdentityCredential } from "@azure/identity";

const [kind, clientId] = process.argv.slice(2);
const options = kind === "workload" && process.env.AZURE_AUTHORITY_HOST ? { disableInstanceDiscovery: true } : {};
const own =
  kind === "workload"
    ? new WorkloadIdentityCredential(options)
    : new ManagedIdentityCredential(clientId ? { clientId } : {});
const chosen = clientId ? { managedIdentityClientId: clientId } : {};
for (const credential of [own, new DefaultAzureCredential({ ...options, ...chosen })]) {
  const began = Date.now();
  try {
    const { token } = await credential.getToken("https://graph.microsoft.com/.default");
    const { appid, roles } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
    const response = await fetch(`${process.env.FAUXTUNE_URL}/v1.0/users`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    console.log(JSON.stringify({ appid, roles: roles.length, graph: response.status }));
  } catch (error) {
    console.log(JSON.stringify({ refused: error.message, seconds: (Date.now() - began) / 1000 }));
  }
}
