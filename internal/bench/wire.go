package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// The load generator shares two cores with what it measures, so it speaks HTTP/1.1 over
// plain connections and looks at no more of an answer than whether it is the right one.

// singles sends each chain's events one by one over 32 connections.
func singles(ctx context.Context, addr string, chains [][][]byte) (float64, error) {
	work := make(chan [][]byte, len(chains))
	for _, c := range chains {
		work <- c
	}
	close(work)
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for range 32 {
		g.Go(func() error { return oneByOne(ctx, addr, work) })
	}
	err := g.Wait()
	return rate(8*len(chains), time.Since(began)), err
}

func oneByOne(ctx context.Context, addr string, work <-chan [][]byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var out bytes.Buffer
	for chain := range work {
		for _, e := range chain {
			out.Reset()
			fmt.Fprintf(&out, "POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/jose\r\nContent-Length: %d\r\n\r\n", len(e))
			out.Write(e)
			if _, err := conn.Write(out.Bytes()); err != nil {
				return err
			}
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusCreated {
				return fmt.Errorf("status %d: %s %w", resp.StatusCode, body, err)
			}
		}
	}
	return nil
}

// uploads sends everything as ndjson, 8,000 lines an upload, two uploads at a time.
func uploads(ctx context.Context, addr string, chains [][][]byte) (float64, error) {
	const per = 1000
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	var bodies [][]byte
	for first := 0; first < len(chains); first += per {
		var b []byte
		for _, chain := range chains[first:min(first+per, len(chains))] {
			for _, e := range chain {
				b = append(append(b, e...), '\n')
			}
		}
		bodies = append(bodies, b)
	}
	began := time.Now()
	for _, b := range bodies {
		g.Go(func() error { return upload(ctx, addr, b) })
	}
	err := g.Wait()
	return rate(8*len(chains), time.Since(began)), err
}

func upload(ctx context.Context, addr string, body []byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	var sent sync.WaitGroup
	var werr error
	sent.Go(func() {
		_, werr = fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", len(body))
		if werr == nil {
			_, werr = conn.Write(body)
		}
	})
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(resp.Body, 64<<10)
	fresh := 0
	for {
		l, err := lines.ReadSlice('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if !bytes.Contains(l[:min(len(l), 40)], []byte(`"status":201`)) {
			return fmt.Errorf("answer: %s", l)
		}
		fresh++
	}
	sent.Wait()
	if want := bytes.Count(body, []byte("\n")); fresh != want {
		return fmt.Errorf("%d of %d lines were recorded, %w", fresh, want, werr)
	}
	return werr
}
