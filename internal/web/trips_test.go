package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/calendar"
	"liandan/internal/collection"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/permit"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	"liandan/internal/source"
	"liandan/internal/store"
	"liandan/internal/waste"
)

// roundLog is the log of a round: what was signed for a trip, and what was fetched where.
type roundLog struct {
	work    map[id.Trip]source.Work
	pickups map[id.Site]source.Pickup
}

func (l *roundLog) WorkedOn(_ context.Context, trips []source.Run, _ int) ([]source.Work, error) {
	out := make([]source.Work, len(trips))
	for i, t := range trips {
		out[i] = l.work[t.Trip]
	}
	return out, nil
}

func (l *roundLog) Pickups(_ context.Context, wanted []source.Wanted) ([]source.Pickup, error) {
	out := make([]source.Pickup, len(wanted))
	for i, w := range wanted {
		if p := l.pickups[w.Site]; p.At.After(w.Since) {
			out[i] = p
		}
	}
	return out, nil
}

// haul is a world with two collectors, 3 and 4; the hospitals are members of the system of 3.
type haul struct {
	*world
	log    *roundLog
	of     *collection.Service
	sites  []id.Site // of the hospitals
	driver id.Person // of 3
}

func newHaul(t *testing.T) *haul {
	w := newWorld(t)
	h := &haul{world: w, log: &roundLog{work: map[id.Trip]source.Work{}, pickups: map[id.Site]source.Pickup{}}, driver: registry.PersonID(hospital(3), "D-1")}
	st := w.site.Admin.Registers.(*store.Store)
	load := func(kind, csv string, of ...any) {
		t.Helper()
		rep, err := w.reg.Import(t.Context(), kind, strings.NewReader(fmt.Sprintf(csv, of...)), false)
		if err != nil || !rep.Applied {
			t.Fatalf("%s: %+v %v", kind, rep, err)
		}
	}
	c := func(n int) any { return registrytest.Code(n) }
	load(registry.KindOrganisations, "credit_code,name,roles\n%s,样例收集三 SAMPLE,collector;carrier\n%s,样例收集四 SAMPLE,collector\n", c(3), c(4))
	load(registry.KindSites, "credit_code,name,kind,division,built_up\n%s,三号贮存点,depot,130602,1\n%s,四号贮存点,depot,130602,1\n", c(3), c(4))
	load(registry.KindPeople, "credit_code,person\n%s,D-1\n%s,D-2\n%s,D-4\n", c(3), c(3), c(4))
	load(registry.KindVehicles, "credit_code,plate,permit,capacity_kg,medical,valid_from,valid_to\n%s,冀F00001,SAMPLE-V,150,0,2020-01-01,\n", c(3))
	load(registry.KindLicences, "credit_code,number,kind,codes,yearly_t,valid_from,valid_to\n%s,SAMPLE-L,collecting,HW01;HW08,5,2025-01-01,2027-12-31\n", c(3))
	load(registry.KindMembers, "credit_code,site_name,collector,basis,number,valid_from\n%s,一院本部,%s,contract,SAMPLE-M,2020-01-01\n%s,二院本部,%s,contract,SAMPLE-N,2020-01-01\n", c(1), c(3), c(2), c(3))
	for n := 1; n <= 2; n++ {
		h.sites = append(h.sites, must1(w.reg.SitesOf(t.Context(), hospital(n)))(t)[0])
	}
	h.of = w.rounds(st, h.log)
	w.site.Desk.Collection = h.of
	w.site.Desk.Reader = &roundReader{h: h}
	return h
}

// rounds are bookings and trips held against a log.
func (w *world) rounds(st *store.Store, log *roundLog) *collection.Service {
	return collection.New(collection.Config{Store: st, Registry: w.reg, Log: log, Now: w.clock, Random: rand.Reader, Pepper: []byte("SAMPLE pepper")})
}

// roundReader knows one manifest, which is the first hospital's.
type roundReader struct {
	chains
	h *haul
}

