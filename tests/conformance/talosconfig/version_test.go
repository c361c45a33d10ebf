package conformance

import "github.com/siderolabs/talos/pkg/machinery/config"

// What changes with the module's version.
const currentMinor = 13

func endpointOf(provider config.Provider) string {
	return provider.Cluster().Endpoint().String()
}
