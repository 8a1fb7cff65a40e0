package audit_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// on is a condition for the n-th entry of the batch accepted in part.
func (p *place) on(n int) string {
	return fmt.Sprintf(`seq = (SELECT seq FROM entry_links WHERE batch = '%s' AND n = %d)`, p.parted, n)
}

// TestReadingDamage: the reading side answers on a damaged store with what is broken, or
// with a fault that says so; it never stops the server and never calls the chain whole.
func TestReadingDamage(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		if v, err := p.audit.Chain(ctx, p.parted); err != nil || len(v.Broken) > 0 || len(v.Steps) != 6 {
			t.Fatalf("untouched: %v, %d steps, %v", err, len(v.Steps), v.Broken)
		}
		for what, q := range map[string]string{
			"an entry that is no JSON":       `UPDATE entries SET entry = hash WHERE ` + p.on(3),
			"an entry of another":            `UPDATE entries SET entry = (SELECT entry FROM entries WHERE ` + p.on(2) + `) WHERE ` + p.on(3),
			"a body that is no JWS":          `UPDATE entries SET body = hash WHERE ` + p.on(3),
			"an empty body":                  `UPDATE entries SET body = '' WHERE ` + p.on(1),
			"the body of another event":      `UPDATE entries SET body = (SELECT body FROM entries WHERE seq = 0) WHERE ` + p.on(3),
			"the body of the event before":   `UPDATE entries SET body = (SELECT body FROM entries WHERE ` + p.on(2) + `) WHERE ` + p.on(3),
			"an entry gone":                  `DELETE FROM entries WHERE ` + p.on(2),
			"all entries gone but one":       fmt.Sprintf(`DELETE FROM entry_links WHERE batch = '%s' AND n <> 4`, p.parted),
			"the first link gone":            fmt.Sprintf(`DELETE FROM entry_links WHERE batch = '%s' AND n = 1`, p.parted),
			"the last link gone":             fmt.Sprintf(`DELETE FROM entry_links WHERE batch = '%s' AND n = 6`, p.parted),
			"a link to an entry of no batch": fmt.Sprintf(`UPDATE entry_links SET seq = 0 WHERE batch = '%s' AND n = 2`, p.parted),
			"a stored state that is no JSON": fmt.Sprintf(`UPDATE batches SET state = (SELECT hash FROM entries WHERE seq = 0) WHERE id = '%s'`, p.parted),
			"the stored state of another":    fmt.Sprintf(`UPDATE batches SET state = (SELECT state FROM batches WHERE id = '%s') WHERE id = '%s'`, p.reprinted, p.parted),
			"no stored state":                fmt.Sprintf(`DELETE FROM batches WHERE id = '%s'`, p.parted),
		} {
			p.exec(q)
			v, err := p.audit.Chain(ctx, p.parted)
			if err != nil || len(v.Broken) == 0 {
				t.Errorf("%s: %v, broken %q", what, err, v.Broken)
			}
			for _, line := range v.Broken {
				if strings.TrimSpace(line) == "" {
					t.Errorf("%s: an empty line among %q", what, v.Broken)
				}
			}
			if _, err := p.audit.BatchBundle(ctx, p.parted); fault.Of(err) != fault.Damaged {
				t.Errorf("%s: evidence of a broken chain was made (%v)", what, err)
			}
			p.readAll(what)
			p.restore("entries", "entry_links", "batches")
		}
		p.sound("after all")
	})
}

// readAll asks everything of the reading side; each answer is there or is a fault.
func (p *place) readAll(what string) {
	p.t.Helper()
	judge := func(name string, answered bool, err error) {
		p.t.Helper()
		if k := fault.Of(err); err != nil && k != fault.Damaged && k != fault.NotFound {
			p.t.Errorf("%s: %s: %v", what, name, err)
		}
		if err == nil && !answered {
			p.t.Errorf("%s: %s answered nothing", what, name)
		}
	}
	b, err := p.audit.Batch(ctx, p.parted)
	judge("Batch", !b.State.ID.IsZero(), err)
	m, err := p.audit.Manifest(ctx, p.whole)
	judge("Manifest", !m.State.ID.IsZero(), err)
	file, err := p.audit.BatchBundle(ctx, p.parted)
	judge("BatchBundle", len(file) > 0, err)
	file, err = p.audit.ManifestBundle(ctx, p.whole)
	judge("ManifestBundle", len(file) > 0, err)
	for _, row := range p.rows(`SELECT event_id FROM entries WHERE event_id IS NOT NULL ORDER BY seq`) {
		e, err := id.ParseEvent(row[0].(string))
		if err != nil {
			p.t.Fatal(err)
		}
		v, err := p.audit.Event(ctx, e)
		judge("Event", len(v.Proof) > 0 && v.Event.ID == e, err)
	}
}

// TestReadingSound: the same questions on an untouched store are all answered.
func TestReadingSound(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		m, err := p.audit.Manifest(ctx, p.whole)
		if err != nil {
			t.Fatal(err)
		}
		var signed []id.Event
		for _, x := range m.Signed {
			signed = append(signed, x.Event.ID)
		}
		if !slices.Equal(signed, m.State.Events) || len(signed) < 4 {
			t.Errorf("signed %v, the manifest's events are %v", signed, m.State.Events)
		}
		for _, b := range []id.Batch{p.parted, p.reprinted} {
			if _, err := p.audit.Batch(ctx, b); err != nil {
				t.Error(err)
			}
			if _, err := p.audit.BatchBundle(ctx, b); err != nil {
				t.Error(err)
			}
		}
		if _, err := p.audit.ManifestBundle(ctx, p.whole); err != nil {
			t.Error(err)
		}
		if _, err := p.audit.Chain(ctx, id.BatchOf(id.V7(1, [10]byte{1}))); !errors.Is(err, fault.New(fault.NotFound, "")) {
			t.Errorf("an unknown batch gave %v", err)
		}
		p.readAll("untouched")
	})
}

// TestReadingTiles: without its tile an event cannot be proven, and the answer says so.
func TestReadingTiles(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		e, err := id.ParseEvent(p.rows(`SELECT event_id FROM entries WHERE seq = 4`)[0][0].(string))
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`DELETE FROM tiles WHERE level = 0 AND idx = 0`, `UPDATE tiles SET hashes = ''`} {
			p.exec(q)
			if v, err := p.audit.Event(ctx, e); fault.Of(err) != fault.Damaged || v.Proof != nil {
				t.Errorf("%s: %v", q, err)
			}
			if _, err := p.audit.BatchBundle(ctx, p.parted); fault.Of(err) != fault.Damaged {
				t.Errorf("%s: the bundle gave %v", q, err)
			}
			p.restore("tiles")
		}
	})
}
