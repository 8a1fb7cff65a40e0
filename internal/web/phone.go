package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"liandan/internal/fault"
)

// The phone app under /m/: a shell, a style sheet and modules in plain JavaScript, which work
// without network after one visit. The app signs by itself and sends to the API like any
// client; this file only serves it.

// phonePolicy lets the app run its own modules, ask this server, show its own drawings and
// be installed; nothing of another host, nothing inline.
const phonePolicy = policy + "; script-src 'self'; connect-src 'self'; img-src 'self' blob: data:; manifest-src 'self'; worker-src 'self'"

// phoneFile is one file of the app as it goes out.
type phoneFile struct {
	kind   string
	plain  []byte
	zipped []byte
}

// phoneApp is all files of the app under one version, the hash of them all: modules name one
// another by relative address, so that they change their address together.
type phoneApp struct {
	version string
	files   map[string]phoneFile // by name under /m/a/{version}/
	shell   phoneFile
	worker  phoneFile
	about   phoneFile // the web app manifest
}

var phoneKinds = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".webmanifest": "application/manifest+json", ".html": "text/html; charset=utf-8"}

// loadPhone reads the embedded files; one that cannot be read is a defect of the program.
func loadPhone() *phoneApp {
	raw := map[string][]byte{"words.json": phoneWords()}
	err := fs.WalkDir(assets, "assets/phone", func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := assets.ReadFile(at)
		raw[strings.TrimPrefix(at, "assets/phone/")] = b
		return err
	})
	if err != nil {
		panic("web: " + err.Error()) // embedded: cannot happen
	}
	names := make([]string, 0, len(raw))
	for name := range raw {
		names = append(names, name)
	}
	slices.Sort(names)
	all := sha256.New()
	for _, name := range names {
		sum := sha256.Sum256(raw[name])
		all.Write([]byte(name + "\n"))
		all.Write(sum[:])
	}
	app := &phoneApp{version: hex.EncodeToString(all.Sum(nil)[:8]), files: map[string]phoneFile{}}
	base := "/m/a/" + app.version + "/"
	list := []string{"/m/", "/m/manifest.webmanifest"}
	first, opens := slices.Clone(list), opening(raw)
	for _, name := range names {
		text := raw[name]
		switch name {
		case "shell.html", "app.webmanifest", "worker.js":
			continue
		}
		if phoneKinds[path.Ext(name)] == "" { // licences of others' files stay in the source
			continue
		}
		app.files[name] = packedFile(name, text)
		if path.Ext(name) == ".png" { // icons are the phone's to fetch when the app is installed
			continue
		}
		list = append(list, base+name)
		if opens[name] {
			first = append(first, base+name)
		}
	}
	fill := func(name string) phoneFile {
		b := bytes.ReplaceAll(raw[name], []byte("{{base}}"), []byte(base))
		b = bytes.ReplaceAll(b, []byte("{{version}}"), []byte(app.version))
		if name == "shell.html" { // the modules at once, not one after the other as each is read
			var preload strings.Builder
			for _, path := range first {
				if strings.HasSuffix(path, ".js") {
					preload.WriteString(`<link rel="modulepreload" href="` + path + `">` + "\n")
				}
			}
			b = bytes.ReplaceAll(b, []byte("{{preload}}"), []byte(preload.String()))
		}
		for mark, files := range map[string][]string{`["{{first}}"]`: first, `["{{files}}"]`: list} {
			names, err := json.Marshal(files)
			if err != nil {
				panic("web: " + err.Error())
			}
			b = bytes.ReplaceAll(b, []byte(mark), names)
		}
		return packedFile(name, b)
	}
	app.shell, app.about, app.worker = fill("shell.html"), fill("app.webmanifest"), fill("worker.js")
	return app
}

// imported are the modules that one loads before it begins; those of import() come later.
var imported = regexp.MustCompile(`(?m)^(?:import|export) (?:[^'()]*? from )?'\./([^']+)'`)

// opening names the files that the first page needs: what start.js imports, directly or not, with
// the words and the looks. The worker keeps the others once the phone is idle.
func opening(raw map[string][]byte) map[string]bool {
	out := map[string]bool{"words.json": true, "phone.css": true, "icon.svg": true, "start.js": true}
	for todo := []string{"start.js"}; len(todo) > 0; todo = todo[1:] {
		for _, m := range imported.FindAllSubmatch(raw[todo[0]], -1) {
			name := path.Join(path.Dir(todo[0]), string(m[1]))
			if !out[name] {
				out[name] = true
				todo = append(todo, name)
			}
		}
	}
	return out
}

func packedFile(name string, b []byte) phoneFile {
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression) // the level is a right one
	_, _ = w.Write(b)                                     // into memory
	_ = w.Close()
	return phoneFile{phoneKinds[path.Ext(name)], b, z.Bytes()}
}

// phone is made when it is first asked for: a program that serves no page need not.
var phone = sync.OnceValue(loadPhone)

// phoneRoutes are the app and what it asks of the pages.
func (s *Site) phoneRoutes() []route {
	fixed := func(f func() phoneFile, cache string) handler {
		return anybody(func(w http.ResponseWriter, r *http.Request) { sendPhone(w, r, f(), cache) })
	}
	return append(s.inspectionRoutes(), []route{
		{method: "GET", pattern: "/m", operation: "page:phone", run: func(w http.ResponseWriter, r *http.Request, _ *visit) error { return see(w, r, "/m/") }},
		{method: "GET", pattern: "/m/", operation: "page:phone", run: fixed(func() phoneFile { return phone().shell }, "no-cache")},
		{method: "GET", pattern: "/m/manifest.webmanifest", operation: "page:phone", run: fixed(func() phoneFile { return phone().about }, "no-cache")},
		{method: "GET", pattern: "/m/worker.js", operation: "page:phone", run: fixed(func() phoneFile { return phone().worker }, "no-cache")},
		{method: "GET", pattern: "/m/a/{version}/{name...}", operation: "page:phone", run: phoneAsset},
		{method: "GET", pattern: "/m/hello", operation: "page:phone-hello", run: s.phoneHello},
		{method: "GET", pattern: "/m/who", operation: "page:phone-who", run: s.phoneWho, private: true},
		{method: "GET", pattern: "/m/partners", operation: "page:phone-partners", run: s.phonePartners, private: true},
	}...)
}

// phoneAsset is GET /m/a/{version}/{name}: of this version alone, so that it may be kept for ever.
func phoneAsset(w http.ResponseWriter, r *http.Request, _ *visit) error {
	f, ok := phone().files[r.PathValue("name")]
	if !ok || r.PathValue("version") != phone().version {
		return fault.New(fault.NotFound, "There is nothing at this address.")
	}
	sendPhone(w, r, f, "public, max-age=31536000, immutable")
	return nil
}

func sendPhone(w http.ResponseWriter, r *http.Request, f phoneFile, cache string) {
	h := w.Header()
	h.Set("Content-Security-Policy", phonePolicy)
	// A scale on a serial port; Bluetooth has no policy in the browsers that have it, and is the page's own by default.
	h.Set("Permissions-Policy", "camera=(self), serial=(self)")
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", cache)
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if name, q, _ := strings.Cut(strings.TrimSpace(part), ";"); name == "gzip" && strings.ReplaceAll(q, " ", "") != "q=0" {
			h.Set("Content-Encoding", "gzip")
			body = f.zipped
		}
	}
	_, _ = w.Write(body) // the client may be gone
}
