package duty

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/party"
)

func book(t testing.TB) Book {
	t.Helper()
	b, err := DefaultBook()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var now2026 = Calendars{calendar.Default()}

func local(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, calendar.Zone())
	if err != nil {
		panic(err)
	}
	return t
}

func owe(t *testing.T, c Code, w Word, start string, cals Calendars) Duty {
	t.Helper()
	d, ok := book(t).Owe(c, Clock{Word: w, Start: local(start).UnixMilli()}, cals)
	if !ok {
		t.Fatalf("%s has no edition at %s", c, start)
	}
	return d
}

// The worked example of the regulation notes, section 11.
func TestReceiptOverSpringFestival(t *testing.T) {
	for _, hour := range []string{"00:00", "09:30", "23:59"} {
		d := owe(t, Receipt, Delivered, "2026-02-13 "+hour, now2026)
		if got := d.Due.LastDay().Format(time.DateOnly); got != "2026-02-27" || d.Due.Provisional {
			t.Errorf("delivered on 2026-02-13 at %s: confirm by %s, provisional %v", hour, got, d.Due.Provisional)
		}
		if by, late := d.Late(local("2026-02-27 23:59")); late {
			t.Errorf("on the last day it is late by %s", by)
		}
		if by, late := d.Late(local("2026-02-28 01:00")); !late || by != time.Hour {
			t.Errorf("an hour after the last day it is late %v by %s", late, by)
		}
		if s := d.Rule.Source(); !strings.Contains(s, "23号") || !strings.HasSuffix(s, " 18") {
			t.Errorf("the source is %q", s)
		}
	}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		code      Code
		word      Word
		start     string
		last      string
		certainty string
	}{
		{PaperBackfill, Transferred, "2026-02-13 12:00", "2026-03-05", "C"}, // Saturday 02-28 is a working day too
		{ApprovalAcceptance, Applied, "2026-03-02 12:00", "2026-03-09", "C"},
		{ApprovalReview, ApplicationAccepted, "2026-03-02 12:00", "2026-03-09", "C"},
		{ApprovalReply, LetterReceived, "2026-03-02 12:00", "2026-03-16", "C"},
		{ApprovalDecision, ReplyReceived, "2026-03-02 12:00", "2026-03-09", "C"},
		{MedicalStore, Closed, "2026-10-01 08:15", "2026-10-03", "C"}, // holidays do not stop it
		{CollectorOnward, Held, "2026-03-02 12:00", "2026-07-10", "C"},
		{StorageYear, Held, "2025-03-03 12:00", "2026-03-03", "C"},
		{StorageYear, Held, "2024-02-29 12:00", "2025-02-28", "C"}, // Civil Code 202: no such day, the month's last
		{StorageYear, Held, "2025-02-15 12:00", "2026-02-24", "C"}, // a Sunday of the holidays: Civil Code 203
		{StorageYear, Held, "2026-08-15 00:00", "2027-08-16", "U"}, // the code's article is not known
	} {
		d := owe(t, c.code, c.word, c.start, now2026)
		if got := d.Due.LastDay().Format(time.DateOnly); got != c.last || d.Rule.Certainty != c.certainty {
			t.Errorf("%s from %s: by %s (%s), expected %s (%s)", c.code, c.start, got, d.Rule.Certainty, c.last, c.certainty)
		}
	}
	if d := owe(t, MedicalStore, Closed, "2026-10-01 08:15", now2026); !d.Due.Met(local("2026-10-03 08:15")) || d.Due.Met(local("2026-10-03 08:16")) {
		t.Errorf("48 hours end at %s", d.Due.At)
	}
	if _, ok := book(t).Owe(Receipt, Clock{Word: Delivered, Start: local("2021-12-31 12:00").UnixMilli()}, now2026); ok {
		t.Error("Order 23 is applied to what was delivered before it was in force")
	}
}

