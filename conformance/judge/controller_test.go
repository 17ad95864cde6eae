package judge

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
	list, err := exec.Command(scenes, "--list", "--format", "terse").Output()
	if err != nil {
		t.Fatalf("%s lists no scenes: %v", scenes, err)
	}
	written := strings.Count(string(list), ": test\n")
	if written < fewestScenes {
		t.Fatalf("%s has %d scenes, and there are at least %d", scenes, written, fewestScenes)
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
			if passed := passedScenes(text); passed != written {
				t.Fatalf("%d of %d scenes passed:\n%s", passed, written, text)
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

// fewestScenes is how many scenes there are at least: a program with fewer is not the one that was meant.
const fewestScenes = 16

var allPassed = regexp.MustCompile(`(?m)^test result: ok\. (\d+) passed; 0 failed; `)

// passedScenes is how many scenes have passed, by what the program says of all; 0 where it does not say that, or that some has failed.
func passedScenes(text []byte) int {
	found := allPassed.FindSubmatch(text)
	if found == nil {
		return 0
	}
	passed, err := strconv.Atoi(string(found[1]))
	if err != nil {
		return 0
	}
	return passed
}

// TestPassedScenes reads what a program with scenes prints.
func TestPassedScenes(t *testing.T) {
	for text, passed := range map[string]int{
		"running 2 tests\n..\ntest result: ok. 18 passed; 0 failed; 0 ignored; 0 measured\n": 18,
		"test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 18 filtered out\n":      0,
		"test result: FAILED. 17 passed; 1 failed; 0 ignored\n":                              0,
		"": 0,
	} {
		if got := passedScenes([]byte(text)); got != passed {
			t.Errorf("%d of %q", got, text)
		}
	}
}

// lastLine is the last line with a text in it.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1] + "\n"
}
