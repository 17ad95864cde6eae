package cluster

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
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
	corev1 "k8s.io/api/core/v1"
	pb "sigs.k8s.io/gateway-api/conformance/echo-basic/grpcechoserver"

	"gwapi/conformance/shared/gwapi"
)

// network is the data plane's outside: the sockets that `gwapi serve` asks for, each at the address of its Gateway. What
// becomes of a connection and of a request is for `gwapi serve` to say; a socket reads, asks, and writes.
type network struct {
	cluster *Cluster

	mu      sync.Mutex
	sockets map[socket]io.Closer
}

// socket is a port of a Gateway at one of its addresses.
type socket struct {
	gateway, transport, address string
	port                        int
}

func newNetwork(c *Cluster) *network {
	return &network{cluster: c, sockets: map[socket]io.Closer{}}
}

func (n *network) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.sockets {
		s.Close()
	}
}

// follow opens the sockets that are asked for and closes the others.
func (n *network) follow() error {
	binds, err := n.cluster.sim.Binds()
	if err != nil {
		return err
	}
	wanted := map[socket]bool{}
	for _, b := range binds {
		for _, address := range b.Addresses {
			// The suite also asks for addresses that are not of this machine.
			if ip := net.ParseIP(address); ip != nil && ip.IsLoopback() {
				wanted[socket{b.Gateway.Namespace + "/" + b.Gateway.Name, b.Transport, address, b.Port}] = true
			}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for s, closer := range n.sockets {
		if !wanted[s] {
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
			fmt.Fprintf(os.Stderr, "no socket for Gateway %s: %v\n", s.gateway, err)
			continue
		}
		n.sockets[s] = closer
	}
	return nil
}

func (n *network) listen(s socket) (io.Closer, error) {
	at := net.JoinHostPort(s.address, strconv.Itoa(s.port))
	if s.transport == "UDP" {
		conn, err := net.ListenPacket("udp", at)
		if err != nil {
			return nil, err
		}
		go n.serveUDP(s, conn)
		return conn, nil
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Handler: h2c.NewHandler(http.HandlerFunc(n.serveHTTP), &http2.Server{}),
		// A handshake that is refused is what some tests want.
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if over, ok := c.(*tls.Conn); ok {
				c = over.NetConn()
			}
			return context.WithValue(ctx, connectionKey{}, c)
		},
	}
	if err := http2.ConfigureServer(server, nil); err != nil {
		return nil, err
	}
	go server.Serve(&listener{l, n, s})
	return server, nil
}

type connectionKey struct{}

// connection is one of a client, and what is known of it once the handshake is over.
type connection struct {
	net.Conn
	socket socket
	// scheme is that of its requests, and serverName what the client called the Gateway in TLS.
	scheme, serverName string
	// pod is where TLS that passes through ends.
	pod *corev1.Pod
}

// listener asks about each connection how it begins.
type listener struct {
	net.Listener
	network *network
	socket  socket
}

func (s socket) incoming(hello *gwapi.ClientHello) gwapi.Incoming {
	return gwapi.Incoming{Gateway: s.gateway, Transport: s.transport, Port: s.port, ClientHello: hello}
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &connection{Conn: conn, socket: l.socket, scheme: "http"}
		taken, err := l.network.cluster.sim.Accept(l.socket.incoming(nil))
		switch {
		case err == nil && taken.As == "http":
			return c, nil
		case err == nil && taken.As == "tls":
			c.scheme = "https"
			return tls.Server(c, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				return l.network.handshake(c, hello)
			}}), nil
		default:
			// No pod of the suite speaks anything else over TCP.
			conn.Close()
		}
	}
}

// handshake asks how TLS goes on: it ends here, or at the pod to which it passes through.
func (n *network) handshake(c *connection, hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c.serverName = hello.ServerName
	taken, err := n.cluster.sim.Accept(c.socket.incoming(&gwapi.ClientHello{ServerName: hello.ServerName}))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{}
	certificate, key := taken.Certificate, taken.PrivateKey
	switch taken.As {
	case "terminate":
		config.NextProtos = taken.Protocols
		config.ClientAuth = map[string]tls.ClientAuthType{
			"none": tls.NoClientCert, "optional": tls.RequestClientCert, "required": tls.RequireAnyClientCert,
		}[taken.ClientCertificates]
	case "passthrough":
		at := net.JoinHostPort(hello.ServerName, strconv.Itoa(c.socket.port))
		_, a, err := n.cluster.send(context.Background(), gwapi.Request{
			URL: "tls://" + at, SNI: hello.ServerName, Gateway: c.socket.gateway, Port: c.socket.port,
		})
		if err != nil {
			return nil, err
		}
		c.pod = a.pod
		if certificate, key, err = n.cluster.certificateOf(a.pod); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%s: %s", taken.As, taken.Why)
	}
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// serveHTTP asks what becomes of a request, and lets the pod that it reaches answer.
func (n *network) serveHTTP(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(connectionKey{}).(*connection)
	if !ok {
		http.Error(w, "a request without a connection", http.StatusInternalServerError)
		return
	}
	if c.pod != nil {
		echoHTTP(w, &arrived{
			path: r.RequestURI, host: r.Host, method: r.Method, protocol: r.Proto, headers: r.Header,
			pod: c.pod, status: http.StatusOK, response: http.Header{},
		})
		return
	}
	request := gwapi.Request{
		Method: r.Method, URL: target(c.scheme, r.Host, r.RequestURI), Headers: listOf(r.Header), SNI: c.serverName,
		Gateway: c.socket.gateway, Port: c.socket.port, Backend: backendOf(r.Header, r.URL.RawQuery), Protocol: "http/1.1",
	}
	if r.ProtoMajor == 2 {
		request.Protocol = "h2"
	}
	if r.TLS != nil {
		for _, shown := range r.TLS.PeerCertificates {
			request.ClientCertificate += string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: shown.Raw}))
		}
	}
	answer, a, err := n.cluster.send(r.Context(), request)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway)
	case a.pod == nil:
		for name, values := range a.response {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
	case env(a.pod, "GRPC_ECHO_SERVER"):
		echoGRPC(w, r, a)
	case a.protocol == "websocket":
		if path, _, _ := strings.Cut(a.path, "?"); path != "/ws" || answer.Endpoint.Port == h2cPort {
			http.Error(w, "no WebSocket is spoken there", http.StatusBadRequest)
			return
		}
		websocket.Handler(func(ws *websocket.Conn) { io.Copy(ws, ws) }).ServeHTTP(w, r)
	default:
		echoHTTP(w, a)
	}
}

func target(scheme, host, uri string) string { return scheme + "://" + host + uri }

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
	if a.protocol != "h2c" {
		http.Error(w, "the pod speaks HTTP/2 alone", http.StatusBadRequest)
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
	buffer := make([]byte, 64<<10)
	for {
		size, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, a, err := n.cluster.send(context.Background(), gwapi.Request{
			URL: "udp://" + net.JoinHostPort(s.address, strconv.Itoa(s.port)), Gateway: s.gateway, Port: s.port,
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
