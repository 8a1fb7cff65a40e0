package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"

	"liandan/internal/id"
)

// wasm is what `make wasm` built; it may be empty but for its README.
//
//go:embed wasm
var wasm embed.FS

// wasmFiles are the verifier for the browser and Go's own script that runs it; none in a
// build without them.
var wasmFiles = loadWasm()

func loadWasm() []file {
	program, err := wasm.ReadFile("wasm/verify.wasm.gz")
	if err != nil {
		return nil
	}
	script, err := wasm.ReadFile("wasm/wasm_exec.js")
	if err != nil {
		return nil
	}
	hash := func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:8]) }
	return []file{
		{path: "/assets/verify." + hash(program) + ".wasm.gz", kind: "application/gzip", bytes: program},
		{path: "/assets/wasm_exec." + hash(script) + ".js", kind: "text/javascript; charset=utf-8", bytes: script},
	}
}

// HasVerifier says whether this build has the verifier for the browser.
func HasVerifier() bool { return len(wasmFiles) > 0 }

// verifying lets a page run WebAssembly of ours, and fetch it and an evidence file here.
const verifying = "connect-src 'self'"

// verifyPage checks evidence files.
type verifyPage struct {
	Program  string // address of the verifier; "" in a build without it
	Bundle   string // address of the file to check at once; "" for one of the reader's own
	Subject  string
	Back     string
	Manifest bool
}

// verify is GET /inspect/verify?batch= or ?manifest=. The page reads nothing by itself: its
// script fetches the file as the API gives it to whoever is signed in, and checks it there.
func (s *Site) verify(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := verifyPage{}
	q := r.URL.Query()
	if b, err := id.ParseBatch(q.Get("batch")); err == nil {
		p.Subject, p.Bundle, p.Back = b.String(), "/v1/batches/"+b.String()+"/bundle", "/inspect/batch/"+b.String()
	} else if m, err := id.ParseManifest(q.Get("manifest")); err == nil {
		p.Subject, p.Bundle, p.Back, p.Manifest = m.String(), "/v1/manifests/"+m.String()+"/bundle", "/inspect/manifest/"+m.String(), true
	}
	out := page{Title: "核验证据", TitleEN: "Check evidence", Wide: true, Sheets: []string{deskStyle.path}}
	if HasVerifier() {
		p.Program = wasmFiles[0].path
		out.Scripts, out.Allow, out.Wasm = []string{wasmFiles[1].path, verifyScript.path}, verifying, true
	}
	out.Body = p
	s.show(w, r, v, http.StatusOK, "verify.html", out)
	return nil
}
