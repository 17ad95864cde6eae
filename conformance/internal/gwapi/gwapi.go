// Package gwapi runs the `gwapi` command: its CRDs, its findings, and the simulator behind `gwapi serve --stdio`.
package gwapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Binary is the command: $GWAPI_BIN, or what `cargo build` leaves in the repository.
func Binary() (string, error) {
	path := os.Getenv("GWAPI_BIN")
	if path == "" {
		path = filepath.Join("..", "target", "debug", "gwapi")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no gwapi command (build it with `cargo build -p gwapi-cli`, or name it in GWAPI_BIN): %w", err)
	}
	return path, nil
}

// Finding is one entry of `gwapi validate -o json`.
type Finding struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Object *struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Namespace  string `json:"namespace"`
		Name       string `json:"name"`
	} `json:"object"`
	Severity string `json:"severity"`
	Rule     string `json:"rule"`
	Path     string `json:"path"`
	Message  string `json:"message"`
}

// CRDs is the YAML stream of `gwapi crds`.
func CRDs(binary, channel string) ([]byte, error) {
	out, _, err := run(binary, "crds", "--channel", channel)
	return out, err
}

// Validate returns the findings for a file or folder, as a server of the channel would judge.
func Validate(binary, channel, path string) ([]Finding, error) {
	out, code, err := run(binary, "validate", "-f", path, "--channel", channel, "-o", "json")
	if err != nil && code != 1 {
		return nil, err
	}
	var findings []Finding
	if err := json.Unmarshal(out, &findings); err != nil {
		return nil, fmt.Errorf("read the findings: %w: %.200s", err, out)
	}
	return findings, nil
}

func run(binary string, args ...string) ([]byte, int, error) {
	cmd := exec.Command(binary, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		return out, 0, nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out, exit.ExitCode(), fmt.Errorf("gwapi %v: exit %d: %.500s", args, exit.ExitCode(), stderr.String())
	}
	return nil, -1, err
}
