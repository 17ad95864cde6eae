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
		path = filepath.Join("..", "..", "target", "debug", "gwapi")
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

// Release is the command asked about one release.
type Release struct {
	binary, name string
	// unnamed: a command that knows one release alone is not told which.
	unnamed bool
}

// Open asks whether the command knows a release: its CRDs, and how to validate. The error says what it does not know.
func Open(binary, release, channel string) (*Release, error) {
	r := &Release{binary: binary, name: release}
	if _, err := r.CRDs(channel); err != nil {
		return nil, err
	}
	empty, err := os.CreateTemp("", "gwapi-empty-*.jsonl")
	if err != nil {
		return nil, err
	}
	empty.Close()
	defer os.Remove(empty.Name())
	if _, err := r.Validate(channel, empty.Name(), false); err != nil {
		if release != Default {
			return nil, err
		}
		r.unnamed = true
		if _, err := r.Validate(channel, empty.Name(), false); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Default is the release that the official suite is of, and that of a command without a word for releases.
const Default = "v1.1.0"

func (r *Release) args(verb, channel string, more ...string) []string {
	args := append([]string{verb, "--channel", channel}, more...)
	if !r.unnamed {
		args = append(args, "--release", r.name)
	}
	return args
}

// CRDs is the YAML stream of `gwapi crds`.
func (r *Release) CRDs(channel string) ([]byte, error) {
	out, _, err := run(r.binary, r.args("crds", channel)...)
	return out, err
}

// Validate returns the findings for a file or folder, as a server of the channel would judge: on creation, or
// (status) when the status is written.
func (r *Release) Validate(channel, path string, status bool) ([]Finding, error) {
	more := []string{"-f", path, "-o", "json"}
	if status {
		more = append(more, "--with-status")
	}
	out, code, err := run(r.binary, r.args("validate", channel, more...)...)
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
