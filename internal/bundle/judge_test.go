package bundle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/internal/bundle"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/intaketest"
	"liandan/internal/rule"
	"liandan/internal/statement"
)

// codes says what was found of keys' lives: findings, a bar, remarks.
func codes(r bundle.Report) string {
	list := func(fs []rule.Finding) (out []string) {
		for _, f := range fs {
			if f.ZH == "" || f.EN == "" || f.Event.IsZero() || f.Batch.IsZero() {
				out = append(out, fmt.Sprintf("incomplete %+v", f))
			}
			out = append(out, string(f.Rule))
		}
		return out
	}
	return strings.Join(list(r.Findings), " ") + "|" + strings.Join(list(r.Remarks), " ")
}

// TestRevokedLater: a file made before a revocation stays good and says as of when; one
// made after says that the key was revoked since.
func TestRevokedLater(t *testing.T) {
	l := newTown(t, 50).all()
	made, _ := l.bag()
	before := l.of(made)
	r := l.check(before)
	wantVerdict(t, r, bundle.Sound)
	if codes(r) != "|" || !hasNote(r, "key-history") || !hasNote(r, "makers-word") || hasNote(r, "key-from-before") || r.Statements != 2 {
		t.Errorf("%s, notes %v", codes(r), r.Notes)
	}
	for _, line := range r.Lines {
		if !line.OK || line.Count == 0 {
			t.Errorf("%+v", line)
		}
	}
	l.w.Advance(time.Hour)
	lost := l.w.Now()
	l.w.Advance(time.Hour)
	l.revoke(l.w.Porter, lost)
	again := l.check(before)
	wantVerdict(t, again, bundle.Sound)
	if codes(again) != "|" || !strings.Contains(fmt.Sprint(again.Notes), fmt.Sprintf("as of %d entries", before.Size)) {
		t.Errorf("%s, notes %v", codes(again), again.Notes)
	}
	after := l.check(l.of(made))
	wantVerdict(t, after, bundle.Sound)
	if codes(after) != "|key-revoked-later" || !strings.Contains(after.Remarks[0].EN, lost.Format("2006-01-02T15:04:05Z")) {
		t.Errorf("%s %+v", codes(after), after.Remarks)
	}
}

