package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes"
	v1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/apis/v1beta1"
	upstream "sigs.k8s.io/gateway-api/conformance"
	confv1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/config"
	"sigs.k8s.io/gateway-api/conformance/utils/roundtripper"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
	"sigs.k8s.io/yaml"

	"gwapi/conformance/shared/apiserver"
	"gwapi/conformance/shared/gwapi"
	"gwapi/conformance/suite/internal/cluster"
)

const (
	gatewayClass = "gwapi"
	controller   = "gwapi.test/controller"
	// expectedTests is the number of tests that the suite of v1.1.0 has.
	expectedTests = 68
	// resultsVariable names, for the process that runs the suite, the file for its results.
	resultsVariable = "GWAPI_SUITE_RESULTS"
	// reportVariable names the file for the suite's own report.
	reportVariable = "GWAPI_SUITE_REPORT"
)

// profiles are those for which the suite reports. MESH-GRPC is left out: the suite of v1.1.0 has no test of it, and files what
// it counts for it under MESH-HTTP, where it would count twice.
var profiles = sets.New(
	suite.GatewayHTTPConformanceProfileName,
	suite.GatewayTLSConformanceProfileName,
	suite.GatewayGRPCConformanceProfileName,
	suite.MeshHTTPConformanceProfileName,
)

// implementation is who the report is about, as `gwapi conformance` says it.
func implementation() confv1.Implementation {
	const home = "https://crates.io/crates/gwapi"
	return confv1.Implementation{
		Organization: "gwapi", Project: "gwapi", URL: home, Version: os.Getenv("GWAPI_VERSION"), Contact: []string{home},
	}
}

// failure is one entry of expected-failures.yaml.
type failure struct {
	Test   string `json:"test"`
	Reason string `json:"reason"`
}

// TestSuite runs the official suite in a process of its own (a test that fails there is not yet one that fails here)
// and holds the results against expected-failures.yaml: it fails if a listed test passes or an unlisted one fails.
//
// GWAPI_SUITE_LOG is a file for the suite's log, GWAPI_RUN_TEST the name of the one test to run.
func TestSuite(t *testing.T) {
	if _, err := gwapi.Binary(); err != nil {
		t.Fatal(err)
	}
	expected := map[string]string{}
	var listed []failure
	text, err := os.ReadFile("expected-failures.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, &listed); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, test := range tests.ConformanceTests {
		known[test.ShortName] = true
	}
	for _, f := range listed {
		if !known[f.Test] || f.Reason == "" || expected[f.Test] != "" {
			t.Errorf("expected-failures.yaml: %q is no test of the suite, has no reason, or stands there twice", f.Test)
		}
		expected[f.Test] = f.Reason
	}

	dir := t.TempDir()
	results := filepath.Join(dir, "results.json")
	cmd := exec.Command(os.Args[0], "-test.run=^TestUpstream$", "-test.v", "-test.timeout=30m")
	cmd.Env = append(os.Environ(), resultsVariable+"="+results)
	log, runErr := cmd.CombinedOutput()
	if path := os.Getenv("GWAPI_SUITE_LOG"); path != "" {
		if err := os.WriteFile(path, log, 0o644); err != nil {
			t.Error(err)
		}
	}
	outcome := map[string]string{}
	raw, err := os.ReadFile(results)
	if err == nil {
		err = json.Unmarshal(raw, &outcome)
	}
	if err != nil {
		t.Fatalf("the suite did not come to its end: %v, %v\n%s", runErr, err, tail(log, 60))
	}

	names := make([]string, 0, len(outcome))
	count := map[string]int{}
	for name, o := range outcome {
		names = append(names, name)
		count[o]++
	}
	sort.Strings(names)
	for _, name := range names {
		reason, isExpected := expected[name]
		switch o := outcome[name]; {
		case o == "passed" && isExpected:
			t.Errorf("%s passes: take it from expected-failures.yaml", name)
		case o == "skipped":
			t.Errorf("%s was skipped", name)
		case o == "failed" && !isExpected:
			t.Errorf("%s fails\n%s", name, excerpt(log, name))
		case o == "failed":
			fmt.Printf("suite: %s fails as expected: %s\n", name, reason)
		}
	}
	if os.Getenv("GWAPI_RUN_TEST") == "" && len(names) != expectedTests {
		t.Errorf("%d tests ran, not %d", len(names), expectedTests)
	}
	fmt.Printf("suite: %d tests ran, %d passed, %d failed (%d expected to), %d skipped\n", len(names), count["passed"], count["failed"], len(expected), count["skipped"])
}

// excerpt is what the suite logged about a test and its parts.
func excerpt(log []byte, name string) string {
	var out []string
	inside := false
	for _, line := range strings.Split(string(log), "\n") {
		trimmed := strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(trimmed, "=== "); ok {
			_, path, _ := strings.Cut(rest, " ")
			parts := strings.Split(strings.TrimSpace(path), "/")
			inside = len(parts) > 1 && parts[1] == name
			continue
		}
		if inside && !strings.HasPrefix(trimmed, "--- ") {
			out = append(out, line)
		}
	}
	return string(tail([]byte(strings.Join(out, "\n")), 12))
}

func tail(text []byte, lines int) []byte {
	all := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return bytes.Join(all, []byte("\n"))
}

