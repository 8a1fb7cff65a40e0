package audit

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/sampling"
	"liandan/internal/statement"
)

// Draw is one announced draw of sites and inspectors.
type Draw struct {
	Seq        int64
	RecordedAt time.Time
	Event      event.Event
	event.Sample
	State string // of package sampling
	// Before are the same authority's earlier draws over the period or from the list, oldest
	// first: whoever draws until the result pleases is seen.
	Before []id.Event
	// Unexplained is a draw that calls itself the first and is not.
	Unexplained bool
}

// drawReader is what draws are read from.
type drawReader interface {
	// Draws gives the entries of all sample.drawn, in order. There are some dozens a year.
	Draws() ([]ledger.Kept, error)
	// SampleList is a list by its hash; nil when it was not handed in.
	SampleList(hash id.Hash) ([]byte, error)
	// Offices gives the entries of all facts of the kind office, in order: a handful.
	Offices() ([]ledger.Kept, error)
}

// KeepList keeps a list, and says whether it was here before. Faults: unavailable.
func (s *Service) KeepList(ctx context.Context, l sampling.List) (known bool, err error) {
	return s.Store.AddSampleList(ctx, l.Hash(), l.Text(), s.Now())
}

// Draws pages through the announced draws, newest first. Faults: invalid-request for a
// cursor that is none, damaged, unavailable.
func (s *Service) Draws(ctx context.Context, cursor string, limit int) (out []Draw, next string, err error) {
	var before int64 = -1
	if cursor != "" {
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before < 0 || strconv.FormatInt(before, 10) != cursor {
			return nil, "", fault.New(fault.InvalidRequest, "The cursor is not one that this list gave.").At("/cursor", "format", "must be next_cursor of the page before")
		}
	}
	var all []Draw
	err = s.Store.Read(ctx, func(r Reader) (err error) {
		all, _, err = draws(r)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	slices.Reverse(all)
	out = []Draw{}
	for _, d := range all {
		if before >= 0 && d.Seq >= before {
			continue
		}
		if len(out) == limit {
			return out, strconv.FormatInt(out[limit-1].Seq, 10), nil
		}
		out = append(out, d)
	}
	return out, "", nil
}

// draws reads all draws in order, with what was kept of each.
func draws(r Reader) (out []Draw, kept []ledger.Kept, err error) {
	if kept, err = r.Draws(); err != nil {
		return nil, nil, err
	}
	head, _, err := r.Log()
	if err != nil {
		return nil, nil, err
	}
	for _, k := range kept {
		signed, e, err := open(k.Body)
		if err != nil {
			return nil, nil, err
		}
		entry, err := ledger.ParseEntry(k.Entry)
		if err != nil {
			return nil, nil, err
		}
		d := Draw{Seq: k.Seq, RecordedAt: entry.RecordedAt, Event: e, State: sampling.Announced}
		var ok bool
		if d.Sample, ok = e.Data.(event.Sample); !ok || entry.Hash != signed.Hash() || entry.Seq != k.Seq {
			return nil, nil, fault.New(fault.Damaged, "Entry %d is not that of a draw; run `liandan check`.", k.Seq)
		}
		for _, x := range out {
			if x.Event.Party == e.Party && (x.Period == d.Period || x.List == d.List) {
				d.Before = append(d.Before, x.Event.ID)
			}
		}
		d.Unexplained = len(d.Before) > 0 && d.Round == 1
		if head.Size >= d.Size {
			list, err := r.SampleList(d.List)
			if err != nil {
				return nil, nil, err
			}
			if d.State = sampling.Complete; !fits(list, d.Sample) {
				d.State = sampling.Unlisted
			}
		}
		out = append(out, d)
	}
	return out, kept, nil
}

// fits says whether a list is there and has as many entries as was announced.
func fits(text []byte, d event.Sample) bool {
	l, err := sampling.ParseList(text)
	return err == nil && len(l.Sites) == d.Sites && len(l.People) == d.People
}

// DrawFile draws again and gives the file by which anybody may. Faults: not-found, damaged.
func (s *Service) DrawFile(ctx context.Context, e id.Event) (d Draw, f sampling.File, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		all, kept, err := draws(r)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d Draw) bool { return d.Event.ID == e })
		if i < 0 {
			return notFound("draw")
		}
		d = all[i]
		f, err = s.drawFile(r, d, kept[i])
		return err
	})
	return d, f, err
}

