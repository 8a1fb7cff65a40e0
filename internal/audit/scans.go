package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/rule"
)

// MaxScan bounds the scan of a slip, in bytes.
const MaxScan = 8 << 20

// ScanType is what a scan is, by its first bytes and nothing else.
type ScanType string

// The types that are taken.
const (
	PDF  ScanType = "application/pdf"
	JPEG ScanType = "image/jpeg"
	PNG  ScanType = "image/png"
)

// ScanTypes lists them.
func ScanTypes() []string { return []string{string(PDF), string(JPEG), string(PNG)} }

// Scan is the file whose hash a back-filled slip carries.
type Scan struct {
	Hash id.Hash // SHA-256 of Body
	Type ScanType
	Body []byte
}

// sniff says what a file is; "" for what is not taken.
func sniff(b []byte) ScanType {
	for _, x := range []struct {
		is    ScanType
		begin string
	}{{PDF, "%PDF-"}, {JPEG, "\xff\xd8\xff"}, {PNG, "\x89PNG\r\n\x1a\n"}} {
		if bytes.HasPrefix(b, []byte(x.begin)) {
			return x.is
		}
	}
	return ""
}

// slipOf gives the hash that a manifest's slip carries. Faults: not-found, and conflict when the
// manifest was not filled in from paper.
func slipOf(r Reader, m id.Manifest) (id.Hash, error) {
	found, err := r.Manifests([]id.Manifest{m})
	if err != nil {
		return id.Hash{}, err
	}
	st, ok := found[m]
	switch {
	case !ok:
		return id.Hash{}, notFound("manifest")
	case st.Scan.IsZero():
		return id.Hash{}, fault.New(fault.Conflict, "This manifest was not filled in from paper; there is no slip to scan.")
	}
	return st.Scan, nil
}

// AddScan keeps the scan of a manifest's slip under the hash that the slip's event carries. The
// same file again is no fault, and known then. Faults: not-found, conflict, and invalid-request
// for another file or one that is not what it is said to be.
func (s *Service) AddScan(ctx context.Context, m id.Manifest, as string, body []byte) (known bool, err error) {
	var want id.Hash
	if err := s.Store.Read(ctx, func(r Reader) (err error) {
		want, err = slipOf(r, m)
		return err
	}); err != nil {
		return false, err
	}
	bad := fault.New(fault.InvalidRequest, "The file is not the scan of this slip.")
	x := Scan{Hash: sha256.Sum256(body), Type: sniff(body), Body: body}
	if string(x.Type) != as {
		bad.At("", "type", "does not begin as %s does", as)
	}
	if x.Hash != want {
		bad.At("", "hash", "has the SHA-256 %s; the slip was signed with %s", x.Hash, want)
	}
	if len(bad.Fields) > 0 {
		return false, bad
	}
	return s.Store.AddScan(ctx, x, s.Now())
}

// ScanOf gives the scan of a manifest's slip. Faults: not-found, also while nobody has brought it;
// damaged when it is not the file that the slip's event names.
func (s *Service) ScanOf(ctx context.Context, m id.Manifest) (out Scan, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		want, err := slipOf(r, m)
		if fault.Of(err) == fault.Conflict {
			return notFound("scan")
		}
		if err != nil {
			return err
		}
		var ok bool
		if out, ok, err = r.Scan(want); err == nil && !ok {
			err = notFound("scan")
		}
		if err == nil && sha256.Sum256(out.Body) != want {
			err = fault.New(fault.Damaged, "The scan is not the file whose hash the slip carries; run `liandan check`.")
		}
		return err
	})
	return out, err
}

// noScans remarks on slips of a chain whose scan nobody has brought yet.
func (s *Service) noScans(r Reader, v *ChainView) error {
	for i := range v.Steps {
		st := &v.Steps[i]
		d, ok := st.Event.Data.(event.Backfilled)
		if !ok {
			continue
		}
		there, err := r.HasScan(d.Scan)
		if err != nil {
			return err
		}
		if !there {
			st.Findings = append(st.Findings, rule.NoScan(st.Event, st.Seq, v.Batch))
		}
	}
	return nil
}

// scanRows holds every scan against its hash and first bytes.
func (c *checker) scanRows() error {
	return c.in.ScanRows(func(x Scan) error {
		if sha256.Sum256(x.Body) != x.Hash || sniff(x.Body) != x.Type {
			c.r.say(AreaScan, "scan "+x.Hash.String(), "扫描件与其散列不符", "it is not the file whose hash it stands under (%s)", fmt.Sprintf("%d bytes", len(x.Body)))
		}
		return nil
	})
}
