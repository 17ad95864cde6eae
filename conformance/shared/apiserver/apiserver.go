// Package apiserver runs the API server's own code for custom resources (structural schemas, defaulting, CEL,
// generation, the status subresource) in this process: an embedded etcd and any number of servers on it.
package apiserver

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	servertesting "k8s.io/apiextensions-apiserver/pkg/cmd/server/testing"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/yaml"
)

// kubeconfig names a cluster that nobody asks: authentication and authorization want a file to start with.
const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
current-context: none
users: [{name: none, user: {}}]
`

// Machine is one etcd that servers share, each under a prefix of its own.
type Machine struct {
	dir     string
	etcd    *embed.Etcd
	address string

	// starting is held by whoever starts a server: the flags and feature gates that servers read are the process's.
	starting sync.Mutex
	mu       sync.Mutex
	servers  []*Server
}

// Server is one running API server for custom resources.
type Server struct {
	// Config reaches the server with all rights.
	Config *rest.Config
	// Name tells servers apart in messages.
	Name string

	crds clientset.Interface
	http *http.Client
	base string
	stop func()
	// served maps group/version/kind to the resource that serves it.
	served map[string]resource
}

type resource struct {
	plural     string
	namespaced bool
}

// quiet drops what the servers print: a failure reaches the caller as an error.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Logf(string, ...any)   {}
func (quiet) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

// NewMachine starts etcd on free loopback ports, its data in a temporary directory.
func NewMachine() (*Machine, error) {
	silence()
	dir, err := os.MkdirTemp("", "gwapi-conformance")
	if err != nil {
		return nil, err
	}
	client, peer := freePort(), freePort()
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(dir, "etcd")
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	cfg.InitialCluster = cfg.Name + "=" + peer.String()
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	cfg.UnsafeNoFsync = true
	started, err := embed.StartEtcd(cfg)
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	select {
	case <-started.Server.ReadyNotify():
	case <-time.After(30 * time.Second):
		started.Close()
		os.RemoveAll(dir)
		return nil, fmt.Errorf("etcd was not ready after 30 s")
	}
	file := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		started.Close()
		os.RemoveAll(dir)
		return nil, err
	}
	return &Machine{dir: dir, etcd: started, address: client.String()}, nil
}

// silence keeps the servers' log, which is about a cluster that is not there, off the terminal.
func silence() {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			panic(err)
		}
	}
	klog.SetOutput(io.Discard)
}

func freePort() url.URL {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return url.URL{Scheme: "http", Host: l.Addr().String()}
}

// Start runs one more server; name is the prefix of its data.
func (m *Machine) Start(name string) (*Server, error) {
	file := filepath.Join(m.dir, "kubeconfig")
	m.starting.Lock()
	started, err := servertesting.StartTestServer(quiet{}, nil, []string{
		"--etcd-prefix", "/" + name,
		"--etcd-servers", m.address,
		"--authentication-skip-lookup",
		"--authentication-kubeconfig", file,
		"--authorization-kubeconfig", file,
		"--kubeconfig", file,
		"--enable-priority-and-fairness=false",
		"--max-requests-inflight=0",
		"--max-mutating-requests-inflight=0",
		// Admission asks a whole cluster (namespaces, webhooks, policies), which is not there.
		"--disable-admission-plugins", strings.Join(options.NewAdmissionOptions().Plugins.Registered(), ","),
	}, nil)
	m.starting.Unlock()
	if err != nil {
		return nil, fmt.Errorf("start server %s: %w", name, err)
	}
	cfg := rest.CopyConfig(started.ClientConfig)
	cfg.QPS, cfg.Burst = -1, -1
	cfg.WarningHandler = rest.NoWarnings{}
	// Protobuf is for built-in kinds only.
	cfg.ContentType, cfg.AcceptContentTypes = "application/json", "application/json"
	crds, err := clientset.NewForConfig(cfg)
	if err != nil {
		return nil, err
	}
	transport, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, err
	}
	base, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Config: cfg, Name: name, crds: crds, http: transport,
		base: strings.TrimSuffix(base.String(), "/"), stop: started.TearDownFn, served: map[string]resource{},
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.servers = append(m.servers, s)
	return s, nil
}

// Stop ends the servers and etcd and removes their data.
func (m *Machine) Stop() {
	for _, s := range m.servers {
		s.Stop()
	}
	m.etcd.Close()
	os.RemoveAll(m.dir)
}

// Stop ends one server before the others; its data stay until the machine stops.
func (s *Server) Stop() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// Install creates the CustomResourceDefinitions of a YAML stream and waits until each is established. A definition
// that the server refuses (among others for the cost of its CEL rules) or whose schema is not structural is an error.
func (s *Server) Install(ctx context.Context, stream []byte) (int, error) {
	var names []string
	for _, doc := range strings.Split("\n"+string(stream), "\n---") {
		// Later releases bring an admission policy along.
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(doc), &kind); err != nil {
			return 0, fmt.Errorf("%s: read a CustomResourceDefinition: %w", s.Name, err)
		}
		if kind.Kind != "CustomResourceDefinition" {
			continue
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict([]byte(doc), crd); err != nil {
			return 0, fmt.Errorf("%s: read a CustomResourceDefinition: %w", s.Name, err)
		}
		// A status in a manifest is none of the server's doing.
		crd.Status = apiextensionsv1.CustomResourceDefinitionStatus{}
		if _, err := s.crds.ApiextensionsV1().CustomResourceDefinitions().Create(ctx, crd, metav1.CreateOptions{}); err != nil {
			return 0, fmt.Errorf("%s: create %s: %w", s.Name, crd.Name, err)
		}
		names = append(names, crd.Name)
		for _, v := range crd.Spec.Versions {
			if v.Served {
				s.served[crd.Spec.Group+"/"+v.Name+"/"+crd.Spec.Names.Kind] = resource{
					plural: crd.Spec.Names.Plural, namespaced: crd.Spec.Scope == apiextensionsv1.NamespaceScoped,
				}
			}
		}
	}
	for _, name := range names {
		if err := s.established(ctx, name); err != nil {
			return 0, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return len(names), s.reachable(ctx)
}

func (s *Server) established(ctx context.Context, name string) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		crd, err := s.crds.ApiextensionsV1().CustomResourceDefinitions().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		done := false
		for _, c := range crd.Status.Conditions {
			switch {
			case c.Type == apiextensionsv1.NonStructuralSchema && c.Status == apiextensionsv1.ConditionTrue:
				return fmt.Errorf("%s: the schema is not structural: %s", name, c.Message)
			case c.Type == apiextensionsv1.NamesAccepted && c.Status == apiextensionsv1.ConditionFalse:
				return fmt.Errorf("%s: names are not accepted: %s", name, c.Message)
			case c.Type == apiextensionsv1.KubernetesAPIApprovalPolicyConformant && c.Status == apiextensionsv1.ConditionFalse:
				return fmt.Errorf("%s: not conformant with the API approval policy: %s", name, c.Message)
			case c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue:
				done = true
			}
		}
		if done {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s was not established after 30 s", name)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// reachable waits until every resource answers: established comes a moment before served.
func (s *Server) reachable(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for gvk, r := range s.served {
		gv := gvk[:strings.LastIndex(gvk, "/")]
		for {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/apis/"+gv+"/"+r.plural, nil)
			if err != nil {
				return err
			}
			resp, err := s.http.Do(req)
			if err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					break
				}
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s: %s was not served after 30 s", s.Name, gvk)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}
