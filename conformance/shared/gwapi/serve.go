package gwapi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// Serve is a running `gwapi serve --stdio`: one line out, one line in, one caller at a time.
type Serve struct {
	mu     sync.Mutex
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	lastID int
	log    io.Writer
}

// Ref names an object.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// Changed is an object whose status has to be written.
type Changed struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"metadata"`
	Status map[string]any `json:"status"`
}

// Update is the reply to a change of the set of objects.
type Update struct {
	Changed []Changed `json:"changed"`
	Errors  []struct {
		Object  json.RawMessage `json:"object"`
		Message string          `json:"message"`
	} `json:"errors"`
}

// Header is a name and a value.
type Header [2]string

// Request is one request of a client.
type Request struct {
	Method  string   `json:"method,omitempty"`
	URL     string   `json:"url"`
	Headers []Header `json:"headers,omitempty"`
	Gateway string   `json:"gateway,omitempty"`
	Port    int      `json:"port,omitempty"`
	Address string   `json:"address,omitempty"`
	From    string   `json:"from,omitempty"`
	SNI     string   `json:"sni,omitempty"`
	// ClientCertificate is what the client shows in TLS, as PEM.
	ClientCertificate string   `json:"clientCertificate,omitempty"`
	Protocol          string   `json:"protocol,omitempty"`
	Backend           *Backend `json:"backend,omitempty"`
}

// Backend says how the backend would answer.
type Backend struct {
	Status  int      `json:"status,omitempty"`
	Headers []Header `json:"headers,omitempty"`
	Delay   string   `json:"delay,omitempty"`
}

// Reference names a backend.
type Reference struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Port      int    `json:"port"`
}

// Endpoint is where the request arrived.
type Endpoint struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
}

// Forwarded is the request as the backend gets it.
type Forwarded struct {
	Method   string   `json:"method"`
	Scheme   string   `json:"scheme"`
	Host     string   `json:"host"`
	Path     string   `json:"path"`
	Headers  []Header `json:"headers"`
	Protocol string   `json:"protocol"`
}

// Answer is what became of a request.
type Answer struct {
	Outcome   string     `json:"outcome"`
	Status    int        `json:"status"`
	Backend   *Reference `json:"backend"`
	Endpoint  *Endpoint  `json:"endpoint"`
	Forwarded *Forwarded `json:"forwarded"`
	Response  *struct {
		Status  int      `json:"status"`
		Headers []Header `json:"headers"`
	} `json:"response"`
	Mirrors []struct {
		Reference
		Endpoint  Endpoint  `json:"endpoint"`
		Forwarded Forwarded `json:"forwarded"`
	} `json:"mirrors"`
	Why json.RawMessage `json:"why"`
}

// StartServe runs the simulator. What it writes to standard error goes to log, and so does the conversation if
// GWAPI_TRACE is set.
func StartServe(binary string, log io.Writer) (*Serve, error) {
	cmd := exec.Command(binary, "serve", "--stdio")
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Serve{cmd: cmd, in: in, out: bufio.NewReaderSize(out, 1<<20)}
	if os.Getenv("GWAPI_TRACE") != "" {
		s.log = log
	}
	return s, nil
}

// Close ends the simulator.
func (s *Serve) Close() error {
	s.in.Close()
	return s.cmd.Wait()
}

func (s *Serve) call(op string, args map[string]any, reply any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	message := map[string]any{"id": s.lastID, "op": op}
	for k, v := range args {
		message[k] = v
	}
	line, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if s.log != nil {
		fmt.Fprintf(s.log, "> %s\n", line)
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("gwapi serve: %s: %w", op, err)
	}
	answer, err := s.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("gwapi serve: no reply to %s: %w", op, err)
	}
	if s.log != nil {
		fmt.Fprintf(s.log, "< %s", answer)
	}
	var status struct {
		ID    int  `json:"id"`
		OK    bool `json:"ok"`
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer, &status); err != nil {
		return fmt.Errorf("gwapi serve: the reply to %s is no JSON: %w: %.200s", op, err, answer)
	}
	if status.ID != s.lastID {
		return fmt.Errorf("gwapi serve: the reply to %s has id %d, not %d", op, status.ID, s.lastID)
	}
	if !status.OK {
		return fmt.Errorf("gwapi serve: %s: %s", op, status.Error.Message)
	}
	if reply == nil {
		return nil
	}
	return json.Unmarshal(answer, reply)
}

// Configure sets the simulator's options.
func (s *Serve) Configure(options map[string]any) error {
	return s.call("configure", map[string]any{"options": options}, nil)
}

// Apply adds or replaces objects.
func (s *Serve) Apply(objects ...map[string]any) (*Update, error) {
	u := &Update{}
	return u, s.call("apply", map[string]any{"objects": objects}, u)
}

// Delete removes objects.
func (s *Serve) Delete(refs ...Ref) (*Update, error) {
	u := &Update{}
	return u, s.call("delete", map[string]any{"objects": refs}, u)
}

// Bind is a port of a Gateway to listen on.
type Bind struct {
	Gateway struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"gateway"`
	Transport string   `json:"transport"`
	Port      int      `json:"port"`
	Addresses []string `json:"addresses"`
}

// Incoming is a connection as it comes to a port.
type Incoming struct {
	Gateway     string       `json:"gateway"`
	Transport   string       `json:"transport"`
	Port        int          `json:"port"`
	ClientHello *ClientHello `json:"clientHello,omitempty"`
}

// ClientHello is what a client says first in TLS.
type ClientHello struct {
	ServerName string `json:"serverName,omitempty"`
}

// Accepted is what becomes of a connection: `as` says what, and the rest is there where TLS ends or is refused.
type Accepted struct {
	As                 string   `json:"as"`
	Why                string   `json:"why"`
	Inside             string   `json:"inside"`
	Certificate        string   `json:"certificate"`
	PrivateKey         string   `json:"privateKey"`
	Protocols          []string `json:"protocols"`
	ClientCertificates string   `json:"clientCertificates"`
}

// Binds asks for the ports to listen on.
func (s *Serve) Binds() ([]Bind, error) {
	var reply struct {
		Binds []Bind `json:"binds"`
	}
	err := s.call("binds", nil, &reply)
	return reply.Binds, err
}

// Accept asks what becomes of a connection.
func (s *Serve) Accept(incoming Incoming) (*Accepted, error) {
	var reply struct {
		Accepted *Accepted `json:"accepted"`
	}
	if err := s.call("accept", map[string]any{"accept": incoming}, &reply); err != nil {
		return nil, err
	}
	if reply.Accepted == nil {
		return nil, fmt.Errorf("gwapi serve: accept: the reply does not say what becomes of the connection")
	}
	return reply.Accepted, nil
}

// Request sends a request through the simulated data plane.
func (s *Serve) Request(r Request) (*Answer, error) {
	var reply struct {
		Answer *Answer `json:"answer"`
	}
	if err := s.call("request", map[string]any{"request": r}, &reply); err != nil {
		return nil, err
	}
	if reply.Answer == nil {
		return nil, fmt.Errorf("gwapi serve: request: the reply has no answer")
	}
	return reply.Answer, nil
}
