package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/gateway-api/conformance/utils/roundtripper"

	"gwapi/conformance/shared/gwapi"
)

// RoundTripper answers the suite's HTTP requests from the simulator.
type RoundTripper struct{ Cluster *Cluster }

var _ roundtripper.RoundTripper = (*RoundTripper)(nil)

// CaptureRoundTrip sends one request to the Gateway that has the address in the URL.
func (r *RoundTripper) CaptureRoundTrip(request roundtripper.Request) (*roundtripper.CapturedRequest, *roundtripper.CapturedResponse, error) {
	gateway, port, err := r.Cluster.network.lookup(request.URL.Scheme, request.URL.Host)
	if err != nil {
		return nil, nil, err
	}
	host := request.Host
	if host == "" {
		host = request.URL.Host
	}
	headers := http.Header{"User-Agent": {"Go-http-client/1.1"}, "Accept-Encoding": {"gzip"}}
	for name, values := range request.Headers {
		// Only the first value goes out, as with the suite's own client.
		headers.Set(name, values[0])
	}
	method := request.Method
	if method == "" {
		method = http.MethodGet
	}
	sent := gwapi.Request{
		Method: method, URL: target(request.URL.Scheme, host, request.URL.RequestURI()), Headers: listOf(headers),
		Gateway: gateway.String(), Port: port, Backend: backendOf(headers, request.URL.RawQuery), Protocol: "http/1.1",
	}
	if request.URL.Scheme == "https" {
		sent.SNI = request.Server
		if sent.SNI == "" {
			sent.SNI = hostOf(host)
		}
	}
	if request.Protocol == roundtripper.H2CPriorKnowledgeProtocol {
		sent.Protocol = "h2c"
	}
	answer, a, err := r.Cluster.send(context.Background(), sent)
	if err != nil {
		return nil, nil, err
	}
	captured := &roundtripper.CapturedRequest{Method: method}
	if a.pod != nil {
		captured = &roundtripper.CapturedRequest{
			Path: a.path, Host: a.host, Method: a.method, Protocol: a.protocol, Headers: a.headers,
			Namespace: a.pod.Namespace, Pod: a.pod.Name,
		}
	}
	response := &roundtripper.CapturedResponse{StatusCode: a.status, Protocol: "HTTP/1.1", Headers: a.response}
	if roundtripper.IsRedirect(a.status) {
		base, err := url.Parse(sent.URL)
		if err != nil {
			return nil, nil, err
		}
		location, err := base.Parse(a.response.Get("Location"))
		if err != nil || a.response.Get("Location") == "" {
			return nil, nil, fmt.Errorf("%s with location %q", answer.Outcome, a.response.Get("Location"))
		}
		response.RedirectRequest = &roundtripper.RedirectRequest{
			Scheme: location.Scheme, Host: location.Hostname(), Port: location.Port(), Path: location.Path,
		}
	}
	return captured, response, nil
}

func target(scheme, host, uri string) string { return scheme + "://" + host + uri }

func hostOf(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return authority
}

// lookup finds the Gateway that has an address, and the port connected to.
func (n *network) lookup(scheme, authority string) (types.NamespacedName, int, error) {
	host, text, err := net.SplitHostPort(authority)
	if err != nil {
		host, text = authority, map[string]string{"http": "80", "https": "443"}[scheme]
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return types.NamespacedName{}, 0, fmt.Errorf("no port in %q", authority)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	gateway, ok := n.gateways[host]
	if !ok {
		return types.NamespacedName{}, 0, fmt.Errorf("no Gateway has the address %s", host)
	}
	return gateway, port, nil
}
