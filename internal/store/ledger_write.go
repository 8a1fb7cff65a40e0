package store

import (
	"cmp"
	"encoding/json"
	"fmt"

	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/record"
)

var (
	tableEntries = table{name: "entries", columns: []column{{"seq", integers}, {"event_id", uuids}, {"kind", texts}, {"hash", blobs},
		{"leaf_hash", blobs}, {"recorded_at", integers}, {"entry", blobs}, {"body", blobs}}}
	tableLinks   = table{name: "entry_links", columns: []column{{"batch", uuids}, {"n", integers}, {"seq", integers}, {"leaf_hash", blobs}}}
	tableBatches = table{name: "batches", columns: []column{{"id", uuids}, {"stage", texts}, {"custodian", uuids}, {"site", uuids},
		{"manifest", uuids}, {"seq", integers}, {"state", blobs}, {"box", texts}},
		suffix: "ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, box = excluded.box, custodian = excluded.custodian, site = excluded.site, manifest = excluded.manifest, seq = excluded.seq, state = excluded.state"}
	tableManifests = table{name: "manifests", columns: []column{{"id", uuids}, {"stage", texts}, {"consignor", uuids}, {"carrier", uuids},
		{"consignee", uuids}, {"number", texts}, {"seq", integers}, {"state", blobs}},
		suffix: "ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, number = excluded.number, seq = excluded.seq, state = excluded.state"}
	tablePostings = table{name: "postings", columns: []column{{"seq", integers}, {"line", integers}, {"batch", uuids}, {"kind", texts},
		{"party", uuids}, {"site", uuids}, {"code", texts}, {"method", texts}, {"grams", integers}}}
	tableTiles = table{name: "tiles", columns: []column{{"level", integers}, {"idx", integers}, {"hashes", blobs}},
		suffix: "ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes"}
	tableHeads = table{name: "heads", columns: []column{{"size", integers}, {"root", blobs}, {"recorded_at", integers}, {"checkpoint", blobs}}}
	// The one row is moved by an insert over it, so that it travels with the others.
	tableLog = table{name: "log_state", columns: []column{{"id", integers}, {"size", integers}, {"root", blobs}, {"recorded_at", integers}, {"signer", texts}},
		suffix: "ON CONFLICT (id) DO UPDATE SET size = excluded.size, root = excluded.root, recorded_at = excluded.recorded_at, signer = excluded.signer"}
	tableLabels = table{name: "labels", columns: []column{{"token", texts}, {"batch", uuids}, {"source", texts}, {"made_at", integers}}}
	tableHeld   = table{name: "quarantine", columns: []column{{"hash", blobs}, {"event_id", uuids}, {"received_at", integers}, {"kind", texts},
		{"detail", texts}, {"state", texts}, {"body", blobs}}, suffix: "ON CONFLICT (hash) DO NOTHING"}
	tableSubjects = table{name: "quarantine_subjects", columns: []column{{"subject", uuids}, {"hash", blobs}}, suffix: "ON CONFLICT (subject, hash) DO NOTHING"}
)

const (
	sqlAdmit   = `UPDATE quarantine SET state = 'admitted', seq = ? WHERE hash = ?`
	sqlReject  = `UPDATE quarantine SET state = 'rejected' WHERE hash = ? AND state = 'waiting'`
	sqlContest = `UPDATE quarantine SET kind = ?, detail = ? WHERE hash = ? AND kind <> ?`
)

// Write implements record.Tx.
func (r *reader) Write(g record.Group) error {
	steps := []func(record.Group) error{r.writeEntries, r.writeLinks, r.writeStates, r.writePostings, r.writeMovements, r.writeIndex, r.writeTallies, r.writeLabels, r.writeTraces, r.writeCandidates,
		r.writeSaid, r.writeRulings, r.writeTopics, r.writeHeld, r.writeHead}
	for _, step := range steps {
		if err := step(g); err != nil {
			return err
		}
	}
	return r.flush()
}

// bulk notes rows to insert; flush sends all that was noted, on PostgreSQL in one
// statement: a commit group costs few round trips however many tables it touches.
func (r *reader) bulk(t table, n int, cols ...any) error {
	if n > 0 {
		r.noted = append(r.noted, insertion{t, rows{n, cols}})
	}
	return nil
}