// contested walks into every way in which a loss, its report, an event and a ruling can
// stand in the log. Each says what must come of it.
func TestContested(t *testing.T) {
	const remark, finding = "|ruling-admitted", "key-contested|"
	porter := func(l *town) *device.Device { return l.w.Porter }
	for name, c := range map[string]struct {
		build   func(l *town, made intaketest.Signed, lost time.Time)
		verdict bundle.Verdict
		codes   string
		broken  string
	}{
		"taken in before the report": {func(l *town, made intaketest.Signed, lost time.Time) {
			l.put(l.store(made))
			l.revoke(porter(l), lost)
		}, bundle.Findings, finding, ""},
		"and admitted": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.put(l.store(made))
			l.revoke(porter(l), lost)
			l.put(l.rule(s, event.Admit))
		}, bundle.Sound, remark, ""},
		"and rejected": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.put(l.store(made))
			l.revoke(porter(l), lost)
			l.put(l.rule(s, event.Reject))
		}, bundle.Findings, finding, ""},
		"dated ahead of the report": {func(l *town, made intaketest.Signed, lost time.Time) {
			l.w.Advance(time.Hour)
			s := l.store(made)
			l.w.Advance(-time.Hour)
			l.put(s)
			l.revoke(porter(l), lost)
		}, bundle.Findings, "key-contested|clock-ahead", ""},
		"taken in after the report": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.store(made)
			l.w.Advance(time.Minute)
			l.revoke(porter(l), lost)
			l.put(s)
		}, bundle.Findings, "|", bundle.CheckValidity},
		"after the report, admitted before": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.store(made)
			l.w.Advance(time.Minute)
			l.revoke(porter(l), lost)
			l.put(l.rule(s, event.Admit))
			l.put(s)
		}, bundle.Sound, remark, ""},
		"after the report, admitted too late": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.store(made)
			l.w.Advance(time.Minute)
			l.revoke(porter(l), lost)
			l.put(s)
			l.put(l.rule(s, event.Admit))
		}, bundle.Findings, "|", bundle.CheckValidity},
		"after the report, rejected": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.store(made)
			l.w.Advance(time.Minute)
			l.revoke(porter(l), lost)
			l.put(l.rule(s, event.Reject))
			l.put(s)
		}, bundle.Findings, "|", bundle.CheckValidity},
		"signed after the report": {func(l *town, made intaketest.Signed, lost time.Time) {
			l.revoke(porter(l), lost)
			l.put(l.store(made))
		}, bundle.Findings, "|", bundle.CheckValidity},
		"signed after the report, and admitted": {func(l *town, made intaketest.Signed, lost time.Time) {
			l.revoke(porter(l), lost)
			s := l.store(made)
			l.put(l.rule(s, event.Admit))
			l.put(s)
		}, bundle.Findings, "|", bundle.CheckRulings},
		"signed before the loss, arrived after the report": {func(l *town, made intaketest.Signed, _ time.Time) {
			s := l.store(made)
			l.w.Advance(time.Hour)
			l.revoke(porter(l), l.w.Now().Add(-time.Minute))
			l.put(s)
		}, bundle.Sound, "|key-revoked-later", ""},
		"a ruling by a key that was lost itself": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.put(l.store(made))
			l.revoke(porter(l), lost)
			l.revoke(l.bureau, lost)
			l.put(l.rule(s, event.Admit))
		}, bundle.Findings, finding, bundle.CheckValidity},
		"two rulings": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.put(l.store(made))
			l.revoke(porter(l), lost)
			l.put(l.rule(s, event.Reject))
			l.put(l.rule(s, event.Admit))
		}, bundle.Findings, finding, bundle.CheckRulings},
		"a ruling on what is sound": {func(l *town, made intaketest.Signed, _ time.Time) {
			l.put(l.rule(l.put(l.store(made)), event.Reject))
		}, bundle.Findings, "|", bundle.CheckRulings},
		"a ruling that refers to another": {func(l *town, made intaketest.Signed, lost time.Time) {
			s := l.put(l.store(made))
			l.revoke(porter(l), lost)
			other := s
			other.Event = made.Event
			l.put(l.rule(other, event.Admit))
		}, bundle.Findings, "|ruling-admitted", bundle.CheckRulings},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t, 51).all()
			made := l.put(l.w.Generate(5_000))
			l.w.Advance(time.Minute)
			c.build(l, made, l.w.Now())
			r := l.check(l.of(made))
			wantVerdict(t, r, c.verdict)
			if codes(r) != c.codes || (c.broken != "") != (len(r.Broken) > 0) || (c.broken != "" && !broke(r, c.broken)) {
				t.Errorf("%s, broken %+v; want %s and %q", codes(r), r.Broken, c.codes, c.broken)
			}
		})
	}
}

// TestTimeOfAKey: the time told before an event judges it; what is told since is a remark.
func TestTimeOfAKey(t *testing.T) {
	limit := func(l *town, to time.Time) {
		l.tell(l.w.Porter.Kid(), statement.Key{What: statement.Limited, From: intaketest.Start.AddDate(0, -1, 0), To: to})
	}
	for name, c := range map[string]struct {
		build   func(l *town, made intaketest.Signed)
		verdict bundle.Verdict
		codes   string
	}{
		"cut later to before it": {func(l *town, made intaketest.Signed) {
			l.put(l.store(made))
			limit(l, intaketest.Start)
		}, bundle.Sound, "|key-ended-later"},
		"cut later to after it": {func(l *town, made intaketest.Signed) {
			l.put(l.store(made))
			limit(l, l.w.Now())
		}, bundle.Sound, "|"},
		"cut before": {func(l *town, made intaketest.Signed) {
			limit(l, l.w.Now())
			l.put(l.store(made))
		}, bundle.Findings, "|"},
		"cut and given back": {func(l *town, made intaketest.Signed) {
			limit(l, l.w.Now())
			limit(l, l.w.Now().AddDate(1, 0, 0))
			l.put(l.store(made))
		}, bundle.Sound, "|"},
		"given back too late": {func(l *town, made intaketest.Signed) {
			limit(l, l.w.Now())
			l.put(l.store(made))
			limit(l, l.w.Now().AddDate(1, 0, 0))
		}, bundle.Findings, "|"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t, 52).all()
			made := l.put(l.w.Generate(5_000))
			c.build(l, made)
			r := l.check(l.of(made))
			wantVerdict(t, r, c.verdict)
			if codes(r) != c.codes || (c.verdict == bundle.Findings) != broke(r, bundle.CheckValidity) {
				t.Errorf("%s, broken %+v", codes(r), r.Broken)
			}
		})
	}
}

