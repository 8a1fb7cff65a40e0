package statement

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// KindImport is the kind of entries that say that a file of past records was imported.
const KindImport = "import" // Import

// Import says that past records were taken in from a file: whose, by whom, how many, and
// what they add up to. The records themselves are kept beside the log; nobody signed them.
type Import struct {
	At     time.Time // UTC to the millisecond
	By     string    // an opaque word such as account:UUID or command; never a name
	Kind   string    // what the file holds
	Party  id.Party  // whose records they are, as the importer says
	Site   id.Site
	File   id.Hash // SHA-256 of the file's bytes
	Lines  int64   // below its header
	Rows   int64   // records that were kept of it
	Grams  int64   // of those records together
	Digest id.Hash // of those records, as package past adds them up
	Reason string  // where they are from and why they are brought, in the importer's words; "" in version 1
}

type wireImport struct {
	V      int      `json:"v"`
	At     string   `json:"at"`
	By     string   `json:"by"`
	Kind   string   `json:"kind"`
	Party  id.Party `json:"party"`
	Site   id.Site  `json:"site"`
	File   id.Hash  `json:"file"`
	Lines  int64    `json:"lines"`
	Rows   int64    `json:"rows"`
	Grams  int64    `json:"grams"`
	Digest id.Hash  `json:"digest"`
	Reason string   `json:"reason,omitempty"` // version 2
}

// Statement writes the import in its one spelling.
func (m Import) Statement() (Statement, error) {
	version := 1
	if m.Reason != "" {
		version = 2
	}
	return spell(KindImport, wireImport{version, spellTime(m.At), m.By, m.Kind, m.Party, m.Site, m.File, m.Lines, m.Rows, m.Grams, m.Digest, m.Reason})
}

// ParseImport reads an import and insists on its one spelling. The fault is damaged.
func ParseImport(b []byte) (Import, error) {
	var w wireImport
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil || w.V < 1 || w.V > 2 {
		return Import{}, damaged(err)
	}
	bad := w.By == "" || w.Kind == "" || w.At == "" || w.Party.IsZero() || w.Site.IsZero() || w.Rows < 1 || w.Lines < w.Rows || w.Grams < 1 || w.File.IsZero() ||
		w.Digest.IsZero() || len(b) > MaxBody || !plain(w.By, w.Kind, w.Reason)
	m := Import{At: readTime(w.At, &bad), By: w.By, Kind: w.Kind, Party: w.Party, Site: w.Site, File: w.File, Lines: w.Lines, Rows: w.Rows, Grams: w.Grams, Digest: w.Digest, Reason: w.Reason}
	again, err := m.Statement()
	if bad || err != nil || !bytes.Equal(again.Body, b) {
		return Import{}, fault.Wrap(err, fault.Damaged, "The statement kept beside a log entry is damaged; run `liandan check`.")
	}
	return m, nil
}