func (r *reader) flush() error {
	noted := r.noted
	r.noted = nil
	if len(noted) == 0 {
		return nil
	}
	return r.s.say.insert(r.ctx, r.c, noted)
}

// text gives an id for a nullable column.
func text(v fmt.Stringer) *string {
	s := v.String()
	if s == "" {
		return nil
	}
	return &s
}

func (r *reader) writeEntries(g record.Group) error {
	n := len(g.Statements) + len(g.Records)
	seq, at := make([]int64, 0, n), make([]int64, 0, n)
	ids, kinds := make([]*string, 0, n), make([]string, 0, n)
	hash, leaf, entry, body := make([][]byte, 0, n), make([][]byte, 0, n), make([][]byte, 0, n), make([][]byte, 0, n)
	add := func(e *ledger.Entry, l *id.Hash, event *string, bytes, of []byte) {
		seq, at, ids, kinds = append(seq, e.Seq), append(at, stamp(e.RecordedAt)), append(ids, event), append(kinds, e.Kind)
		hash, leaf, entry, body = append(hash, e.Hash[:]), append(leaf, l[:]), append(entry, bytes), append(body, of)
	}
	for i := range g.Statements {
		st := &g.Statements[i]
		add(&st.Entry, &st.Leaf, nil, st.Bytes, st.Body)
	}
	for i := range g.Records {
		rec := &g.Records[i]
		add(&rec.Placed.Entry, &rec.Placed.Leaf, text(rec.Event.ID), rec.Placed.Bytes, rec.Body)
	}
	return r.bulk(tableEntries, n, seq, ids, kinds, hash, leaf, at, entry, body)
}

func (r *reader) writeLinks(g record.Group) error {
	var batches []*string
	var ns, seqs []int64
	var leaves [][]byte
	for i := range g.Records {
		p := &g.Records[i].Placed
		for _, l := range p.Entry.Links {
			batches, ns, seqs, leaves = append(batches, text(l.Batch)), append(ns, l.N), append(seqs, p.Entry.Seq), append(leaves, p.Leaf[:])
		}
	}
	return r.bulk(tableLinks, len(ns), batches, ns, seqs, leaves)
}

func (r *reader) writeStates(g record.Group) error {
	n := len(g.Batches)
	ids, custodians, sites, on := make([]*string, n), make([]*string, n), make([]*string, n), make([]*string, n)
	stages, seqs, blobs, boxes := make([]string, n), make([]int64, n), make([][]byte, n), make([]*string, n)
	for i, s := range g.Batches {
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		ids[i], stages[i], custodians[i], sites[i], on[i], seqs[i], blobs[i] = text(s.ID), string(s.Stage), text(s.Custodian), text(s.Site), text(s.Manifest), s.Seq, b
		if box := s.Box(); box != "" {
			boxes[i] = &box
		}
	}
	if err := r.bulk(tableBatches, n, ids, stages, custodians, sites, on, seqs, blobs, boxes); err != nil {
		return err
	}
	if err := r.writeManifests(g); err != nil {
		return err
	}
	return r.writeWorklist(g)
}

func (r *reader) writeManifests(g record.Group) error {
	n := len(g.Manifests)
	ids, consignors, carriers, consignees := make([]*string, n), make([]*string, n), make([]*string, n), make([]*string, n)
	stages, numbers, seqs, blobs := make([]string, n), make([]string, n), make([]int64, n), make([][]byte, n)
	for i, s := range g.Manifests {
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		ids[i], stages[i], consignors[i], carriers[i], consignees[i] = text(s.ID), string(s.Stage), text(s.Consignor), text(s.Carrier), text(s.Consignee)
		numbers[i], seqs[i], blobs[i] = s.Number, s.Seq, b
	}
	return r.bulk(tableManifests, n, ids, stages, consignors, carriers, consignees, numbers, seqs, blobs)
}