// TestKeysFromBefore: keys that signed before their lives were told, as a server tells of
// them when it is brought up to date; and a log that claims so of a key that it enrolled.
func TestKeysFromBefore(t *testing.T) {
	l := newTown(t, 53)
	made, _ := l.bag()
	for _, d := range []*device.Device{l.w.Hospital, l.w.Porter} {
		l.begin(d, statement.Key{What: statement.Enrolled})
	}
	r := l.check(l.of(made))
	wantVerdict(t, r, bundle.Sound)
	if !hasNote(r, "key-from-before") || !hasNote(r, "key-history") {
		t.Errorf("notes %v", r.Notes)
	}
	l.revoke(l.w.Porter, intaketest.Start) // from before all that it signed
	if r := l.check(l.of(made)); r.Verdict != bundle.Findings || codes(r) != "key-contested|" {
		t.Errorf("%s %s", r.Verdict, codes(r))
	}

	l = newTown(t, 54)
	made, _ = l.bag()
	l.all()
	r = l.check(l.of(made))
	wantVerdict(t, r, bundle.Findings)
	if !broke(r, bundle.CheckValidity) || broke(r, bundle.CheckLife) {
		t.Errorf("a key that signed before it was enrolled: %+v", r.Broken)
	}
}

// TestHandover: a key that took over, with and without the one before in the file.
func TestHandover(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(l *town, next *device.Device, c *statement.Key) // before it is told
		both   bool                                                 // the old key signed something too
		broken bool
	}{
		"both in the file":    {nil, true, false},
		"the old one outside": {nil, false, false},
		"another key's hand-over": {func(l *town, next *device.Device, c *statement.Key) {
			jws, err := l.w.Stranger.SignRotation(next, l.w.Now())
			l.must(err)
			c.Proof = string(jws)
		}, true, true},
		"another key handed over to": {func(l *town, _ *device.Device, c *statement.Key) {
			jws, err := l.w.Porter.SignRotation(l.w.Stranger, l.w.Now())
			l.must(err)
			c.Proof = string(jws)
		}, false, true},
		"no hand-over":                   {func(_ *town, _ *device.Device, c *statement.Key) { c.Proof = "" }, false, true},
		"the old one's signature broken": {func(_ *town, _ *device.Device, c *statement.Key) { c.Proof = c.Proof[:len(c.Proof)-4] + "AAAA" }, true, true},
		"the old one was revoked":        {func(l *town, _ *device.Device, _ *statement.Key) { l.revoke(l.w.Porter, l.w.Now()) }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTown(t, 55).all()
			next := l.w.Enrol(l.w.Porter.Party, true)
			next.Person, next.Site = l.w.Porter.Person, l.w.Porter.Site
			made := l.put(l.w.Generate(5_000))
			if c.both {
				l.put(l.store(made))
			}
			jws, err := l.w.Porter.SignRotation(next, l.w.Now())
			l.must(err)
			chapter := statement.Key{What: statement.Rotated, Replaces: l.w.Porter.Kid(), Proof: string(jws)}
			if c.spoil != nil {
				c.spoil(l, next, &chapter)
			}
			l.begin(next, chapter)
			if !c.both { // else the batch is stored already
				l.w.Porter = next
				l.put(l.store(made))
			} else {
				issued := l.w.Sign(next, event.BatchStored, event.Stored{Place: "SAMPLE other store"}, func(e *event.Event) {
					e.Batches = []event.Batch{{ID: made.Event.Batches[0].ID}}
				})
				l.put(issued)
			}
			r := l.check(l.of(made))
			if broke(r, bundle.CheckLife) != c.broken || (!c.broken && (r.Verdict != bundle.Sound || hasNote(r, "handover-from-outside") == c.both)) {
				t.Errorf("%s, broken %+v, notes %v", r.Verdict, r.Broken, r.Notes)
			}
		})
	}
}