// A year that no notice had settled is counted by weekdays and marked; once it is published
// the deadline is another, and the first value is kept beside it.
func TestRecountWhenTheYearIsPublished(t *testing.T) {
	const head = "# version: %\n# settled_from: 2018-12-29\n# settled_to: @\n# source: SAMPLE\nkind\tfirst\tlast\tname\tnotice\n"
	made := func(version, to, rows string) *calendar.Calendar {
		c, err := calendar.Parse(strings.NewReplacer("%", version, "@", to).Replace(head) + rows)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := made("before", "2026-12-27", "off\t2026-10-01\t2026-10-07\t国庆节\t2026\n")
	after := made("after", "2027-12-27", "off\t2026-10-01\t2026-10-07\t国庆节\t2026\noff\t2027-01-01\t2027-01-03\t元旦\t2027\n")
	d := owe(t, Receipt, Delivered, "2026-12-28 10:00", Calendars{before})
	if got := d.Due.LastDay().Format(time.DateOnly); got != "2027-01-04" || !d.Due.Provisional || len(d.Earlier) != 0 {
		t.Errorf("before the notice: by %s, provisional %v, earlier %v", got, d.Due.Provisional, d.Earlier)
	}
	d = owe(t, Receipt, Delivered, "2026-12-28 10:00", Calendars{before, after})
	if got := d.Due.LastDay().Format(time.DateOnly); got != "2027-01-05" || d.Due.Provisional {
		t.Errorf("after the notice: by %s, provisional %v", got, d.Due.Provisional)
	}
	if len(d.Earlier) != 1 || d.Earlier[0].LastDay().Format(time.DateOnly) != "2027-01-04" || d.Earlier[0].Calendar != "before" {
		t.Errorf("the value before is not kept: %+v", d.Earlier)
	}
	if d = owe(t, Receipt, Delivered, "2026-12-01 10:00", Calendars{before, after}); len(d.Earlier) != 0 {
		t.Errorf("a deadline that did not change has earlier values %+v", d.Earlier)
	}
}

func TestApplications(t *testing.T) {
	b := book(t)
	a := Application{Applied: local("2026-03-02 09:00")}
	got := b.Application(a, now2026, local("2026-03-05 09:00"))
	if len(got) != 1 || got[0].Rule.Code != ApprovalAcceptance || got[0].Rule.Owner != "origin_province" || !got[0].Open() {
		t.Fatalf("after three days: %+v", got)
	}
	// Nothing was heard: it counts as accepted, and the review is due from that day on.
	got = b.Application(a, now2026, local("2026-03-12 09:00"))
	if len(got) != 2 || got[1].Rule.Code != ApprovalReview || got[1].Due.LastDay().Format(time.DateOnly) != "2026-03-16" {
		t.Fatalf("unanswered: %+v", got)
	}
	a = Application{Applied: local("2026-03-02 09:00"), Answered: local("2026-03-04 09:00"), Accepted: local("2026-03-04 09:00"), LetterSent: local("2026-03-13 09:00"),
		LetterReceived: local("2026-03-16 09:00"), ReplySent: local("2026-03-20 09:00"), ReplyReceived: local("2026-03-23 09:00")}
	got = b.Application(a, now2026, local("2026-03-24 09:00"))
	if len(got) != 4 || got[2].Rule.Owner != "receiving_province" || got[3].Due.LastDay().Format(time.DateOnly) != "2026-03-30" {
		t.Fatalf("all steps: %+v", got)
	}
	if by, late := got[1].Late(local("2030-01-01 00:00")); !late || by.Hours() != 33 { // due 03-11, sent 03-13 09:00
		t.Errorf("the letter of 03-13 is late %v by %s", late, by)
	}
	a.Answered, a.Accepted = local("2026-03-04 09:00"), time.Time{} // incomplete
	if got = b.Application(Application{Applied: a.Applied, Answered: a.Answered}, now2026, local("2026-04-24 09:00")); len(got) != 1 || got[0].Open() {
		t.Errorf("a returned application: %+v", got)
	}
}

func TestReports(t *testing.T) {
	b := book(t)
	since := local("2025-11-20 00:00")
	due := func(class Class, from, now string, filed map[string]time.Time) (out []string) {
		for _, d := range b.Reports(Reporting{Class: class, Since: since, Filed: filed}, local(from), local(now)) {
			word := string(d.Rule.Code) + " " + d.Period + " by " + d.Due.LastDay().Format(time.DateOnly)
			if _, late := d.Late(local(now)); late {
				word += " late"
			}
			out = append(out, word)
		}
		return out
	}
	for _, c := range []struct {
		class Class
		now   string
		filed map[string]time.Time
		want  string
	}{
		{Key, "2026-01-16 00:00", map[string]time.Time{"report-monthly/2025-11": local("2025-12-15 23:00")},
			"report-monthly 2025-11 by 2025-12-15|report-monthly 2025-12 by 2026-01-15 late|report-yearly 2025 by 2026-03-31|plan-yearly 2026 by 2026-03-31"},
		{Simplified, "2026-01-15 23:59", nil, "report-quarterly 2025-Q4 by 2026-01-15|report-yearly 2025 by 2026-03-31|plan-yearly 2026 by 2026-03-31"},
		{Registered, "2026-04-01 00:00", map[string]time.Time{"plan-yearly/2026": local("2026-04-01 00:00")}, "report-yearly 2025 by 2026-03-31 late|plan-yearly 2026 by 2026-03-31 late"},
		{Registered, "2025-12-31 23:59", nil, ""},
	} {
		if got := strings.Join(due(c.class, "2025-11-20 00:00", c.now, c.filed), "|"); got != c.want {
			t.Errorf("%s at %s:\n%s, expected\n%s", c.class, c.now, got, c.want)
		}
	}
	if got := due(Key, "2026-02-15 12:00", "2026-03-02 00:00", nil); len(got) != 4 || got[0] != "report-monthly 2026-01 by 2026-02-15 late" {
		t.Errorf("from the day itself on: %v", got)
	}
}

func TestWhoIsBound(t *testing.T) {
	b := book(t)
	k := Clock{Word: Held, Start: local("2026-03-02 09:00").UnixMilli()}
	for _, c := range []struct {
		roles []party.Role
		want  int
	}{{nil, 1}, {[]party.Role{party.Operator}, 1}, {[]party.Role{party.Collector}, 2}, {[]party.Role{party.Collector, party.Operator}, 1}} {
		if got := b.On(k, c.roles, now2026); len(got) != c.want {
			t.Errorf("%v have %d duties, expected %d", c.roles, len(got), c.want)
		}
	}
}

func TestFindingOfAnOverdueDuty(t *testing.T) {
	d := owe(t, MedicalStore, Closed, "2026-03-02 08:00", now2026)
	d.Batch = id.BatchOf(id.V7(1, [10]byte{1}))
	if _, late := d.Finding(local("2026-03-04 08:00")); late {
		t.Error("a finding in the last moment")
	}
	f, late := d.Finding(local("2026-03-04 11:30"))
	if !late || f.Rule != "overdue-medical-store" || f.Batch != d.Batch || !strings.Contains(f.ZH, "2026-03-04 08:00") || !strings.Contains(f.EN, "3 h ago (医疗废物管理条例 17)") {
		t.Errorf("%v %+v", late, f)
	}
	d.Ended = local("2026-03-05 08:00").UnixMilli()
	if f, late = d.Finding(local("2029-01-01 00:00")); !late || !strings.Contains(f.EN, "came 24 h after") {
		t.Errorf("done late: %v %+v", late, f)
	}
}

func TestBadBooksAreRefused(t *testing.T) {
	good := `{"code":"x","edition":"1","zh":"一","en":"one","instrument":"I","certainty":"C","unit":"hours","count":1,"start":"closed","end":"y","owner":"z"}`
	if _, err := ParseBook([]byte("[" + good + "]")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"C"`, `"sure"`, "certainty"}, {`"hours"`, `"moons"`, "counted"}, {`"count":1`, `"count":0`, "counted"}, {`"zh":"一",`, ``, "needed"},
		{`"edition":"1"`, `"edition":"1","valid_from":"2026-13-01"`, "2026-13-01"}, {`"edition":"1"`, `"edition":"1","valid_from":"2026-01-02","valid_to":"2026-01-02"`, "ends before"},
	} {
		if _, err := ParseBook([]byte("[" + strings.Replace(good, c.old, c.new, 1) + "]")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %s: %v", c.new, err)
		}
	}
	if _, err := ParseBook([]byte("[" + good + "," + good + "]")); err == nil || !strings.Contains(err.Error(), "overlap") {
		t.Errorf("twice the same: %v", err)
	}
	if _, err := ParseBook([]byte("{")); err == nil {
		t.Error("no JSON is taken")
	}
}

// What the spans of Overdue say of a start is what counting its deadline says.
func TestOverdueIsCounting(t *testing.T) {
	b := book(t)
	rapid.Check(t, func(r *rapid.T) {
		now := local("2019-06-01 00:00").Add(time.Duration(rapid.Int64Range(0, 9*365*24*3600).Draw(r, "now")) * time.Second)
		start := now.Add(-time.Duration(rapid.OneOf(rapid.Int64Range(0, 20*24*3600), rapid.Int64Range(0, 500*24*3600)).Draw(r, "ago")) * time.Second)
		w := rapid.SampledFrom([]Word{Delivered, Closed, Held}).Draw(r, "word")
		roles := rapid.SliceOf(rapid.SampledFrom(party.Roles())).Draw(r, "roles")
		k := Clock{Word: w, Start: start.UnixMilli()}
		want := false
		for _, d := range b.On(k, roles, now2026) {
			_, late := d.Late(now)
			want = want || late
		}
		got := false
		for _, s := range b.Overdue(w, roles, false, now2026, now) {
			got = got || (s.From <= k.Start && k.Start < s.To)
		}
		if got != want {
			r.Fatalf("started %s, now %s, as %v: counting says %v, the spans %v", start, now, roles, want, b.Overdue(w, roles, false, now2026, now))
		}
	})
}

func TestTally(t *testing.T) {
	a, b := id.PartyOf(id.V7(1, [10]byte{1})), id.PartyOf(id.V7(1, [10]byte{2}))
	bag := Clock{Word: Closed, Owner: a, Start: 1000}
	var y Tally
	y.Then([]Clock{bag}, 1000)
	y.Then([]Clock{bag}, 2000)
	moved := bag
	moved.Owner = b
	y.Then([]Clock{moved}, 3000)
	y.Then(nil, 4000)
	y.Then(nil, 5000)
	if len(y.Clocks) != 2 || y.Clocks[0].Owner != a || y.Clocks[0].Ended != 3000 || y.Clocks[1].Owner != b || y.Clocks[1].Start != 1000 || y.Clocks[1].Ended != 4000 {
		t.Errorf("%+v", y.Clocks)
	}
}