func (r *roundReader) ManifestSubject(_ context.Context, m id.Manifest) (access.Subject, error) {
	if m != sampleSheet {
		return access.Subject{}, fault.Missing("manifest")
	}
	return access.Subject{Parties: []id.Party{hospital(1), hospital(3)}, Sites: r.h.sites[:1]}, nil
}

func (r *roundReader) Manifest(context.Context, id.Manifest) (audit.ManifestView, error) {
	return audit.ManifestView{State: manifest.State{ID: sampleSheet, Number: hostileText, Stage: "in_transit", Consignor: hospital(1), Consignee: hospital(3)}}, nil
}

func (r *roundReader) StatementOf(context.Context, id.Party, time.Time) (permit.Statement, error) {
	h, err := r.h.reg.Holding(context.Background(), hospital(3))
	if err != nil {
		return permit.Statement{}, err
	}
	book, err := permit.DefaultBook()
	return book.StatementOf(h, nil, nil, r.h.clock(), nil), err
}

var sampleSheet = id.ManifestOf(id.UUID{6: 0x70, 8: 0x80, 15: 9})

// books makes a booking of a hospital with collector 3.
func (h *haul) books(n int, note string, days int) collection.BookingView {
	h.Helper()
	from := calendar.StartOfDay(h.clock())
	b, err := h.of.Ask(h.Context(), collection.Booking{Site: h.sites[n-1], Collector: hospital(3), By: collection.BySource, Why: collection.Regular, From: from, Until: from.AddDate(0, 0, days),
		Lines: []collection.Line{{Code: "841-001-01", Grams: waste.Grams(40_000 * days)}}, Note: note})
	h.must(err)
	return b
}

func (h *haul) dispatcher(n int) *browser {
	h.Helper()
	return h.signedIn(fmt.Sprintf("dispatcher.%d", n), access.Appointment{Role: access.OrganisationAdministrator, Party: hospital(n)})
}

func stopField(n int, b collection.BookingView) string {
	return fmt.Sprintf("stop.%d.%s.%s", n, b.Site, b.ID)
}

