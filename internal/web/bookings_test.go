package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/collection"
	"liandan/internal/duty"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/waste"
)

// Work has one bag at the first hospital that must leave before noon of the next day.
func (r *roundReader) Work(_ context.Context, t audit.Tab, f audit.Filter, now time.Time, _ string, _ int) (audit.Page, error) {
	if t != audit.Waiting || f.Site != r.h.sites[0] || f.Party != hospital(1) {
		return audit.Page{}, nil
	}
	soon := duty.Duty{Rule: duty.Edition{ZH: "医疗废物暂时贮存不超过2天", EN: "two days at most"}, Due: calendar.Deadline{At: now.Add(20 * time.Hour), Rule: calendar.Rule{Unit: calendar.Hours}}}
	return audit.Page{Items: []audit.Item{{Kind: f.Kind, Batch: batch.State{Code: "841-001-01", Grams: 2_500}, Duties: []duty.Duty{soon}}}}, nil
}

func (h *haul) nurse() *browser {
	h.Helper()
	return h.signedIn("nurse.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: h.sites[:1], Person: porter(1, "N-1")})
}

// A source books what it holds, sees the deadline, the trip and what became of it, and may
// take its wish back.
func TestBookAPickUp(t *testing.T) {
	h := newHaul(t)
	n := h.nurse()
	contains(t, n.get("/home", 200), `<a href="/bookings">`)
	contains(t, n.get("/bookings", 200), "没有预约", "two days at most", "2026-03-03 12:00", "2.500 kg")
	site := h.sites[0].String()
	body := n.get("/bookings/new", 200) // one site alone needs no choosing
	contains(t, body, "样例收集三 SAMPLE", `value="841-001-01"`, `value="2.500"`, `value="2026-03-02"`, "2026-03-03 12:00")
	lacks(t, body, "样例收集四")
	fields := []string{"site", site, "collector", hospital(3).String(), "reason", "drum_full", "from", "2026-03-02", "until", "2026-03-04", "note", hostileText}
	body = n.post("/bookings", 422, append(fields, "code.1", "841-1", "kg.1", "1,5", "code.3", "900-214-08", "kg.3", "0.0001")...)
	contains(t, body, "第 1 行：代码写法不对", "第 1 行：重量应为千克数", "第 3 行：重量应为千克数", `value="841-1"`, `value="1,5"`, "&lt;script&gt;")
	lacks(t, body, hostileText)
	body = n.post("/bookings", 422, "site", site, "collector", "", "reason", "soon", "from", "x", "until", "", "code.1", "841-001-01", "kg.1", "2")
	contains(t, body, "请选择收运单位", "应为日期")
	body = n.post("/bookings", 422, "site", site, "collector", hospital(2).String(), "reason", "soon", "from", "2026-03-01", "until", "2026-02-01")
	contains(t, body, "登记册中不是收集、运输或利用处置单位", "不能早于今天", "须有 1 至 20 种废物", "不是可选的内容")
	n.post("/bookings", 303, append(fields, "code.1", "841-001-01", "kg.1", "2.5", "code.2", "841-002-01", "kg.2", "1")...)
	to := find(t, n.last.Get("Location"), `^(/bookings/[0-9a-f-]{36})\?done=booked$`)
	k := must1(id.ParseBooking(strings.TrimPrefix(to, "/bookings/")))(t)
	b := must1(h.of.Booking(t.Context(), k))(t)
	until := time.Date(2026, 3, 5, 0, 0, 0, 0, calendar.Zone())
	if b.By != collection.BySource || b.Why != collection.DrumFull || len(b.Lines) != 2 || b.Lines[0].Grams != 2_500 || !b.Until.Equal(until) || b.Collector != hospital(3) || b.Note != hostileText {
		t.Errorf("%+v", b.Booking)
	}
	body = n.get(to+"?done=booked", 200)
	contains(t, body, "已预约", "待安排", "promised by", "2026-03-04", "before the promised day", "产废单位预约")
	lacks(t, body, hostileText)
	contains(t, n.post("/bookings", 409, append(fields, "code.1", "841-001-01", "kg.1", "2.5", "code.2", "841-002-01", "kg.2", "1")...), "同样的预约已有一个在等")
	if acts := strings.Join(h.recorded(), ","); !strings.Contains(acts, "createBooking "+site) {
		t.Errorf("recorded: %s", acts)
	}
	// Planned, then collected in part.
	h.must(errOf(h.of.PlanTrip(t.Context(), collection.Plan{Collector: hospital(3), Vehicle: "冀F00001", Driver: h.driver, Day: "2026-03-03", Stops: []collection.Stop{{Site: b.Site, Booking: k}}})))
	body = n.get("/bookings?state=planned", 200)
	contains(t, body, "已排车次", "2026-03-03 · 冀F00001")
	lacks(t, body, `href="/trips/`) // where else the vehicle stops, the source is not told
	contains(t, n.get("/bookings?state=done", 200), "没有预约")
	h.pass(time.Hour)
	h.log.pickups[b.Site] = source.Pickup{Event: id.EventOf(id.UUID{1}), At: h.clock(), Grams: 2_400, Codes: []waste.Code{"841-001-01"}}
	body = n.get(to, 200)
	contains(t, body, "已收运", "2.400 kg", "未收走 841-002-01")
	lacks(t, body, `value="withdrawn"`)
	contains(t, n.post(to+"/state", 409, "state", "withdrawn", "version", "2", "reason", "样例"), "已经收走")
}

func errOf[T any](_ T, err error) error { return err }

// A booking is withdrawn for a reason and restored, by who made it.
func TestWithdrawABooking(t *testing.T) {
	h := newHaul(t)
	n := h.nurse()
	b := h.books(1, "", 2)
	to := "/bookings/" + b.ID.String()
	contains(t, n.post(to+"/state", 422, "state", "withdrawn", "version", "1", "reason", ""), "必须填写原因")
	contains(t, n.post(to+"/state", 422, "state", "x", "version", ""), "请用页面上的按钮", "请重新打开页面再做")
	contains(t, n.post(to+"/state", 409, "state", "withdrawn", "version", "7", "reason", hostileText), "别人刚改过", "&lt;script&gt;")
	n.post(to+"/state", 303, "state", "withdrawn", "version", "1", "reason", hostileText)
	body := n.get(to, 200)
	contains(t, body, "已撤回", "&lt;script&gt;", "恢复预约")
	lacks(t, body, hostileText)
	n.post(to+"/state", 303, "state", "asked", "version", "2")
	contains(t, n.get(to, 200), "待安排")

	// What the source asked, its collector reads and cannot take back; a wish that the
	// collector noted down, it can.
	d := h.dispatcher(3)
	contains(t, d.get("/trips", 200), `href="`+to+`"`)
	lacks(t, d.get(to, 200), `value="withdrawn"`)
	d.post(to+"/state", 404, "state", "withdrawn", "version", "3", "reason", "样例")
	body = d.get("/bookings/new?q="+"样例二院", 200)
	other := h.sites[1].String()
	contains(t, body, "/bookings/new?site="+other)
	contains(t, d.get("/bookings/new?site="+other, 200), "代记", "样例收集三 SAMPLE")
	d.post("/bookings", 303, "site", other, "collector", hospital(3).String(), "reason", "regular", "from", "2026-03-02", "until", "2026-03-02", "code.1", "841-001-01", "kg.1", "7")
	noted := find(t, d.last.Get("Location"), `^(/bookings/[0-9a-f-]{36})`)
	contains(t, d.get(noted, 200), "收运单位代记", "7.000 kg", `value="withdrawn"`)
	contains(t, d.post("/bookings", 422, "site", other, "collector", hospital(4).String(), "reason", "regular", "from", "2026-03-02", "until", "2026-03-02", "code.1", "841-001-01", "kg.1", "7"), "只能记给本单位")
}

// What is another's answers like what is not there.
func TestBookingsOfOthers(t *testing.T) {
	h := newHaul(t)
	b := h.books(1, "", 2)
	to, none := "/bookings/"+b.ID.String(), "/bookings/"+id.BookingOf(id.UUID{1}).String()
	site := h.sites[0].String()
	stranger, rival := h.dispatcher(2), h.dispatcher(4)
	for _, x := range []*browser{stranger, rival} {
		for path, unknown := range map[string]string{to: none, "/bookings/nonsense": none, "/bookings?site=" + site: "/bookings?site=nonsense", "/bookings/new?site=" + site: "/bookings/new?site=nonsense",
			"/bookings?division=130602": "/bookings?division=999999"} {
			if got, want := x.get(path, 404), x.get(unknown, 404); got != want {
				t.Errorf("%s is told from none:\n%s\n%s", path, got, want)
			}
		}
		x.post(to+"/state", 404, "state", "withdrawn", "version", "1", "reason", "样例")
		x.post("/bookings", 404, "site", site, "collector", hospital(4).String(), "reason", "regular", "from", "2026-03-02", "until", "2026-03-03", "code.1", "841-001-01", "kg.1", "1")
		lacks(t, x.get("/bookings", 200), "样例一院")
		contains(t, x.get("/bookings/new?q=%E6%A0%B7%E4%BE%8B", 200), map[bool]string{true: "没有找到", false: "预约"}[x == rival])
	}
	inspector := h.signedIn("inspector.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	contains(t, inspector.get("/bookings", 200), "选一个县区")
	contains(t, inspector.get("/bookings?division=130602", 200), "样例一院")
	inspector.get("/bookings?division=130606", 404)
	inspector.get("/bookings?division=999999", 404)
	contains(t, inspector.get(to, 200), "样例收集三")
	inspector.get("/bookings/new", 403)
	h.signedIn("porter.one", access.Appointment{Role: access.Porter, Party: hospital(1), Person: porter(1, "N-1")}).get("/bookings", 403)
	if acts := strings.Join(h.recorded(), ","); !strings.Contains(acts, "listBookings 130602") || !strings.Contains(acts, "getBooking "+b.ID.String()) {
		t.Errorf("an authority's reading is not recorded: %s", acts)
	}
	if now := must1(h.of.Booking(t.Context(), b.ID))(t); now.Version != 1 {
		t.Errorf("%+v", now.Booking)
	}
}

func TestGramsOfAForm(t *testing.T) {
	for kg, want := range map[string]int64{"12.5": 12_500, "0.001": 1, "7": 7_000, "100000": 100_000_000, "": -1, "1,5": -1, "1e3": -1, "-1": -1, ".5": -1, "1.2345": -1, "1/2": -1, "９": -1, "1234567890": -1} {
		got, ok := gramsOf(kg)
		if ok != (want >= 0) || (ok && int64(got) != want) {
			t.Errorf("%q: %d %v", kg, got, ok)
		}
	}
}
