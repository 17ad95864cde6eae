package cluster

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/miekg/dns"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
	"golang.org/x/net/websocket"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	pb "sigs.k8s.io/gateway-api/conformance/echo-basic/grpcechoserver"

	"gwapi/conformance/shared/gwapi"
)

// network is the data plane's outside: the addresses of the Gateways, and for what needs a socket (gRPC, WebSocket,
// UDP) loopback listeners whose handlers ask the simulator. Each Gateway has a loopback address of its own.
type network struct {
	cluster *Cluster

	mu       sync.Mutex
	gateways map[string]types.NamespacedName
	sockets  map[socket]io.Closer
}

type socket struct {
	gateway  types.NamespacedName
	protocol string
	address  string
}

func newNetwork(c *Cluster) *network {
	return &network{cluster: c, gateways: map[string]types.NamespacedName{}, sockets: map[socket]io.Closer{}}
}

func (n *network) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.sockets {
		s.Close()
	}
}

// remove forgets a Gateway.
func (n *network) remove(key types.NamespacedName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for address, g := range n.gateways {
		if g == key {
			delete(n.gateways, address)
		}
	}
	for s, closer := range n.sockets {
		if s.gateway == key {
			closer.Close()
			delete(n.sockets, s)
		}
	}
}

// gateway brings addresses and sockets in line with a Gateway's listeners and status.
func (n *network) gateway(obj *unstructured.Unstructured) {
	key := types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}
	listeners, _, _ := unstructured.NestedSlice(obj.Object, "spec", "listeners")
	addresses, _, _ := unstructured.NestedSlice(obj.Object, "status", "addresses")
	n.mu.Lock()
	defer n.mu.Unlock()
	for address, g := range n.gateways {
		if g == key {
			delete(n.gateways, address)
		}
	}
	wanted := map[socket]bool{}
	for _, a := range addresses {
		entry, _ := a.(map[string]any)
		address, _ := entry["value"].(string)
		n.gateways[address] = key
		if ip := net.ParseIP(address); ip == nil || !ip.IsLoopback() {
			continue
		}
		for _, l := range listeners {
			listener, _ := l.(map[string]any)
			port, _ := listener["port"].(int64)
			switch listener["protocol"] {
			case "HTTP":
				wanted[socket{key, "tcp", net.JoinHostPort(address, strconv.FormatInt(port, 10))}] = true
			case "UDP":
				wanted[socket{key, "udp", net.JoinHostPort(address, strconv.FormatInt(port, 10))}] = true
			}
		}
	}
	for s, closer := range n.sockets {
		if s.gateway == key && !wanted[s] {
			closer.Close()
			delete(n.sockets, s)
		}
	}
	for s := range wanted {
		if _, ok := n.sockets[s]; ok {
			continue
		}
		closer, err := n.listen(s)
		if err != nil {
			// What needs the socket will fail and say so; everything else does not.
			fmt.Fprintf(os.Stderr, "no socket for Gateway %s: %v\n", key, err)
			continue
		}
		n.sockets[s] = closer
	}
}

func (n *network) listen(s socket) (io.Closer, error) {
	if s.protocol == "udp" {
		conn, err := net.ListenPacket("udp", s.address)
		if err != nil {
			return nil, err
		}
		go n.serveUDP(s, conn)
		return conn, nil
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: h2c.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.serveHTTP(s, w, r) }), &http2.Server{})}
	go server.Serve(l)
	return server, nil
}