// A dispatcher sees who waits, plans a trip in an order of their own, and what is kept is
// what the operation that the driver's phone asks gives.
func TestPlanATrip(t *testing.T) {
	h := newHaul(t)
	h.account("driver.three", access.Appointment{Role: access.Driver, Party: hospital(3), Person: h.driver})
	one, two := h.books(1, hostileText, 2), h.books(2, "", 1)
	d := h.dispatcher(3)
	contains(t, d.get("/home", 200), `<a href="/trips">`)
	body := d.get("/trips", 200)
	contains(t, body, "样例一院 SAMPLE · 一院本部", "样例二院", "841-001-01 80.000 kg", "2 bookings, 120.000 kg", "约定", "2026-03-03", "&lt;script&gt;", "这一天没有车次")
	lacks(t, body, hostileText)
	contains(t, d.get("/trips?division=130606", 200), "1 booking, 40.000 kg")
	contains(t, d.get("/trips?code=hw08", 200), "0 bookings")
	contains(t, d.get("/trips?code=HW01", 200), "2 bookings")

	body = d.get("/trips/new?add."+one.ID.String()+"=1&add."+two.ID.String()+"=1", 200)
	contains(t, body, "样例 driver.three", "冀F00001 · 150.000 kg", "120.000 kg", "SAMPLE-L", "5,000.000 kg", `value="2026-03-03"`, stopField(1, two), stopField(2, one)) // whose day comes first, comes first
	lacks(t, body, "registry has no transport permit", `name="add.`+one.ID.String())
	fields := []string{"collector", hospital(3).String(), "version", "0", "day", "2026-03-02", "vehicle", "冀F00001", "driver", h.driver.String(), "note", "样例 SAMPLE"}
	// A button of a row: nothing is kept, what was typed stays.
	body = d.post("/trips", 200, append(fields, "do", "down."+two.Site.String(), stopField(1, two), "1", stopField(2, one), "2")...)
	contains(t, body, stopField(1, one), stopField(2, two), `value="样例 SAMPLE"`, `selected=""`)
	// A number that was typed moves its stop before the one that has it.
	contains(t, d.post("/trips", 200, append(fields, "do", "update", stopField(1, two), "1", stopField(2, one), "1")...), stopField(1, one))
	contains(t, d.post("/trips", 200, append(fields, "do", "drop."+one.Site.String(), stopField(1, two), "1", stopField(2, one), "2")...), `name="add.`+one.ID.String())
	if found, _, err := h.of.Trips(t.Context(), collection.PlanFilter{Collector: hospital(3)}, "", 9); err != nil || len(found) != 0 {
		t.Fatalf("something was kept: %+v %v", found, err)
	}
	d.post("/trips", 303, append(fields, "do", "save", stopField(1, one), "1", "add."+two.ID.String(), "1")...)
	to := find(t, d.last.Get("Location"), `^(/trips/[0-9a-f-]{36})\?done=saved$`)
	contains(t, d.get(to+"?done=saved", 200), "已保存", "冀F00001 · 样例 driver.three", "待收 2", "120.000 kg", "SAMPLE-V", "/change")
	if acts := strings.Join(h.recorded(), ","); strings.Count(acts, "createTrip "+hospital(3).String()) != 1 {
		t.Errorf("recorded: %s", acts)
	}
	// What the phone asks for: today's trips of its own driver.
	today, _, err := h.of.Trips(t.Context(), collection.PlanFilter{Collector: hospital(3), Driver: h.driver, From: "2026-03-02", To: "2026-03-02"}, "", 9)
	if err != nil || len(today) != 1 || today[0].Stops[0].Site != one.Site || today[0].Stops[1].Booking.ID != two.ID || today[0].Note != "样例 SAMPLE" || today[0].Expected != 120_000 {
		t.Fatalf("the driver's trip of today is %+v, %v", today, err)
	}
	contains(t, d.get("/trips", 200), "0 bookings", "下一站", "2 stops: 0 collected")

	// Under way: how far it is, what is aboard, which manifests came of it; it is no longer changed.
	h.pass(time.Minute)
	at := h.clock()
	h.log.work[today[0].ID] = source.Work{From: map[id.Manifest]id.Site{sampleSheet: one.Site}, Events: []event.Event{
		{ID: id.EventOf(id.UUID{1}), Type: event.TransportCollected, At: at, Party: hospital(3), Site: one.Site, Manifest: sampleSheet, Trip: today[0].ID,
			Batches: []event.Batch{{ID: id.BatchOf(id.UUID{2}), Grams: 7_000}}, Data: event.Collected{Vehicle: "冀F00001"}},
		{ID: id.EventOf(id.UUID{3}), Type: event.StopSkipped, At: at, Party: hospital(3), Site: two.Site, Trip: today[0].ID, Data: event.Skipped{Stop: two.Site, Reason: hostileText}}}}
	body = d.get(to, 200)
	contains(t, body, "7.000 kg", "途中", "已跳过", "/inspect/manifest/"+sampleSheet.String(), "样例一院 SAMPLE · 一院本部", "143.000 kg")
	lacks(t, body, hostileText, "/change", `value="cancelled"`)
	contains(t, d.post(to, 409, append(fields, "do", "save", "version", "1", stopField(1, one), "1")...), "已经开始")
	contains(t, d.post(to+"/state", 409, "state", "cancelled", "version", "1", "reason", "样例"), "已经开始")
}

