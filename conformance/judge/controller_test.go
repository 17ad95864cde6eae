package judge

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gwapi/conformance/judge/internal/cluster"
	"gwapi/conformance/judge/internal/upstream"
	"gwapi/conformance/shared/apiserver"
	"gwapi/conformance/shared/gwapi"
)

// TestController runs the scenes of the example controller (examples/controller/tests/scenes) on the API server's own code, with
// the CRDs of an older and of a newer release. GWAPI_SCENES names the program with the scenes.
func TestController(t *testing.T) {
	scenes := os.Getenv("GWAPI_SCENES")
	if scenes == "" {
		t.Skip("GWAPI_SCENES is not set: conformance/run controller sets it")
	}
	machine, err := apiserver.NewMachine()
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Stop()
	reference := map[string]upstream.Release{}
	releases, _ := upstream.Releases()
	for _, r := range releases {
		reference[r.Name] = r
	}
	for _, crds := range []struct{ release, channel string }{
		{"v1.1.0", "standard"}, {"v1.1.0", "experimental"}, {"v1.6.1", "standard"}, {"v1.6.1", "experimental"},
	} {
		t.Run(crds.release+"/"+crds.channel, func(t *testing.T) {
			server, err := machine.Start("controller-" + crds.release + "-" + crds.channel)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Stop()
			stream, err := definitions(reference, crds.release, crds.channel)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := server.Install(t.Context(), stream); err != nil {
				t.Fatal(err)
			}
			served, err := cluster.Serve(t.Context(), server)
			if err != nil {
				t.Fatal(err)
			}
			defer served.Stop()
			kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
			if err := served.Kubeconfig(kubeconfig); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(scenes)
			cmd.Env = append(os.Environ(), "GWAPI_KUBECONFIG="+kubeconfig)
			text, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			fmt.Printf("controller: %s %s: %s", crds.release, crds.channel, lastLine(text))
		})
	}
}

// definitions are the CRDs of a release: its own where they are at hand, else those of gwapi, which are equal.
func definitions(reference map[string]upstream.Release, name, channel string) ([]byte, error) {
	if r, found := reference[name]; found {
		return r.CRDs(channel)
	}
	binary, err := gwapi.Binary()
	if err != nil {
		return nil, err
	}
	release, err := gwapi.Open(binary, name, channel)
	if err != nil {
		return nil, err
	}
	return release.CRDs(channel)
}

// lastLine is the last line with a text in it.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1] + "\n"
}
