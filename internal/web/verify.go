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
	Program string // address of the verifier; "" in a build without it
	File    string // address of the file to check at once; "" for the reader's own
	Name    string // what that file is saved as
	Subject string
	Back    string
	Of      line // what Back leads to
}

// verify is GET /inspect/verify?batch=, ?manifest= or ?draw=. The page reads nothing by itself: its
// script fetches the file as the API gives it to whoever is signed in, and checks it there.
func (s *Site) verify(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := verifyPage{}
	q := r.URL.Query()
	if b, err := id.ParseBatch(q.Get("batch")); err == nil {
		p = verifyPage{Subject: b.String(), File: "/v1/batches/" + b.String() + "/bundle", Back: "/inspect/batch/" + b.String(), Of: line{"批次", "batch"}}
	} else if m, err := id.ParseManifest(q.Get("manifest")); err == nil {
		p = verifyPage{Subject: m.String(), File: "/v1/manifests/" + m.String() + "/bundle", Back: "/inspect/manifest/" + m.String(), Of: line{"联单", "manifest"}}
	} else if e, err := id.ParseEvent(q.Get("draw")); err == nil {
		p = verifyPage{Subject: e.String(), File: "/v1/draws/" + e.String(), Back: "/inspect/draws/" + e.String(), Of: line{"抽取", "draw"}}
	}
	if p.Subject != "" {
		p.Name = p.Subject + ".liandan.json"
	}
	s.showVerifier(w, r, v, p)
	return nil
}

// verifyOpen is GET /verify: whoever has a file checks it, without signing in. Nothing is
// sent but the page and the program; what it is about the server does not learn.
func (s *Site) verifyOpen(w http.ResponseWriter, r *http.Request) {
	s.showVerifier(w, r, nil, verifyPage{})
}

func (s *Site) showVerifier(w http.ResponseWriter, r *http.Request, v *visit, p verifyPage) {
	out := page{Title: "核验证据", TitleEN: "Check evidence", Wide: true, Sheets: []string{deskStyle.path}}
	if HasVerifier() {
		p.Program = wasmFiles[0].path
		out.Scripts, out.Allow, out.Wasm = []string{wasmFiles[1].path, verifyScript.path}, verifying, true
	}
	out.Body = p
	s.show(w, r, v, http.StatusOK, "verify.html", out)
}
