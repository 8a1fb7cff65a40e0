// Package replay plays the lines of real manifests of another system as signed chains
// through a server's HTTP intake: generated, issued, collected, delivered, accepted, and
// treated where a line has a method. Parties, sites and devices are samples and say so.
//
// It must not guess a mass (a line by volume or with zero is reported and stays out), drop
// a line silently, reach a database, or call accepted what no receipt of the server
// confirms.
//
// A replay can be repeated: keys, ids and bytes are derived from the seed and the file, and
// times from the moment that the server first knew the sample keys. A second replay of the
// same file and seed therefore sends the same bytes, and adds nothing. Two consequences:
// the keys are Ed25519, whose signatures are deterministic (RFC 8032 section 5.1.6), and
// `seen` is null throughout, as of phones that upload everything later.
package replay

import (
	"context"
	"fmt"
	"io"
	"time"

	"liandan/internal/client"
	"liandan/internal/fault"
	"liandan/internal/waste"
)

// Options says what is played, where to, and as whom.
type Options struct {
	File   io.Reader      // CSV, see Read
	Client *client.Client // of the server, with an operator's token
	Seed   uint64         // another seed makes other devices, batches and manifests
	// Now is the clock by which Progress says how long it takes; it reaches no event.
	Now      func() time.Time
	Progress io.Writer // one line an upload; nil: none
}

// Summary is what a replay did. The figures of acceptance and treatment count what the
// server's receipts confirm, those of this replay and of earlier ones alike.
type Summary struct {
	Lines         int         `json:"lines"` // below the header
	Manifests     int         `json:"manifests"`
	AcceptedLines int         `json:"accepted_lines"`
	AcceptedGrams waste.Grams `json:"accepted_grams"`
	TreatedGrams  waste.Grams `json:"treated_grams"`
	VolumeLines   int         `json:"volume_lines"` // by volume, those of zero included
	ZeroLines     int         `json:"zero_lines"`   // of no mass or volume at all
	Malformed     int         `json:"malformed_manifests"`
	EventsSent    int         `json:"events_sent"`
	EventsNew     int         `json:"events_new"` // the others were there already

	Report Report `json:"-"`
}

// Run plays a file. It may be repeated at will, also after an error: what is there already
// is not added again.
//
// Lines that cannot be played are no error but are in the report, and the rest of their
// manifest is played. When the server refuses events, the others are sent all the same,
// each refusal is in the report, and the error has the kind of the first. Other faults:
// invalid-import, too-many-lines, too-large, upload-cut-short (the file, and nothing was
// sent), conflict (the sample parties or keys are not as this replay makes them), and
// whatever *client.Problem the server answers. The summary is right as far as the replay
// came.
func Run(ctx context.Context, o Options) (Summary, error) {
	file, err := Read(o.File)
	if err != nil {
		return Summary{}, err
	}
	s := Summary{Lines: file.Lines, Manifests: len(file.Manifests), Report: reportOf(file)}
	s.VolumeLines, s.ZeroLines, s.Malformed = len(s.Report.Volume), len(s.Report.Zero), len(s.Report.Malformed)
	cast, err := newCast(o.Seed)
	if err != nil {
		return s, err
	}
	if err := cast.register(ctx, o.Client); err != nil {
		return s, fmt.Errorf("register the sample parties: %w", err)
	}
	base, err := cast.enrol(ctx, o.Client)
	if err != nil {
		return s, fmt.Errorf("enrol the sample devices: %w", err)
	}
	p := &play{cast: cast, seed: o.Seed, base: base}
	u := &upload{Options: o, summary: &s}
	return s, u.all(ctx, p, file.Manifests)
}

// uploadLines is how many events go into one upload: enough for the server to commit in
// large groups, few enough that progress is seen.
const uploadLines = 2000

// upload sends the chains of manifests and counts the answers.
type upload struct {
	Options
	summary *Summary
	pending []signed
	begun   time.Time
	first   *client.Problem // the first refusal
}

// all sends every manifest, complete ones only in each upload.
func (u *upload) all(ctx context.Context, p *play, manifests []Manifest) error {
	if u.Now != nil {
		u.begun = u.Now()
	}
	for i, m := range manifests {
		chain, err := p.chain(m)
		if err != nil {
			return fmt.Errorf("manifest %s: %w", m.Number, err)
		}
		u.pending = append(u.pending, chain...)
		if len(u.pending) < uploadLines && i < len(manifests)-1 {
			continue
		}
		if err := u.send(ctx); err != nil {
			return err
		}
		u.progress(i+1, len(manifests))
	}
	if n := len(u.summary.Report.Refused); n > 0 {
		return fault.New(fault.Kind(u.first.Kind), "The server refused %d of %d events; the first refusal: %s", n, u.summary.EventsSent, u.first.Error())
	}
	return nil
}

// send uploads what is pending. When every event of an upload is refused the next will
// fare no better, and it says so.
func (u *upload) send(ctx context.Context) error {
	if len(u.pending) == 0 {
		return nil
	}
	lines := make([][]byte, len(u.pending))
	for i, s := range u.pending {
		lines[i] = s.jws
	}
	n, taken := 0, 0
	err := u.Client.SendAll(ctx, lines, func(l client.Line) error {
		if n >= len(u.pending) || l.Line != n+1 {
			return fmt.Errorf("the server answered line %d where an answer to line %d of %d was due", l.Line, n+1, len(lines))
		}
		ok, err := u.answer(u.pending[n], l)
		if ok {
			taken++
		}
		n++
		return err
	})
	if err != nil {
		return fmt.Errorf("the upload ended early (run the same replay again; what was recorded is not added twice): %w", err)
	}
	u.pending = u.pending[:0]
	if taken == 0 {
		return fault.New(fault.Kind(u.first.Kind), "The server refused a whole upload of %d events, so the replay stopped; the first refusal: %s", n, u.first.Error())
	}
	return nil
}

// answer counts one event by the server's receipt, which must be for these very bytes.
func (u *upload) answer(s signed, l client.Line) (taken bool, err error) {
	u.summary.EventsSent++
	if l.Problem != nil {
		if u.first == nil {
			u.first = l.Problem
		}
		u.summary.Report.refused(s, l.Problem)
		return false, nil
	}
	if r := l.Receipt; r == nil || r.ID != s.event.ID.String() || r.Hash != s.hash().String() || (l.Status != 200 && l.Status != 201) {
		return false, fmt.Errorf("line %d of the file, manifest %s: the server's answer to %s is no receipt for what was sent", s.line, s.manifest, s.event.Type)
	}
	if l.Fresh() {
		u.summary.EventsNew++
	}
	u.summary.count(s.event)
	return true, nil
}

func (u *upload) progress(manifests, of int) {
	if u.Progress == nil {
		return
	}
	took := ""
	if u.Now != nil {
		took = fmt.Sprintf(" · %.1f s", u.Now().Sub(u.begun).Seconds())
	}
	fmt.Fprintf(u.Progress, "已回放 %d/%d 份联单，%d 个事件，新增 %d 个 · %d of %d manifests, %d events, %d new%s\n",
		manifests, of, u.summary.EventsSent, u.summary.EventsNew, manifests, of, u.summary.EventsSent, u.summary.EventsNew, took)
}