func (s *Service) drawFile(r Reader, d Draw, k ledger.Kept) (f sampling.File, err error) {
	head, checkpoint, _, err := s.newest(r)
	if err != nil {
		return f, err
	}
	tree := merkle.NewTree(head.Size, r.Tile, 0)
	f = sampling.File{Format: sampling.Format, State: d.State, Checkpoint: string(checkpoint),
		Announcement: sampling.Announcement{Seq: k.Seq, Entry: string(k.Entry), JWS: string(k.Body)}}
	if f.Announcement.Proof, err = tree.Prove(head.Size, k.Seq); err != nil {
		return f, err
	}
	if err = addAnnouncer(r, &f, d, k, prover{tree, head.Size}); err != nil || d.State == sampling.Announced {
		return f, err
	}
	seed, err := tree.HeadAt(d.Size)
	if err != nil {
		return f, err
	}
	proof, err := tree.ProveTree(head.Size, d.Size)
	if err != nil {
		return f, err
	}
	f.Seed = &sampling.SeedAt{Size: seed.Size, Root: seed.Root, Proof: proof}
	text, err := r.SampleList(d.List)
	if err != nil || text == nil {
		return f, err
	}
	l, err := sampling.ParseList(text)
	if err != nil {
		return f, err
	}
	if l.Hash() != d.List {
		return f, fault.New(fault.Damaged, "The list that is kept under the hash %s is another one.", d.List)
	}
	f.List = &l
	if d.State != sampling.Complete {
		return f, nil
	}
	drawn, err := sampling.Draw(l, seed.Root, sampling.Order{Sites: d.DrawSites, People: d.DrawPeople, Round: d.Round})
	f.Drawn = &drawn
	return f, err
}

// addAnnouncer adds who announced the draw: the life of the key, what was ruled on the
// announcement, and what the log was told of the announcer's office. Where the log has
// nothing of it the file has none, and its reader says that it is not proven.
func addAnnouncer(r Reader, f *sampling.File, d Draw, k ledger.Kept, p prover) error {
	rulings, err := r.RulingsOf([]id.Hash{sha256.Sum256(k.Body)})
	if err != nil {
		return err
	}
	lives, statements, err := livesOf(r, append([]ledger.Kept{k}, rulings...), p)
	if err != nil {
		return err
	}
	for _, s := range statements {
		f.Keys = append(f.Keys, sampling.Said{Seq: s.Index, Entry: string(s.Entry), Body: string(s.Body), Proof: s.Proof})
	}
	if lives != nil {
		for _, x := range rulings {
			path, err := p.tree.Prove(p.size, x.Seq)
			if err != nil {
				return err
			}
			f.Rulings = append(f.Rulings, sampling.Announcement{Seq: x.Seq, Entry: string(x.Entry), JWS: string(x.Body), Proof: path})
		}
	}
	offices, err := r.Offices()
	if err != nil {
		return err
	}
	for _, x := range offices {
		if _, err := unaltered(x, statement.KindFact); err != nil {
			return err
		}
		fact, err := indicator.ParseFact(x.Body)
		if err != nil {
			return err
		}
		if o, ok := fact.Row.(indicator.Office); !ok || o.Party != d.Event.Party {
			continue
		}
		path, err := p.tree.Prove(p.size, x.Seq)
		if err != nil {
			return err
		}
		f.Offices = append(f.Offices, sampling.Said{Seq: x.Seq, Entry: string(x.Entry), Body: string(x.Body), Proof: path})
	}
	return nil
}