// Everything that is wrong is said at once, beside what was typed, and keeps nothing.
func TestBadPlans(t *testing.T) {
	h := newHaul(t)
	one := h.books(1, "", 2)
	d := h.dispatcher(3)
	body := d.post("/trips", 422, "collector", hospital(3).String(), "day", "2026-03-01", "other", "冀F99999", "note", hostileText, "do", "save")
	contains(t, body, "不能早于今天", "请选择驾驶员", "须有 1 至 100 站", "冀F99999", "&lt;script&gt;", "Day must not lie before today.")
	lacks(t, body, hostileText)
	body = d.post("/trips", 422, "collector", hospital(3).String(), "day", "2026-03-02", "driver", h.driver.String(), "do", "save", stopField(1, one), "1",
		fmt.Sprintf("stop.2.%s.", must1(h.reg.SitesOf(t.Context(), hospital(3)))(t)[0]), "2", "stop.3.nonsense", "3")
	contains(t, body, "有一站无法识别", one.ID.String())
	body = d.post("/trips", 422, "collector", hospital(3).String(), "day", "2026-03-02", "driver", h.driver.String(), "do", "save", stopField(1, one), "1",
		fmt.Sprintf("stop.2.%s.", must1(h.reg.SitesOf(t.Context(), hospital(3)))(t)[0]), "2")
	contains(t, body, "请选择车辆", "第 2 站：是本单位自己的场所")
	// A booking that is on another trip by now.
	plan := collection.Plan{Collector: hospital(3), Vehicle: "冀F00001", Driver: h.driver, Day: "2026-03-03", Stops: []collection.Stop{{Site: one.Site, Booking: one.ID}}}
	kept := must1(h.of.PlanTrip(t.Context(), plan))(t)
	fields := []string{"collector", hospital(3).String(), "day", "2026-03-02", "vehicle", "冀F00001", "driver", h.driver.String(), stopField(1, one), "1"}
	contains(t, d.post("/trips", 409, append(fields, "do", "save")...), "第 1 站：预约已排进别的车次")
	// Somebody was faster: the form says so once and takes up their version.
	to := "/trips/" + kept.ID.String()
	contains(t, d.get(to+"/change", 200), `name="version" value="1"`, stopField(1, one), "修改车次")
	_, err := h.of.ChangeTrip(t.Context(), kept.ID, 1, plan)
	h.must(err)
	contains(t, d.post(to, 409, append(fields, "do", "save", "version", "1")...), "别人刚改过", `name="version" value="2"`)
	d.post(to, 303, append(fields, "do", "save", "version", "2", "note", "改")...)
	if now := must1(h.of.Trip(t.Context(), kept.ID))(t); now.Note != "改" || now.Day != "2026-03-02" || now.Version != 3 {
		t.Errorf("%+v", now.Plan)
	}
	// Cancelled for a reason, its booking waits again; restored.
	contains(t, d.post(to+"/state", 422, "state", "cancelled", "version", "3", "reason", ""), "必须填写原因")
	contains(t, d.post(to+"/state", 422, "state", "gone", "version", "x"), "请用页面上的按钮")
	d.post(to+"/state", 303, "state", "cancelled", "version", "3", "reason", hostileText)
	body = d.get(to+"?done=cancelled", 200)
	contains(t, body, "已取消", "&lt;script&gt;", "恢复车次")
	lacks(t, body, hostileText, "/change")
	contains(t, d.get("/trips", 200), "1 booking")
	d.post(to+"/state", 303, "state", "planned", "version", "4")
	contains(t, d.get("/trips/new?like="+kept.ID.String(), 200), fmt.Sprintf("stop.1.%s.", one.Site), "样例一院")
}

