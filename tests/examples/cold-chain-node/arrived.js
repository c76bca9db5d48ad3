import iothub from "azure-iothub";

/** The first message of a device whose body fulfils a condition; it waits up to a minute. */
export async function arrived(connectionString, device, condition) {
  const { HostName, SharedAccessKeyName, SharedAccessKey } =
    iothub.ConnectionString.parse(connectionString);
  const expiry = Math.ceil(Date.now() / 1000) + 300;
  const Authorization = iothub.SharedAccessSignature.create(
    HostName, SharedAccessKeyName, SharedAccessKey, expiry,
  ).toString();
  const seen = [];
  for (let after = 0; ; ) {
    const query = new URLSearchParams({ device, after, wait: 60 });
    const answer = await fetch(`https://${HostName}/events?${query}`, { headers: { Authorization } });
    const { events, next } = await answer.json();
    seen.push(...events);
    const found = events.find((event) => event.source === "Telemetry" && condition(event.body));
    if (found) return found;
    if (events.length === 0) throw new Error(`not among ${JSON.stringify(seen)}`);
    after = next;
  }
}
