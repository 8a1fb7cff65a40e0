// Package client speaks to a Liandan server over HTTP: signed events one by one or in
// bulk, registers, enrolment. The demo, the replay and `liandan send` use it.
//
// It must not sign (package device does) or reach the server's packages.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"liandan/internal/fault"
)

// Client is one server and, where it was given, a bearer token.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New makes a client of a server's address, for example http://127.0.0.1:8080.
func New(base, token string) *Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{Transport: t, Timeout: 10 * time.Minute}}
}

// Receipt is what the intake answers for an event in the log.
type Receipt struct {
	ID         string          `json:"id"`
	Hash       string          `json:"hash"`
	Seq        int64           `json:"seq"`
	RecordedAt time.Time       `json:"recorded_at"`
	Entry      string          `json:"entry"`
	Proof      string          `json:"proof"`
	Findings   json.RawMessage `json:"findings,omitempty"`
}

// Problem is an RFC 9457 answer.
type Problem struct {
	Kind     string        `json:"kind"`
	Status   int           `json:"status"`
	Title    string        `json:"title"`
	Detail   string        `json:"detail"`
	Errors   []fault.Field `json:"errors,omitempty"`
	Retained bool          `json:"retained,omitempty"`
}

// Error implements error.
func (p *Problem) Error() string {
	s := fmt.Sprintf("%d %s: %s", p.Status, p.Kind, p.Detail)
	for _, e := range p.Errors {
		s += fmt.Sprintf(" [%s %s: %s]", e.Pointer, e.Code, e.Detail)
	}
	return s
}

// Line is the answer to one line of a bulk upload.
type Line struct {
	Line    int      `json:"line"`
	Status  int      `json:"status"`
	Receipt *Receipt `json:"receipt,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

// Fresh reports that the line's event was new.
func (l Line) Fresh() bool { return l.Status == http.StatusCreated }

func (c *Client) do(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be reached: %w", c.base, err)
	}
	if resp.StatusCode >= 400 {
		defer resp.Body.Close()
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		p := &Problem{Status: resp.StatusCode}
		if json.Unmarshal(b, p) != nil || p.Kind == "" {
			p.Kind, p.Detail = "http", strings.TrimSpace(string(b))
		}
		return nil, p
	}
	return resp, nil
}

func (c *Client) exchange(ctx context.Context, method, path, contentType string, body io.Reader, out any) error {
	resp, err := c.do(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 128<<20))
	if err != nil {
		return err
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = b
		return nil
	}
	return json.Unmarshal(b, out)
}

// Get reads a resource: JSON into out, or the bytes when out is a *[]byte.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.exchange(ctx, http.MethodGet, path, "", nil, out)
}

// Send sends one signed event. A refusal is a *Problem.
func (c *Client) Send(ctx context.Context, jws []byte) (r Receipt, err error) {
	return r, c.exchange(ctx, http.MethodPost, "/v1/events", "application/jose", bytes.NewReader(jws), &r)
}

// SendAll sends signed events in one upload and calls each, in order, with every
// answer as it streams in. At most 10,000 events are taken.
func (c *Client) SendAll(ctx context.Context, events [][]byte, each func(Line) error) error {
	resp, err := c.do(ctx, http.MethodPost, "/v1/events", "application/x-ndjson", bytes.NewReader(append(bytes.Join(events, []byte("\n")), '\n')))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	r := bufio.NewReaderSize(resp.Body, 64<<10)
	for n := 0; ; n++ {
		b, err := r.ReadBytes('\n')
		if err == io.EOF && len(b) == 0 {
			if n < len(events) {
				return fmt.Errorf("the server answered %d of %d lines", n, len(events))
			}
			return nil
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("reading answer %d: %w", n+1, err)
		}
		var l Line
		if err := json.Unmarshal(b, &l); err != nil {
			return fmt.Errorf("answer %d: %w", n+1, err)
		}
		if err := each(l); err != nil {
			return err
		}
	}
}

// HandIn hands in the list of an announced draw, in its canonical text.
func (c *Client) HandIn(ctx context.Context, list []byte) error {
	var known json.RawMessage
	return c.exchange(ctx, http.MethodPost, "/v1/sample-lists", "application/json", bytes.NewReader(list), &known)
}

// Import loads a register from CSV and gives the server's report as it is.
func (c *Client) Import(ctx context.Context, kind string, csv []byte) (report json.RawMessage, err error) {
	return report, c.exchange(ctx, http.MethodPost, "/v1/registry/"+url.PathEscape(kind), "text/csv", bytes.NewReader(csv), &report)
}

// Enrolment is a one-time code that an administrator made.
type Enrolment struct {
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Signer proves possession of a key; a device.Device is one.
type Signer interface {
	JWK() ([]byte, error)
	SignEnrolment(challenge string) ([]byte, error)
}

// Enrol makes a code for a person's device with the client's token and lets the device
// prove its key: code, challenge, signature.
func (c *Client) Enrol(ctx context.Context, party, person, name string, validDays int, d Signer) error {
	ask, err := json.Marshal(map[string]any{"party": party, "person": person, "device": name, "valid_days": validDays})
	if err != nil {
		return err
	}
	var e Enrolment
	if err := c.exchange(ctx, http.MethodPost, "/v1/enrolments", "application/json", bytes.NewReader(ask), &e); err != nil {
		return err
	}
	return c.Prove(ctx, e.Code, d)
}

// Prove enrols a device with a code that it was given.
func (c *Client) Prove(ctx context.Context, code string, d Signer) error {
	jwk, err := d.JWK()
	if err != nil {
		return err
	}
	ask, err := json.Marshal(map[string]any{"code": code, "jwk": json.RawMessage(jwk)})
	if err != nil {
		return err
	}
	var challenge struct {
		Challenge string `json:"challenge"`
	}
	if err := c.exchange(ctx, http.MethodPost, "/v1/enrolments/challenge", "application/json", bytes.NewReader(ask), &challenge); err != nil {
		return err
	}
	signed, err := d.SignEnrolment(challenge.Challenge)
	if err != nil {
		return err
	}
	var key json.RawMessage
	return c.exchange(ctx, http.MethodPost, "/v1/keys", "application/jose", bytes.NewReader(signed), &key)
}