// Trips are their collector's: for everybody else they are not there.
func TestTripsOfOthers(t *testing.T) {
	h := newHaul(t)
	one := h.books(1, "", 2)
	kept := must1(h.of.PlanTrip(t.Context(), collection.Plan{Collector: hospital(3), Vehicle: "冀F00001", Driver: h.driver, Day: "2026-03-02", Stops: []collection.Stop{{Site: one.Site, Booking: one.ID}}}))(t)
	to, none := "/trips/"+kept.ID.String(), "/trips/"+id.TripOf(id.UUID{1}).String()
	rival, nurse := h.dispatcher(4), h.dispatcher(1)
	for _, b := range []*browser{rival, nurse} {
		want := b.get(none, 404)
		for _, path := range []string{to, to + "/change", "/trips/nonsense", "/trips/new?collector=" + hospital(4).String() + "&like=" + kept.ID.String()} {
			if path[:10] == "/trips/new" && b == nurse {
				continue
			}
			if got := b.get(path, 404); got != want {
				t.Errorf("%s is told from none", path)
			}
		}
		b.post(to, 404, "do", "save", "version", "1")
		b.post(to+"/state", 404, "state", "cancelled", "version", "1", "reason", "样例")
		b.get("/trips?collector="+hospital(3).String(), map[bool]int{true: 404, false: 403}[b == rival])
	}
	lacks(t, nurse.get("/home", 200), `<a href="/trips">`)
	nurse.get("/trips", 403)
	nurse.post("/trips", 403, "do", "save")
	body := rival.post("/trips", 422, "collector", hospital(4).String(), "day", "2026-03-02", "vehicle", "冀F4", "driver", h.driver.String(), "do", "save", stopField(1, one), "1")
	contains(t, body, "请选择驾驶员", one.Site.String())
	lacks(t, body, "样例一院", "80.000 kg") // whose it is and what is booked, they are not told
	contains(t, rival.post("/trips", 422, "collector", hospital(4).String(), "do", "save", "add."+one.ID.String(), "1"), "已不存在")
	contains(t, rival.post("/trips", 200, "collector", hospital(4).String(), "do", "find", "q", "样例"), "没有找到")
	body = h.dispatcher(3).post("/trips", 200, "collector", hospital(3).String(), "do", "find", "q", "样例")
	contains(t, body, "样例一院 SAMPLE · 一院本部", "site."+h.sites[0].String())
	lacks(t, body, "四号贮存点")

	// A driver sees and plans their own alone, without the bookings.
	driver := h.signedIn("driver.one", access.Appointment{Role: access.Driver, Party: hospital(3), Person: h.driver})
	contains(t, driver.get("/trips", 200), "冀F00001")
	contains(t, driver.get(to, 200), "样例一院")
	contains(t, driver.get("/trips/new", 200), h.driver.String())
	other := h.signedIn("driver.two", access.Appointment{Role: access.Driver, Party: hospital(3), Person: registry.PersonID(hospital(3), "D-2")})
	contains(t, other.get("/trips", 200), "这一天没有车次")
	other.get(to, 404)
	// An authority looks, and changes nothing.
	inspector := h.signedIn("inspector.one", access.Appointment{Role: access.CityInspector})
	contains(t, inspector.get("/trips", 200), "看哪个收运单位的车次")
	body = inspector.get("/trips?collector="+string(registrytest.Code(3)), 200)
	contains(t, body, "冀F00001")
	lacks(t, body, "安排车次", "样例 driver.one")
	lacks(t, inspector.get(to, 200), "/change", "<form action=\"/trips")
	inspector.get(to+"/change", 403)
	if acts := strings.Join(h.recorded(), ","); !strings.Contains(acts, "listTrips "+hospital(3).String()) || !strings.Contains(acts, "getTrip "+kept.ID.String()) {
		t.Errorf("an authority's reading is not recorded: %s", acts)
	}
	// Without the page's token nothing happens, and nobody is nobody.
	forged := h.dispatcher2(rival)
	forged.post("/trips", 403, "do", "save")
	h.browser().get("/trips", 303)
	if now := must1(h.of.Trip(t.Context(), kept.ID))(t); now.Version != 1 {
		t.Errorf("the trip was changed: %+v", now.Plan)
	}
}

// dispatcher2 is the same person's browser without the token of its session.
func (h *haul) dispatcher2(b *browser) *browser {
	out := h.browser()
	for name, value := range b.jar {
		out.jar[name] = value
	}
	return out
}
