//go:build !js

// Command liandan-verify checks evidence files (bundles) of batches and manifests with
// no server, no network and no database: rings 0 and 1 of the house only, and a test
// says so. It believes nothing but the log's key that its user brings.
package main

import (
	"os"
	"runtime/debug"
)

func main() {
	// Most of what a check allocates is gone with the next event: collecting it less
	// often is worth a sixth of the time, and the limit keeps a hostile file in bounds.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(1 << 30)
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
