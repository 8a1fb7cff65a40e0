package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"liandan/internal/client"
	"liandan/internal/event"
	"liandan/internal/server"
	"liandan/internal/signature"
)

// runKeygen writes a private key as PKCS #8 PEM, readable by its owner alone, and prints
// the public JWK with its thumbprint.
func runKeygen(_ context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "keygen")
	out := fs.String("out", "device.key", "私钥文件 file for the private key; never overwritten")
	alg := fs.String("alg", "EdDSA", "EdDSA | ES256")
	plain, err := parse(fs, args)
	if err == nil {
		err = none(plain)
	}
	if err != nil {
		return 0, err
	}
	var key crypto.Signer
	switch *alg {
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("--alg must be EdDSA or ES256")
	}
	if err != nil {
		return 0, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return 0, err
	}
	f, err := os.OpenFile(*out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}); err != nil {
		return 0, err
	}
	return exitOK, printPublic(t.out, key)
}

func printPublic(w io.Writer, key crypto.Signer) error {
	jwk, err := signature.FormatJWK(key.Public())
	if err != nil {
		return err
	}
	kid, err := signature.Thumbprint(key.Public())
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(map[string]any{"kid": kid, "jwk": json.RawMessage(jwk)})
}

func readKey(path string) (*signature.Signer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s is not a PEM file", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s is not a PKCS #8 private key: %w", path, err)
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s holds a key that cannot sign", path)
	}
	return signature.NewSigner(s)
}

// runSign reads one payload, says everything that is wrong with it, and prints the JWS.
func runSign(_ context.Context, t terminal, args []string) (int, error) {
	fs := flags(t, "sign")
	keyFile := fs.String("key", "device.key", "私钥文件 file of the private key")
	typ := fs.String("typ", signature.TypEvent, "liandan-event | liandan-enrolment")
	plain, err := parse(fs, args)
	if err != nil {
		return 0, err
	}
	f, err := input(t, plain...)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	payload, err := io.ReadAll(io.LimitReader(f, event.MaxPayload+2))
	if err != nil {
		return 0, err
	}
	payload = bytes.TrimSpace(payload)
	if *typ == signature.TypEvent {
		if _, err := event.Parse(payload); err != nil {
			return 0, err
		}
	}
	s, err := readKey(*keyFile)
	if err != nil {
		return 0, err
	}
	jws, err := s.Sign(payload, *typ)
	if err != nil {
		return 0, err
	}
	fmt.Fprintln(t.out, string(jws))
	return exitOK, nil
}

// remote declares the flags of commands that speak to a server.
func remote(t terminal, args []string, name string, more func(set func(*string, string, string, string))) (*client.Client, []string, error) {
	fs := flags(t, name)
	base := fs.String("server", "http://127.0.0.1:8080", "服务地址 address of the server")
	token := fs.String("token", "", "访问令牌，默认取 LIANDAN_TOKEN 或本机服务的令牌 bearer token; default: LIANDAN_TOKEN, or that of a server of this user on this machine")
	if more != nil {
		more(func(p *string, name, def, usage string) { fs.StringVar(p, name, def, usage) })
	}
	plain, err := parse(fs, args)
	if err != nil {
		return nil, nil, err
	}
	return dial(t, *base, *token), plain, nil
}

// dial finds the token: given, from the environment, or left by a server on this machine.
func dial(t terminal, base, token string) *client.Client {
	if token == "" {
		token = t.env("LIANDAN_TOKEN")
	}
	if u, err := url.Parse(base); token == "" && err == nil {
		host := u.Host
		if u.Port() == "" {
			host += ":80"
		}
		token = server.LocalToken(host)
	}
	return client.New(base, token)
}

// runSend sends signed events, one a line, and prints each answer as a line of JSON.
func runSend(ctx context.Context, t terminal, args []string) (int, error) {
	c, plain, err := remote(t, args, "send", nil)
	if err != nil {
		return 0, err
	}
	f, err := input(t, plain...)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, signature.MaxCompact+1)
	var events [][]byte
	code, out := exitOK, json.NewEncoder(t.out)
	flush := func() error {
		err := c.SendAll(ctx, events, func(l client.Line) error {
			if l.Problem != nil {
				code = exitFindings
			}
			return out.Encode(l)
		})
		events = nil
		return err
	}
	for lines.Scan() {
		if b := bytes.TrimSpace(lines.Bytes()); len(b) > 0 {
			events = append(events, bytes.Clone(b))
		}
		if len(events) == 5000 {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return 0, fmt.Errorf("a line is longer than a signed event may be (%d bytes)", signature.MaxCompact)
	} else if err != nil {
		return 0, err
	}
	if len(events) > 0 {
		err = flush()
	}
	return code, err
}