func (n *network) serveHTTP(s socket, w http.ResponseWriter, r *http.Request) {
	_, text, err := net.SplitHostPort(s.address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	request := gwapi.Request{
		Method: r.Method, URL: target("http", r.Host, r.RequestURI), Headers: listOf(r.Header),
		Gateway: s.gateway.String(), Port: port, Backend: backendOf(r.Header, r.URL.RawQuery), Protocol: "http/1.1",
	}
	upgrade := strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
	switch {
	case upgrade:
		request.Protocol = "websocket"
	case r.ProtoMajor == 2:
		request.Protocol = "h2c"
	}
	answer, a, err := n.cluster.send(r.Context(), request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if a.pod == nil {
		for name, values := range a.response {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
		return
	}
	switch {
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
		echoGRPC(w, r, a)
	case upgrade:
		upgraded := a.protocol == "websocket" || strings.EqualFold(a.headers.Get("Upgrade"), "websocket")
		if path, _, _ := strings.Cut(a.path, "?"); !upgraded || path != "/ws" || answer.Endpoint.Port == h2cPort {
			http.Error(w, "the backend did not get the upgrade", http.StatusBadGateway)
			return
		}
		websocket.Handler(func(ws *websocket.Conn) { io.Copy(ws, ws) }).ServeHTTP(w, r)
	default:
		echoHTTP(w, a)
	}
}

// echoHTTP answers as the suite's echo server does.
func echoHTTP(w http.ResponseWriter, a *arrived) {
	body, err := json.Marshal(map[string]any{
		"path": a.path, "host": a.host, "method": a.method, "proto": a.protocol, "headers": a.headers,
		"namespace": a.pod.Namespace, "pod": a.pod.Name,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for name, values := range a.response {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	w.Write(body)
}

// echoGRPC answers as the suite's gRPC echo server does, which has the methods Echo and EchoTwo.
func echoGRPC(w http.ResponseWriter, r *http.Request, a *arrived) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
	service := "/" + string(pb.File_grpcecho_proto.Services().ByName("GrpcEcho").FullName()) + "/"
	method := strings.TrimPrefix(a.path, service)
	if !env(a.pod, "GRPC_ECHO_SERVER") || a.protocol != "h2c" {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if method != "Echo" && method != "EchoTwo" {
		w.WriteHeader(http.StatusOK)
		w.Header().Set("Grpc-Status", strconv.Itoa(int(codes.Unimplemented)))
		w.Header().Set("Grpc-Message", "unknown method "+url.PathEscape(a.path))
		return
	}
	assertions := &pb.Assertions{
		FullyQualifiedMethod: a.path, Authority: a.host,
		Context: &pb.Context{Namespace: a.pod.Namespace, Pod: a.pod.Name},
	}
	for name, values := range a.headers {
		for _, v := range values {
			assertions.Headers = append(assertions.Headers, &pb.Header{Key: strings.ToLower(name), Value: v})
		}
	}
	body, err := proto.Marshal(&pb.EchoResponse{Assertions: assertions})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for name, values := range a.response {
		w.Header()[name] = values
	}
	w.WriteHeader(http.StatusOK)
	frame := make([]byte, 5, 5+len(body))
	binary.BigEndian.PutUint32(frame[1:], uint32(len(body)))
	w.Write(append(frame, body...))
	w.Header().Set("Grpc-Status", "0")
}

// serveUDP asks the simulator for each datagram; the one backend of the suite that speaks UDP is a name server.
func (n *network) serveUDP(s socket, conn net.PacketConn) {
	_, text, err := net.SplitHostPort(s.address)
	if err != nil {
		return
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return
	}
	buffer := make([]byte, 64<<10)
	for {
		size, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, a, err := n.cluster.send(context.Background(), gwapi.Request{
			URL: "udp://" + s.address, Gateway: s.gateway.String(), Port: port,
		})
		if err != nil || a.pod == nil {
			continue
		}
		question := new(dns.Msg)
		if question.Unpack(buffer[:size]) != nil || len(question.Question) == 0 {
			continue
		}
		reply := new(dns.Msg)
		reply.SetReply(question)
		if host, _, err := net.SplitHostPort(from.String()); err == nil {
			reply.Extra = append(reply.Extra, &dns.A{
				Hdr: dns.RR_Header{Name: question.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.ParseIP(host),
			})
		}
		if packed, err := reply.Pack(); err == nil {
			conn.WriteTo(packed, from)
		}
	}
}
