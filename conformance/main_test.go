// Package conformance proves gwapi by what others wrote: the API server's own code judges the CRDs and the
// validation, and the official suite of Gateway API v1.1.0 runs against the simulator.
package conformance

import (
	"os"
	"path/filepath"
	"testing"
)

// reference is the folder with the reference CRDs and examples of v1.1.0, or "" where they are not at hand.
func reference() string {
	dir := os.Getenv("GWAPI_REFERENCE")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "upstream", "v1.1.0")
	}
	if _, err := os.Stat(filepath.Join(dir, "crds")); err != nil {
		return ""
	}
	return dir
}

func TestMain(m *testing.M) { os.Exit(m.Run()) }