func (r *reader) writePostings(g record.Group) error {
	var seqs, lines, grams []int64
	var batches, parties, sites []*string
	var kinds, codes, methods []string
	for _, rec := range g.Records {
		for i, p := range rec.Placed.Postings {
			seqs, lines, grams = append(seqs, rec.Placed.Entry.Seq), append(lines, int64(i)), append(grams, int64(p.Grams))
			batches, parties, sites = append(batches, text(p.Batch)), append(parties, text(p.Party)), append(sites, text(p.Site))
			kinds, codes, methods = append(kinds, string(p.Kind)), append(codes, string(p.Code)), append(methods, string(p.Method))
		}
	}
	return r.bulk(tablePostings, len(seqs), seqs, lines, batches, kinds, parties, sites, codes, methods, grams)
}

// writeLabels keeps the tokens that devices printed.
func (r *reader) writeLabels(g record.Group) error {
	var tokens, sources []string
	var batches []*string
	var at []int64
	for _, rec := range g.Records {
		for _, m := range rec.Event.Marks() {
			tokens, sources = append(tokens, string(m.Label)), append(sources, sourceEvent)
			batches, at = append(batches, text(m.Batch)), append(at, stamp(rec.Placed.Entry.RecordedAt))
		}
	}
	return r.bulk(tableLabels, len(tokens), tokens, batches, sources, at)
}

const (
	sourceEvent  = "event"  // in a signed event: rebuilt from the log
	sourceServer = "server" // made later, for a new print
)

func (r *reader) writeHeld(g record.Group) error {
	var hashes, bodies, of [][]byte
	var events, subjects []*string
	var at []int64
	var kinds, details, states []string
	for i := range g.Held {
		h := &g.Held[i]
		hashes, bodies, events = append(hashes, h.Hash[:]), append(bodies, h.Body), append(events, text(h.Event))
		at, kinds, details, states = append(at, stamp(h.ReceivedAt)), append(kinds, h.Kind), append(details, h.Detail), append(states, cmp.Or(h.State, record.Waiting))
		for _, s := range h.Subjects {
			word := string(s)
			subjects, of = append(subjects, &word), append(of, h.Hash[:])
		}
	}
	for i := range g.Contested {
		for _, s := range g.Contested[i].Subjects {
			word := string(s)
			subjects, of = append(subjects, &word), append(of, g.Contested[i].Hash[:])
		}
	}
	if err := r.bulk(tableHeld, len(hashes), hashes, events, at, kinds, details, states, bodies); err != nil {
		return err
	}
	if len(of) > 0 { // they refer to the rows above, which must be there first
		if err := r.flush(); err != nil {
			return err
		}
	}
	if err := r.bulk(tableSubjects, len(of), subjects, of); err != nil {
		return err
	}
	for _, k := range g.Admitted {
		if err := r.exec(sqlAdmit, k.Seq, k.Hash[:]); err != nil {
			return err
		}
	}
	return r.moveHeld(g)
}

// moveHeld writes what became of rows of the quarantine that did not get into the log.
func (r *reader) moveHeld(g record.Group) error {
	for _, h := range g.Contested {
		if err := r.exec(sqlContest, h.Kind, h.Detail, h.Hash[:], h.Kind); err != nil {
			return err
		}
	}
	for _, h := range g.Rejected {
		if err := r.exec(sqlReject, h[:]); err != nil {
			return err
		}
	}
	return nil
}

// writeHead moves the log: tiles, the head with its checkpoint, and the locked row.
func (r *reader) writeHead(g record.Group) error {
	if !g.Grew() {
		return nil
	}
	n := len(g.Tiles)
	levels, idx, hashes := make([]int64, n), make([]int64, n), make([][]byte, n)
	for i, t := range g.Tiles {
		levels[i], idx[i], hashes[i] = int64(t.Level), t.Index, t.Hashes
	}
	if err := r.bulk(tableTiles, n, levels, idx, hashes); err != nil {
		return err
	}
	if err := r.bulk(tableHeads, 1, []int64{g.Head.Size}, [][]byte{g.Head.Root[:]}, []int64{stamp(g.RecordedAt)}, [][]byte{g.Checkpoint}); err != nil {
		return err
	}
	return r.bulk(tableLog, 1, []int64{1}, []int64{g.Head.Size}, [][]byte{g.Head.Root[:]}, []int64{stamp(g.RecordedAt)}, []string{g.Signer})
}