// TestUpstream is the suite itself; TestSuite runs it.
func TestUpstream(t *testing.T) {
	results := os.Getenv(resultsVariable)
	if results == "" {
		t.Skip("run by TestSuite")
	}
	binary, err := gwapi.Binary()
	if err != nil {
		t.Fatal(err)
	}
	machine, err := apiserver.NewMachine()
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Stop()
	server, err := machine.Start("suite")
	if err != nil {
		t.Fatal(err)
	}
	release, err := gwapi.Open(binary, gwapi.Default, "experimental")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := release.CRDs("experimental")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Install(context.Background(), stream); err != nil {
		t.Fatal(err)
	}
	sim, err := gwapi.StartServe(binary, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	ip := v1.IPAddressType
	// Loopback addresses of this run alone: another may be under way on the same machine.
	own := fmt.Sprintf("127.%d.%d", 10+os.Getpid()%100, os.Getpid()/100%250)
	usable := []v1beta1.GatewayAddress{{Type: &ip, Value: own + ".254"}}
	unusable := []v1beta1.GatewayAddress{{Type: &ip, Value: "192.0.2.1"}}

	// Every feature that a test asks for: none is skipped.
	all := features.AllFeatures.Clone().Insert(features.SupportUDPRoute)
	for _, test := range tests.ConformanceTests {
		all.Insert(test.Features...)
	}
	names := make([]string, 0, len(all))
	for f := range all {
		names = append(names, string(f))
	}
	sort.Strings(names)
	var pool []map[string]string
	for i := 1; i < 250; i++ {
		pool = append(pool, map[string]string{"type": "IPAddress", "value": fmt.Sprintf("%s.%d", own, i)})
	}
	if err := sim.Configure(map[string]any{
		"controllerName": controller, "features": names, "addresses": pool, "unusableAddresses": unusable,
	}); err != nil {
		t.Fatal(err)
	}
	world, err := cluster.New(server.Config, sim)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	kubelet, closer, err := world.Kubelet()
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	clientset, err := kubernetes.NewForConfig(kubelet)
	if err != nil {
		t.Fatal(err)
	}
	class := &v1.GatewayClass{ObjectMeta: metav1.ObjectMeta{Name: gatewayClass}, Spec: v1.GatewayClassSpec{ControllerName: controller}}
	if err := world.Create(context.Background(), class); err != nil {
		t.Fatal(err)
	}
	run, err := suite.NewConformanceTestSuite(suite.ConformanceOptions{
		Client: world, Clientset: clientset, RestConfig: kubelet, RoundTripper: &roundtripper.DefaultRoundTripper{TimeoutConfig: timeouts()},
		GatewayClassName: gatewayClass, SupportedFeatures: all, ManifestFS: []fs.FS{&upstream.Manifests},
		UsableNetworkAddresses: usable, UnusableNetworkAddresses: unusable, TimeoutConfig: timeouts(),
		RunTest: os.Getenv("GWAPI_RUN_TEST"), ConformanceProfiles: profiles, Implementation: implementation(),
	})
	if err != nil {
		t.Fatal(err)
	}
	outcome := map[string]string{}
	run.Setup(t, tests.ConformanceTests)
	var watched []suite.ConformanceTest
	for _, test := range tests.ConformanceTests {
		if run.RunTest != "" && run.RunTest != test.ShortName {
			continue
		}
		name, own := test.ShortName, test.Test
		// Left as it is where the suite does not come to the test.
		outcome[name] = "skipped"
		test.Test = func(t *testing.T, s *suite.ConformanceTestSuite) {
			outcome[name] = "failed"
			defer func() {
				switch {
				case t.Skipped():
					outcome[name] = "skipped"
				case !t.Failed():
					outcome[name] = "passed"
				}
			}()
			own(t, s)
		}
		watched = append(watched, test)
	}
	if err := run.Run(t, watched); err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv(reportVariable); path != "" {
		report, err := run.Report()
		if err != nil {
			t.Fatal(err)
		}
		sort.Slice(report.ProfileReports, func(i, j int) bool {
			return report.ProfileReports[i].Name < report.ProfileReports[j].Name
		})
		text, err := yaml.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := json.Marshal(outcome)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(results, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// timeouts are short: a status is written before the write that it follows from returns.
func timeouts() config.TimeoutConfig {
	short := 2 * time.Second
	return config.TimeoutConfig{
		CreateTimeout: 30 * time.Second, DeleteTimeout: 30 * time.Second, GetTimeout: 10 * time.Second,
		GatewayMustHaveAddress: short, GatewayMustHaveCondition: short, GatewayStatusMustHaveListeners: short,
		GatewayListenersMustHaveConditions: short, GWCMustBeAccepted: short, HTTPRouteMustNotHaveParents: short,
		HTTPRouteMustHaveCondition: short, TLSRouteMustHaveCondition: short, RouteMustHaveParents: short,
		ManifestFetchTimeout: short, MaxTimeToConsistency: short, NamespacesMustBeReady: short, RequestTimeout: 10 * time.Second,
		LatestObservedGenerationSet: short, DefaultTestTimeout: 30 * time.Second, RequiredConsecutiveSuccesses: 2,
	}
}
