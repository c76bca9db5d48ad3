// Watches refrigerated trucks: one that gets warm is cooled, and reports more often.
import iothub from "azure-iothub";

const WARM = 8; // degrees Celsius

/** The service, on the hub of a connection string. */
export class ColdChain {
  constructor(connectionString) {
    this.registry = iothub.Registry.fromConnectionString(connectionString);
    this.client = iothub.Client.fromConnectionString(connectionString);
  }

  /** Takes one message of a truck, as an Azure Function with an IoT Hub trigger gets it. */
  async onReading(truck, { temperature }) {
    const warm = temperature > WARM;
    const patch = { properties: { desired: { interval: warm ? 10 : 60 } } };
    await this.registry.updateTwin(truck, patch, "*");
    if (warm) {
      await this.client.invokeDeviceMethod(truck, { methodName: "cool", payload: { target: 4 } });
    }
  }
}
